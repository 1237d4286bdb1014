//! How each target fares: as its own response says, as was settled of it, or as those on both sides of it do.

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};
use why5003_probes::engines::Response;
use why5003_probes::kit::Transport;

use super::found::Found;
use super::settle::{Reach, Trunk};

/// Where packets are stopped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// The hop, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hop: Option<u8>,
    /// Who answers there, or who refuses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
    /// The first who answers for a flow that passes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<IpAddr>,
}

/// How packets are stopped.
///
/// Closed on purpose: these are the ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stop {
    /// They die on the way: without a word, or for want of a way.
    Blocked,
    /// Somebody on the way resets the connections.
    Reset,
    /// Somebody on the way refuses by ICMP.
    Prohibited,
}

/// How one target fares.
///
/// Closed on purpose: each is a word of the sweep's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fare {
    /// It answers.
    Open,
    /// The far end refuses.
    Closed,
    /// Nobody answers, and packets come as far as anybody can tell.
    Passes,
    /// Something on the way stops it.
    Stopped(Stop, Place),
    /// It is refused, and it could not be told by whom.
    Refused,
    /// It could not be told.
    Unknown,
}

impl Fare {
    /// Whether packets pass; `None` where that is not known.
    pub fn passes(self) -> Option<bool> {
        match self {
            Self::Open | Self::Closed | Self::Passes => Some(true),
            Self::Stopped(..) => Some(false),
            Self::Refused | Self::Unknown => None,
        }
    }
}

impl Fare {
    /// Whether what is stopped is stopped alike at one place, and what is not, is not.
    fn ends_like(self, other: Self) -> bool {
        match (self, other) {
            (Self::Stopped(here, at), Self::Stopped(there, of)) => {
                here == there && (at.hop, at.address) == (of.hop, of.address)
            }
            _ => self.passes() != Some(false) && other.passes() != Some(false),
        }
    }
}

/// A target, and how it fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Faring {
    pub(super) number: u64,
    pub(super) ip: IpAddr,
    pub(super) fare: Fare,
    /// It was told of this target itself, not concluded from its neighbours.
    pub(super) own: bool,
}

/// Addresses that nobody can own, and that answered: while there are any, no `open` of their transport is believed.
pub(super) fn forged(found: Found<'_>) -> Vec<(SocketAddr, Transport)> {
    let Found { space, ledger, .. } = found;
    let is_open = |number: &u64| matches!(ledger.response(*number), Some(Response::Open));
    let answered = space.canaries().filter(is_open);
    answered.filter_map(|number| space.target(number)).collect()
}

/// How every target of a lane fares that was asked.
///
/// Of most silent targets nothing is told but what is told of others: one fares as those on both sides of it, if they fare alike. At
/// the ends of what was settled, it fares as the last that was.
pub(super) fn fares(found: Found<'_>, lane: usize, withdrawn: bool) -> Vec<Faring> {
    let mut farings = Vec::new();
    let mut gap: Vec<Target> = Vec::new();
    let mut before = None;
    for target in told(found, lane, withdrawn) {
        match target.own {
            None => gap.push(target),
            Some(own) => {
                farings.extend(gap.drain(..).map(|between| between.by_neighbours(before, Some(own))));
                farings.push(Faring { number: target.number, ip: target.ip, fare: own.fare, own: true });
                before = Some(own);
            }
        }
    }
    farings.extend(gap.drain(..).map(|between| between.by_neighbours(before, None)));
    farings
}

/// The middle one of those of which nothing is told between two that fare differently: so a border is found by bisection.
pub(super) fn halfway(found: Found<'_>, lane: usize) -> Vec<u64> {
    let numbers = found.space.numbers(lane);
    let tally = found.ledger.tally(numbers.clone());
    let stops = |(_, reach): (u64, Reach)| reach.passes() == Some(false);
    if tally.prohibited + tally.unreachable == 0 && !found.settled.within(numbers).any(stops) {
        return Vec::new();
    }
    let mut middles = Vec::new();
    let mut gap: Vec<u64> = Vec::new();
    let mut before: Option<Own> = None;
    for target in told(found, lane, false) {
        let Some(own) = target.own else {
            gap.push(target.number);
            continue;
        };
        if before.is_some_and(|before| !before.fare.ends_like(own.fare)) {
            middles.extend(gap.get(gap.len() / 2));
        }
        gap.clear();
        before = Some(own);
    }
    middles
}

