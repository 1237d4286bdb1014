//! `why5003 replay`: judges a recorded run again, with today's rules.

use std::io::Read;
use std::path::Path;

use anyhow::Context;

use super::args::Replay;
use super::exit::Code;
use super::settings::Settings;
use super::{files, output};
use crate::app::replay;
use crate::report;

/// The largest report that is read: a sweep of every published prefix stays well below it.
const LARGEST_REPORT: u64 = 256 << 20;

pub(super) fn run(settings: &Settings, given: &Replay) -> anyhow::Result<Code> {
    let loaded = files::catalogue(settings)?;
    let text = text(&given.file)?;
    let recorded = report::parse(&text).map_err(|error| files::unfit(name(&given.file), &error))?;
    let report = replay(recorded, &loaded.catalogue);
    output::report(&report, settings)?;
    Ok(report.verdict.status.into())
}

/// What messages call it.
fn name(file: &Path) -> &Path {
    if file == Path::new("-") { Path::new("standard input") } else { file }
}

fn text(file: &Path) -> anyhow::Result<String> {
    let failed = || format!("could not read {}", name(file).display());
    let mut text = String::new();
    let read = if file == Path::new("-") {
        std::io::stdin().lock().take(LARGEST_REPORT).read_to_string(&mut text)
    } else {
        std::fs::File::open(file).with_context(failed)?.take(LARGEST_REPORT).read_to_string(&mut text)
    };
    read.with_context(failed)?;
    Ok(text)
}
