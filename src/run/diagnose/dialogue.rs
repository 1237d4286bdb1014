//! The dialogue between the plan, which knows what to probe, and the rules, which know what they would have to know.
//!
//! It is told what came and when, and says what to do next. It has no clock, sends nothing and waits for nothing: times are handed
//! in, as durations since the diagnosis began.

use std::time::Duration;

use why5003_probes::model::{Observation, Probe};

use crate::evidence::{Names, NotProbed};
use crate::experiment::{Beside, Question};
use crate::plan::Plan;

/// What the rules say of what was seen so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// What would settle what is open.
    pub questions: Vec<Question>,
    /// Nothing is wrong so far: probes that only serve to explain a fault can teach nothing more.
    pub content: bool,
    /// What is to be expected of the system's library.
    pub names: Names,
}

/// What a diagnosis gathered.
#[derive(Debug, Default)]
pub struct Gathered {
    /// What was observed, in the order of the plan.
    pub observations: Vec<Observation>,
    /// What could not be probed.
    pub not_probed: Vec<NotProbed>,
    /// The run was stopped, or ran out of time, while something was open.
    pub incomplete: bool,
}

/// The rules: they are given what was seen and what could not be probed, and say how it stands.
pub(super) type Judge<'a> = dyn FnMut(&[Observation], &[NotProbed]) -> Standing + 'a;

/// One thing to do next.
#[derive(Debug, PartialEq)]
pub(super) enum Step {
    /// Tell the user that the rules asked this.
    Tell(Question),
    /// Begin this probe, under this number of the plan.
    Begin(u32, Box<Probe>),
    /// Drop these probes, for this reason.
    Drop(Pointless, &'static str),
    /// End the diagnosis; what is still under way is dropped for this reason.
    End(&'static str),
}

/// Probes that can teach nothing more.
///
/// Closed on purpose: nothing else is ever dropped before the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pointless {
    /// Those that wait for the system's resolver library.
    Lookups,
    /// Those that only tell one cause from another.
    Comparisons,
}

impl Pointless {
    /// Whether a probe is one of these.
    pub(super) fn covers(self, probe: &Probe) -> bool {
        match self {
            Self::Lookups => Plan::asks_the_system_for_a_name(probe),
            Self::Comparisons => Plan::only_compares(probe),
        }
    }
}

/// A diagnosis, as its plan and its rules see it.
pub(super) struct Dialogue<'a> {
    plan: Plan<'a>,
    judge: &'a mut Judge<'a>,
    gathered: Gathered,
    /// The number of the next probe.
    next_id: u32,
    /// When a probe was begun last.
    begun: Duration,
    /// When something came last.
    heard: Duration,
    /// When the first of those results came that the rules have not heard of.
    news: Option<Duration>,
    /// A question of the rules has led to probes.
    asked: bool,
}

impl<'a> Dialogue<'a> {
    pub(super) fn new(plan: Plan<'a>, judge: &'a mut Judge<'a>) -> Self {
        let (gathered, zero) = (Gathered::default(), Duration::ZERO);
        Self { plan, judge, gathered, next_id: 0, begun: zero, heard: zero, news: None, asked: false }
    }

    /// The probes that every diagnosis begins with.
    pub(super) fn open(&mut self) -> Vec<Step> {
        let opening = self.plan.opening();
        self.begin(Duration::ZERO, opening)
    }

    /// A probe has ended; `pending` are those that have not.
    pub(super) fn on_result(&mut self, now: Duration, seen: Observation, pending: &[&Probe]) -> Vec<Step> {
        self.note(now);
        let follow = self.plan.follow(&seen);
        self.gathered.observations.push(seen);
        let left = || pending.iter().copied().chain(&follow);
        let busy = left().next().is_some();
        let all_compare = busy && left().all(|probe| Pointless::Comparisons.covers(probe));
        let all_explain = busy && left().all(|probe| self.plan.only_explains(probe));
        let mut steps = self.begin(now, follow);
        if all_compare && self.standing().questions.iter().all(begins_alone) {
            steps.push(Step::Drop(Pointless::Comparisons, "by then nothing was left that it could tell"));
        } else if all_explain {
            let standing = self.standing();
            if standing.content && standing.questions.is_empty() {
                steps.push(Step::End("nothing was wrong, so its answer was not waited for"));
            } else {
                steps.extend(self.ask(now, standing.questions));
            }
        }
        steps
    }

    /// Something could not be probed.
    pub(super) fn on_missed(&mut self, now: Duration, missed: NotProbed) {
        self.note(now);
        self.gathered.not_probed.push(missed);
    }

