//! `why5003 replay`: judges a recorded run again, with today's rules.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;

use super::args::{Options, Replay};
use super::exit::Code;
use super::session::{INCOMPLETE, remedy_os};
use super::{given, output};
use crate::evidence::{Background, Evidence};
use crate::report;
use crate::verdict::judge;

/// The largest report that is read: a sweep of every published prefix stays well below it.
const LARGEST_REPORT: u64 = 256 << 20;

pub(super) fn run(options: &Options, replay: &Replay) -> anyhow::Result<Code> {
    let (catalogue, _) = given::catalogue(options)?;
    let text = text(&replay.file)?;
    let mut report = report::parse(&text).map_err(|error| given::unfit(name(&replay.file), &error))?;
    let background = Background::new(Arc::new(catalogue), remedy_os(&report.vantage.os));
    let not_looked = report.verdict.not_looked.clone();
    let evidence = Evidence::new(report.observations.clone(), not_looked, background);
    let incomplete = report.verdict.summary.starts_with(INCOMPLETE);
    report.verdict = judge(&evidence).verdict;
    if incomplete {
        report.verdict.summary.insert_str(0, INCOMPLETE);
    }
    output::report(&report, options)?;
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
