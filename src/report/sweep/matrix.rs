//! The grid of a sweep on a screen: a table where it fits, and else a few lines for each row. No word is broken.

use comfy_table::{ColumnConstraint, ContentArrangement, Table, presets};

use super::super::human::Page;
use super::super::words::list;
use super::grid::{Grid, Row};
use super::model::SweepReport;
use super::words::{FEW, legend, listed};
use crate::catalogue::PortRange;

/// Adds the grid to a page, and what its words mean.
pub(super) fn matrix(page: &mut Page, report: &SweepReport) {
    let style = page.style();
    let grid = Grid::of(report, style.verbose);
    let mut legend = legend(&grid);
    if grid.rows.iter().any(|row| row.prefixes.len() > FEW + 1) {
        legend.push_str(" -v names every prefix.");
    }
    let room = style.width.saturating_sub(INDENT);
    let in_one_line: Vec<String> = grid.columns.iter().map(ToString::to_string).collect();
    let in_two_lines: Vec<String> = in_one_line.iter().map(|ports| ports.replacen('/', "/\n", 1)).collect();
    let heading = [in_one_line, in_two_lines].into_iter().find(|heading| narrowest(&grid, heading) <= room);
    match heading {
        Some(heading) => drawn(page, grid, heading, room),
        None => grid.rows.iter().for_each(|row| listing(page, &grid.columns, row)),
    }
    page.blank();
    page.paragraph(INDENT, &legend);
}

/// How many columns of the screen a table with this heading takes at the least.
fn narrowest(grid: &Grid, heading: &[String]) -> usize {
    let names = grid.rows.iter().flat_map(|row| &row.prefixes).map(String::len);
    let ports = heading.iter().enumerate().map(|(at, ports)| {
        let words = grid.rows.iter().filter_map(|row| row.cells.get(at)).map(|word| word.len());
        ports.lines().map(str::len).chain(words).max().unwrap_or(0) + PADDING
    });
    // A comma stands behind a name where another follows.
    names.max().unwrap_or(0) + 1 + PADDING + ports.sum::<usize>()
}

fn drawn(page: &mut Page, grid: Grid, heading: Vec<String>, room: usize) {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(room).unwrap_or(u16::MAX));
    table.set_header(std::iter::once("prefix".to_owned()).chain(heading));
    for Row { prefixes, cells } in grid.rows {
        table.add_row(std::iter::once(listed(&prefixes, false)).chain(cells.into_iter().map(str::to_owned)));
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_constraint(ColumnConstraint::ContentWidth);
    }
    for line in table.trim_fmt().lines() {
        page.line(&format!("{}{line}", " ".repeat(INDENT)));
    }
}

/// What is in the same state on one line, in the order of ports.
fn listing(page: &mut Page, columns: &[PortRange], row: &Row) {
    page.paragraph(INDENT, &listed(&row.prefixes, false));
    let mut words: Vec<(&str, Vec<PortRange>)> = Vec::new();
    for (ports, word) in columns.iter().zip(&row.cells).filter(|(_, word)| **word != Grid::NOT_ASKED) {
        match words.iter_mut().find(|(other, _)| other == word) {
            Some((_, alike)) => alike.push(*ports),
            None => words.push((word, vec![*ports])),
        }
    }
    for (word, ports) in words {
        page.item(2 * INDENT, &format!("{word}: "), &list(&ports, usize::MAX));
    }
}

const INDENT: usize = 2;
/// On both sides of what a table holds.
const PADDING: usize = 2;
