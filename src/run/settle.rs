//! Settles what a sweep left silent: packets that end at the last shared router, and walks where none comes back.
//!
//! Routers send few ICMP errors, so it asks slowly, asks the silent ones again more slowly, and asks a neutral flow beside them:
//! where that is not answered either, nothing is told.

use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use why5003_probes::kit::{Fact, Hop, HopAnswer, How, IcmpError, Look, Observation, Transport};

use super::schedule::{Finish, Limits, Schedule, Tools};
use crate::catalogue::Catalogue;
use crate::plan;
use crate::sweep::{
    Brought, Found, Ledger, Reach, Settled, Space, Trunk, Trunks, Walks, is_refused_beyond, next_to_settle,
};

/// What is to be settled.
pub struct Settle<'a> {
    /// What was asked.
    pub space: &'a Space,
    /// What came.
    pub ledger: &'a Ledger,
    /// What an earlier run settled, and by which routers.
    pub known: Settlement,
    /// For at most so long.
    pub time: Duration,
}

/// What happens meanwhile.
#[derive(Clone, Copy, Debug)]
pub enum SettleEvent<'a> {
    /// So many targets are asked in such a way.
    Stage(&'a str, usize),
    /// These routers are shared by all ways of a family; whatever was settled of it before is forgotten.
    Shared {
        /// Of IPv6; otherwise of IPv4.
        ipv6: bool,
        /// Which.
        trunk: &'a Trunk,
    },
    /// So far packets to a target come.
    Reached(u64, Reach),
}

/// How silence was settled.
#[derive(Clone, Debug, Default)]
pub struct Settlement {
    /// What was settled.
    pub settled: Settled,
    /// The shared routers, by which it was.
    pub trunks: Trunks,
    /// It was stopped before its end.
    pub incomplete: bool,
    /// Its time was up before all was settled.
    pub out_of_time: bool,
}

/// Settles silent targets until all are, or the time is up: the most telling first.
pub async fn settle(
    tools: &Tools,
    catalogue: &Catalogue,
    settle: Settle<'_>,
    events: &mut (dyn FnMut(SettleEvent<'_>) + Send),
    stop: impl Future<Output = ()>,
) -> Settlement {
    let Settle { space, ledger, known, time } = settle;
    let mut work = Work { tools, catalogue, space, ledger, known, events };
    let (begun, end) = (Instant::now(), Instant::now() + time);
    let both = async {
        // Few of Zoom's prefixes are IPv6: they leave most of the time to the others.
        let v6 = work.family(true, begun + time / 3).await;
        let v4 = work.family(false, end).await;
        v6 || v4
    };
    let out_of_time = tokio::select! {
        biased;
        () = stop => None,
        out_of_time = both => Some(out_of_time),
    };
    Settlement { incomplete: out_of_time.is_none(), out_of_time: out_of_time == Some(true), ..work.known }
}

/// The one owner of what is settled.
struct Work<'a, 'e> {
    tools: &'a Tools,
    catalogue: &'a Catalogue,
    space: &'a Space,
    ledger: &'a Ledger,
    known: Settlement,
    events: &'e mut (dyn FnMut(SettleEvent<'_>) + Send),
}

/// What is asked of the targets of a family.
struct Way {
    trunk: Trunk,
    /// A neutral host to which the trunk leads.
    neutral: Option<SocketAddr>,
}

impl Work<'_, '_> {
    /// Settles what is silent of a family; `true` where its time was up before.
    async fn family(&mut self, ipv6: bool, end: Instant) -> bool {
        if self.next(|work, lane| work.is_of(lane, ipv6)).is_empty() {
            return false;
        }
        if end <= Instant::now() {
            // Who wants no settling has not run out of time.
            return false;
        }
        let way = self.way(ipv6).await;
        for _ in 0..ROUNDS {
            let may_ask = |work: &Self, lane| {
                work.is_of(lane, ipv6) && (way.trunk.end() > 0 || is_refused_beyond(work.found(), lane))
            };
            let open = self.next(may_ask);
            if open.is_empty() {
                return false;
            }
            if end <= Instant::now() {
                return true;
            }
            self.round(&way, open, end).await;
        }
        true
    }