/// Of which targets of a lane it is not clear who kept silent or refused: a RST may come from the way as well.
pub(super) fn unclear(found: Found<'_>, lane: usize) -> impl DoubleEndedIterator<Item = u64> + '_ {
    let Found { space, ledger, .. } = found;
    let is_unclear = |response| matches!(response, Some(Response::Silent | Response::Closed { .. }));
    space.numbers(lane).filter(move |number| is_unclear(ledger.response(*number)))
}

/// A target that came back.
struct Target {
    number: u64,
    ip: IpAddr,
    response: Response,
    /// What is told of it by itself.
    own: Option<Own>,
}

#[derive(Clone, Copy)]
struct Own {
    fare: Fare,
    /// It was settled; otherwise its response said so.
    settled: bool,
}

impl Target {
    fn by_neighbours(&self, before: Option<Own>, after: Option<Own>) -> Faring {
        let fare = match (before, after) {
            (Some(here), Some(there)) if here.fare.passes() == there.fare.passes() => here.fare,
            // Both ends of a lane are settled, if there is time: one host that answers is not the end of anything.
            (Some(only), None) | (None, Some(only)) if only.settled => only.fare,
            _ => Fare::Unknown,
        };
        // Who is open or closed is so by itself alone.
        let fare = if fare.passes() == Some(true) { Fare::Passes } else { fare };
        let fare = if matches!(self.response, Response::Closed { .. }) { refused(fare) } else { fare };
        Faring { number: self.number, ip: self.ip, fare, own: false }
    }
}

/// The targets of a lane that came back, each with what is told of it by itself.
fn told(found: Found<'_>, lane: usize, withdrawn: bool) -> impl Iterator<Item = Target> + '_ {
    let Found { space, ledger, settled, trunks } = found;
    space.numbers(lane).filter_map(move |number| {
        let (response, (to, _)) = (ledger.response(number)?, space.target(number)?);
        let trunk = trunks.of(to.ip());
        let by_itself = |fare| Some(Own { fare, settled: false });
        let by_reach = || settled.reach(number).map(|reach| Own { fare: by_reach(reach, trunk), settled: true });
        let own = match response {
            Response::Open if withdrawn => by_itself(Fare::Unknown),
            Response::Open => by_itself(Fare::Open),
            Response::Prohibited { by } => by_itself(Fare::Stopped(Stop::Prohibited, at_router(by, trunk))),
            // A router at the far end that finds no such host lets packets come so far.
            Response::Unreachable { by: Some(by) } => by_itself(match trunk.hop_of(by) {
                Some(_) => Fare::Stopped(Stop::Blocked, at_router(Some(by), trunk)),
                None if trunk.end() > 0 => Fare::Passes,
                None => Fare::Unknown,
            }),
            // This computer itself did not send: that says nothing of the network.
            Response::Unreachable { by: None } => by_itself(Fare::Unknown),
            // A RST may come from the way as well.
            Response::Closed { .. } => by_reach().map(|own| Own { fare: refused(own.fare), ..own }),
            Response::Silent => by_reach(),
        };
        Some(Target { number, ip: to.ip(), response, own })
    })
}

fn by_reach(reach: Reach, trunk: &Trunk) -> Fare {
    match reach {
        Reach::Passes { .. } => Fare::Passes,
        Reach::Dies { hop, address, next } => Fare::Stopped(Stop::Blocked, Place { hop: Some(hop), address, next }),
        Reach::Reset { hop, address } => Fare::Stopped(Stop::Reset, Place { hop: Some(hop), address, next: None }),
        Reach::Prohibited { by } => Fare::Stopped(Stop::Prohibited, at_router(by, trunk)),
        Reach::NoRoute { by } => Fare::Stopped(Stop::Blocked, at_router(by, trunk)),
        Reach::Untold => Fare::Unknown,
    }
}

/// How one fares that a RST came for, where packets to it or its neighbours fare so.
fn refused(fare: Fare) -> Fare {
    match fare {
        Fare::Open | Fare::Closed | Fare::Passes => Fare::Closed,
        Fare::Stopped(Stop::Reset, _) => fare,
        // What is dropped or refused otherwise would bring no RST.
        Fare::Stopped(..) | Fare::Refused | Fare::Unknown => Fare::Refused,
    }
}

fn at_router(address: Option<IpAddr>, trunk: &Trunk) -> Place {
    Place { hop: address.and_then(|address| trunk.hop_of(address)), address, next: None }
}
