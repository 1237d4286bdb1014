//! A sweep for a person: prefixes by ports, then what is missing, and where.

use super::super::human::{Page, Style, tone};
use super::super::plain::{plain, prose};
use super::super::words::{list, status};
use super::matrix::matrix;
use super::model::SweepReport;
use super::words::{GAP_AS, INCOMPLETE, concluded, counted, listed, place, ranges_asked};

/// The whole report for a person.
pub fn human(report: &SweepReport, style: Style) -> String {
    let mut page = Page::new(style);
    let (word, _) = status(report.verdict.status);
    page.toned_line(tone(report.verdict.status), word, &prose(&report.summary));
    if !report.complete {
        page.paragraph(0, INCOMPLETE);
    }
    page.heading("PREFIX BY PORT");
    matrix(&mut page, report);
    for sentence in ranges_asked(report) {
        page.paragraph(2, &sentence);
    }
    if !report.gap.is_empty() {
        page.heading("WHAT THIS NETWORK DOES NOT LET THROUGH");
        for missing in &report.gap {
            let prefixes: Vec<String> = missing.prefixes.iter().map(ToString::to_string).collect();
            let place = place(missing.location.as_ref());
            let ports = list(&missing.ports, usize::MAX);
            page.item(2, "- ", &format!("{ports} to {}{place}", listed(&prefixes, style.verbose)));
            for sentence in concluded(missing) {
                page.paragraph(4, &sentence);
            }
        }
        page.blank();
        page.paragraph(2, GAP_AS);
    }
    page.blank();
    page.paragraph(0, &plain(&counted(report)));
    page.finish()
}
