//! Takes looks side by side, within limits: the only place that starts tasks.
//!
//! Nothing is detached: dropping the schedule ends every look at once.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{AbortHandle, Id, JoinError, JoinSet};
use tokio::time::Instant;
use why5003_probes::model::{CannotLook, Look, Observation, Role, Seen};
use why5003_probes::net::Network;
use why5003_probes::os::{Clock, System, Trust};
use why5003_probes::prober::Probe;
use why5003_probes::session::Means;

use crate::evidence::NotLooked;

/// What looks are taken with.
#[derive(Clone)]
pub struct Tools {
    /// Sends and receives.
    pub network: Arc<dyn Network>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Tells what only the operating system knows.
    pub system: Arc<dyn System>,
    /// Root certificates.
    pub trust: Arc<Trust>,
}

/// How much may run side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Looks in all.
    pub at_once: usize,
    /// Looks at one address: more would look like an attack to it, and to a rate limit on the way.
    pub per_address: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { at_once: 64, per_address: 6 }
    }
}

/// How a look came back.
#[derive(Debug)]
pub enum Finish {
    /// It saw something.
    Seen(Box<Observation>),
    /// It could not be taken.
    NotLooked(NotLooked),
}

/// Looks waiting and under way.
pub struct Schedule {
    tools: Tools,
    limits: Limits,
    /// Ready to start.
    waiting: VecDeque<Job>,
    /// Held back, because enough looks at their address are under way.
    held: HashMap<IpAddr, VecDeque<Job>>,
    busy: HashMap<IpAddr, usize>,
    tasks: JoinSet<(Duration, Duration, Result<Seen, CannotLook>)>,
    running: HashMap<Id, (u32, Look)>,
    /// When those under way began, by their numbers, until they were found overdue.
    began: BTreeMap<u32, Instant>,
    handles: HashMap<Id, AbortHandle>,
    /// Looks that made no sense to their probe.
    refused: VecDeque<NotLooked>,
    /// When the last look was added.
    added: Instant,
}

struct Job {
    id: u32,
    look: Look,
    probe: Box<dyn Probe>,
}

impl Schedule {
    /// An empty schedule.
    pub fn new(tools: Tools, limits: Limits) -> Self {
        Self {
            tools,
            limits,
            waiting: VecDeque::new(),
            held: HashMap::new(),
            busy: HashMap::new(),
            tasks: JoinSet::new(),
            running: HashMap::new(),
            began: BTreeMap::new(),
            handles: HashMap::new(),
            refused: VecDeque::new(),
            added: Instant::now(),
        }
    }

    /// Adds a look; its number is the plan's.
    pub fn push(&mut self, id: u32, look: Look) {
        self.added = Instant::now();
        let prepared = why5003_probes::kind(look.probe).map(|kind| (kind.prepare)(&look));
        match prepared {
            Some(Ok(probe)) => self.waiting.push_back(Job { id, look, probe }),
            Some(Err(bad)) => self.refused.push_back(NotLooked { what: label(&look), why: bad.to_string() }),
            None => self.refused.push_back(NotLooked { what: label(&look), why: "there is no such probe".to_owned() }),
        }
    }

    /// Waits for the next look to come back, in whatever order; `None` when none is left.
    ///
    /// Safe to drop: what is under way goes on.
    pub async fn next(&mut self) -> Option<Finish> {
        if let Some(refused) = self.refused.pop_front() {
            return Some(Finish::NotLooked(refused));
        }
        loop {
            self.start();
            let joined = self.tasks.join_next_with_id().await?;
            let task = joined.as_ref().map_or_else(JoinError::id, |(task, _)| *task);
            // One that was dropped has left the list already.
            let Some((id, look)) = self.finished(task) else { continue };
            return Some(match joined {
                Ok((_, (started, took, Ok(Seen { facts, failure })))) => {
                    Finish::Seen(Box::new(Observation { id, look, started, took, facts, failure }))
                }
                Ok((_, (_, _, Err(cannot)))) => {
                    Finish::NotLooked(NotLooked { what: label(&look), why: chain(&cannot) })
                }
                Err(error) => {
                    let why = if error.is_panic() {
                        format!("the {} probe has a fault of its own: {}", look.probe, panic_text(error.into_panic()))
                    } else {
                        "it was ended".to_owned()
                    };
                    Finish::NotLooked(NotLooked { what: label(&look), why })
                }
            });
        }
    }

    /// When the last look was added.
    pub fn added(&self) -> Instant {
        self.added
    }

    /// The looks that are waiting or under way, in no order.
    pub fn pending(&self) -> impl Iterator<Item = &Look> {
        let waiting = self.waiting.iter().chain(self.held.values().flatten()).map(|job| &job.look);
        self.running.values().map(|(_, look)| look).chain(waiting)
    }

    /// When the first of those under way will have taken so long; `None` where none is left to be found overdue.
    pub fn first_due(&self, patience: Duration) -> Option<Instant> {
        self.began.values().min().map(|first| *first + patience)
    }

