//! A sweep as a ticket for whoever must change the firewall: what a person reads, as Markdown, with every missing prefix named.

use std::fmt::Write as _;

use super::super::markdown::Ink;
use super::super::redact::Redaction;
use super::super::words::{list, status};
use super::grid::{Grid, Row};
use super::model::SweepReport;
use super::words::{GAP_AS, INCOMPLETE, concluded, counted, legend, listed, place, ranges_asked};
use crate::catalogue::PortRange;
use crate::verdict::Missing;

/// The whole ticket.
pub fn markdown(report: &SweepReport) -> String {
    // A sweep's report does not know this computer's addresses.
    let ink = Ink::new(Redaction::default());
    let (word, _) = status(report.verdict.status);
    let mut out = String::from("# What this network lets through to Zoom\n\n");
    let _ = writeln!(out, "**{word}**: {}", ink.text(&report.summary));
    if !report.complete {
        let _ = writeln!(out, "\n{INCOMPLETE}");
    }
    grid(&mut out, &ink, report);
    if !report.gap.is_empty() {
        let _ = writeln!(out, "\n## What this network does not let through\n");
        report.gap.iter().for_each(|missing| entry(&mut out, &ink, missing));
        let _ = writeln!(out, "\n{GAP_AS}");
    }
    let _ = writeln!(out, "\n## How it was seen\n\n- {}", ink.text(&counted(report)));
    for sentence in ranges_asked(report) {
        let _ = writeln!(out, "- {}", ink.text(&sentence));
    }
    let _ = writeln!(
        out,
        "- Run: {} {}, {}, catalogue {} ({})",
        ink.text(&report.tool.name),
        ink.text(&report.tool.version),
        ink.text(&report.started),
        ink.text(&report.catalogue.revision),
        ink.text(&report.catalogue.source)
    );
    out
}

fn grid(out: &mut String, ink: &Ink, report: &SweepReport) {
    let grid = Grid::of(report, false);
    let legend = legend(&grid);
    let Grid { columns, rows } = grid;
    let _ = writeln!(out, "\n## Prefix by port\n");
    row(out, std::iter::once("Prefix".to_owned()).chain(columns.iter().map(|ports| code(ink, *ports))));
    row(out, vec!["---".to_owned(); columns.len() + 1].into_iter());
    for Row { prefixes, cells } in rows {
        let prefixes = ink.text(&listed(&prefixes, false));
        row(out, std::iter::once(prefixes).chain(cells.into_iter().map(str::to_owned)));
    }
    let _ = writeln!(out, "\n{legend}");
}

fn row(out: &mut String, cells: impl Iterator<Item = String>) {
    let _ = writeln!(out, "| {} |", cells.collect::<Vec<_>>().join(" | "));
}

fn entry(out: &mut String, ink: &Ink, missing: &Missing) {
    let ports: Vec<String> = missing.ports.iter().map(|ports| code(ink, *ports)).collect();
    let place = place(missing.location.as_ref());
    let prefixes = format!("{}{place}", list(&missing.prefixes, usize::MAX));
    let _ = writeln!(out, "- {} to {}", ports.join(", "), ink.text(&prefixes));
    for sentence in concluded(missing) {
        let _ = writeln!(out, "  - {}", ink.text(&sentence));
    }
}

fn code(ink: &Ink, ports: PortRange) -> String {
    ink.code(&ports.to_string())
}
