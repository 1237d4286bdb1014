//! The active diagnosis: look, judge, ask, look again, until nothing is open or the time is up.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use why5003_probes::model::{Look, Observation};

use super::schedule::{Finish, Limits, Schedule, Tools};
use crate::evidence::{Names, NotLooked, Question};
use crate::plan::Plan;

/// What happens while a diagnosis runs.
#[derive(Debug)]
pub enum Event<'a> {
    /// A look was put on the schedule.
    Planned(u32, &'a Look),
    /// A look came back.
    Seen(&'a Observation),
    /// A look could not be taken.
    NotLooked(&'a NotLooked),
    /// The rules asked this.
    Asked(&'a Question),
}

/// What the rules say of what was seen so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// What would settle what is open.
    pub questions: Vec<Question>,
    /// Nothing is wrong so far: looks that only serve to explain a fault can teach nothing more.
    pub content: bool,
    /// What is to be expected of the system's library.
    pub names: Names,
}

/// After so long without news the rules are asked what they would know, though looks are under way still: a SYN is sent again
/// after a second (RFC 6298, section 2.1), so what has not answered by then is likely to need explaining.
const LULL: Duration = Duration::from_secs(1);

/// A look that nothing has answered for so long is overdue: a SYN is sent again after a second (RFC 6298, section 2.1), and
/// was not answered at once either.
const OVERDUE: Duration = Duration::from_millis(1_200);

/// Once the rules have asked something they hear of what comes within this: what passes among their experiments is back within a
/// round trip or two, and what it teaches is not to wait for those that end in silence, one after the other.
const LULL_ONCE_ASKED: Duration = Duration::from_millis(400);

/// When the rules are asked: soon after the first news since they asked something; before that after a lull, in which what was put
/// on the schedule last has its second.
fn lull_ends(news_since_asked: Option<Instant>, heard: Instant, last_added: Instant) -> Instant {
    news_since_asked.unwrap_or_else(|| heard.max(last_added + LULL - LULL_ONCE_ASKED)) + LULL_ONCE_ASKED
}

/// What a diagnosis gathered.
#[derive(Debug, Default)]
pub struct Gathered {
    /// What was seen, in the order of the plan.
    pub observations: Vec<Observation>,
    /// What could not be looked at.
    pub not_looked: Vec<NotLooked>,
    /// It was stopped, or ran out of time, before nothing was open.
    pub incomplete: bool,
}

/// Runs the plan until the rules ask nothing that it can answer.
///
/// `judge` is given what was seen so far and says how it stands. Whatever ends first ends the run: no question left,
/// nothing wrong and only looks pending that serve to explain faults, `deadline`, or `stop`.
pub async fn diagnose(
    tools: Tools,
    mut plan: Plan<'_>,
    deadline: Duration,
    judge: &mut dyn FnMut(&[Observation], &[NotLooked]) -> Standing,
    events: &mut dyn FnMut(Event<'_>),
    stop: impl Future<Output = ()>,
) -> Gathered {
    let mut gathered = Gathered::default();
    let mut schedule = Schedule::new(tools, Limits::default());
    let mut next_id = 0;
    let mut add = |schedule: &mut Schedule, looks: Vec<Look>, events: &mut dyn FnMut(Event<'_>)| {
        for look in looks {
            events(Event::Planned(next_id, &look));
            schedule.push(next_id, look);
            next_id += 1;
        }
    };
    add(&mut schedule, plan.opening(), events);
    let deadline = tokio::time::sleep(deadline);
    tokio::pin!(deadline, stop);
    // When the first came that the rules have not heard of, and when the last did.
    let mut news: Option<Instant> = None;
    let mut heard = Instant::now();
    let mut asked = false;
    let ended = loop {
        let due = schedule.first_due(OVERDUE);
        let lull_ends = lull_ends(news.filter(|_| asked), heard, schedule.added());
        let finish = tokio::select! {
            biased;
            () = &mut stop => break Some("the run was interrupted"),
            () = &mut deadline => break Some("the run's deadline came first"),
            finish = schedule.next() => finish,
            () = sleep_until(due.unwrap_or(heard)), if due.is_some() => {
                let looks = plan.overdue(&schedule.overdue(OVERDUE));
                add(&mut schedule, looks, events);
                continue;
            }
            () = sleep_until(lull_ends), if news.is_some() => {
                news = None;
                let standing = judge(&gathered.observations, &gathered.not_looked);
                if let Some(why) = not_waited_for(standing.names) {
                    gathered.not_looked.extend(schedule.drop_those(Plan::asks_the_system_for_a_name, why));
                }
                let busy = schedule.pending().next().is_some();
                let askable = standing.questions.into_iter().filter(|question| !(busy && question.wants_a_quiet_way()));
                let looks = ask(&mut plan, askable.collect(), events);
                asked |= !looks.is_empty();
                add(&mut schedule, looks, events);
                continue;
            }
        };
        heard = Instant::now();
        news = news.or(Some(heard));
        match finish {
            Some(Finish::Seen(observation)) => {
                events(Event::Seen(&observation));
                add(&mut schedule, plan.follow(&observation), events);
                gathered.observations.push(*observation);
                let idle = schedule.pending().next().is_none();
                if !idle && schedule.pending().all(Plan::only_compares) {
                    let standing = judge(&gathered.observations, &gathered.not_looked);
                    if standing.questions.iter().all(Question::wants_to_begin_alone) {
                        let why = "by then nothing was left that it could tell";
                        gathered.not_looked.extend(schedule.drop_those(Plan::only_compares, why));
                        continue;
                    }
                }
                if !idle && schedule.pending().all(|look| plan.only_explains(look)) {
                    let standing = judge(&gathered.observations, &gathered.not_looked);
                    if standing.content && standing.questions.is_empty() {
                        let why = "nothing was wrong, so its answer was not waited for";
                        gathered.not_looked.extend(schedule.abandon(why));
                        gathered.not_looked.extend(plan.left_out());
                        return gathered.in_order();
                    }
                    let looks = ask(&mut plan, standing.questions, events);
                    asked |= !looks.is_empty();
                    add(&mut schedule, looks, events);
                }
            }
            Some(Finish::NotLooked(not)) => {
                events(Event::NotLooked(&not));
                gathered.not_looked.push(not);
            }
            None => {
                let questions = judge(&gathered.observations, &gathered.not_looked).questions;
                let looks = ask(&mut plan, questions, events);
                if looks.is_empty() {
                    break None;
                }
                asked = true;
                add(&mut schedule, looks, events);
            }
        }
    };
    gathered.not_looked.extend(plan.left_out());
    if let Some(why) = ended {
        gathered.incomplete = true;
        gathered.not_looked.extend(schedule.abandon(why));
    }
    gathered.in_order()
}

/// Why looks that wait for the system's library are dropped, if they are.
fn not_waited_for(names: Names) -> Option<&'static str> {
    match names {
        Names::Told => None,
        Names::Lost => Some("by then it was known that this computer is told no names"),
        Names::Late => Some("by then it was known how long this computer waits for names, and which it is told"),
    }
}

/// The looks that would answer the rules' questions; those that want to begin alone only where the others need none.
fn ask(plan: &mut Plan<'_>, questions: Vec<Question>, events: &mut dyn FnMut(Event<'_>)) -> Vec<Look> {
    let (alone, others): (Vec<_>, Vec<_>) = questions.into_iter().partition(Question::wants_to_begin_alone);
    let mut looks = Vec::new();
    for (nth, question) in others.iter().chain(&alone).enumerate() {
        if nth >= others.len() && !looks.is_empty() {
            break;
        }
        let more = plan.answer(question);
        if !more.is_empty() {
            events(Event::Asked(question));
        }
        looks.extend(more);
    }
    looks
}

impl Gathered {
    fn in_order(mut self) -> Self {
        self.observations.sort_by_key(|o| o.id);
        self
    }
}

#[cfg(test)]
mod tests;
