//! Makes probes side by side, within limits: the only place that starts tasks.
//!
//! Nothing is detached: dropping the schedule ends every probe at once.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{AbortHandle, Id, JoinError, JoinSet};
use tokio::time::Instant;
use why5003_probes::model::{CannotProbe, Observation, Probe, Role, Seen, with_sources};
use why5003_probes::net::Network;
use why5003_probes::os::{Clock, System, Trust};
use why5003_probes::prober::Prober;
use why5003_probes::session::Means;

use crate::evidence::NotProbed;

/// What probes are made with.
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
    /// Probes in all.
    pub at_once: usize,
    /// Probes of one address: more would look like an attack to it, and to a rate limit on the way.
    pub per_address: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { at_once: 64, per_address: 6 }
    }
}

/// How a probe came back.
#[derive(Debug)]
pub enum Finish {
    /// It was made, and this is what it saw.
    Seen(Box<Observation>),
    /// It could not be made.
    NotProbed(NotProbed),
}

/// Probes waiting and under way.
pub struct Schedule {
    tools: Tools,
    limits: Limits,
    /// Requests that made no sense to their prober.
    refused: VecDeque<NotProbed>,
    /// Ready to start.
    waiting: VecDeque<Job>,
    /// Held back, because enough probes of their address are under way.
    held: HashMap<IpAddr, VecDeque<Job>>,
    /// Under way; a probe that was dropped has left this list, though its task may not have ended yet.
    running: HashMap<Id, Running>,
    tasks: JoinSet<Ended>,
}

/// A probe that has not started.
struct Job {
    id: u32,
    probe: Probe,
    prober: Box<dyn Prober>,
}

/// A probe that is under way.
struct Running {
    id: u32,
    probe: Probe,
    began: Instant,
    /// It was reported as late: that is done once.
    told_late: bool,
    task: AbortHandle,
}

/// How the task of a probe ended.
struct Ended {
    started: Duration,
    took: Duration,
    result: Result<Seen, CannotProbe>,
}

impl Schedule {
    /// An empty schedule.
    pub fn new(tools: Tools, limits: Limits) -> Self {
        Self {
            tools,
            limits,
            refused: VecDeque::new(),
            waiting: VecDeque::new(),
            held: HashMap::new(),
            running: HashMap::new(),
            tasks: JoinSet::new(),
        }
    }

    /// Adds a probe; its number is the plan's.
    pub fn push(&mut self, id: u32, probe: Probe) {
        match (why5003_probes::kind(probe.kind).prepare)(&probe) {
            Ok(prober) => self.waiting.push_back(Job { id, probe, prober }),
            Err(bad) => self.refused.push_back(NotProbed { what: label(&probe), why: bad.to_string() }),
        }
    }

    /// Waits for the next probe to come back, in whatever order; `None` when none is left.
    ///
    /// Safe to drop: what is under way goes on.
    pub async fn next(&mut self) -> Option<Finish> {
        if let Some(refused) = self.refused.pop_front() {
            return Some(Finish::NotProbed(refused));
        }
        loop {
            self.start();
            let joined = self.tasks.join_next_with_id().await?;
            let task = joined.as_ref().map_or_else(JoinError::id, |(task, _)| *task);
            // One that was dropped has left the list already.
            let Some(Running { id, probe, .. }) = self.remove(task) else { continue };
            let why = match joined {
                Ok((_, Ended { started, took, result: Ok(Seen { facts, failure }) })) => {
                    return Some(Finish::Seen(Box::new(Observation { id, probe, started, took, facts, failure })));
                }
                Ok((_, Ended { result: Err(cannot), .. })) => format!("could not {}", with_sources(&cannot)),
                Err(error) if error.is_panic() => {
                    format!("the {} probe has a fault of its own: {}", probe.kind, panic_text(error.into_panic()))
                }
                Err(_) => "it was ended".to_owned(),
            };
            return Some(Finish::NotProbed(NotProbed { what: label(&probe), why }));
        }
    }

    /// The probes that are waiting or under way, in no order.
    pub fn pending(&self) -> impl Iterator<Item = &Probe> {
        let waiting = self.waiting.iter().chain(self.held.values().flatten()).map(|job| &job.probe);
        self.running.values().map(|running| &running.probe).chain(waiting)
    }

    /// When the first probe will be late that takes longer than this; `None` where all that are under way were told to be.
    pub fn first_late(&self, patience: Duration) -> Option<Instant> {
        let in_time = self.running.values().filter(|running| !running.told_late);
        in_time.map(|running| running.began + patience).min()
    }