    fn found(&self) -> Found<'_> {
        Found { space: self.space, ledger: self.ledger, settled: &self.known.settled, trunks: &self.known.trunks }
    }

    fn next(&self, may_ask: impl Fn(&Self, usize) -> bool) -> Vec<u64> {
        next_to_settle(self.found(), |lane| may_ask(self, lane))
    }

    fn is_of(&self, lane: usize, ipv6: bool) -> bool {
        self.space.lanes().get(lane).is_some_and(|lane| lane.prefix.addr().is_ipv6() == ipv6)
    }

    fn note(&mut self, number: u64, reach: Reach) {
        self.known.settled.note(number, reach);
        (self.events)(SettleEvent::Reached(number, reach));
    }

    fn note_all(&mut self, numbers: Vec<u64>, reach: Reach) {
        for number in numbers {
            self.note(number, reach);
        }
    }

    /// Walks to neutral hosts for what their ways share. Where that is not what it was in an earlier run, this is another network
    /// now, and what was settled then is forgotten.
    async fn way(&mut self, ipv6: bool) -> Way {
        let mut walks = Vec::new();
        let mut neutral = None;
        for port in plan::NEUTRAL_PORTS {
            let looks = plan::neutral_walks(self.catalogue, ipv6, port);
            (self.events)(SettleEvent::Stage("walking to neutral hosts", looks.len()));
            for seen in seen(self.tools, looks, WALK_GAP).await.into_values() {
                let walk = hops(&seen);
                // Two walks to one host share all of their way.
                let host = seen
                    .look
                    .target
                    .socket()
                    .filter(|to| Trunk::arrived(&walk) && !walks.iter().any(|(other, _)| *other == to.ip()));
                if let Some(to) = host {
                    neutral.get_or_insert(to);
                    walks.push((to.ip(), walk));
                }
            }
            if walks.len() > 1 {
                break;
            }
        }
        let trunk = Trunk::shared(&walks.into_iter().map(|(_, walk)| walk).collect::<Vec<_>>());
        let space = self.space;
        let before = self.known.trunks.family(ipv6);
        if !before.agrees(&trunk) {
            *before = trunk.clone();
            let is_other = |number: u64| space.target(number).is_some_and(|(to, _)| to.is_ipv6() != ipv6);
            self.known.settled.keep(is_other);
            (self.events)(SettleEvent::Shared { ipv6, trunk: &trunk });
        }
        Way { trunk: self.known.trunks.family(ipv6).clone(), neutral }
    }

    /// Asks those, and notes what is told of each.
    async fn round(&mut self, way: &Way, open: Vec<u64>, end: Instant) {
        let (beyond, mut plain): (Vec<u64>, Vec<u64>) =
            open.into_iter().partition(|number| is_refused_beyond(self.found(), self.space.lane_of(*number)));
        if !beyond.is_empty() {
            (self.events)(SettleEvent::Stage("asking for whom somebody refuses", beyond.len()));
            let ask = |to, transport| plan::all_the_way(to, transport);
            plain.extend(self.asked(&beyond, end, ask, Brought::all_the_way).await);
        }
        let mute = if way.trunk.end() == 0 || plain.is_empty() {
            plain
        } else {
            (self.events)(SettleEvent::Stage("asking the last shared router", plain.len()));
            let ask = |to, transport| plan::up_to(to, transport, way.trunk.end());
            self.asked(&plain, end, ask, |brought| brought.at_the_end(&way.trunk)).await
        };
        let Some(neutral) = way.neutral.filter(|_| way.trunk.end() > 0 && !mute.is_empty()) else {
            return self.note_all(mute, Reach::Untold);
        };
        let beside = plan::up_to(neutral, Transport::Tcp, way.trunk.end());
        let goes_on = seen(self.tools, vec![beside; NEUTRAL_TRIES], SLOWEST).await;
        let answers = |seen: &Observation| brought(seen).at_the_end(&way.trunk).and_then(Reach::passes) == Some(true);
        if goes_on.values().any(answers) {
            self.walked(&way.trunk, mute, end).await;
        } else {
            self.note_all(mute, Reach::Untold);
        }
    }

    /// Finds out where the flows to silent targets die, and those that a RST comes for end: by a walk to each, until it is clear that
    /// they end where others do.
    async fn walked(&mut self, trunk: &Trunk, mut mute: Vec<u64>, end: Instant) {
        let mut walks = Walks::default();
        while !mute.is_empty() && Instant::now() < end {
            (self.events)(SettleEvent::Stage("walking to what stayed silent", mute.len()));
            let chosen = walks.next(self.found(), &mute, WALKS);
            let looks = chosen.iter().filter_map(|number| self.space.target(*number));
            let seen =
                seen(self.tools, looks.map(|(to, transport)| plan::walk(to, transport)).collect(), WALK_GAP).await;
            for (at, number) in (0..).zip(chosen) {
                let reach = seen.get(&at).map_or(Reach::Untold, |walk| trunk.reach_of(&hops(walk)));
                walks.note(number, reach);
            }
            let mut open = Vec::new();
            for number in mute {
                match walks.reach(self.found(), number) {
                    Some(reach) => self.note(number, reach),
                    None => open.push(number),
                }
            }
            mute = open;
        }
        self.note_all(mute, Reach::Untold);
    }

    /// Asks somebody on the way by packets to these targets, as fast as he answers; returns those that brought nothing each time they
    /// were asked, a second or more apart.
    async fn asked(
        &mut self,
        open: &[u64],
        end: Instant,
        ask: impl Fn(SocketAddr, Transport) -> Look,
        tells: impl Fn(Brought) -> Option<Reach>,
    ) -> Vec<u64> {
        let mut schedule = Schedule::new(self.tools.clone(), Limits::default());
        let mut speaker = Speaker { free: Instant::now(), gap: QUICKEST, answered: None };
        let mut fresh: VecDeque<u64> = open.iter().copied().collect();
        let mut again: VecDeque<(u64, u8)> = VecDeque::new();
        let mut again_now = false;
        let mut flying: BTreeMap<u32, (u64, u8)> = BTreeMap::new();
        let (mut mute, mut id) = (Vec::new(), 0);
        loop {
            let now = Instant::now();
            if now >= end {
                fresh.clear();
            }
            if flying.is_empty() && fresh.is_empty() && again.is_empty() {
                return mute;
            }
            // Those that stayed silent are asked again a few at a time: what dies on the way costs the speaker no word, so that all of
            // them together wait for one. A try that is to count meets one who could speak.
            again_now = if again_now { !again.is_empty() } else { again.len() >= TOGETHER || fresh.is_empty() };
            let at = if again_now { again.front().map(|_| speaker.free_for_sure()) } else { Some(speaker.free) };
            tokio::select! {
                biased;
                finish = schedule.next(), if !flying.is_empty() => match finish {
                    Some(Finish::Seen(seen)) => {
                        let Some((number, tries)) = flying.remove(&seen.id) else { continue };
                        let reach = tells(brought(&seen));
                        speaker.heard(reach.is_some());
                        match reach {
                            Some(reach) => self.note(number, reach),
                            None if tries < TRIES => again.push_back((number, tries + 1)),
                            None => mute.push(number),
                        }
                    }
                    // What this computer would not look at stays untold.
                    Some(Finish::NotLooked(_)) | None => {
                        for (number, _) in std::mem::take(&mut flying).into_values() {
                            self.note(number, Reach::Untold);
                        }
                    }
                },
                () = sleep_until(at.unwrap_or(now)), if at.is_some() => {
                    let next = if again_now { again.pop_front() } else { fresh.pop_front().map(|number| (number, 1)) };
                    let Some((number, tries)) = next else { continue };
                    if let Some((to, transport)) = self.space.target(number) {
                        schedule.push(id, ask(to, transport));
                        speaker.free = Instant::now() + SPACING;
                        flying.insert(id, (number, tries));
                        id += 1;
                    }
                }
            }
        }
    }
}

