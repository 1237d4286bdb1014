//! Standard output carries the result and nothing else; what is said beside it goes to standard error.

use std::error::Error;
use std::io::{self, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};
use anyhow::{Context, anyhow};
use clap::error::{ContextKind, ErrorKind};
use why5003_probes::model::with_sources;
use why5003_probes::wire::text::shown;

use super::settings::{Format, Settings};
use crate::report::{self, Report, Style};

/// Writes the result.
///
/// A reader that went away has read what it wanted: that is no error, and the exit code stays the verdict's.
///
/// # Errors
/// When standard output does not take it.
pub(super) fn result(text: &str) -> anyhow::Result<()> {
    match write(text) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.context("could not write to standard output"),
    }
}

fn write(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    if !text.ends_with('\n') {
        out.write_all(b"\n")?;
    }
    out.flush()
}

/// Writes a report in the format that was asked for.
///
/// # Errors
/// As [`result`].
pub(super) fn report(report: &Report, settings: &Settings) -> anyhow::Result<()> {
    result(&match settings.format {
        Format::Human => report::human(report, style(settings)),
        Format::Json => report::json(report),
        Format::Markdown => report::markdown(report),
    })
}

/// How text for people may look on standard output.
pub(super) fn style(settings: &Settings) -> Style {
    let colour = AutoStream::choice(&io::stdout()) != ColorChoice::Never;
    Style { width: width(), colour, verbose: settings.verbose }
}

/// Columns of text: the terminal's, 120 at most for the eye's sake; 80 where there is none.
fn width() -> usize {
    if !io::stdout().is_terminal() {
        return 80;
    }
    terminal_size::terminal_size().map_or(80, |(width, _)| usize::from(width.0).clamp(40, 120))
}

/// Columns of what is written to standard error; 80 where it is no terminal.
pub(super) fn columns_of_notes() -> usize {
    terminal_size::terminal_size_of(io::stderr()).map_or(80, |(width, _)| usize::from(width.0))
}

/// Says something beside the result, unless the user wants silence.
pub(super) fn note(settings: &Settings, text: &str) {
    if !settings.quiet {
        let _unwritten = writeln!(io::stderr(), "{text}");
    }
}

/// What the program could not do, as the error of a command.
pub(super) fn could_not(error: &(dyn Error + 'static)) -> anyhow::Error {
    anyhow!("could not {}", with_sources(error))
}

/// Says what went wrong, in one line.
pub(super) fn complain(error: &anyhow::Error) {
    complain_of(&format!("{error:#}"));
}

/// Says what is wrong with the command line, in one line, and where to read how it is written.
pub(super) fn complain_of_usage(error: &clap::Error) {
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        // Its text is the whole help, of which the first line says nothing of what is missing.
        return complain_of("a word is missing after the command; see why5003 help COMMAND");
    }
    let told = error.to_string();
    let (told, _) = told.split_once("\n\nUsage:").or_else(|| told.split_once("\n\nFor more")).unwrap_or((&told, ""));
    let told = told.trim_start_matches("error: ").trim_end().replace("\n\n  tip:", "; tip:");
    complain_of(&format!("{}; see why5003 --help", without_secret(error, &told)));
}

/// What is wrong, without the value where that may hold a password: messages end in logs.
fn without_secret(error: &clap::Error, told: &str) -> String {
    let about = error.get(ContextKind::InvalidArg).map(ToString::to_string).unwrap_or_default();
    match error.source() {
        Some(source) if about.starts_with("--proxy") => format!("invalid value for '{about}': {source}"),
        _ => told.to_owned(),
    }
}

/// What names a file or repeats an argument may hold line breaks and worse.
fn complain_of(text: &str) {
    let words: Vec<String> =
        text.lines().map(|line| shown(line.trim(), LONGEST_LINE)).filter(|l| !l.is_empty()).collect();
    let _unwritten = writeln!(io::stderr(), "why5003: {}", words.join(" "));
}

/// More than any message of this program's own, less than would drive all else off the screen.
const LONGEST_LINE: usize = 1000;