    /// The looks that are under way for so long, or nearly, in the order of the plan: each once.
    pub fn overdue(&mut self, patience: Duration) -> Vec<Look> {
        let now = Instant::now() + TOGETHER;
        let late: Vec<u32> =
            self.began.iter().filter(|(_, began)| **began + patience <= now).map(|(id, _)| *id).collect();
        self.began.retain(|id, _| !late.contains(id));
        let mut looks: Vec<&(u32, Look)> = self.running.values().filter(|(id, _)| late.contains(id)).collect();
        looks.sort_by_key(|(id, _)| *id);
        looks.into_iter().map(|(_, look)| look.clone()).collect()
    }

    /// Ends those that are waiting or under way and of such a kind; they were not looked at, for this reason.
    pub fn drop_those(&mut self, such: fn(&Look) -> bool, why: &str) -> Vec<NotLooked> {
        let mut left = Vec::new();
        let under_way: Vec<Id> =
            self.running.iter().filter(|(_, (_, look))| such(look)).map(|(task, _)| *task).collect();
        for task in under_way {
            if let Some(handle) = self.handles.remove(&task) {
                handle.abort();
            }
            left.extend(self.finished(task));
        }
        for queue in self.held.values_mut().chain([&mut self.waiting]) {
            let (dropped, kept) = queue.drain(..).partition(|job| such(&job.look));
            *queue = kept;
            let dropped: VecDeque<Job> = dropped;
            left.extend(dropped.into_iter().map(|job| (job.id, job.look)));
        }
        not_looked(left, why)
    }

    /// Ends everything; what was waiting or under way was not looked at, for this reason.
    pub fn abandon(mut self, why: &str) -> Vec<NotLooked> {
        let under_way = self.running.drain().map(|(_, (id, look))| (id, look));
        let waiting = self.waiting.drain(..).chain(self.held.drain().flat_map(|(_, jobs)| jobs));
        not_looked(under_way.chain(waiting.map(|job| (job.id, job.look))).collect(), why)
    }

    fn start(&mut self) {
        while self.tasks.len() < self.limits.at_once {
            let Some(job) = self.waiting.pop_front() else { return };
            if let Some(address) = counted(&job.look) {
                let busy = self.busy.entry(address).or_default();
                // The last place is kept for sign-in, which must not wait for the hosts beside it to be silent.
                if *busy + usize::from(!is_of_sign_in(&job.look)) >= self.limits.per_address {
                    self.held.entry(address).or_default().push_back(job);
                    continue;
                }
                *busy += 1;
            }
            let Job { id, look, probe } = job;
            let tools = self.tools.clone();
            let handle = self.tasks.spawn(async move {
                let started = tools.clock.elapsed();
                let means = Means {
                    network: &*tools.network,
                    clock: &*tools.clock,
                    system: &*tools.system,
                    trust: &tools.trust,
                };
                let result = probe.look(&means).await;
                (started, tools.clock.elapsed().saturating_sub(started), result)
            });
            self.running.insert(handle.id(), (id, look));
            self.began.insert(id, Instant::now());
            self.handles.insert(handle.id(), handle);
        }
    }

    fn finished(&mut self, task: Id) -> Option<(u32, Look)> {
        let (id, look) = self.running.remove(&task)?;
        self.handles.remove(&task);
        self.began.remove(&id);
        if let Some(address) = counted(&look) {
            if let Some(busy) = self.busy.get_mut(&address) {
                *busy = busy.saturating_sub(1);
            }
            if let Some(held) = self.held.get_mut(&address) {
                let next = held.iter().position(|job| is_of_sign_in(&job.look)).unwrap_or(0);
                if let Some(job) = held.remove(next) {
                    self.waiting.push_front(job);
                }
            }
        }
        Some((id, look))
    }
}

/// Looks that began within so long of each other are overdue at once, so that the first of the plan is the first told of.
const TOGETHER: Duration = Duration::from_millis(150);

/// In the order of the plan.
fn not_looked(mut left: Vec<(u32, Look)>, why: &str) -> Vec<NotLooked> {
    left.sort_by_key(|(id, _)| *id);
    left.iter().map(|(_, look)| NotLooked { what: label(look), why: why.to_owned() }).collect()
}

/// The address whose burden a look is: a walk of the TTL is the routers', and hardly ever reaches it.
fn counted(look: &Look) -> Option<IpAddr> {
    look.target.address.filter(|_| look.settings.ladder.is_none())
}

fn is_of_sign_in(look: &Look) -> bool {
    look.role == Role::SignIn
}

/// A look in few words, for "not looked at".
fn label(look: &Look) -> String {
    format!("{} {} {}", look.probe, look.target, look.via)
}

/// An error with all its sources.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = format!("could not {error}");
    let mut source = error.source();
    while let Some(next) = source {
        text = format!("{text}: {next}");
        source = next.source();
    }
    text
}

fn panic_text(panic: Box<dyn std::any::Any + Send>) -> String {
    match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => {
            panic.downcast::<&str>().map_or_else(|_| "it does not say which".to_owned(), |text| (*text).to_owned())
        }
    }
}

#[cfg(test)]
mod tests;
