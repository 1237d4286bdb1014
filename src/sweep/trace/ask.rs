//! Many targets asked at one hop, as fast as the router there answers.
//!
//! Silent targets are asked again a few together, when the router can surely answer once: packets that die on the way cost it nothing.
//! If one of the few is answered, that may have cost the others their answer, and the try does not count.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use why5003_probes::model::HopAnswer;

use super::super::common_path::{CommonPath, Reply};
use super::super::reach::Reach;
use super::budget::IcmpBudget;
use super::probe::Depth;

/// Which targets are asked, where and how often.
#[derive(Clone, Debug)]
pub(super) struct Asking {
    /// The targets.
    pub(super) targets: Vec<u64>,
    /// How far the packets go.
    pub(super) depth: Depth,
    /// Which replies count as answers.
    pub(super) wanted: Wanted,
    /// How often each target is asked before its silence is believed.
    pub(super) tries: u8,
    /// After that no target is asked for the first time.
    pub(super) until: Duration,
    /// Between two packets, at the least.
    pub(super) spacing: Duration,
}

/// Which replies count as answers; every other one is as good as silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// What tells how far the flow comes.
    Reach,
    /// What tells whether a router that refused the flow lets it pass now.
    Limit,
    /// A refusal.
    Refusal,
    /// Which router the TTL ended at.
    Router,
    /// Any reply.
    Any,
}

impl Wanted {
    /// Whether a reply to a packet that was to end at such a hop counts.
    pub(super) fn is_answer(self, reply: Reply, path: &CommonPath, hop: u8) -> bool {
        match self {
            Self::Reach => reply.at_the_end(path, hop).is_some(),
            Self::Limit => {
                matches!(reply.at_the_end(path, hop), Some(Reach::Passes { .. } | Reach::Prohibited { .. }))
            }
            Self::Refusal => reply.all_the_way().is_some(),
            Self::Router => reply.came == HopAnswer::Expired && reply.from.is_some() && path.is_proven(),
            Self::Any => reply.came != HopAnswer::Silent,
        }
    }
}

/// What asking brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Answers {
    /// The answers, in the order in which they came.
    pub(super) heard: Vec<(u64, Reply)>,
    /// The targets that stayed silent each time.
    pub(super) silent: Vec<u64>,
}

/// What is to be done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Send the packet of this key: a target's number, or a place in a list.
    Send(u64),
    /// Nothing before that time.
    At(Duration),
    /// Nothing before the next reply.
    Reply,
    /// Nothing any more.
    Nothing,
}

/// Asking under way.
#[derive(Debug)]
pub(super) struct Ask {
    asking: Asking,
    budget: IcmpBudget,
    fresh: VecDeque<u64>,
    again: VecDeque<Retry>,
    in_flight: BTreeSet<u64>,
    together: Option<Together>,
    /// Of the last few that were asked together none was answered.
    in_vain: bool,
    answers: Answers,
}

/// A silent target.
#[derive(Clone, Copy, Debug)]
struct Retry {
    target: u64,
    /// How often it was asked.
    tries: u8,
}

/// A few silent targets that are asked together.
#[derive(Debug)]
struct Together {
    few: Vec<Retry>,
    /// How many of them were asked.
    sent: usize,
    /// When the next may be.
    at: Duration,
    silent: BTreeSet<u64>,
    /// One of them was answered.
    answered: bool,
}

impl Ask {
    pub(super) fn new(asking: Asking, now: Duration) -> Self {
        Self {
            fresh: asking.targets.iter().copied().collect(),
            asking,
            budget: IcmpBudget::new(now),
            again: VecDeque::new(),
            in_flight: BTreeSet::new(),
            together: None,
            in_vain: false,
            answers: Answers::default(),
        }
    }

    pub(super) fn asking(&self) -> &Asking {
        &self.asking
    }

    pub(super) fn into_answers(self) -> Answers {
        self.answers
    }

    /// What is to be done now.
    pub(super) fn next(&mut self, now: Duration) -> Due {
        loop {
            if self.together.is_some() {
                if let Some(due) = self.next_together(now) {
                    return due;
                }
                continue;
            }
            let may_begin = now < self.asking.until && self.again.len() < TOGETHER;
            if may_begin && let Some(target) = self.fresh.front().copied() {
                if now < self.budget.free() {
                    return Due::At(self.budget.free());
                }
                self.fresh.pop_front();
                self.budget.sent(now, self.asking.spacing);
                self.in_flight.insert(target);
                return Due::Send(target);
            }
            if !self.in_flight.is_empty() {
                return Due::Reply;
            }
            if self.again.is_empty() || now >= self.asking.until {
                return Due::Nothing;
            }
            let few = self.again.drain(..self.again.len().min(TOGETHER)).collect();
            let at = self.budget.surely_free(self.in_vain);
            self.together = Some(Together { few, sent: 0, at, silent: BTreeSet::new(), answered: false });
        }
    }

