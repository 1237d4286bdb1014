//! A sweep for a person: prefixes by ports, then what is missing, and where.

use comfy_table::{ContentArrangement, Table, presets};

use super::super::human::{Page, Style, tone};
use super::super::plain::prose;
use super::super::words;
use super::model::{SweepReport, word};
use crate::catalogue::PortRange;
use crate::sweep::{LaneSurvey, Port, State, Survey};
use crate::verdict::Location;

/// The whole report for a person.
pub fn human(report: &SweepReport, survey: &Survey, style: Style) -> String {
    let mut page = Page::new(style);
    let (status, _) = words::status(report.status);
    page.toned_line(tone(report.status), status, &prose(&report.summary));
    if !report.complete {
        page.paragraph(0, "The sweep was stopped before its end: what was not asked is unknown.");
    }
    page.heading("PREFIX BY PORT");
    for line in matrix(survey, style).lines() {
        page.line(&format!("  {line}"));
    }
    page.blank();
    page.paragraph(2, LEGEND);
    if !report.gap.is_empty() {
        page.heading("WHAT THIS NETWORK DOES NOT LET THROUGH");
        for missing in &report.gap {
            let prefixes: Vec<String> = missing.prefixes.iter().map(ToString::to_string).collect();
            let place = missing.location.as_ref().map(place).unwrap_or_default();
            page.item(2, "- ", &format!("{} to {}{place}", missing.ports.join(", "), listed(&prefixes, style.verbose)));
        }
        page.blank();
        page.paragraph(2, GAP_AS);
    }
    page.blank();
    let seconds = words::micros(report.duration_ms.saturating_mul(1_000));
    let how = report.engines.join(" and ");
    page.paragraph(0, &format!("{} targets, {} asked by {how} in {seconds}.", report.targets, report.asked));
    page.finish()
}

/// Rows of prefixes that fare alike are one row, unless all is to be shown.
fn matrix(survey: &Survey, style: Style) -> String {
    let mut ports: Vec<_> = survey.lanes.iter().map(|lane| lane.lane.port).collect();
    ports.sort_unstable();
    ports.dedup();
    let columns = ranges(&ports);
    let mut prefixes: Vec<_> = survey.lanes.iter().map(|lane| lane.lane.prefix).collect();
    prefixes.sort_unstable();
    prefixes.dedup();
    let mut rows: Vec<(Vec<String>, Vec<String>)> = Vec::new();
    for prefix in prefixes {
        let of_prefix: Vec<&LaneSurvey> = survey.lanes.iter().filter(|lane| lane.lane.prefix == prefix).collect();
        let cells: Vec<String> = columns.iter().map(|range| cell(&of_prefix, *range)).collect();
        match rows.iter_mut().find(|(_, other)| *other == cells && !style.verbose) {
            Some((names, _)) => names.push(prefix.to_string()),
            None => rows.push((vec![prefix.to_string()], cells)),
        }
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(style.width.saturating_sub(2)).unwrap_or(u16::MAX));
    table.set_header(std::iter::once("prefix".to_owned()).chain(columns.iter().map(ToString::to_string)));
    for (names, cells) in rows {
        table.add_row(std::iter::once(listed(&names, false)).chain(cells));
    }
    table.trim_fmt()
}

/// Ports in their order, those in a row as one range.
fn ranges(ports: &[Port]) -> Vec<PortRange> {
    let mut ranges: Vec<PortRange> = Vec::new();
    for Port { transport, number } in ports.iter().copied() {
        match ranges.last_mut() {
            Some(range) if range.transport == transport && range.last.checked_add(1) == Some(number) => {
                range.last = number;
            }
            _ => ranges.push(PortRange { transport, first: number, last: number }),
        }
    }
    ranges
}

/// One word for the ports of a column, if they fare alike.
fn cell(lanes: &[&LaneSurvey], range: PortRange) -> String {
    let lanes = lanes.iter().filter(|lane| {
        let port = lane.lane.port;
        port.transport == range.transport && (range.first..=range.last).contains(&port.number)
    });
    let mut states: Vec<State> = lanes.clone().map(|lane| lane.state).collect();
    states.sort_unstable();
    states.dedup();
    let passing = match states.as_slice() {
        [] => return "-".to_owned(),
        [State::Open, ..] => State::Open,
        [first, ..] => *first,
    };
    match states.as_slice() {
        [state] if !matches!(state, State::Open | State::Passes) => shown(*state),
        states if states.iter().all(|state| matches!(state, State::Open | State::Passes)) => {
            let all_told = lanes.clone().all(|lane| lane.is_told());
            format!("{}{}", word(passing), if all_told { "" } else { "?" })
        }
        states if states.iter().all(|state| matches!(state, State::Open | State::Passes | State::Unknown)) => {
            shown(State::Unknown)
        }
        _ => shown(State::Partly),
    }
}

/// What is stopped stands out without colour, too.
fn shown(state: State) -> String {
    match state {
        State::Blocked | State::Reset | State::Prohibited | State::Partly => word(state).to_uppercase(),
        State::Unknown => "?".to_owned(),
        State::Open | State::Passes => word(state).to_owned(),
    }
}

/// The first few, and how many more there are.
fn listed(names: &[String], all: bool) -> String {
    match names.split_at_checked(FEW) {
        Some((first, rest)) if !all && rest.len() > 1 => format!("{} and {} more", first.join(", "), rest.len()),
        _ => names.join(", "),
    }
}

fn place(location: &Location) -> String {
    match (location.hop, location.address) {
        (Some(hop), Some(address)) => format!(": at hop {hop}, {address}, or just behind it"),
        (Some(0), None) => ": on this computer or its own link".to_owned(),
        (Some(hop), None) => format!(": at hop {hop}, which does not name itself"),
        (None, Some(address)) => format!(": refused by {address}"),
        (None, None) => String::new(),
    }
}

const LEGEND: &str = "open: a target of it answered. passes: nobody answers there, but packets reach the last router that all ways \
                      share. ?: it, or a part of it, could not be told.";
const GAP_AS: &str =
    "The same as firewall rules: why5003 sweep --resume FILE --gap-as nftables, if it was run with --out FILE.";
/// Prefixes named before the rest is counted.
const FEW: usize = 3;
