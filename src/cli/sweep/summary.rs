//! What must be known beside a sweep's pairs to believe it.

use super::super::args;
use super::wanted::Wanted;
use crate::run::Swept;
use crate::sweep::{Survey, TraceResult};
use crate::verdict::{Circumstance, Status, conclude};

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

/// Status and summary.
pub(super) fn summary(args: &args::Sweep, wanted: &Wanted, outcome: &Outcome<'_>) -> (Status, String) {
    let Outcome { survey, swept, settlement, complete, late } = *outcome;
    let untold = survey.lanes.iter().any(|lane| !lane.is_told());
    let spelled = wanted.spelled();
    let part = if wanted.parts.len() == 1 { Circumstance::Part(&spelled) } else { Circumstance::Parts(&spelled) };
    let circumstances: Vec<Circumstance<'_>> = [
        settlement.unheard.first().copied().map(Circumstance::Unheard),
        survey.limiters.first().copied().map(Circumstance::Limited),
        (!complete).then_some(Circumstance::Unfinished),
        swept.no_way.then_some(Circumstance::NoWay),
        late.then_some(Circumstance::Late),
        (complete && untold && args.settle.is_zero()).then_some(Circumstance::RoutersNotAsked),
        settlement.out_of_time.then_some(Circumstance::OutOfTime),
        settlement.shut_off.then_some(Circumstance::ShutOff),
        (!wanted.is_whole()).then_some(part),
    ]
    .into_iter()
    .flatten()
    .collect();
    conclude(survey, &circumstances)
}
