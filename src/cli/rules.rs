//! Firewall rules on the command line: which format is asked for, and where the text goes.

use std::path::Path;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use super::catalogue::whole_file;
use super::output;
use super::settings::Settings;
use crate::rules::{self, FORMATS, Format, Ruleset};

/// Reads the name of a format; the list of formats is what help shows.
pub(super) fn rule_format() -> impl TypedValueParser<Value = &'static Format> {
    let values = FORMATS.iter().map(|format| PossibleValue::new(format.name).help(format.title));
    PossibleValuesParser::new(values).try_map(|name| rules::format(&name).ok_or("there is no such format"))
}

/// Writes the rules to the file, or to standard output, and what can't stand in them to standard error.
///
/// # Errors
/// When the place does not take them.
pub(super) fn write(settings: &Settings, format: &Format, rules: &Ruleset, out: Option<&Path>) -> anyhow::Result<()> {
    let text = (format.write)(rules);
    match out {
        Some(path) => whole_file::write(path, &text)?,
        None => output::result(&text)?,
    }
    for note in (format.notes)(rules) {
        output::note(settings, &note);
    }
    Ok(())
}