/// How fast somebody on the way answers.
struct Speaker {
    /// When he may be asked next.
    free: Instant,
    /// From an answer to the next question.
    gap: Duration,
    /// When he answered last.
    answered: Option<Instant>,
}

impl Speaker {
    fn heard(&mut self, answered: bool) {
        let gap = if answered { self.gap.mul_f64(0.9) } else { self.gap.mul_f64(1.5) };
        self.gap = gap.clamp(QUICKEST, SLOWEST);
        if answered {
            let now = Instant::now();
            self.answered = Some(now);
            self.free = self.free.max(now + self.gap);
        }
    }

    /// When he has a word to say, however few he says: what he was silent to costs him none.
    fn free_for_sure(&self) -> Instant {
        self.answered.map_or(self.free, |at| self.free.max(at + SLOWEST))
    }
}

/// Takes looks one after the other at such a distance, and hands over what was seen by their place in the list.
async fn seen(tools: &Tools, looks: Vec<Look>, gap: Duration) -> BTreeMap<u32, Observation> {
    let mut schedule = Schedule::new(tools.clone(), Limits::default());
    let mut seen = BTreeMap::new();
    let mut looks = (0..).zip(looks);
    let (mut next, mut at) = (looks.next(), Instant::now());
    loop {
        tokio::select! {
            biased;
            finish = schedule.next(), if schedule.pending().next().is_some() => {
                if let Some(Finish::Seen(observation)) = finish {
                    seen.insert(observation.id, *observation);
                }
            }
            () = sleep_until(at), if next.is_some() => {
                if let Some((id, look)) = next.take() {
                    schedule.push(id, look);
                }
                next = looks.next();
                at += gap;
            }
            else => return seen,
        }
    }
}

