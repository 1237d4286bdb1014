//! How each target fares: as its own response says, as was settled of it, or as those on both sides of it do.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};
use why5003_probes::engines::Response;
use why5003_probes::model::{AddressScope, Transport};

use super::found::Found;
use super::settle::{Reach, Trunk, Trunks};

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
    /// It is refused, and it could not be told by whom: on the way, or at the far end.
    Refused {
        /// By ICMP; otherwise by a RST.
        icmp: bool,
    },
    /// It could not be told.
    Unknown,
}

impl Fare {
    /// Whether packets pass; `None` where that is not known.
    pub fn passes(self) -> Option<bool> {
        match self {
            Self::Open | Self::Closed | Self::Passes => Some(true),
            Self::Stopped(..) => Some(false),
            Self::Refused { .. } | Self::Unknown => None,
        }
    }

    /// Whether what is stopped is stopped alike at one place, and what is not, is not.
    fn ends_like(self, other: Self) -> bool {
        match (self, other) {
            (Self::Stopped(here, at), Self::Stopped(there, of)) => {
                let one = here == there && (at.hop, at.address) == (of.hop, of.address);
                one || is_just_before(at, (there, of)) || is_just_before(of, (here, at))
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

/// Addresses for which somebody else answered: those that nobody can own, and where all that were doubted, of several prefixes, were
/// answered on the way, those. While there are any, no `open` of their transport is believed.
pub(super) fn forged(found: Found<'_>) -> Vec<(SocketAddr, Transport)> {
    let Found { space, ledger, settled, .. } = found;
    let is_open = |number: &u64| matches!(ledger.response(*number), Some(Response::Open));
    let mut forged: Vec<u64> = space.canaries().filter(is_open).collect();
    let doubted = settled.within(0..space.count()).filter(|(number, _)| is_open(number));
    let (on_the_way, there): (Vec<_>, Vec<_>) = doubted.partition(|(_, reach)| *reach == Reach::Forged);
    let is_there = there.iter().any(|(_, reach)| reach.passes() == Some(true));
    let prefix = |number: u64| space.lanes().get(space.lane_of(number)).map(|lane| lane.prefix);
    // One host that is nearer than all others may be Zoom's own at the provider.
    let several = on_the_way.windows(2).any(|pair| matches!(pair, [(a, _), (b, _)] if prefix(*a) != prefix(*b)));
    if several && !is_there {
        forged.extend(on_the_way.into_iter().map(|(number, _)| number));
    }
    forged.into_iter().filter_map(|number| space.target(number)).collect()
}

/// How every target of a lane fares that was asked.
///
/// Of most silent targets nothing is told but what is told of others: one fares as those on both sides of it, if they fare alike. At
/// the ends of what was settled, it fares as the last that was.
pub(super) fn fares(found: Found<'_>, lane: usize, withdrawn: bool) -> Vec<Faring> {
    let mut farings = Vec::new();
    let mut gap: Vec<Target<'_>> = Vec::new();
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
    as_who_refuses(&mut farings);
    farings
}

/// One who refuses does not do so for each packet, if he sends few ICMP errors: what dies right before him, he refuses as well.
fn as_who_refuses(farings: &mut [Faring]) {
    let mut refusals: Vec<(Stop, Place)> = Vec::new();
    for one in farings.iter() {
        if let Fare::Stopped(stop, place) = one.fare
            && place.address.is_some()
            && !refusals.contains(&(stop, place))
        {
            refusals.push((stop, place));
        }
    }
    for one in farings.iter_mut() {
        if let Fare::Stopped(_, place) = one.fare
            && let Some((stop, refuser)) = refusals.iter().find(|refusal| is_just_before(place, **refusal))
        {
            one.fare = Fare::Stopped(*stop, *refuser);
        }
    }
}

/// Whether what ends at the one place would have come to the other next, and somebody there says that he stops it.
fn is_just_before(place: Place, (stop, refuser): (Stop, Place)) -> bool {
    // A refusal names nobody who would come next; a RST has no name of its own.
    stop != Stop::Reset && refuser.next.is_none() && place.next.is_some() && place.next == refuser.address
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

/// Of which targets of a lane it is not clear who kept silent or refused: a RST, and an ICMP error from a stranger, may come from the way
/// or from the far end.
pub(super) fn unclear(found: Found<'_>, lane: usize) -> impl DoubleEndedIterator<Item = u64> + '_ {
    let Found { space, ledger, trunks, .. } = found;
    let trunk = space.lanes().get(lane).map(|lane| trunks.of(lane.prefix.addr()));
    let retracted = retracted(found, lane);
    space.numbers(lane).filter(move |number| match ledger.response(*number) {
        Some(Response::Silent | Response::Closed { .. } | Response::Unreachable { by: Some(_) }) => true,
        Some(Response::Prohibited { by }) => is_stranger(by, trunk) || by.is_some_and(|by| retracted.contains(&by)),
        _ => false,
    })
}

/// The limiters whose word a lane's targets got.
fn retracted(found: Found<'_>, lane: usize) -> BTreeSet<IpAddr> {
    let refused = found.ledger.tally(found.space.numbers(lane)).prohibited > 0;
    if refused { limiters(found) } else { BTreeSet::new() }
}

/// The routers on the way that let something pass that they had refused: they limit how much passes, so their word is of a moment, and of no
/// prefix.
pub fn limiters(found: Found<'_>) -> BTreeSet<IpAddr> {
    let Found { space, ledger, settled, trunks } = found;
    let passing = settled.within(0..space.count()).filter(|(_, reach)| reach.passes() == Some(true));
    let refusers = passing.filter_map(|(number, _)| match (ledger.response(number)?, space.target(number)?) {
        (Response::Prohibited { by }, (to, _)) => by.filter(|_| !is_stranger(by, Some(trunks.of(to.ip())))),
        _ => None,
    });
    refusers.collect()
}

/// Whether who says that packets may not pass is none of the shared routers: he may stand at the far end as well.
fn is_stranger(by: Option<IpAddr>, trunk: Option<&Trunk>) -> bool {
    by.is_none_or(|by| trunk.is_none_or(|trunk| trunk.hop_of(by).is_none()))
}

/// A target that came back.
struct Target<'a> {
    number: u64,
    ip: IpAddr,
    response: Response,
    /// The shared routers of its family.
    trunk: &'a Trunk,
    /// How it fares, if nothing else were known than its response.
    alone: Fare,
    /// What is told of it by itself.
    own: Option<Own>,
}

#[derive(Clone, Copy)]
struct Own {
    fare: Fare,
    /// It was settled; otherwise its response said so.
    settled: bool,
}

impl Target<'_> {
    fn by_neighbours(&self, before: Option<Own>, after: Option<Own>) -> Faring {
        let fare = match (before, after) {
            (Some(here), Some(there)) if here.fare.passes() == there.fare.passes() => here.fare,
            // Both ends of a lane are settled, if there is time. Where there was none, what passes says nothing of what lies beyond it;
            // what is stopped is rarely a single address.
            (Some(only), None) | (None, Some(only)) if only.settled && only.fare.passes() == Some(false) => only.fare,
            _ => Fare::Unknown,
        };
        // Who is open or closed is so by itself alone.
        let fare = if fare.passes() == Some(true) { Fare::Passes } else { fare };
        Faring { number: self.number, ip: self.ip, fare: self.as_it_came(fare), own: false }
    }

    /// How it fares with its response, where packets to it or its neighbours fare so.
    fn as_it_came(&self, fare: Fare) -> Fare {
        let passes = fare.passes() == Some(true);
        let is_reset = matches!(fare, Fare::Stopped(Stop::Reset, _));
        match self.response {
            // A router on the way that refused it let it pass later.
            Response::Prohibited { by } if passes && by.is_some_and(|by| self.trunk.hop_of(by).is_some()) => fare,
            Response::Closed { .. } | Response::Prohibited { .. } if passes => Fare::Closed,
            // What is dropped or refused otherwise would bring no RST.
            Response::Closed { .. } if !is_reset => Fare::Refused { icmp: false },
            Response::Prohibited { .. } if self.alone.passes() == Some(false) => self.alone,
            Response::Prohibited { .. } if fare.passes().is_none() => self.alone,
            _ => fare,
        }
    }
}

/// The targets of a lane that came back, each with what is told of it by itself.
fn told(found: Found<'_>, lane: usize, withdrawn: bool) -> impl Iterator<Item = Target<'_>> + '_ {
    let Found { space, ledger, settled, trunks } = found;
    let retracted = retracted(found, lane);
    // One that is open and did not answer this computer's own connections speaks for all of its lane.
    let is_doubted = |(number, reach)| reach == Reach::Untold && ledger.response(number) == Some(Response::Open);
    let doubted = settled.within(space.numbers(lane)).any(is_doubted);
    space.numbers(lane).filter_map(move |number| {
        let (response, (to, _)) = (ledger.response(number)?, space.target(number)?);
        let (ip, trunk) = (to.ip(), trunks.of(to.ip()));
        let at = |by| at_router(by, trunks, ip);
        // Whether who refuses may be at the far end.
        let may_be_far = |by: Option<IpAddr>| {
            let near =
                by.is_some_and(|by| by != ip && (AddressScope::of(by).is_internal() || trunks.own.contains(&by)));
            is_stranger(by, Some(trunk)) && !near
        };
        let (alone, is_clear) = match response {
            Response::Open if withdrawn => (Fare::Unknown, true),
            Response::Open => match settled.reach(number) {
                // Somebody else answered, or our raw packets were answered and this computer's own are not.
                Some(Reach::Forged | Reach::Untold) => (Fare::Unknown, true),
                None if doubted => (Fare::Unknown, true),
                _ => (Fare::Open, true),
            },
            Response::Prohibited { by: Some(by) } if retracted.contains(&by) => (Fare::Unknown, false),
            Response::Prohibited { by } if may_be_far(by) => (Fare::Refused { icmp: true }, false),
            Response::Prohibited { by } => (Fare::Stopped(Stop::Prohibited, at(by)), !is_stranger(by, Some(trunk))),
            // This computer itself did not send: that says nothing of the network.
            Response::Unreachable { by: None } => (Fare::Unknown, true),
            Response::Closed { .. } => (Fare::Refused { icmp: false }, false),
            Response::Silent | Response::Unreachable { .. } => (Fare::Unknown, false),
        };
        let mut target = Target { number, ip, response, trunk, alone, own: None };
        let own = |reach| match reach {
            // Nothing but the same word again, where nobody on the way can be told from the far end.
            Reach::Prohibited { by } if trunk.end() == 0 && may_be_far(by) => Fare::Refused { icmp: true },
            reach => by_reach(reach, at),
        };
        target.own = match settled.reach(number) {
            Some(reach) if !is_clear || matches!(response, Response::Prohibited { .. }) => {
                Some(Own { fare: target.as_it_came(own(reach)), settled: true })
            }
            _ => is_clear.then_some(Own { fare: alone, settled: false }),
        };
        Some(target)
    })
}

fn by_reach(reach: Reach, at: impl Fn(Option<IpAddr>) -> Place) -> Fare {
    match reach {
        Reach::Passes { .. } => Fare::Passes,
        Reach::Dies { hop, address, next } => Fare::Stopped(Stop::Blocked, Place { hop: Some(hop), address, next }),
        Reach::Reset { hop, address } => Fare::Stopped(Stop::Reset, Place { hop: Some(hop), address, next: None }),
        Reach::Prohibited { by } => {
            let place = at(by);
            // Nobody but the target itself is named, and that may be a bridge that speaks in its name, or it.
            if place == Place::default() {
                Fare::Refused { icmp: true }
            } else {
                Fare::Stopped(Stop::Prohibited, place)
            }
        }
        Reach::NoRoute { by } => Fare::Stopped(Stop::Blocked, at(by)),
        Reach::Forged | Reach::Untold => Fare::Unknown,
    }
}

/// Where somebody stands who says that packets may not pass, or cannot.
fn at_router(address: Option<IpAddr>, trunks: &Trunks, target: IpAddr) -> Place {
    match address {
        Some(own) if trunks.own.contains(&own) => Place { hop: Some(0), ..Place::default() },
        Some(router) if router != target => Place { hop: trunks.of(router).hop_of(router), address, next: None },
        Some(_) | None => Place::default(),
    }
}
