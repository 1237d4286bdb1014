//! `why5003 diagnose`: the verdict on this network.

use super::exit::Code;
use super::interrupts::Interrupts;
use super::progress::Progress;
use super::runtime::block_on;
use super::settings::Settings;
use super::{files, output, tools};
use crate::app::{Diagnosis, diagnose};

pub(super) fn run(settings: &Settings) -> anyhow::Result<Code> {
    let catalogue = files::catalogue(settings)?;
    let diagnosis = Diagnosis { settings: settings.diagnosis(), tools: tools::plain(settings)?, catalogue };
    let report = block_on(async {
        let mut interrupts = Interrupts::listen()?;
        let mut progress = Progress::start(settings.quiet);
        let report = diagnose(&diagnosis, &mut |event| progress.show(&event), interrupts.next()).await;
        progress.end();
        anyhow::Ok(report)
    })??;
    output::report(&report, settings)?;
    Ok(report.verdict.status.into())
}
