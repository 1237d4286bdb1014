//! The files that a user names: the catalogue, root certificates.

use std::error::Error;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, anyhow};
use why5003_probes::model::with_sources;
use why5003_probes::os::Trust;

use super::settings::Settings;
use crate::app::LoadedCatalogue;
use crate::catalogue::Catalogue;

/// The largest file that is read whole: catalogues and bundles of roots are a few hundred kilobytes.
const LARGEST_FILE: u64 = 16 << 20;

/// Reads a text file that the user named.
pub(super) fn read(path: &Path, what: &str) -> anyhow::Result<String> {
    let failed = || format!("could not read {what} {}", path.display());
    let mut text = String::new();
    let file = std::fs::File::open(path).with_context(failed)?;
    // A device or a pipe has no size of its own, so what is read is bounded, not what is told.
    let read = file.take(LARGEST_FILE + 1).read_to_string(&mut text).with_context(failed)?;
    anyhow::ensure!(read as u64 <= LARGEST_FILE, "could not read {what} {}: it is larger than 16 MiB", path.display());
    Ok(text)
}

/// What a file of the user's is not fit for, with its name.
pub(super) fn unfit(path: &Path, error: &(dyn Error + 'static)) -> anyhow::Error {
    anyhow!("{}: could not {}", path.display(), with_sources(error))
}

/// The catalogue, and where it came from.
pub(super) fn catalogue(settings: &Settings) -> anyhow::Result<LoadedCatalogue> {
    let Some(path) = &settings.catalogue else { return Ok(LoadedCatalogue::built_in()) };
    let text = read(path, "catalogue")?;
    let source = path.display().to_string();
    Ok(LoadedCatalogue { catalogue: Arc::new(Catalogue::parse(&text, &source)?), source })
}

/// The root certificates.
pub(super) fn trust(settings: &Settings) -> anyhow::Result<Trust> {
    match &settings.roots {
        Some(path) => {
            let pem = read(path, "root certificates")?;
            Trust::load(Some(pem.as_bytes())).map_err(|error| unfit(path, &error))
        }
        None => Trust::load(None).context("could not load root certificates"),
    }
}
