//! The table of probes: those the verdict cites and those that failed first, the rest as a count; all of them if asked.

use std::collections::{BTreeMap, BTreeSet};

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Row, Table, presets};
use why5003_probes::model::{DnsTransport, Observation, Probe, Via};

use super::Page;
use super::page::NARROW;
use super::why::probe_line;
use crate::report::Report;
use crate::report::plain::{cut_middle, plain};
use crate::report::result_line::result_line;
use crate::report::words::{self, time, variables};

/// The probes, as a table where the screen is wide enough.
pub(super) fn table(page: &mut Page, report: &Report) {
    if report.observations.is_empty() {
        return;
    }
    let style = page.style();
    let (shown, rest) = if style.verbose { (report.observations.iter().collect(), Vec::new()) } else { chosen(report) };
    page.heading(&format!("OBSERVATIONS ({} of {})", shown.len(), report.observations.len()));
    if style.width < NARROW {
        for observation in &shown {
            let line = format!("{} ({})", probe_line(observation, style), time(observation.took));
            page.item(2, &format!("[{}] ", observation.id), &line);
        }
    } else if !shown.is_empty() {
        for line in drawn(&shown, style.width, style.verbose).lines() {
            page.line(line);
        }
    }
    if !rest.is_empty() {
        page.paragraph(2, &counted(&rest));
    }
}

/// Cited ones, then failures, each in the order of the run; and what is left.
fn chosen(report: &Report) -> (Vec<&Observation>, Vec<&Observation>) {
    let verdict = &report.verdict;
    let named: BTreeSet<u32> = words::cited(verdict)
        .into_iter()
        .chain(verdict.ruled_out.iter().flat_map(|ruled_out| ruled_out.because.iter().copied()))
        .collect();
    let (mut first, uncited): (Vec<_>, Vec<_>) = report.observations.iter().partition(|o| named.contains(&o.id));
    let (failed, mut rest): (Vec<_>, Vec<_>) = uncited.into_iter().partition(|o| o.failure.is_some());
    first.extend(failed);
    rest.splice(0..0, first.split_off(first.len().min(MAX_ROWS)));
    (first, rest)
}

fn drawn(shown: &[&Observation], width: usize, verbose: bool) -> String {
    let budget = |share: usize| if verbose { usize::MAX } else { (width * share / 100).max(8) };
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(width).unwrap_or(u16::MAX));
    table.set_header(["#", "probe", "target", "via", "result", "time"]);
    for observation in shown {
        let probe = &observation.probe;
        let result = match variables(probe) {
            set if set.is_empty() => result_line(observation),
            set => format!("({set}) {}", result_line(observation)),
        };
        let mut row = Row::from([
            observation.id.to_string(),
            cut_middle(&plain(probe.kind.as_str()), 12).into_owned(),
            cut_middle(&target(probe), budget(TARGET_PERCENT)).into_owned(),
            cut_middle(&way(probe), budget(VIA_PERCENT)).into_owned(),
            result,
            time(observation.took),
        ]);
        if !verbose {
            row.max_height(MAX_ROW_LINES);
        }
        table.add_row(row);
    }
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding(if index == 0 { (0, 1) } else { (1, 1) });
        if matches!(index, 0 | 5) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        if index != RESULT_COLUMN && !(verbose && matches!(index, 2 | 3)) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    table.trim_fmt()
}

/// The target without `/tcp`, which a port alone means as well.
fn target(probe: &Probe) -> String {
    let target = probe.target.to_string();
    plain(target.strip_suffix("/tcp").unwrap_or(&target)).into_owned()
}

/// The way without what its transport implies.
fn way(probe: &Probe) -> String {
    let way = match &probe.via {
        Via::Direct | Via::System => probe.via.to_string(),
        Via::Dns { transport, server, name: _ } => {
            let (word, port) = match transport {
                DnsTransport::Udp => ("udp", 53),
                DnsTransport::Tcp => ("tcp", 53),
                DnsTransport::Dot => ("dot", 853),
                DnsTransport::Doh => ("doh", 443),
            };
            if server.port() == port { format!("{word} {}", server.ip()) } else { format!("{word} {server}") }
        }
        Via::Proxy(proxy) => proxy.to_string(),
    };
    plain(&way).into_owned()
}

/// How many probes of which kind are not shown.
fn counted(rest: &[&Observation]) -> String {
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for observation in rest {
        *kinds.entry(observation.probe.kind.as_str()).or_default() += 1;
    }
    let kinds: Vec<String> = kinds.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    let failed = match rest.iter().filter(|observation| observation.failure.is_some()).count() {
        0 => String::new(),
        failed => format!(", {failed} of them failed"),
    };
    format!("and {} more ({}{failed}): --verbose shows all", rest.len(), kinds.join(", "))
}

const RESULT_COLUMN: usize = 4;
const TARGET_PERCENT: usize = 30;
const VIA_PERCENT: usize = 18;
const MAX_ROWS: usize = 20;
const MAX_ROW_LINES: usize = 3;
