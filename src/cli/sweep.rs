//! `why5003 sweep`: which of Zoom's published prefixes and ports this network lets through.

mod bar;
mod command;
mod estimate;
mod file;
mod gap;
mod unsupported;

use std::path::PathBuf;

use why5003_probes::model::{Family, with_sources};

use super::args;
use super::exit::Code;
use super::interrupts::Interrupts;
use super::runtime::block_on;
use super::settings::{Format, Settings};
use super::{files, output, tools};
use crate::app::{
    Engines, LoadedCatalogue, Sweep, SweepError, SweepListeners, SweepLog, SweepPlan, SweepSettings, sweep,
};
use crate::report::{self, SweepReport};
use crate::run::Tools;
use bar::Bar;
use command::{Command, Which};
use file::Log;

pub(super) fn run(settings: &Settings, args: args::Sweep) -> anyhow::Result<Code> {
    let command = Command::from_args(settings, args)?;
    let catalogue = files::catalogue(settings)?;
    let tools = tools::overridden(settings)?;
    let (plan, file) = match command.which {
        Which::Begun { first, others } => {
            let (log, plan) = Log::resume(&first, &others, &catalogue.catalogue)?;
            (plan, LogFile::Begun(log))
        }
        Which::New { scope, out } => {
            let plan = SweepPlan::new(&scope, &catalogue.catalogue, &tools).map_err(|error| failed(&error))?;
            (plan, LogFile::New(out))
        }
    };
    if plan.lacks_ipv6 {
        output::note(settings, "This computer has no IPv6 address, so IPv6 prefixes are not asked.");
    }
    estimate::announce(settings, &command.settings, command.yes, &plan)?;
    let ready = Ready { plan, settings: command.settings, tools, catalogue };
    let (report, log) = block_on(ready.carry_out(settings, file))??;
    // What was found is told, whatever became of the file.
    let finished = log.map_or(Ok(()), Log::finish);
    match command.gap_as {
        Some(firewall) => gap::write(settings, firewall, &report)?,
        None => output::result(&match settings.format {
            Format::Json => report::sweep_json(&report),
            Format::Human => report::sweep_human(&report, output::style(settings)),
            Format::Markdown => report::sweep_markdown(&report),
        })?,
    }
    finished?;
    Ok(report.verdict.status.into())
}

/// The file of a sweep's log.
enum LogFile {
    /// It is there.
    Begun(Log),
    /// It is made, if one is wanted, when nothing stands in the sweep's way any more.
    New(Option<PathBuf>),
}

/// A sweep that has no engines yet.
struct Ready {
    plan: SweepPlan,
    settings: SweepSettings,
    tools: Tools,
    catalogue: LoadedCatalogue,
}

impl Ready {
    async fn carry_out(self, shown: &Settings, file: LogFile) -> anyhow::Result<(SweepReport, Option<Log>)> {
        let Self { plan, settings, tools, catalogue } = self;
        let mut interrupts = Interrupts::listen()?;
        let engines = Engines::open(&plan, &settings, &tools.system).await.map_err(|error| failed(&error))?;
        if let Some(why) = &engines.fallback {
            let why = with_sources(why);
            output::note(shown, &format!("It asks by connect, for the syn engine could not {why}."));
        }
        let mut log = match file {
            LogFile::Begun(log) => Some(log),
            LogFile::New(Some(path)) => Some(Log::begin(path, &plan.head)?),
            LogFile::New(None) => None,
        };
        let mut bar = Bar::start(shown.quiet, plan.left());
        let listeners = SweepListeners {
            events: &mut |event| bar.show(event),
            log: log.as_mut().map(|log| -> &mut dyn SweepLog { log }),
        };
        let prepared = Sweep { plan, settings, engines, tools, catalogue };
        let report = sweep(prepared, listeners, interrupts.next()).await;
        bar.end();
        Ok((report.map_err(|error| failed(&error))?, log))
    }
}

/// Why there is no sweep, and which flags would help.
fn failed(error: &SweepError) -> anyhow::Error {
    match error {
        SweepError::TooManyTargets { family } => {
            let or = if *family == Some(Family::V6) { "" } else { ", or add -4" };
            anyhow::anyhow!("could not {error}; leave out --all{or}")
        }
        SweepError::Syn { source } => {
            anyhow::anyhow!("could not begin the sweep with --engine syn: {}", with_sources(source))
        }
        _ => output::could_not(error),
    }
}