    /// Nothing has come for a while, though probes are under way; `pending` are those.
    pub(super) fn on_quiet(&mut self, now: Duration, pending: &[&Probe]) -> Vec<Step> {
        self.news = None;
        let Standing { mut questions, names, .. } = self.standing();
        let dropped = reason_to_drop_lookups(names).map(|why| Step::Drop(Pointless::Lookups, why));
        let stays = |probe: &&Probe| dropped.is_none() || !Pointless::Lookups.covers(probe);
        if pending.iter().any(stays) {
            questions.retain(|question| !question.is_quiet());
        }
        dropped.into_iter().chain(self.ask(now, questions)).collect()
    }

    /// These probes are under way for longer than an answer takes.
    pub(super) fn on_late(&mut self, now: Duration, late: &[Probe]) -> Vec<Step> {
        let probes = self.plan.overdue(late);
        self.begin(now, probes)
    }

    /// Nothing is under way any more.
    pub(super) fn on_idle(&mut self, now: Duration) -> Vec<Step> {
        self.note(now);
        let questions = self.standing().questions;
        let steps = self.ask(now, questions);
        if steps.is_empty() { vec![Step::End("nothing was left to ask")] } else { steps }
    }

    /// When the rules are to be asked next, unless a result comes before. Once they have asked something, that is soon
    /// after the first news since. Before that it is after a quiet period, in which the latest probe has its second.
    pub(super) fn quiet_at(&self) -> Option<Duration> {
        let first = self.news?;
        let not_before = self.heard.max(self.begun + QUIET_PERIOD.saturating_sub(QUIET_PERIOD_ONCE_ASKED));
        Some(if self.asked { first } else { not_before } + QUIET_PERIOD_ONCE_ASKED)
    }

    /// These probes were dropped.
    pub(super) fn dropped(&mut self, dropped: Vec<NotProbed>) {
        self.gathered.not_probed.extend(dropped);
    }

    /// All that was gathered; `incomplete` where the dialogue had not come to its own end.
    pub(super) fn end(mut self, incomplete: bool) -> Gathered {
        self.gathered.not_probed.extend(self.plan.left_out());
        self.gathered.observations.sort_by_key(|seen| seen.id);
        Gathered { incomplete, ..self.gathered }
    }

    fn note(&mut self, now: Duration) {
        self.heard = now;
        self.news.get_or_insert(now);
    }

    fn standing(&mut self) -> Standing {
        (self.judge)(&self.gathered.observations, &self.gathered.not_probed)
    }

    fn begin(&mut self, now: Duration, probes: Vec<Probe>) -> Vec<Step> {
        if !probes.is_empty() {
            self.begun = now;
        }
        let numbered = (self.next_id..).zip(probes);
        let steps: Vec<Step> = numbered.map(|(id, probe)| Step::Begin(id, Box::new(probe))).collect();
        self.next_id += u32::try_from(steps.len()).unwrap_or(u32::MAX);
        steps
    }

    /// Puts questions to the plan; those that want to begin alone only where the others lead to no probe.
    fn ask(&mut self, now: Duration, questions: Vec<Question>) -> Vec<Step> {
        let (alone, others): (Vec<_>, Vec<_>) = questions.into_iter().partition(begins_alone);
        let (mut told, mut probes) = (Vec::new(), Vec::new());
        for question in others {
            self.answer(question, &mut told, &mut probes);
        }
        for question in alone {
            if probes.is_empty() {
                self.answer(question, &mut told, &mut probes);
            }
        }
        self.asked |= !probes.is_empty();
        told.extend(self.begin(now, probes));
        told
    }

    fn answer(&mut self, question: Question, told: &mut Vec<Step>, probes: &mut Vec<Probe>) {
        let more = self.plan.answer(&question);
        if !more.is_empty() {
            told.push(Step::Tell(question));
            probes.extend(more);
        }
    }
}

/// Whether probes that begin at the same time would disturb the answer.
fn begins_alone(question: &Question) -> bool {
    question.beside() == Beside::NothingThatBegins
}

/// Why probes that wait for the system's resolver library are dropped, if they are.
fn reason_to_drop_lookups(names: Names) -> Option<&'static str> {
    match names {
        Names::Told => None,
        Names::Lost => Some("by then it was known that this computer is told no names"),
        Names::Late => Some("by then it was known how long this computer waits for names, and which it is told"),
    }
}

/// After this long without news the rules are asked for their questions, though probes are under way. A SYN is sent
/// again after a second (RFC 6298, section 2.1), so a probe without an answer by then is likely to need explaining.
const QUIET_PERIOD: Duration = Duration::from_secs(1);

/// Once the rules have asked something they hear of what comes within this time. What passes among their experiments is back within
/// a round trip or two, and is not to wait for those that end in silence, one after the other.
const QUIET_PERIOD_ONCE_ASKED: Duration = Duration::from_millis(400);

#[cfg(test)]
mod tests;
