//! The second half of a ticket: the evidence, from where it was seen, what was ruled out and what was not probed.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use why5003_probes::model::{Observation, ProxySays};

use super::escape::Ink;
use crate::report::Report;
use crate::report::result_line::result_line;
use crate::report::words::{self, ids, list, time, variables};

/// All of it, each section only where it has something to say.
pub(super) fn sections(out: &mut String, ink: &Ink, report: &Report) {
    evidence(out, ink, report);
    gaps(out, ink, report);
    vantage(out, ink, report);
}

/// What the verdict cites; where it cites nothing, what failed.
fn evidence(out: &mut String, ink: &Ink, report: &Report) {
    let verdict = &report.verdict;
    let named: BTreeSet<u32> = words::cited(verdict)
        .into_iter()
        .chain(verdict.ruled_out.iter().flat_map(|ruled_out| ruled_out.because.iter().copied()))
        .collect();
    let wanted = |observation: &Observation| {
        if named.is_empty() { observation.failure.is_some() } else { named.contains(&observation.id) }
    };
    let rows: Vec<&Observation> = report.observations.iter().filter(|observation| wanted(observation)).collect();
    if rows.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n## Evidence\n\n| # | Probe | Target | Way | Seen | Time |\n|---|---|---|---|---|---|");
    for observation in rows.iter().take(MAX_ROWS) {
        let probe = &observation.probe;
        let asked = match variables(probe) {
            set if set.is_empty() => set,
            set => format!("({set}) "),
        };
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} |",
            observation.id,
            ink.text(probe.kind.as_str()),
            ink.code(&probe.target.to_string()),
            ink.code(&probe.via.to_string()),
            ink.text(&format!("{asked}{}", result_line(observation))),
            time(observation.took)
        );
    }
    if rows.len() > MAX_ROWS {
        let _ = writeln!(out, "\nand {} more in the JSON report.", rows.len() - MAX_ROWS);
    }
}

fn gaps(out: &mut String, ink: &Ink, report: &Report) {
    let verdict = &report.verdict;
    if !verdict.ruled_out.is_empty() {
        let _ = writeln!(out, "\n## Ruled out\n");
        for (causes, because) in words::ruled_out(&verdict.ruled_out) {
            let causes: Vec<String> = causes.into_iter().map(|id| ink.code(id)).collect();
            let _ = writeln!(out, "- {} by {}", causes.join(", "), ids(because));
        }
    }
    if !verdict.open.is_empty() {
        let _ = writeln!(out, "\n## Still open\n");
        for open in &verdict.open {
            let causes: Vec<String> = open.could_be.iter().map(|id| ink.code(id)).collect();
            let could_be = if causes.is_empty() { String::new() } else { format!("{}: ", causes.join(" or ")) };
            let _ = writeln!(out, "- {could_be}next test: {}", ink.text(&open.next_test));
        }
    }
    if !verdict.not_probed.is_empty() {
        let _ = writeln!(out, "\n## Not probed\n");
        for gap in &verdict.not_probed {
            let _ = writeln!(out, "- {}: {}", ink.text(&gap.what), ink.text(&gap.why));
        }
    }
}

fn vantage(out: &mut String, ink: &Ink, report: &Report) {
    let vantage = &report.vantage;
    let rights = if vantage.privileged { "with raw sockets" } else { "without raw sockets" };
    let _ = writeln!(out, "\n## Seen from\n\n- System: {}, {rights}", ink.text(&vantage.os));
    for interface in &vantage.interfaces {
        let addresses = list(&interface.addresses, usize::MAX);
        let _ = writeln!(out, "- Interface: {} {}", ink.code(&interface.name), ink.text(&addresses));
    }
    if !vantage.resolvers.is_empty() {
        let _ = writeln!(out, "- Resolvers: {}", ink.text(&list(&vantage.resolvers, usize::MAX)));
    }
    for proxy in &vantage.proxies {
        let says = match &proxy.says {
            ProxySays::Use(proxy) => ink.code(proxy),
            ProxySays::ForHttp(proxy) => format!("{} for plain HTTP alone", ink.code(proxy)),
            ProxySays::Script(url) => format!("script {}", ink.code(url)),
            ProxySays::Discover => "discovery (WPAD)".to_owned(),
            ProxySays::Unreadable(text) => format!("unreadable: {}", ink.text(text)),
        };
        let _ = writeln!(out, "- Proxy: {says} from {}", ink.text(&proxy.source));
    }
    let _ = writeln!(
        out,
        "- Run: {} {}, {}, {}, catalogue {} ({})",
        ink.text(&report.tool.name),
        ink.text(&report.tool.version),
        ink.text(&report.started),
        time(Duration::from_millis(report.duration_ms)),
        ink.text(&report.catalogue.revision),
        ink.text(&report.catalogue.source)
    );
}

const MAX_ROWS: usize = 60;