    /// What is to be done with the few that are asked together; `None` once all of them came back.
    fn next_together(&mut self, now: Duration) -> Option<Due> {
        let together = self.together.as_mut()?;
        if now < together.at {
            return Some(Due::At(together.at));
        }
        if let Some(Retry { target, .. }) = together.few.get(together.sent).copied() {
            together.sent += 1;
            together.at = now + self.asking.spacing;
            self.budget.asked_together(together.at);
            self.in_flight.insert(target);
            return Some(Due::Send(target));
        }
        if !self.in_flight.is_empty() {
            return Some(Due::Reply);
        }
        let Together { few, silent, answered, .. } = self.together.take()?;
        self.in_vain = !answered;
        for Retry { target, tries } in few.into_iter().filter(|one| silent.contains(&one.target)) {
            if answered {
                self.again.push_back(Retry { target, tries });
            } else if tries + 1 < self.asking.tries {
                self.again.push_back(Retry { target, tries: tries + 1 });
            } else {
                self.answers.silent.push(target);
            }
        }
        None
    }

    /// A packet came back: by a reply that is an answer, or by nothing that is.
    pub(super) fn heard(&mut self, now: Duration, target: u64, answer: Option<Reply>) {
        if !self.in_flight.remove(&target) {
            return;
        }
        self.budget.heard(now, answer.is_some());
        match (answer, &mut self.together) {
            (Some(reply), together) => {
                self.answers.heard.push((target, reply));
                if let Some(together) = together {
                    together.answered = true;
                }
            }
            (None, Some(together)) => {
                together.silent.insert(target);
            }
            (None, None) => self.again.push_back(Retry { target, tries: 1 }),
        }
    }
}

/// How many silent targets are asked again together.
const TOGETHER: usize = 8;

#[cfg(test)]
mod tests {
    use super::super::budget::SLOWEST;
    use super::*;

    const SPACING: Duration = Duration::from_millis(60);
    const RTT: Duration = Duration::from_millis(10);
    const WAIT: Duration = Duration::from_millis(900);

    /// Asks about so many targets a router that answers those for which this says so, at that time; how long it took, and what came.
    fn asked(targets: u64, tries: u8, answers: impl Fn(u64, Duration) -> bool) -> (Duration, Answers) {
        let asking = Asking {
            targets: (0..targets).collect(),
            depth: Depth::Hop(2),
            wanted: Wanted::Any,
            tries,
            until: Duration::from_secs(600),
            spacing: SPACING,
        };
        let mut ask = Ask::new(asking, Duration::ZERO);
        let (mut now, mut flying) = (Duration::ZERO, BTreeSet::new());
        loop {
            let due = ask.next(now);
            let back = flying.first().copied();
            let wake = match due {
                Due::Send(target) => {
                    let is_answer = answers(target, now);
                    flying.insert((now + if is_answer { RTT } else { WAIT }, target, is_answer));
                    continue;
                }
                Due::Nothing => return (now, ask.into_answers()),
                Due::At(at) => at,
                Due::Reply => Duration::MAX,
            };
            match back.filter(|(at, ..)| *at <= wake) {
                Some((at, target, is_answer)) => {
                    flying.pop_first();
                    now = at;
                    let reply = Reply { came: HopAnswer::Expired, from: None };
                    ask.heard(now, target, is_answer.then_some(reply));
                }
                None => now = wake,
            }
        }
    }

    #[test]
    fn a_router_that_answers_all_is_asked_about_each_target_once() {
        let (took, answers) = asked(50, 3, |_, _| true);
        assert_eq!((answers.heard.len(), answers.silent.len()), (50, 0));
        assert!(took < SPACING * 51, "{took:?}");
    }

    #[test]
    fn what_dies_on_the_way_is_asked_as_often_as_wanted_and_then_believed() {
        let (_, answers) = asked(5, 3, |_, _| false);
        assert_eq!((answers.heard.len(), answers.silent), (0, vec![0, 1, 2, 3, 4]));
    }

    #[test]
    fn a_router_that_answers_once_a_second_answers_for_every_target_in_the_end() {
        let last = std::cell::Cell::new(None::<Duration>);
        let once_a_second = |_, now: Duration| {
            let is_free = last.get().is_none_or(|last| now >= last + Duration::from_secs(1));
            if is_free {
                last.set(Some(now));
            }
            is_free
        };
        let (_, answers) = asked(20, 2, once_a_second);
        assert_eq!((answers.heard.len(), answers.silent.len()), (20, 0));
    }

    #[test]
    fn a_try_that_another_targets_answer_may_have_spoilt_does_not_count() {
        // The last answers from its third packet on; the others never do.
        let packets = std::cell::Cell::new(0);
        let (_, answers) = asked(2, 2, |target, _| {
            packets.set(packets.get() + u32::from(target == 1));
            target == 1 && packets.get() == 2
        });
        assert_eq!((answers.heard.len(), answers.silent), (1, vec![0]));
    }

    #[test]
    fn silent_targets_are_asked_together_when_the_router_can_surely_answer() {
        let begun = std::cell::Cell::new(Duration::ZERO);
        asked(1, 2, |_, now| {
            begun.set(now);
            false
        });
        assert!(begun.get() >= WAIT && begun.get() < WAIT + SLOWEST, "{:?}", begun.get());
    }

    #[test]
    fn no_target_is_asked_for_the_first_time_after_the_end() {
        let asking = Asking {
            targets: vec![0, 1],
            depth: Depth::Hop(2),
            wanted: Wanted::Any,
            tries: 2,
            until: Duration::from_secs(1),
            spacing: Duration::from_secs(2),
        };
        let mut ask = Ask::new(asking, Duration::ZERO);
        assert_eq!(ask.next(Duration::ZERO), Due::Send(0));
        ask.heard(RTT, 0, None);
        assert_eq!((ask.next(Duration::from_secs(2)), ask.into_answers()), (Due::Nothing, Answers::default()));
    }
}
