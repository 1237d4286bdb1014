//! A sweep, from a plan and engines to a report: probe, trace what stays silent, judge.

mod engines;
mod error;
mod join;
mod log;
mod parts;
mod plan;
mod settings;
mod stop;

use std::future::Future;
use std::time::Duration;

use super::LoadedCatalogue;
use super::head::{milliseconds, this_program};
use crate::report::{SWEEP_SCHEMA, StoppedBy, SweepReport, sweep_pairs, sweep_summary};
use crate::run::{self, SweepEvent, Swept, Tools};
use crate::sweep::{
    Assessment, Found, LogLine, RateLimit, Results, Trace, TraceEvent, TraceResult, assess, final_states,
    known_to_answer,
};
use crate::verdict::{Circumstance, Sampled, conclude, missing};

pub use engines::{Engines, TIME_OF_A_TARGET};
pub use error::{JoinError, SweepError};
pub use log::SweepLog;
pub use parts::Parts;
pub use plan::SweepPlan;
pub use settings::{EngineChoice, SweepPart, SweepScope, SweepSettings};
use stop::Stop;

/// A sweep, ready to begin.
pub struct Sweep {
    /// What is swept.
    pub plan: SweepPlan,
    /// How.
    pub settings: SweepSettings,
    /// By what.
    pub engines: Engines,
    /// What silent targets are traced with.
    pub tools: Tools,
    /// What is swept by.
    pub catalogue: LoadedCatalogue,
}

/// Who hears of a sweep while it runs.
pub struct SweepListeners<'a> {
    /// Hears of what happens.
    pub events: &'a mut (dyn FnMut(SweepProgress<'_>) + Send),
    /// Keeps the lines of the log; without it none is made.
    pub log: Option<&'a mut dyn SweepLog>,
}

/// What happens while a sweep runs.
#[derive(Clone, Copy, Debug)]
pub enum SweepProgress<'a> {
    /// Targets are probed.
    Probing(&'a SweepEvent),
    /// Probing is over, and silent targets are traced.
    TraceBegins {
        /// For so long at most.
        time: Duration,
        /// So many targets were traced in an earlier run.
        traced: u64,
        /// Of so many of which probing told too little.
        of: u64,
    },
    /// Targets are traced.
    Tracing(&'a TraceEvent),
}

impl SweepListeners<'_> {
    fn hear(&mut self, event: SweepProgress<'_>, line: impl FnOnce() -> Option<LogLine>) {
        (self.events)(event);
        if let Some(log) = &mut self.log
            && let Some(line) = line()
        {
            log.add(line);
        }
    }
}

/// Probes what the plan leaves unknown, traces what stays silent, and judges.
///
/// # Errors
/// [`SweepError::GoOn`] when an engine can no longer send or hear.
pub async fn sweep(
    sweep: Sweep,
    mut listeners: SweepListeners<'_>,
    stop: impl Future<Output = ()>,
) -> Result<SweepReport, SweepError> {
    let Sweep { mut plan, settings, mut engines, tools, catalogue } = sweep;
    let began = tools.clock.elapsed();
    let targets = plan.targets();
    let mut stop = Stop::new(stop, settings.deadline);
    let known = std::mem::replace(&mut plan.results, Results::new(0));
    let traced = std::mem::take(&mut plan.traced);
    let plan = plan;
    let probing = Stage { plan: &plan, settings: &settings, tools: &tools, catalogue: &catalogue };
    let swept = probing.probe(known, &mut engines, &mut listeners, &mut stop).await?;
    let traced = probing.trace(traced, &swept, &mut listeners, &mut stop).await;
    let (reaches, common_paths) = (&traced.reaches, &traced.common_paths);
    let found = Found { space: &plan.space, results: &swept.results, reaches, common_paths };
    let assessment = assess(found);
    let stopped = swept.incomplete || traced.incomplete;
    // Of parts that are only put together, one may have been cut off.
    let complete = !stopped && swept.results.tally(0..plan.space.count()).known() >= targets;
    if complete && let Some(log) = listeners.log {
        final_states(found, &assessment).for_each(|word| log.add(LogLine::FinalState(word)));
    }
    let outcome =
        Outcome { assessment: &assessment, swept: &swept, traced: &traced, complete, stopped_by: stop.came() };
    let verdict = conclude(&assessment, circumstances(&plan.parts, &settings, &outcome));
    Ok(SweepReport {
        schema: SWEEP_SCHEMA.to_owned(),
        tool: this_program(),
        started: plan.head.started.clone(),
        duration_ms: milliseconds(tools.clock.elapsed().saturating_sub(began)),
        catalogue: catalogue.stamp(),
        engines: engines.names(),
        shard: plan.parts.to_string(),
        targets,
        asked: swept.asked,
        late: swept.late,
        complete,
        summary: sweep_summary(&verdict),
        verdict,
        forged: assessment.forged.iter().map(|(address, _)| *address).collect(),
        sampled: plan.wide.iter().copied().map(Sampled::of).collect(),
        pairs: sweep_pairs(&assessment),
        gap: missing(&assessment, &plan.wide),
    })
}

