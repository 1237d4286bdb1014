//! A sweep for a person: prefixes by ports, then what is missing, and where.

use comfy_table::{ContentArrangement, Table, presets};

use super::super::human::{Page, Style, tone};
use super::super::plain::{plain, prose};
use super::super::words::{list, status};
use super::grid::{Grid, Row};
use super::model::SweepReport;
use super::words::{GAP_AS, INCOMPLETE, LEGEND, concluded, counted, listed, place, ranges_asked};

/// The whole report for a person.
pub fn human(report: &SweepReport, style: Style) -> String {
    let mut page = Page::new(style);
    let (word, _) = status(report.status);
    page.toned_line(tone(report.status), word, &prose(&report.summary));
    if !report.complete {
        page.paragraph(0, INCOMPLETE);
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
