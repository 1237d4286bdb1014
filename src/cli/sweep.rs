//! `why5003 sweep`: which of Zoom's published prefixes and ports this network lets through.

mod announce;
mod bar;
mod engines;
mod file;
mod gap;
mod wanted;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use ipnet::IpNet;

use super::args::{self, Format, Options};
use super::exit::Code;
use super::interrupts::Interrupts;
use super::session::{block_on, rfc3339};
use super::{diagnose, given, output};
use crate::report::{self, CatalogueStamp, SWEEP_SCHEMA, SweepReport, Tool};
use crate::run::{self, SettleEvent, SweepEvent, Tools};
use crate::sweep::{Found, Pace, last_words, survey};
use crate::verdict::conclude;
use bar::Bar;
use file::Log;
use wanted::Wanted;

pub(super) fn run(options: &Options, args: &args::Sweep) -> anyhow::Result<Code> {
    let (catalogue, source) = given::catalogue(options)?;
    let tools = diagnose::tools(options)?;
    let started = rfc3339(tools.clock.wall());
    let (mut log, wanted) = match &args.resume {
        Some(path) => Log::resume(path, &catalogue)?,
        None => Wanted::given(options, args, &catalogue, &started, has_ipv6(&tools))?.logged(args.out.as_deref())?,
    };
    announce::check(options, args, &wanted)?;
    let stamp = CatalogueStamp { revision: catalogue.revision.clone(), source, sha256: catalogue.sha256.clone() };
    let work = Work { options, args, tools, catalogue: Arc::new(catalogue), wanted };
    let report = block_on(async {
        let mut interrupts = Interrupts::listen()?;
        work.carry_out(&mut log, &mut interrupts, started, stamp).await
    })??;
    log.finish()?;
    match args.gap_as {
        Some(firewall) => gap::write(options, firewall, &report)?,
        None => output::result(&match options.format {
            Format::Json => report::sweep_json(&report),
            Format::Human => report::sweep_human(&report, output::style(options)),
            Format::Markdown => report::sweep_markdown(&report),
        })?,
    }
    Ok(report.status.into())
}

/// Whether this computer has an address by which IPv6 leads anywhere: what it can't send tells nothing of the network.
fn has_ipv6(tools: &Tools) -> bool {
    let reaches = |address: &IpNet| match address.addr() {
        IpAddr::V6(v6) => !v6.is_loopback() && !v6.is_unicast_link_local(),
        IpAddr::V4(_) => false,
    };
    tools.system.interfaces().is_ok_and(|all| all.iter().any(|interface| interface.addresses.iter().any(reaches)))
}

/// What the summary ends with where routers answered too seldom.
const OUT_OF_TIME: &str = " The time for settling ran out (--settle): halves of a prefix may still differ.";

/// What the summary ends with where something took the sweep for an attack.
const SHUT_OFF: &str = " What answered at first does not answer any more: something shut this computer off during the sweep, so silence \
                        proves nothing. Wait, and ask more slowly (--rate).";

/// A sweep, ready to begin.
struct Work<'a> {
    options: &'a Options,
    args: &'a args::Sweep,
    tools: Tools,
    catalogue: Arc<crate::catalogue::Catalogue>,
    wanted: Wanted,
}

impl Work<'_> {
    async fn carry_out(
        self,
        log: &mut Log,
        interrupts: &mut Interrupts,
        started: String,
        stamp: CatalogueStamp,
    ) -> anyhow::Result<SweepReport> {
        let began = self.tools.clock.elapsed();
        let mut engines = engines::choose(self.args, self.options, &self.tools.system, &self.wanted).await?;
        let Wanted { space, wide, shard, seed, known, settled } = self.wanted;
        let mut bar = Bar::start(self.options, shard.share(space.count()));
        let pace = Pace::new((self.args.rate > 0).then_some(self.args.rate));
        let max_inflight = if self.args.max_inflight > 0 { self.args.max_inflight } else { usize::MAX };
        let sweep = run::Sweep { space: &space, shard, seed, pace, max_inflight, known };
        let mut note = |event: SweepEvent| {
            bar.show(&event);
            log.note(&space, &event);
        };
        let swept = run::sweep(sweep, &mut engines, &mut note, interrupts.next()).await;
        let swept = swept.context("could not go on with the sweep")?;
        log.check()?;
        let time = if swept.incomplete { Duration::ZERO } else { self.args.settle };
        let settle = run::Settle { space: &space, ledger: &swept.ledger, known: settled, time };
        let mut note = |event: SettleEvent<'_>| {
            bar.say(&event);
            log.settled(&space, &event);
        };
        let settlement = run::settle(&self.tools, &self.catalogue, settle, &mut note, interrupts.next()).await;
        log.check()?;
        bar.end();
        let (settled, trunks) = (&settlement.settled, &settlement.trunks);
        let found = Found { space: &space, ledger: &swept.ledger, settled, trunks };
        let survey = survey(found);
        let complete = !swept.incomplete && !settlement.incomplete;
        if complete {
            log.last_words(last_words(found, &survey))?;
        }
        let (status, mut summary) = conclude(&survey);
        if settlement.out_of_time {
            summary.push_str(OUT_OF_TIME);
        }
        if settlement.shut_off {
            summary.push_str(SHUT_OFF);
        }
        let took: Duration = self.tools.clock.elapsed().saturating_sub(began);
        Ok(SweepReport {
            schema: SWEEP_SCHEMA.to_owned(),
            tool: Tool { name: "why5003".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
            started,
            duration_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            catalogue: stamp,
            engines: engines.iter().map(|(_, engine)| engine.name().to_owned()).collect(),
            shard: shard.to_string(),
            targets: shard.share(space.count()),
            asked: swept.asked,
            late: swept.late,
            complete,
            status,
            summary,
            forged: survey.forged.iter().map(|(address, _)| *address).collect(),
            sampled: wide.iter().copied().map(report::Sampled::of).collect(),
            lanes: report::sweep_lanes(&survey),
            gap: report::missing(&survey, &wide),
        })
    }
}
