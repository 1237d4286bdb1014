//! A sweep for a person: prefixes by ports, then what is missing, and where.

use comfy_table::{ContentArrangement, Table, presets};

use super::super::human::{Page, Style, tone};
use super::super::plain::prose;
use super::super::words;
use super::asked::{how_asked, ranges_asked};
use super::grid::{Grid, LEGEND, Row};
use super::model::SweepReport;
use crate::verdict::Location;

/// The whole report for a person.
pub fn human(report: &SweepReport, style: Style) -> String {
    let mut page = Page::new(style);
    let (status, _) = words::status(report.status);
    page.toned_line(tone(report.status), status, &prose(&report.summary));
    if !report.complete {
        page.paragraph(0, "The sweep was stopped before its end: what was not asked is unknown.");
    }
    page.heading("PREFIX BY PORT");
    for line in matrix(report, style).lines() {
        page.line(&format!("  {line}"));
    }
    page.blank();
    page.paragraph(2, LEGEND);
    for sentence in ranges_asked(report) {
        page.paragraph(2, &sentence);
    }
    if !report.gap.is_empty() {
        page.heading("WHAT THIS NETWORK DOES NOT LET THROUGH");
        for missing in &report.gap {
            let prefixes: Vec<String> = missing.prefixes.iter().map(ToString::to_string).collect();
            let place = missing.location.as_ref().map(place).unwrap_or_default();
            let ports = words::list(&missing.ports, usize::MAX);
            page.item(2, "- ", &format!("{ports} to {}{place}", listed(&prefixes, style.verbose)));
            for sentence in how_asked(missing) {
                page.paragraph(4, &sentence);
            }
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

fn matrix(report: &SweepReport, style: Style) -> String {
    let Grid { columns, rows } = Grid::of(report, style.verbose);
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(style.width.saturating_sub(2)).unwrap_or(u16::MAX));
    table.set_header(std::iter::once("prefix".to_owned()).chain(columns.iter().map(ToString::to_string)));
    for Row { prefixes, cells } in rows {
        table.add_row(std::iter::once(listed(&prefixes, false)).chain(cells.into_iter().map(str::to_owned)));
    }
    table.trim_fmt()
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

const GAP_AS: &str =
    "The same as firewall rules: why5003 sweep --resume FILE --gap-as nftables, if it was run with --out FILE.";
/// Prefixes named before the rest is counted.
const FEW: usize = 3;
