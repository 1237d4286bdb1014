//! The front door of a trace: it is told what came and when, and answers what to send next, or until when to wait.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use why5003_probes::model::Family;

use super::super::{Results, TargetSpace};
use super::ask::{Ask, Due};
use super::family::FamilyTrace;
use super::hosts::Hosts;
use super::knowledge::{Batch, Came, FamilyKnowledge, Knowledge, Turn};
use super::probe::{Depth, Heard, ProbeId, Request, TraceProbe};
use super::result::{TraceEvent, TraceResult};

/// What is to be traced.
pub struct Trace<'a> {
    /// The targets.
    pub space: &'a TargetSpace,
    /// How they responded.
    pub results: &'a Results,
    /// What an earlier trace found.
    pub known: TraceResult,
    /// For at most so long.
    pub time: Duration,
    /// Packets a second, kept on the average of any traceroute; `None` is as fast as routers answer.
    pub rate: Option<u32>,
}

/// What a trace wants next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Send this probe, and ask for the next step.
    Send(TraceProbe),
    /// Nothing is to be sent before that time, unless a reply comes sooner.
    Wait(Duration),
    /// The trace has ended.
    Done,
}

/// A trace under way, without I/O or clock: times are counted from its beginning.
pub struct Tracer<'a> {
    known: Knowledge<'a>,
    /// When the time is up.
    end: Duration,
    /// The families that are left to be traced, each with the time at which nothing of it is begun any more.
    families: VecDeque<(Family, Duration)>,
    family: Option<FamilyTrace>,
    batch: Option<Batch>,
    /// The probes in flight of the batch.
    in_flight: BTreeMap<ProbeId, Slot>,
    next_id: u32,
}

/// Which packet of a batch a probe is.
#[derive(Clone, Copy, Debug)]
struct Slot {
    /// Which of the batch's parts.
    part: usize,
    /// A target's number, or a place in a list.
    key: u64,
}

impl<'a> Tracer<'a> {
    /// A trace that begins now.
    pub fn new(trace: Trace<'a>, hosts: Hosts) -> Self {
        let Trace { space, results, known: mut result, time: end, rate } = trace;
        result.common_paths.own.clone_from(&hosts.own);
        (result.incomplete, result.out_of_time) = (false, false);
        let known = Knowledge {
            space,
            results,
            hosts,
            rate,
            now: Duration::ZERO,
            result,
            events: VecDeque::new(),
            came: None,
            of: FamilyKnowledge::new(Family::V6, Duration::ZERO),
        };
        // Few of Zoom's prefixes are IPv6: what they leave of their half goes to the others.
        let families = [(Family::V6, end / 2), (Family::V4, end)].into();
        Self { known, end, families, family: None, batch: None, in_flight: BTreeMap::new(), next_id: 0 }
    }

    /// What is to be done now.
    pub fn next(&mut self, now: Duration) -> Step {
        self.known.now = now;
        loop {
            let Some(batch) = &mut self.batch else {
                match self.advance() {
                    Turn::Break(batch) => self.batch = Some(batch),
                    Turn::Continue(()) => return Step::Done,
                }
                continue;
            };
            let (part, due) = batch.next(now);
            if due == Due::Nothing {
                self.known.came = self.batch.take().map(Batch::came);
                self.in_flight.clear();
                continue;
            }
            if now >= self.end {
                // Packets in flight are dropped: so long was said, and no longer.
                self.stop();
                self.known.result.out_of_time = true;
                return Step::Done;
            }
            match due {
                Due::Send(key) => {
                    let slot = Slot { part, key };
                    match batch.request(slot, &self.known) {
                        Some(request) => return Step::Send(self.probe(slot, request)),
                        None => self.told(slot, Heard::Hops(Vec::new())),
                    }
                }
                Due::At(at) => return Step::Wait(at.min(self.end)),
                Due::Reply | Due::Nothing => return Step::Wait(self.end),
            }
        }
    }

    /// What a probe brought; silence, too.
    pub fn heard(&mut self, now: Duration, id: ProbeId, heard: Heard) {
        self.known.now = now;
        if let Some(slot) = self.in_flight.remove(&id) {
            self.told(slot, heard);
        }
    }

    /// The next thing that happened since this was asked last.
    pub fn event(&mut self) -> Option<TraceEvent> {
        self.known.events.pop_front()
    }

    /// What was found so far.
    pub fn into_result(self) -> TraceResult {
        self.known.result
    }

    fn stop(&mut self) {
        (self.batch, self.family) = (None, None);
        self.families.clear();
        self.in_flight.clear();
    }

    /// Lets the phases go on with what came.
    fn advance(&mut self) -> Turn<()> {
        loop {
            if let Some(family) = &mut self.family {
                self.known.result.out_of_time |= family.advance(&mut self.known)?;
            }
            let Some((family, until)) = self.families.pop_front() else {
                self.family = None;
                return Turn::Continue(());
            };
            self.known.of = FamilyKnowledge::new(family, until);
            self.family = Some(FamilyTrace::new(&self.known));
        }
    }

    fn probe(&mut self, slot: Slot, request: Request) -> TraceProbe {
        let id = ProbeId(self.next_id);
        self.next_id += 1;
        self.in_flight.insert(id, slot);
        TraceProbe { id, request }
    }

    fn told(&mut self, Slot { part, key }: Slot, heard: Heard) {
        match &mut self.batch {
            Some(Batch::Paced(paced)) => paced.heard(key, heard),
            Some(Batch::Asks(asks)) => {
                let Some(ask) = asks.get_mut(part) else { return };
                let (wanted, hop) = (ask.asking().wanted, ask.asking().depth.hop());
                let answer = Some(heard.reply()).filter(|reply| wanted.is_answer(*reply, self.known.path(), hop));
                ask.heard(self.known.now, key, answer);
                if let Some(reply) = answer {
                    self.known.note_answer(wanted, hop, key, reply);
                }
            }
            None => {}
        }
    }
}

impl Batch {
    /// What is to be done first, and of which part.
    fn next(&mut self, now: Duration) -> (usize, Due) {
        let asks = match self {
            Self::Paced(paced) => return (0, paced.next(now)),
            Self::Asks(asks) => asks,
        };
        let mut first = (0, Due::Nothing);
        for (part, ask) in asks.iter_mut().enumerate() {
            let due = ask.next(now);
            first = match (due, first.1) {
                (Due::Send(_), _) => return (part, due),
                (Due::At(at), Due::At(sooner)) => (part, Due::At(at.min(sooner))),
                (Due::At(_), _) | (Due::Reply, Due::Nothing) => (part, due),
                (Due::Reply | Due::Nothing, _) => first,
            };
        }
        first
    }

    fn request(&self, Slot { part, key }: Slot, known: &Knowledge<'_>) -> Option<Request> {
        match self {
            Self::Paced(paced) => paced.request(key),
            Self::Asks(asks) => known.request(key, asks.get(part)?.asking().depth),
        }
    }

    fn came(self) -> Came {
        match self {
            Self::Paced(paced) => Came::Paced(paced.into_heard()),
            Self::Asks(asks) => Came::Asks(asks.into_iter().map(Ask::into_answers).collect()),
        }
    }
}

impl Depth {
    /// The hop at which a packet is to end; 0 where it goes to its target.
    fn hop(self) -> u8 {
        match self {
            Self::Hop(hop) => hop,
            Self::Whole | Self::EveryHop => 0,
        }
    }
}
