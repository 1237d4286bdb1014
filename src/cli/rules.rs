//! Where the text of firewall rules goes.

use std::path::Path;

use super::catalogue::whole_file;
use super::output;
use super::settings::Settings;
use crate::rules::{Format, Ruleset};

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