/// What both stages of a sweep need.
struct Stage<'a> {
    plan: &'a SweepPlan,
    settings: &'a SweepSettings,
    tools: &'a Tools,
    catalogue: &'a LoadedCatalogue,
}

impl Stage<'_> {
    /// Probes what is not known, where there is one part to probe.
    async fn probe<F: Future<Output = ()>>(
        &self,
        known: Results,
        engines: &mut Engines,
        listeners: &mut SweepListeners<'_>,
        stop: &mut Stop<F>,
    ) -> Result<Swept, SweepError> {
        let space = &self.plan.space;
        let Some(shard) = self.plan.parts.to_probe() else {
            return Ok(Swept { results: known, asked: 0, late: 0, incomplete: false, no_way: false });
        };
        let sweep = run::Sweep {
            space,
            shard,
            seed: self.plan.head.seed,
            rate_limit: RateLimit::new(self.settings.rate),
            max_inflight: self.settings.max_inflight.unwrap_or(usize::MAX),
            first: known_to_answer(&self.catalogue.catalogue, space),
            known,
        };
        let mut hear = |event: SweepEvent| {
            listeners.hear(SweepProgress::Probing(&event), || log::of_probe(space, &event));
        };
        let swept = run::sweep(sweep, &mut engines.each, &mut hear, stop.wait()).await;
        swept.map_err(|source| SweepError::GoOn { source })
    }

    /// Traces what stayed silent, unless the sweep was ended.
    async fn trace<F: Future<Output = ()>>(
        &self,
        known: TraceResult,
        swept: &Swept,
        listeners: &mut SweepListeners<'_>,
        stop: &mut Stop<F>,
    ) -> TraceResult {
        let (space, results) = (&self.plan.space, &swept.results);
        let time = if swept.incomplete { Duration::ZERO } else { self.settings.trace };
        let tally = results.tally(0..space.count());
        let traced = known.reaches.within(0..space.count()).count() as u64;
        let of = tally.known() - tally.open;
        listeners.hear(SweepProgress::TraceBegins { time, traced, of }, || None);
        let trace = Trace { space, results, known, time, rate: self.settings.rate };
        let mut hear = |event: &TraceEvent| {
            listeners.hear(SweepProgress::Tracing(event), || log::of_trace(space, results, event));
        };
        run::trace(self.tools, &self.catalogue.catalogue, trace, &mut hear, stop.wait()).await
    }
}

/// What came of a sweep.
struct Outcome<'a> {
    assessment: &'a Assessment,
    swept: &'a Swept,
    traced: &'a TraceResult,
    complete: bool,
    stopped_by: Option<StoppedBy>,
}

/// What must be known of how a sweep went to believe what it found.
fn circumstances(parts: &Parts, settings: &SweepSettings, outcome: &Outcome<'_>) -> Vec<Circumstance> {
    let Outcome { assessment, swept, traced, complete, stopped_by } = *outcome;
    let some_unknown = assessment.pairs.iter().any(|pair| !pair.is_known());
    let by_deadline = stopped_by == Some(StoppedBy::Deadline) && !swept.no_way;
    let all = [
        traced.unheard.first().map(|target| Circumstance::ReferenceSilent { target: *target }),
        assessment.limiters.first().map(|router| Circumstance::RateLimited { router: *router }),
        (!complete).then_some(Circumstance::Unfinished),
        swept.no_way.then_some(Circumstance::NothingSent),
        by_deadline.then_some(Circumstance::DeadlineReached),
        (complete && some_unknown && settings.trace.is_zero()).then_some(Circumstance::NotTraced),
        traced.out_of_time.then_some(Circumstance::TraceTimedOut),
        traced.shut_off.then_some(Circumstance::ShutOff),
        (!parts.are_whole()).then(|| Circumstance::Parts { parts: parts.each().to_vec() }),
    ];
    all.into_iter().flatten().collect()
}
