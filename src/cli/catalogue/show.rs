//! `why5003 catalogue show`: the catalogue, or one service of it, for people, for programs, or for a page.

use std::fmt::Write as _;

use anyhow::anyhow;
use textwrap::WordSplitter;
use why5003_probes::wire::text::shown;

use super::tables::{Section, joined, sections, word};
use crate::app::LoadedCatalogue;
use crate::catalogue::{Catalogue, Service};
use crate::cli::args::CatalogueShow;
use crate::cli::settings::{Format, Settings};
use crate::cli::{files, output};

pub(super) fn run(settings: &Settings, show: &CatalogueShow) -> anyhow::Result<()> {
    let LoadedCatalogue { catalogue, source: place } = files::catalogue(settings)?;
    let width = output::style(settings).width;
    let text = match (&show.service, settings.format) {
        (Some(id), format) => {
            let service = service(&catalogue, id)?;
            match format {
                Format::Human => plain_list(service, &catalogue, width),
                Format::Json => serde_json::to_string_pretty(service)?,
                Format::Markdown => {
                    format!("```text\n{}```\n", plain_list(service, &catalogue, width).replace("```", "` ` `"))
                }
            }
        }
        (None, Format::Human) => human(&catalogue, &place, width, settings.verbose),
        (None, Format::Json) => serde_json::to_string_pretty(&*catalogue)?,
        (None, Format::Markdown) => markdown(&catalogue, &place, settings.verbose),
    };
    output::result(&text)
}

fn service<'a>(catalogue: &'a Catalogue, id: &str) -> anyhow::Result<&'a Service> {
    catalogue.services.iter().find(|service| service.id == id).ok_or_else(|| {
        let known: Vec<&str> = catalogue.services.iter().map(|service| service.id.as_str()).collect();
        anyhow!("there is no service {id:?}; write one of {}", shown(&known.join(", "), LINE_CHARS))
    })
}

/// One service in the form of Zoom's own lists: a prefix a line, and what else is known of it as comments.
fn plain_list(service: &Service, catalogue: &Catalogue, width: usize) -> String {
    let lists = service.lists.iter().map(|name| match catalogue.lists.get(name) {
        Some(list) => format!("{name} of {}", list.retrieved),
        None => name.clone(),
    });
    let mut text = String::new();
    for (label, what) in [
        ("service", format!("{}: {}", service.id, service.title)),
        ("ports", joined(&service.ports)),
        ("names", joined(&service.names)),
        ("of others", joined(&service.third_party)),
        ("lists", joined(&lists.collect::<Vec<_>>())),
        ("prefixes", service.prefixes.len().to_string()),
        ("evidence", word(&service.evidence)),
        ("source", service.source.clone()),
    ] {
        if !what.is_empty() {
            let rest = format!("#{}", " ".repeat(LABEL));
            wrapped(&mut text, (&format!("# {label:<0$}", LABEL - 1), &rest), &what, width);
        }
    }
    for prefix in &service.prefixes {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{prefix}");
    }
    text
}

fn human(catalogue: &Catalogue, place: &str, width: usize, verbose: bool) -> String {
    let mut text = String::new();
    for (label, what) in head(catalogue, place) {
        wrapped(&mut text, (&format!("{label:<LABEL$}"), &" ".repeat(LABEL)), &what, width);
    }
    for section in sections(catalogue, verbose) {
        let _ = write!(text, "\n{}\n{}", section.title.to_uppercase(), section.in_columns(width));
    }
    text
}

fn markdown(catalogue: &Catalogue, place: &str, verbose: bool) -> String {
    let rows = head(catalogue, place).map(|(label, what)| vec![label.to_owned(), what]).to_vec();
    let mut text = Section { title: "Catalogue", head: &["", ""], rows }.in_markdown();
    for section in sections(catalogue, verbose) {
        let _ = write!(text, "\n{}", section.in_markdown());
    }
    text
}

fn head(catalogue: &Catalogue, place: &str) -> [(&'static str, String); 4] {
    [
        ("revision", catalogue.revision.clone()),
        ("read from", place.to_owned()),
        ("source", catalogue.source.clone()),
        ("sha256", catalogue.sha256.clone()),
    ]
}

/// Text behind a label, its further lines under its first word.
fn wrapped(text: &mut String, (first, rest): (&str, &str), what: &str, width: usize) {
    let options = textwrap::Options::new(width)
        .initial_indent(first)
        .subsequent_indent(rest)
        .word_splitter(WordSplitter::NoHyphenation)
        .break_words(false);
    for line in textwrap::wrap(&shown(what, LINE_CHARS), options) {
        let _ = writeln!(text, "{}", line.trim_end());
    }
}

/// The width of labels, the gap to the text included.
const LABEL: usize = 11;
/// A catalogue of the user's may hold anything; ours has nothing longer.
const LINE_CHARS: usize = 1000;
