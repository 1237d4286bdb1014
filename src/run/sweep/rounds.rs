//! Which targets each round of a sweep asks, in which order of rounds, and how fast at most.
//!
//! It is told what is known, and sends and waits for nothing.

use std::collections::BTreeSet;
use std::ops::Range;

use fixedbitset::FixedBitSet;
use why5003_probes::engines::Response;
use why5003_probes::model::Transport;

use crate::sweep::{Permutation, Results, Sequence, Shard, TargetSpace};

/// What one round asks.
#[derive(Debug)]
pub(super) struct RoundPlan {
    /// The first time that its targets are asked, or a later one.
    pub(super) attempt: u8,
    /// How many targets it asks; not 0.
    pub(super) targets: u64,
    /// The number of the first target of the transport; the permutation counts from there.
    pub(super) first: u64,
    /// Its targets, in their order.
    pub(super) sequence: Sequence,
    /// Packets a second at most, where the round is slower than the sweep.
    pub(super) rate: Option<u32>,
}

/// The rounds of one transport.
pub(super) struct Rounds<'a> {
    space: &'a TargetSpace,
    numbers: Range<u64>,
    order: Permutation,
    shard: Shard,
    stage: Stage,
    /// Responses of the transports before that came too late.
    late_before: u64,
}

/// What comes next.
enum Stage {
    /// The canaries. Every shard needs them: without them it would believe a box that answers for everybody.
    Canaries,
    /// The reference targets.
    References,
    /// All others.
    Others,
    /// A sample of what stayed silent.
    Sample { attempt: u8 },
    /// All that stayed silent and is not left out, if the sample shows that silence cannot be believed.
    Rest { attempt: u8, left_out: FixedBitSet },
    /// Nothing.
    Done,
}

impl<'a> Rounds<'a> {
    /// The rounds of a transport's targets; `late` is the number of responses that came too late so far.
    pub(super) fn new(space: &'a TargetSpace, transport: Transport, shard: Shard, seed: u64, late: u64) -> Self {
        let numbers = space.numbers_of(transport);
        let order = Permutation::new(numbers.end - numbers.start, seed);
        Self { space, numbers, order, shard, stage: Stage::Canaries, late_before: late }
    }

    /// The next round that has a target, given what is known now; `None` where there is none.
    pub(super) fn next(&mut self, references: &BTreeSet<u64>, results: &Results, late: u64) -> Option<RoundPlan> {
        loop {
            let plan = match std::mem::replace(&mut self.stage, Stage::Done) {
                Stage::Canaries => {
                    self.stage = Stage::References;
                    if self.shard == Shard::WHOLE {
                        continue;
                    }
                    let canaries: BTreeSet<u64> = self.space.canaries().collect();
                    self.first_time(results, Shard::WHOLE, |number| canaries.contains(&number))
                }
                Stage::References => {
                    self.stage = Stage::Others;
                    self.first_time(results, self.shard, |number| references.contains(&number))
                }
                Stage::Others => {
                    self.stage = Stage::Sample { attempt: 2 };
                    self.first_time(results, self.shard, |_| true)
                }
                Stage::Sample { attempt } if attempt > ATTEMPTS => return None,
                Stage::Sample { attempt } => self.sample(results, attempt),
                Stage::Rest { attempt, left_out } => {
                    if !self.silence_is_doubtful(results, attempt, late) {
                        return None;
                    }
                    self.stage = Stage::Sample { attempt: attempt + 1 };
                    self.plan(attempt, self.shard, left_out, Some(SLOWER))
                }
                Stage::Done => return None,
            };
            if plan.targets > 0 {
                return Some(plan);
            }
        }
    }

    /// Those of which nothing is known yet.
    fn first_time(&self, results: &Results, shard: Shard, such: impl Fn(u64) -> bool) -> RoundPlan {
        let mut left_out = self.none();
        for number in self.numbers.clone().filter(|number| results.response(*number).is_some() || !such(*number)) {
            left_out.insert(bit(number - self.numbers.start));
        }
        self.plan(1, shard, left_out, None)
    }

    /// A few of those that stayed silent, less what an earlier run has asked so often already.
    fn sample(&mut self, results: &Results, attempt: u8) -> RoundPlan {
        let (mut left_out, mut asked) = (self.none(), 0);
        for number in self.numbers.clone() {
            let was_asked = results.tries(number) >= attempt;
            asked += usize::from(was_asked);
            if was_asked || !is_unanswered(results.response(number)) {
                left_out.insert(bit(number - self.numbers.start));
            }
        }
        let mut all_but = self.none();
        all_but.insert_range(..);
        let mut silent = Sequence::new(self.order, self.shard, left_out);
        for number in silent.by_ref().take(SAMPLE.saturating_sub(asked)) {
            all_but.set(bit(number), false);
        }
        let mut left_out = silent.into_left_out();
        left_out.extend(all_but.zeroes());
        self.stage = Stage::Rest { attempt, left_out };
        self.plan(attempt, self.shard, all_but, Some(SLOW))
    }

    /// Whether a target that was silent before has answered this time, or anything came too late: then the silence of the others may
    /// be this computer's fault, or the path's.
    ///
    /// An ICMP error that comes now says nothing of the others: its sender's limit lets one through a second.
    fn silence_is_doubtful(&self, results: &Results, attempt: u8, late: u64) -> bool {
        let answers = |response| matches!(response, Some(Response::Open | Response::Closed { .. }));
        late != self.late_before
            || self.numbers.clone().any(|number| results.tries(number) >= attempt && answers(results.response(number)))
    }

    fn plan(&self, attempt: u8, shard: Shard, left_out: FixedBitSet, rate: Option<u32>) -> RoundPlan {
        let targets = share(self.order, shard, &left_out);
        let sequence = Sequence::new(self.order, shard, left_out);
        RoundPlan { attempt, targets, first: self.numbers.start, sequence, rate }
    }

    fn none(&self) -> FixedBitSet {
        FixedBitSet::with_capacity(bit(self.numbers.end - self.numbers.start))
    }
}

/// How many targets of a shard are not left out.
fn share(order: Permutation, shard: Shard, left_out: &FixedBitSet) -> u64 {
    if shard == Shard::WHOLE {
        return order.count() - left_out.count_ones(..) as u64;
    }
    shard.positions(order.count()).filter(|at| !left_out.contains(bit(order.at(*at)))).count() as u64
}

/// Whether nobody at the far end said anything, as far as is known.
fn is_unanswered(response: Option<Response>) -> bool {
    matches!(response, Some(Response::Silent | Response::Unreachable { .. }))
}

/// A number as the index of a bit; a space is far smaller than memory.
fn bit(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// Silent targets that are asked again to see whether silence can be believed.
const SAMPLE: usize = 32;
/// Packets a second in which those are asked: few enough for a limit on new connections, enough that it takes no time.
const SLOW: u32 = 400;
/// Packets a second in which all silent ones are asked again, where silence could not be believed: the sweep was too fast for this
/// computer, or the path.
const SLOWER: u32 = 2_000;
/// How often a target is asked at most.
const ATTEMPTS: u8 = 3;

#[cfg(test)]
mod tests;
