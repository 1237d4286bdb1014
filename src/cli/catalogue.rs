//! `why5003 catalogue`: shows, imports, updates and exports what Zoom publishes.
//!
//! It never changes a catalogue in place: a new one goes to standard output, or to the file that is named.

mod export;
mod import;
mod renewal;
mod show;
mod tables;
mod update;
pub(super) mod whole_file;

use std::path::Path;
use std::time::Duration;

use anyhow::Context;

use super::args::{Catalogue, CatalogueAction};
use super::exit::Code;
use super::settings::Settings;
use super::{files, output};
use crate::catalogue;
use renewal::Renewed;

pub(super) fn run(settings: &Settings, catalogue: &Catalogue) -> anyhow::Result<Code> {
    match &catalogue.action {
        CatalogueAction::Show(show) => show::run(settings, show)?,
        CatalogueAction::Import(import) => import::run(settings, import)?,
        CatalogueAction::Update(update) => update::run(settings, update)?,
        CatalogueAction::Export(export) => export::run(settings, export)?,
    }
    Ok(Code::Healthy)
}

/// The catalogue that lists are written into, as text.
struct Base {
    text: String,
    /// The name that errors give.
    file: String,
    read: catalogue::Catalogue,
}

impl Base {
    /// The one that the user named, or the one built in.
    fn given(settings: &Settings) -> anyhow::Result<Self> {
        let (text, file) = match &settings.catalogue {
            Some(path) => (files::read(path, "catalogue")?, path.display().to_string()),
            None => (catalogue::Catalogue::EMBEDDED.to_owned(), "built-in catalogue".to_owned()),
        };
        Self::of(text, file)
    }

    fn of(text: String, file: String) -> anyhow::Result<Self> {
        let read = catalogue::Catalogue::parse(&text, &file).context("could not use the catalogue")?;
        Ok(Self { text, file, read })
    }
}

/// Writes the new catalogue, and says what is new in it.
fn publish(settings: &Settings, renewed: &Renewed, out: Option<&Path>) -> anyhow::Result<()> {
    match out {
        Some(path) => whole_file::write(path, &renewed.text)?,
        None => output::result(&renewed.text)?,
    }
    output::note(settings, renewed.drift.trim_end());
    Ok(())
}

/// The day of a time since 1970, UTC, as a catalogue writes it.
fn day(since_1970: Duration) -> String {
    let seconds = i64::try_from(since_1970.as_secs()).unwrap_or(i64::MAX);
    let time = jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    time.strftime("%Y-%m-%d").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_written_as_a_catalogue_writes_it() {
        assert_eq!(day(Duration::from_secs(1_782_864_000)), "2026-07-01");
        assert_eq!(day(Duration::from_secs(1_782_863_999)), "2026-06-30");
    }
}
