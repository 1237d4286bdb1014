//! What must be known beside a sweep's pairs to believe it.

use super::super::args;
use super::wanted::Wanted;
use crate::run::Swept;
use crate::sweep::{Survey, TraceResult};
use crate::verdict::{Circumstance, SweepVerdict, conclude};

/// What came of a sweep.
pub(super) struct Outcome<'a> {
    /// What it found.
    pub(super) survey: &'a Survey,
    /// What the sweep proper brought.
    pub(super) swept: &'a Swept,
    /// What settling brought.
    pub(super) settlement: &'a TraceResult,
    /// Whether all came to its end.
    pub(super) complete: bool,
    /// Whether it was the deadline that ended it.
    pub(super) late: bool,
}

/// What is concluded.
pub(super) fn verdict(args: &args::Sweep, wanted: &Wanted, outcome: &Outcome<'_>) -> SweepVerdict {
    let Outcome { survey, swept, settlement, complete, late } = *outcome;
    let untold = survey.lanes.iter().any(|lane| !lane.is_told());
    let circumstances = [
        settlement.unheard.first().map(|target| Circumstance::ReferenceSilent { target: *target }),
        survey.limiters.first().map(|router| Circumstance::RateLimited { router: *router }),
        (!complete).then_some(Circumstance::Unfinished),
        swept.no_way.then_some(Circumstance::NothingSent),
        late.then_some(Circumstance::DeadlineReached),
        (complete && untold && args.settle.is_zero()).then_some(Circumstance::NotTraced),
        settlement.out_of_time.then_some(Circumstance::TraceTimedOut),
        settlement.shut_off.then_some(Circumstance::ShutOff),
        (!wanted.is_whole()).then(|| Circumstance::Parts { parts: wanted.parts.clone() }),
    ];
    conclude(survey, circumstances.into_iter().flatten().collect())
}
