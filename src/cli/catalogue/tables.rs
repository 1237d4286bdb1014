//! The catalogue as tables: what stands in them, and how a table is written in columns or in Markdown.
//!
//! Pure text. A catalogue of the user's may hold anything, so every cell is made safe to print.

use std::fmt::Display;

use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width, presets};
use serde::Serialize;
use serde_json::Value;
use why5003_probes::wire::text::shown;

use super::import::file_name;
use crate::catalogue::{Catalogue, Service};

/// A table with its title.
pub(super) struct Section {
    pub(super) title: &'static str,
    pub(super) head: &'static [&'static str],
    pub(super) rows: Vec<Vec<String>>,
}

/// What is shown of a catalogue; every prefix of every service too where `verbose`.
pub(super) fn sections(catalogue: &Catalogue, verbose: bool) -> Vec<Section> {
    let mut sections = vec![
        services(catalogue),
        lists(catalogue, verbose),
        hosts(catalogue),
        controls(catalogue),
        resolvers(catalogue),
    ];
    if verbose {
        sections.push(prefixes(catalogue));
    }
    sections
}

fn services(catalogue: &Catalogue) -> Section {
    let row = |service: &Service| {
        let others = match service.third_party.len() {
            0 => None,
            others => Some(format!("{others} of others")),
        };
        let names: Vec<String> = service.names.iter().map(ToString::to_string).chain(others).collect();
        vec![
            service.id.clone(),
            service.title.clone(),
            joined(&service.ports),
            joined(&names),
            service.prefixes.len().to_string(),
        ]
    };
    Section {
        title: "Services",
        head: &["service", "title", "ports", "names", "prefixes"],
        rows: catalogue.services.iter().map(row).collect(),
    }
}

fn lists(catalogue: &Catalogue, verbose: bool) -> Section {
    let rows = catalogue.lists.iter().map(|(name, list)| {
        let url = if verbose { &list.url } else { file_name(&list.url) };
        vec![name.clone(), list.retrieved.clone(), list.prefixes.len().to_string(), url.to_owned()]
    });
    Section {
        title: "Lists of prefixes",
        head: &["list", "retrieved", "prefixes", "published as"],
        rows: rows.collect(),
    }
}

fn hosts(catalogue: &Catalogue) -> Section {
    let rows = catalogue.hosts.iter().map(|host| {
        let decisive = if host.decisive { "decisive" } else { "" };
        vec![host.name.clone(), host.port.to_string(), word(&host.role), decisive.to_owned(), host.what.clone()]
    });
    Section { title: "Hosts", head: &["name", "port", "role", "for 5003", "what"], rows: rows.collect() }
}

fn controls(catalogue: &Catalogue) -> Section {
    let rows = catalogue.controls.iter().map(|control| {
        vec![control.name.clone(), control.port.to_string(), joined(&control.addresses), control.operator.clone()]
    });
    Section { title: "Controls", head: &["name", "port", "addresses", "operator"], rows: rows.collect() }
}

fn resolvers(catalogue: &Catalogue) -> Section {
    let rows = catalogue.resolvers.iter().map(|resolver| {
        let doh = format!("{}{}", resolver.doh.name, resolver.doh.path);
        vec![resolver.operator.clone(), joined(&resolver.addresses), resolver.dot.clone(), doh]
    });
    Section { title: "Resolvers", head: &["operator", "addresses", "DoT name", "DoH"], rows: rows.collect() }
}

fn prefixes(catalogue: &Catalogue) -> Section {
    let of = |service: &Service| {
        let id = service.id.clone();
        service.prefixes.clone().into_iter().map(move |prefix| vec![id.clone(), prefix.to_string()])
    };
    Section { title: "Prefixes", head: &["service", "prefix"], rows: catalogue.services.iter().flat_map(of).collect() }
}

impl Section {
    /// In columns for a screen; a cell that does not fit is wrapped between words, since a name in two halves can't be
    /// searched for.
    pub(super) fn in_columns(&self, width: usize) -> String {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        table.set_content_arrangement(ContentArrangement::Dynamic);
        table.set_width(u16::try_from(width).unwrap_or(u16::MAX));
        table.set_header(self.head);
        for row in &self.rows {
            table.add_row(row.iter().map(|cell| shown(cell, CELL_CHARS)));
        }
        for (nth, column) in table.column_iter_mut().enumerate() {
            let gap = if nth + 1 == self.head.len() { 0 } else { GAP };
            column.set_padding((0, gap));
            let longest = u16::try_from(self.longest_word(nth).min(WORD)).unwrap_or(u16::MAX);
            column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(longest.saturating_add(gap))));
        }
        table.trim_fmt() + "\n"
    }

    fn longest_word(&self, column: usize) -> usize {
        let head = self.head.iter().copied();
        let cells = self.rows.iter().filter_map(|row| row.get(column)).map(String::as_str);
        let words = cells.chain(head.skip(column).take(1)).flat_map(str::split_whitespace);
        words.map(textwrap::core::display_width).max().unwrap_or(0)
    }

    /// As a table of GitHub Flavored Markdown (4.10) under a heading.
    pub(super) fn in_markdown(&self) -> String {
        let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
        let head = line(self.head.iter().map(ToString::to_string).collect());
        let rule = line(self.head.iter().map(|_| "---".to_owned()).collect());
        let rows = self.rows.iter().map(|row| line(row.iter().map(|cell| escaped(&shown(cell, CELL_CHARS))).collect()));
        format!("## {}\n\n{head}{rule}{}", self.title, rows.collect::<String>())
    }
}

/// The text with what would be markup behind a backslash (CommonMark 0.31, 2.4).
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '~' | '&' | '!' | '@' | '#' | '$') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// Values with commas between them.
pub(super) fn joined<T: Display>(values: &[T]) -> String {
    values.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// A value that is one word in a catalogue, as it stands there.
pub(super) fn word<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        Ok(_) | Err(_) => String::new(),
    }
}

/// Between columns.
const GAP: u16 = 2;
/// No word of ours is longer; a longer one is broken, so that it can't push the others off the screen.
const WORD: usize = 32;
const CELL_CHARS: usize = 1000;
