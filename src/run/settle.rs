//! Settles what a sweep left silent: packets that end at the last shared router, and walks where none comes back.
//!
//! Routers send few ICMP errors, so it asks slowly, asks the silent ones again more slowly, and asks a neutral flow beside them:
//! where that is not answered either, nothing is told.

use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use why5003_probes::kit::{Fact, Hop, HopAnswer, How, IcmpError, Look, Observation, Transport};

use super::schedule::{Finish, Limits, Schedule, Tools};
use crate::catalogue::Catalogue;
use crate::plan;
use crate::sweep::{AtTheEnd, Ledger, Reach, Settled, Space, Trunk, at_borders, to_settle};

/// How silence was settled.
#[derive(Clone, Debug, Default)]
pub struct Settlement {
    /// What was settled.
    pub settled: Settled,
    /// The shared routers, by which it was.
    pub trunk: Trunk,
    /// It was stopped before its end.
    pub incomplete: bool,
}

/// Settles the silent targets of one family, `most` of them at first, and then what lies at the borders that were found.
pub async fn settle(
    tools: &Tools,
    catalogue: &Catalogue,
    space: &Space,
    ledger: &Ledger,
    most: usize,
    progress: &mut dyn FnMut(&str, usize),
    stop: impl Future<Output = ()>,
) -> Settlement {
    let mut settlement = Settlement::default();
    let work = work(tools, catalogue, space, ledger, most, progress, &mut settlement);
    let stopped = tokio::select! {
        biased;
        () = stop => true,
        () = work => false,
    };
    settlement.incomplete = stopped;
    settlement
}

async fn work(
    tools: &Tools,
    catalogue: &Catalogue,
    space: &Space,
    ledger: &Ledger,
    most: usize,
    progress: &mut dyn FnMut(&str, usize),
    settlement: &mut Settlement,
) {
    let mut open = to_settle(space, ledger, most);
    if open.is_empty() {
        return;
    }
    progress("walking to neutral hosts", open.len());
    let walks = seen(tools, plan::neutral_walks(catalogue, false), WALK_GAP).await;
    let neutral = walks.iter().find_map(|(_, seen)| seen.look.target.socket());
    settlement.trunk = Trunk::shared(&walks.values().map(hops).collect::<Vec<_>>());
    let trunk = &settlement.trunk;
    let Some(neutral) = neutral.filter(|_| trunk.end() > 0) else {
        for number in open {
            settlement.settled.note(number, Reach::Untold);
        }
        return;
    };
    let up_to = |number: &u64| {
        let (to, transport) = space.target(*number)?;
        Some(plan::up_to(to, transport, trunk.end()))
    };
    // Each round of borders halves what lies between two that fare differently: 2^128 addresses are found in so many.
    for _ in 0..BISECTIONS {
        let mut mute = Vec::new();
        for (round, gap) in [GAP, SLOW].into_iter().enumerate() {
            let asked = if round == 0 { std::mem::take(&mut open) } else { std::mem::take(&mut mute) };
            progress("asking the last shared router", asked.len());
            let looks: Vec<Look> = asked.iter().filter_map(up_to).collect();
            let answers = seen(tools, looks, gap).await;
            for (at, number) in (0..).zip(&asked) {
                match answers.get(&at).and_then(|seen| at_the_end(seen).reach(trunk)) {
                    Some(reach) => settlement.settled.note(*number, reach),
                    None => mute.push(*number),
                }
            }
        }
        if !mute.is_empty() {
            let beside = plan::up_to(neutral, Transport::Tcp, trunk.end());
            let neutral_goes_on = seen(tools, vec![beside; NEUTRAL_TRIES], SLOW).await;
            let answers = neutral_goes_on
                .values()
                .any(|seen| matches!(at_the_end(seen).reach(trunk), Some(Reach::Passes { .. })));
            progress("walking to what stayed silent", mute.len());
            let reaches = if answers { walked(tools, space, trunk, &mute).await } else { Vec::new() };
            for (at, number) in mute.iter().enumerate() {
                settlement.settled.note(*number, reaches.get(at).copied().unwrap_or(Reach::Untold));
            }
        }
        open = at_borders(space, ledger, &settlement.settled);
        if open.is_empty() {
            return;
        }
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

/// Between two packets that end at one router: it sends that many errors a second, if it does not spare them.
const GAP: Duration = Duration::from_millis(40);
/// Linux sends one ICMP error a second to one host (`icmp_ratelimit`), and many routers are set likewise.
const SLOW: Duration = Duration::from_millis(1_100);
/// Between two walks, each of which asks every router on its way.
const WALK_GAP: Duration = Duration::from_millis(1_500);
/// Walks to silent targets in a round.
const WALKS: usize = 12;
/// How often a neutral flow is asked beside those that stayed silent.
const NEUTRAL_TRIES: usize = 3;
/// A published prefix of IPv6 leaves at most so many bits.
const BISECTIONS: usize = 96;
