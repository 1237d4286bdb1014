//! `why5003 sweep`: which of Zoom's published prefixes and ports this network lets through.

mod announce;
mod bar;
mod engines;
mod file;
mod gap;
mod heeded;
mod parts;
mod summary;
mod wanted;

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use ipnet::IpNet;
use why5003_probes::model::{AddressScope, Family};

use super::args;
use super::exit::Code;
use super::interrupts::Interrupts;
use super::runtime::block_on;
use super::settings::{Format, Settings};
use super::{files, output};
use crate::app::{LoadedCatalogue, rfc3339};
use crate::report::{self, CatalogueStamp, SWEEP_SCHEMA, SweepReport, Tool};
use crate::run::{self, SweepEvent, Swept, Tools};
use crate::sweep::{Found, Ledger, LogHead, Pace, Trace, TraceEvent, known_to_answer, last_words, survey};
use crate::verdict::{Sampled, missing};
use bar::Bar;
use file::Log;
use summary::{Outcome, verdict};
use wanted::{Fresh, Wanted};

pub(super) fn run(settings: &Settings, args: &args::Sweep) -> anyhow::Result<Code> {
    heeded::check(settings, args)?;
    let LoadedCatalogue { catalogue, source } = files::catalogue(settings)?;
    let tools = settings.overridden_tools()?;
    let started = rfc3339(tools.clock.wall());
    let (file, wanted) = if let Some((first, others)) = args.resume.split_first() {
        let (log, wanted) = Log::resume(first, others, &catalogue)?;
        (Begun::Before(log), wanted)
    } else {
        let Fresh { wanted, head } = Wanted::given(settings, args, &catalogue, &started, has_ipv6(&tools))?;
        (Begun::Now(Box::new(head)), wanted)
    };
    announce::check(settings, args, &wanted)?;
    let stamp = CatalogueStamp { revision: catalogue.revision.clone(), source, sha256: catalogue.sha256.clone() };
    let work = Work { settings, args, tools, catalogue, wanted };
    let (report, log) = block_on(async {
        let mut interrupts = Interrupts::listen()?;
        work.carry_out(file, &mut interrupts, stamp).await
    })??;
    // What was found is told, whatever became of the file.
    let finished = log.finish();
    match args.gap_as {
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

/// The file of a sweep, which is made when nothing stands in the sweep's way any more.
enum Begun {
    /// It is there.
    Before(Log),
    /// It begins with this line, if one is wanted.
    Now(Box<LogHead>),
}

/// Whether this computer has an address by which IPv6 leads anywhere: what it can't send tells nothing of the network.
fn has_ipv6(tools: &Tools) -> bool {
    let reaches = |address: &IpNet| {
        Family::of(address.addr()) == Family::V6 && AddressScope::of(address.addr()).leaves_the_link()
    };
    tools.system.interfaces().is_ok_and(|all| all.iter().any(|interface| interface.addresses.iter().any(reaches)))
}

/// A sweep, ready to begin.
struct Work<'a> {
    settings: &'a Settings,
    args: &'a args::Sweep,
    tools: Tools,
    catalogue: Arc<crate::catalogue::Catalogue>,
    wanted: Wanted,
}

impl Work<'_> {
    async fn carry_out(
        self,
        file: Begun,
        interrupts: &mut Interrupts,
        stamp: CatalogueStamp,
    ) -> anyhow::Result<(SweepReport, Log)> {
        let Work { settings, args, tools, catalogue, mut wanted } = self;
        let began = tools.clock.elapsed();
        let end = settings.deadline.map(|deadline| Instant::now() + deadline);
        let mut engines = engines::choose(args, settings, &tools.system, &wanted).await?;
        let mut log = match (file, &args.out) {
            (Begun::Before(log), _) => log,
            (Begun::Now(head), Some(path)) => Log::begin(path, &head)?,
            (Begun::Now(_), None) => Log::none(),
        };
        let rate = (args.rate > 0).then_some(args.rate);
        let targets = wanted.targets();
        let mut bar = Bar::start(settings, wanted.left());
        let known = std::mem::replace(&mut wanted.known, Ledger::new(0));
        let space = &wanted.space;
        let mut swept = Swept { ledger: known, asked: 0, late: 0, incomplete: false, no_way: false };
        if let Some(shard) = wanted.asks() {
            let pace = Pace::new(rate);
            let max_inflight = if args.max_inflight > 0 { args.max_inflight } else { usize::MAX };
            let first = known_to_answer(&catalogue, space);
            let sweep = run::Sweep { space, shard, seed: wanted.seed, pace, max_inflight, first, known: swept.ledger };
            let mut note = |event: SweepEvent| {
                bar.show(&event);
                log.note(space, &event);
            };
            swept = run::sweep(sweep, &mut engines, &mut note, interrupts.next_or(end))
                .await
                .context("could not go on with the sweep")?;
        }
        let time = if swept.incomplete { Duration::ZERO } else { args.settle };
        let known = std::mem::take(&mut wanted.settled);
        let tally = swept.ledger.tally(0..space.count());
        bar.settle(time, known.settled.within(0..space.count()).count() as u64, tally.known() - tally.open);
        let settle = Trace { space, ledger: &swept.ledger, known, time, rate };
        let mut note = |event: &TraceEvent| {
            bar.say(event);
            log.settled((space, &swept.ledger), event);
        };
        let settlement = run::trace(&tools, &catalogue, settle, &mut note, interrupts.next_or(end)).await;
        bar.end();
        let (settled, trunks) = (&settlement.settled, &settlement.trunks);
        let found = Found { space, ledger: &swept.ledger, settled, trunks };
        let survey = survey(found);
        let stopped = swept.incomplete || settlement.incomplete;
        // Of parts that are only put together, one may have been cut off.
        let complete = !stopped && swept.ledger.tally(0..space.count()).known() >= targets;
        if complete {
            log.last_words(last_words(found, &survey));
        }
        let late = stopped && !swept.no_way && !interrupts.heard();
        let outcome = Outcome { survey: &survey, swept: &swept, settlement: &settlement, complete, late };
        let verdict = verdict(args, &wanted, &outcome);
        let took: Duration = tools.clock.elapsed().saturating_sub(began);
        let report = SweepReport {
            schema: SWEEP_SCHEMA.to_owned(),
            tool: Tool { name: "why5003".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
            started: wanted.started.clone(),
            duration_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            catalogue: stamp,
            engines: engines.iter().map(|(_, engine)| engine.name().to_owned()).collect(),
            shard: wanted.spelled(),
            targets,
            asked: swept.asked,
            late: swept.late,
            complete,
            summary: report::sweep_summary(&verdict),
            verdict,
            forged: survey.forged.iter().map(|(address, _)| *address).collect(),
            sampled: wanted.wide.iter().copied().map(Sampled::of).collect(),
            lanes: report::sweep_lanes(&survey),
            gap: missing(&survey, &wanted.wide),
        };
        Ok((report, log))
    }
}
