//! The active diagnosis: probe, judge, ask, probe again, until nothing is open or the time is up.
//!
//! What to do next is the dialogue's to say; here probes are begun, waited for and dropped.

mod dialogue;

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};
use why5003_probes::model::{Observation, Probe};

use super::schedule::{Finish, Limits, Schedule, Tools};
use crate::evidence::NotProbed;
use crate::experiment::Question;
use crate::plan::Plan;
use dialogue::{Dialogue, Judge, Step};

pub use dialogue::{Gathered, Standing};

/// What happens while a diagnosis runs.
#[derive(Debug)]
pub enum Event<'a> {
    /// A probe was put on the schedule.
    Planned(u32, &'a Probe),
    /// A probe came back.
    Seen(&'a Observation),
    /// Something could not be probed.
    NotProbed(&'a NotProbed),
    /// The rules asked this.
    Asked(&'a Question),
}

/// Runs the plan until the rules ask nothing that it can answer.
///
/// `judge` is given what was seen so far and says how it stands. Whatever comes first ends the run: no question is left; nothing is
/// wrong and the probes under way only serve to explain faults; `deadline`; or `stop`.
pub async fn diagnose<'a>(
    tools: Tools,
    plan: Plan<'a>,
    deadline: Duration,
    judge: &'a mut Judge<'a>,
    events: &mut dyn FnMut(Event<'_>),
    stop: impl Future<Output = ()>,
) -> Gathered {
    let began = Instant::now();
    let mut schedule = Schedule::new(tools, Limits::default());
    let mut dialogue = Dialogue::new(plan, judge);
    let deadline = sleep(deadline);
    tokio::pin!(deadline, stop);
    let mut steps = dialogue.open();
    let ended = loop {
        if let Some(why) = carry_out(steps, &mut schedule, &mut dialogue, events) {
            break Ended { why, early: false };
        }
        let (late, quiet) = (schedule.first_late(LATE), dialogue.quiet_at().map(|at| began + at));
        let finish = tokio::select! {
            biased;
            () = &mut stop => break Ended { why: "the run was interrupted", early: true },
            () = &mut deadline => break Ended { why: "the run's deadline came first", early: true },
            finish = schedule.next() => finish,
            () = sleep_until(late.unwrap_or(began)), if late.is_some() => {
                steps = dialogue.on_late(began.elapsed(), &schedule.late(LATE));
                continue;
            }
            () = sleep_until(quiet.unwrap_or(began)), if quiet.is_some() => {
                steps = dialogue.on_quiet(began.elapsed(), &schedule.pending().collect::<Vec<_>>());
                continue;
            }
        };
        let now = began.elapsed();
        steps = match finish {
            Some(Finish::Seen(seen)) => {
                events(Event::Seen(&seen));
                dialogue.on_result(now, *seen, &schedule.pending().collect::<Vec<_>>())
            }
            Some(Finish::NotProbed(missed)) => {
                events(Event::NotProbed(&missed));
                dialogue.on_missed(now, missed);
                Vec::new()
            }
            None => dialogue.on_idle(now),
        };
    };
    dialogue.dropped(schedule.abandon(ended.why));
    dialogue.end(ended.early)
}

/// Why a diagnosis ended.
struct Ended {
    /// The reason for what was still under way.
    why: &'static str,
    /// Something was open.
    early: bool,
}

/// Does what the dialogue wants; the reason where it wants to end.
fn carry_out(
    steps: Vec<Step>,
    schedule: &mut Schedule,
    dialogue: &mut Dialogue<'_>,
    events: &mut dyn FnMut(Event<'_>),
) -> Option<&'static str> {
    for step in steps {
        match step {
            Step::Tell(question) => events(Event::Asked(&question)),
            Step::Begin(id, probe) => {
                events(Event::Planned(id, &probe));
                schedule.push(id, *probe);
            }
            Step::Drop(which, why) => dialogue.dropped(schedule.drop_those(|probe| which.covers(probe), why)),
            Step::End(why) => return Some(why),
        }
    }
    None
}

/// A probe that nothing has answered for so long is late: a SYN is sent again after a second (RFC 6298, section 2.1), and was not
/// answered at once either.
const LATE: Duration = Duration::from_millis(1_200);

#[cfg(test)]
mod tests;
