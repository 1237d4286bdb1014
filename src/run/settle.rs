//! Settles what a sweep left silent: packets that end at the last shared router, and walks where none comes back.
//!
//! Routers send few ICMP errors, so it asks slowly, asks the silent ones again more slowly, and asks a neutral flow beside them:
//! where that is not answered either, nothing is told.

use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use why5003_probes::kit::{Fact, Hop, HopAnswer, How, IcmpError, Look, Observation, Transport};

use super::schedule::{Finish, Limits, Schedule, Tools};
use crate::catalogue::Catalogue;
use crate::plan;
use crate::sweep::{
    AtTheEnd, Kin, Ledger, Reach, Settled, Space, Trunk, Trunks, at_borders, every_half, every_port, every_prefix,
};

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

/// Settles silent targets until all are, or the time is up: first the most telling, then what lies at the borders that were found.
pub async fn settle(
    tools: &Tools,
    catalogue: &Catalogue,
    (space, ledger): (&Space, &Ledger),
    time: Duration,
    progress: &mut dyn FnMut(&str, usize),
    stop: impl Future<Output = ()>,
) -> Settlement {
    let mut settlement = Settlement::default();
    let Settlement { settled, trunks, .. } = &mut settlement;
    let (begun, end) = (Instant::now(), Instant::now() + time);
    let work = async {
        // Few of Zoom's prefixes are IPv6: they leave most of the time to the others.
        trunks.v6 = of_a_family(tools, (catalogue, true), (space, ledger), begun + time / 3, progress, settled).await;
        trunks.v4 = of_a_family(tools, (catalogue, false), (space, ledger), end, progress, settled).await;
    };
    let stopped = tokio::select! {
        biased;
        () = stop => true,
        () = work => false,
    };
    settlement.incomplete = stopped;
    settlement.out_of_time = !stopped && !time.is_zero() && Instant::now() >= end;
    settlement
}

/// Settles what is silent of a family, and returns the routers that its ways share.
async fn of_a_family(
    tools: &Tools,
    (catalogue, ipv6): (&Catalogue, bool),
    (space, ledger): (&Space, &Ledger),
    end: Instant,
    progress: &mut dyn FnMut(&str, usize),
    settled: &mut Settled,
) -> Trunk {
    let of_the_family = |number: &u64| space.target(*number).is_some_and(|(to, _)| to.is_ipv6() == ipv6);
    let kin = Kin::of(space, ledger, settled);
    let silent = every_half(space, ledger, &kin, settled).into_iter().filter(of_the_family).count();
    if silent == 0 || end <= Instant::now() {
        return Trunk::default();
    }
    progress("walking to neutral hosts", silent);
    let walks = seen(tools, plan::neutral_walks(catalogue, ipv6), WALK_GAP).await;
    let trunk = Trunk::shared(&walks.values().map(hops).collect::<Vec<_>>());
    let Some(neutral) = walks.values().find_map(|seen| seen.look.target.socket()).filter(|_| trunk.end() > 0) else {
        return trunk;
    };
    let mut open = every_port(space, ledger);
    // After the first three, each round halves what lies between two that fare differently: 2^128 addresses are found in so many.
    for round in 0..BISECTIONS {
        open.retain(of_the_family);
        progress("asking the last shared router", open.len());
        let mute = at_the_last_router(tools, (space, &trunk), &open, end, settled).await;
        if !mute.is_empty() {
            let beside = plan::up_to(neutral, Transport::Tcp, trunk.end());
            let goes_on = seen(tools, vec![beside; NEUTRAL_TRIES], SLOWEST).await;
            let answers =
                goes_on.values().any(|seen| matches!(at_the_end(seen).reach(&trunk), Some(Reach::Passes { .. })));
            progress("walking to what stayed silent", mute.len());
            let reaches = if answers { walked(tools, space, &trunk, &mute).await } else { Vec::new() };
            for (number, reach) in mute.iter().zip(reaches) {
                settled.note(*number, reach);
            }
        }
        let kin = Kin::of(space, ledger, settled);
        open = match round {
            0 => every_prefix(space, ledger, &kin, settled),
            1 => every_half(space, ledger, &kin, settled),
            _ => {
                let borders = at_borders(space, ledger, settled);
                every_prefix(space, ledger, &kin, settled).into_iter().chain(borders).collect()
            }
        };
        open.retain(of_the_family);
        if (open.is_empty() && round >= 2) || end <= Instant::now() {
            break;
        }
    }
    trunk
}

