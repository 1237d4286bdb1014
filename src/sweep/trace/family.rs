//! The trace of one family: its phases, in their order.

use super::find_common_path::FindCommonPath;
use super::knowledge::{Knowledge, Turn};
use super::lone_deaths::{RetryLoneDeaths, lone_deaths};
use super::references::AskReferences;
use super::refusals::VerifyRefusals;
use super::round::Round;
use super::verify_open::{VerifyOpen, unverified};

/// The trace of one family under way.
pub(super) struct FamilyTrace {
    /// There are targets of which it is not clear how far their packets come.
    is_unclear: bool,
    phase: Phase,
    rounds: usize,
}

/// What is found out now.
enum Phase {
    /// Whether the reference targets answer.
    References(AskReferences),
    /// Which routers all paths share.
    CommonPath(FindCommonPath),
    /// Whether what answered the sweep does so again, and from where.
    Open(VerifyOpen),
    /// Whether what a router refused is let pass when it is asked slowly.
    Refusals(VerifyRefusals),
    /// What comes next.
    Choose,
    /// How far packets to some targets come.
    Round(Round),
    /// Whether targets die that are alone among others that pass.
    LoneDeaths(RetryLoneDeaths),
}

impl FamilyTrace {
    pub(super) fn new(known: &Knowledge<'_>) -> Self {
        let is_unclear = !known.next_targets().is_empty();
        Self { is_unclear, phase: Phase::References(AskReferences::new(known)), rounds: ROUNDS }
    }

    /// Goes on; the result is whether its time was up before its end.
    pub(super) fn advance(&mut self, known: &mut Knowledge<'_>) -> Turn<bool> {
        loop {
            self.phase = match &mut self.phase {
                Phase::References(phase) => {
                    // A trace for which there was no time from the first has not run out of it.
                    if known.of.until <= known.now && phase.is_unbegun() {
                        return Turn::Continue(false);
                    }
                    phase.advance(known)?;
                    if !self.is_unclear && unverified(known).is_empty() {
                        return Turn::Continue(false);
                    }
                    Phase::CommonPath(FindCommonPath::new(known))
                }
                Phase::CommonPath(phase) => {
                    phase.advance(known)?;
                    Phase::Open(VerifyOpen::new(known))
                }
                Phase::Open(phase) => {
                    phase.advance(known)?;
                    Phase::Refusals(VerifyRefusals::new(known))
                }
                Phase::Refusals(phase) => {
                    phase.advance(known)?;
                    Phase::Choose
                }
                Phase::Choose => match self.choose(known) {
                    Choice::Go(phase) => phase,
                    Choice::End { out_of_time } => return Turn::Continue(out_of_time),
                },
                Phase::Round(phase) => {
                    phase.advance(known)?;
                    Phase::Choose
                }
                Phase::LoneDeaths(phase) => {
                    phase.advance(known)?;
                    Phase::Choose
                }
            };
        }
    }

    fn choose(&mut self, known: &mut Knowledge<'_>) -> Choice {
        let Some(left) = self.rounds.checked_sub(1) else { return Choice::End { out_of_time: true } };
        self.rounds = left;
        let has_yardstick = known.path().end() > 0 || known.of.refused;
        if known.result.shut_off || !has_yardstick {
            return Choice::End { out_of_time: false };
        }
        let targets = known.next_targets();
        if targets.is_empty() {
            let deaths = lone_deaths(known);
            if deaths.is_empty() {
                return Choice::End { out_of_time: false };
            }
            return Choice::Go(Phase::LoneDeaths(RetryLoneDeaths::new(known, &deaths)));
        }
        if known.of.until <= known.now {
            return Choice::End { out_of_time: true };
        }
        Choice::Go(Phase::Round(Round::new(known, targets)))
    }
}

enum Choice {
    Go(Phase),
    End { out_of_time: bool },
}

/// A published prefix of IPv6 leaves at most 96 bits, each of which may take a round of bisection; before and after there are others.
const ROUNDS: usize = 128;