    /// The probes that are under way for so long, or nearly, in the order of the plan: each is told once.
    pub fn late(&mut self, patience: Duration) -> Vec<Probe> {
        let now = Instant::now() + TOGETHER;
        let is_late = |running: &&mut Running| !running.told_late && running.began + patience <= now;
        let mut late: Vec<&mut Running> = self.running.values_mut().filter(is_late).collect();
        late.sort_by_key(|running| running.id);
        let told = late.into_iter().map(|running| {
            running.told_late = true;
            running.probe.clone()
        });
        told.collect()
    }

    /// Ends the probes of a kind that are waiting or under way: they were not made, for this reason.
    pub fn drop_those(&mut self, such: impl Fn(&Probe) -> bool, why: &str) -> Vec<NotProbed> {
        let mut dropped = Vec::new();
        let of_kind = self.running.iter().filter(|(_, running)| such(&running.probe));
        for task in of_kind.map(|(task, _)| *task).collect::<Vec<_>>() {
            if let Some(running) = self.remove(task) {
                running.task.abort();
                dropped.push((running.id, running.probe));
            }
        }
        for queue in self.held.values_mut().chain([&mut self.waiting]) {
            let (gone, kept): (VecDeque<Job>, _) = queue.drain(..).partition(|job| such(&job.probe));
            *queue = kept;
            dropped.extend(gone.into_iter().map(|job| (job.id, job.probe)));
        }
        not_probed(dropped, why)
    }

    /// Ends everything; what was waiting or under way was not probed, for this reason.
    pub fn abandon(mut self, why: &str) -> Vec<NotProbed> {
        let under_way = self.running.drain().map(|(_, running)| (running.id, running.probe));
        let waiting = self.waiting.drain(..).chain(self.held.drain().flat_map(|(_, jobs)| jobs));
        not_probed(under_way.chain(waiting.map(|job| (job.id, job.probe))).collect(), why)
    }

    fn start(&mut self) {
        while self.tasks.len() < self.limits.at_once {
            let Some(job) = self.waiting.pop_front() else { return };
            match counted(&job.probe) {
                Some(address) if !self.has_place(address, &job.probe) => {
                    self.held.entry(address).or_default().push_back(job);
                }
                _ => self.begin(job),
            }
        }
    }

    /// Whether another probe of an address may start. The last place is kept for sign-in, which must not wait for the hosts beside
    /// it to be silent.
    fn has_place(&self, address: IpAddr, probe: &Probe) -> bool {
        let under_way = self.running.values().filter(|running| counted(&running.probe) == Some(address)).count();
        under_way + usize::from(!is_of_sign_in(probe)) < self.limits.per_address
    }

    fn begin(&mut self, Job { id, probe, prober }: Job) {
        let tools = self.tools.clone();
        let task = self.tasks.spawn(async move {
            let started = tools.clock.elapsed();
            let Tools { network, clock, system, trust } = &tools;
            let result = prober.probe(&Means { network: &**network, clock: &**clock, system: &**system, trust }).await;
            Ended { started, took: clock.elapsed().saturating_sub(started), result }
        });
        self.running.insert(task.id(), Running { id, probe, began: Instant::now(), told_late: false, task });
    }

    /// Takes a probe off the list, and lets one go that was held back for it.
    fn remove(&mut self, task: Id) -> Option<Running> {
        let removed = self.running.remove(&task)?;
        if let Some(held) = counted(&removed.probe).and_then(|address| self.held.get_mut(&address)) {
            let next = held.iter().position(|job| is_of_sign_in(&job.probe)).unwrap_or(0);
            if let Some(job) = held.remove(next) {
                self.waiting.push_front(job);
            }
        }
        Some(removed)
    }
}

/// Probes that began within this time of each other are late together, so that the first of the plan is the first told of.
const TOGETHER: Duration = Duration::from_millis(150);

/// In the order of the plan.
fn not_probed(mut left: Vec<(u32, Probe)>, why: &str) -> Vec<NotProbed> {
    left.sort_by_key(|(id, _)| *id);
    left.iter().map(|(_, probe)| NotProbed { what: label(probe), why: why.to_owned() }).collect()
}

/// The address that a probe is a burden to: a traceroute is one to the routers, and hardly ever reaches its address.
fn counted(probe: &Probe) -> Option<IpAddr> {
    probe.target.address.filter(|_| probe.settings.traceroute.is_none())
}

fn is_of_sign_in(probe: &Probe) -> bool {
    probe.role == Role::SignIn
}

/// A probe in few words, for what was not probed.
fn label(probe: &Probe) -> String {
    format!("{} {} {}", probe.kind, probe.target, probe.via)
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