/// Asks the last shared router by packets to these targets, as fast as it answers; returns those that stayed silent each time they
/// were asked, a second or more apart. Nearer routers would answer sooner, and say nothing of what filters behind them.
async fn at_the_last_router(
    tools: &Tools,
    (space, trunk): (&Space, &Trunk),
    open: &[u64],
    end: Instant,
    settled: &mut Settled,
) -> Vec<u64> {
    let mut schedule = Schedule::new(tools.clone(), Limits::default());
    let mut router = Router { free: Instant::now(), gap: QUICKEST, answered: None };
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
        // Those that stayed silent are asked again a few at a time: what dies on the way costs the router no word, so that all of
        // them together wait for it once. A try that is to count meets a router that could speak.
        again_now = if again_now { !again.is_empty() } else { again.len() >= TOGETHER || fresh.is_empty() };
        let at = if again_now { again.front().map(|_| router.free_for_sure()) } else { Some(router.free) };
        tokio::select! {
            biased;
            finish = schedule.next(), if !flying.is_empty() => match finish {
                Some(Finish::Seen(seen)) => {
                    let Some((number, tries)) = flying.remove(&seen.id) else { continue };
                    let reach = at_the_end(&seen).reach(trunk);
                    router.heard(reach.is_some());
                    match reach {
                        Some(reach) => settled.note(number, reach),
                        None if tries < TRIES => again.push_back((number, tries + 1)),
                        None => mute.push(number),
                    }
                }
                // What this computer would not look at stays untold.
                Some(Finish::NotLooked(_)) | None => flying.clear(),
            },
            () = sleep_until(at.unwrap_or(now)), if at.is_some() => {
                let next = if again_now { again.pop_front() } else { fresh.pop_front().map(|number| (number, 1)) };
                let Some((number, tries)) = next else { continue };
                if let Some((to, transport)) = space.target(number) {
                    schedule.push(id, plan::up_to(to, transport, trunk.end()));
                    router.free = Instant::now() + SPACING;
                    flying.insert(id, (number, tries));
                    id += 1;
                }
            }
        }
    }
}

/// How fast the router answers.
struct Router {
    /// When it may be asked next.
    free: Instant,
    /// From an answer to the next question.
    gap: Duration,
    /// When it answered last.
    answered: Option<Instant>,
}

impl Router {
    fn heard(&mut self, answered: bool) {
        let gap = if answered { self.gap.mul_f64(0.9) } else { self.gap.mul_f64(1.5) };
        self.gap = gap.clamp(QUICKEST, SLOWEST);
        if answered {
            let now = Instant::now();
            self.answered = Some(now);
            self.free = self.free.max(now + self.gap);
        }
    }

    /// When it has a word to say, however few it says: what it was silent to costs it none.
    fn free_for_sure(&self) -> Instant {
        self.answered.map_or(self.free, |at| self.free.max(at + SLOWEST))
    }
}

/// Where the flows to silent targets die: the first of each prefix and of each port are walked to, and the others fare as the
/// one that shares their prefix, or else their port.
async fn walked(tools: &Tools, space: &Space, trunk: &Trunk, mute: &[u64]) -> Vec<Reach> {
    let lane = |number: &u64| space.lanes().get(space.lane_of(*number)).copied();
    let mut chosen: Vec<u64> = Vec::new();
    for number in mute {
        let new = |same: fn(crate::sweep::Lane, crate::sweep::Lane) -> bool| {
            !chosen.iter().any(|other| lane(other).zip(lane(number)).is_some_and(|(a, b)| same(a, b)))
        };
        if chosen.len() < WALKS && (new(|a, b| a.prefix == b.prefix) || new(|a, b| a.port == b.port)) {
            chosen.push(*number);
        }
    }
    let looks =
        chosen.iter().filter_map(|number| space.target(*number)).map(|(to, transport)| plan::walk(to, transport));
    let walks = seen(tools, looks.collect(), WALK_GAP).await;
    let reached: Vec<(u64, Reach)> =
        (0..).zip(&chosen).filter_map(|(at, number)| Some((*number, trunk.reach_of(&hops(walks.get(&at)?))))).collect();
    let as_the_nearest = |number: &u64| {
        let own = reached.iter().find(|(other, _)| other == number);
        let kin = |same: fn(crate::sweep::Lane, crate::sweep::Lane) -> bool| {
            reached.iter().find(move |(other, _)| lane(other).zip(lane(number)).is_some_and(|(a, b)| same(a, b)))
        };
        let nearest = own.or_else(|| kin(|a, b| a.prefix == b.prefix)).or_else(|| kin(|a, b| a.port == b.port));
        // One that passes when it is walked to says nothing of another that stayed silent.
        match nearest {
            Some((other, reach)) if other == number || reach.passes() == Some(false) => *reach,
            _ => Reach::Untold,
        }
    };
    mute.iter().map(as_the_nearest).collect()
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

/// What a packet that was to end at the end of the trunk brought.
fn at_the_end(seen: &Observation) -> AtTheEnd {
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
    AtTheEnd { came, from }
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
/// Walks to silent targets in a round.
const WALKS: usize = 6;
/// How often a neutral flow is asked beside those that stayed silent.
const NEUTRAL_TRIES: usize = 3;
/// A published prefix of IPv6 leaves at most so many bits.
const BISECTIONS: usize = 96;