fn hops(walk: &Observation) -> Vec<Hop> {
    walk.facts.iter().filter_map(|fact| if let Fact::Hop(hop) = fact { Some(hop.clone()) } else { None }).collect()
}

fn brought(seen: &Observation) -> Brought {
    let icmp = |fact: &Fact| if let Fact::Icmp(IcmpError { from, .. }) = fact { *from } else { None };
    let from = seen.facts.iter().rev().find_map(icmp);
    let came = match seen.failure.as_ref().map(|failure| failure.how) {
        None => HopAnswer::Answered,
        Some(How::Expired) => HopAnswer::Expired,
        Some(How::Unreachable) => HopAnswer::Unreachable,
        Some(How::Refused | How::Reset) if from.is_none() => HopAnswer::Refused,
        // A port unreachable from the way is a prohibition, too.
        Some(How::Prohibited | How::Refused | How::Reset) => HopAnswer::Prohibited,
        Some(_) => HopAnswer::Silent,
    };
    Brought { came, from }
}

/// Between two packets in any case: an answer to the one is mostly there before the other leaves.
const SPACING: Duration = Duration::from_millis(60);
/// From an answer to the next packet, while the router answers all.
const QUICKEST: Duration = Duration::from_millis(25);
/// Linux sends one ICMP error a second to one host (`icmp_ratelimit`), and many routers are set likewise.
const SLOWEST: Duration = Duration::from_millis(1_100);
/// How many silent ones are asked again together.
const TOGETHER: usize = 8;
/// How often a target is asked before it is walked to.
const TRIES: u8 = 3;
/// Between two walks, each of which asks every router on its way.
const WALK_GAP: Duration = Duration::from_millis(1_500);
/// Walks to silent targets side by side.
const WALKS: usize = 6;
/// How often a neutral flow is asked beside those that stayed silent.
const NEUTRAL_TRIES: usize = 3;
/// A published prefix of IPv6 leaves at most 96 bits, each of which may take a round of bisection; before and after there are others.
const ROUNDS: usize = 128;
