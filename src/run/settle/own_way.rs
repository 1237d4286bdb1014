//! Ways of their own: a prefix may leave the shared routers' way before its end, and come by a router that is mute there.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;
use tokio::time::Instant;
use why5003_probes::engines::Response;
use why5003_probes::model::{Hop, HopAnswer, Transport};

use super::ask::{Asking, ask};
use super::look::{hops, seen};
use super::round::SPACING;
use super::{TRIES, Way, Work};
use crate::plan;
use crate::sweep::{Brought, Farther, Reach, Trunk};

/// A prefix, by a transport.
type Kind = (IpNet, Transport);

/// What is known of the way of a prefix by a transport.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct OwnWay {
    /// The hop behind the trunk at which somebody answers.
    hop: Option<u8>,
    /// Of how many of its targets that was asked.
    asked: usize,
}

impl Work<'_, '_> {
    /// The hop at which packets to a target are to end: of the last shared router, or of the one that is known to answer behind it.
    pub(super) fn last_hop_asked(&self, way: &Way, number: u64) -> u8 {
        let own = self.kind(number).and_then(|kind| way.farther.get(&kind)?.hop);
        own.unwrap_or(way.trunk.end())
    }

    /// Of those that seem to die: those that do not come farther than the trunk, by a way on which the router of its last hop is mute.
    pub(super) async fn by_no_way_of_their_own(
        &mut self,
        way: &mut Way,
        (transport, mut mute): (Transport, Vec<u64>),
        end: Instant,
    ) -> Vec<u64> {
        let few = self.of_unknown_ways(way, &mute);
        let last = way.trunk.end();
        let at = |more: u8| self.who_is_at(way, &few, last.saturating_add(more), end);
        let came = tokio::join!(at(0), at(1), at(2), at(3));
        let came = [came.0, came.1, came.2, came.3];
        let (mut new, mut unclear): (Vec<Kind>, Vec<Kind>) = (Vec::new(), Vec::new());
        for number in few {
            let came: Vec<_> = (last..).zip(came.iter().map(|came| came.get(&number).copied())).collect();
            let Some(kind) = self.kind(number) else { continue };
            let own = way.farther.entry(kind).or_default();
            own.asked += 1;
            match way.trunk.comes_farther(&came) {
                Farther::No => {}
                Farther::To(hop) => {
                    // At the last shared router it is heard now, where it was not before.
                    own.hop = own.hop.or(Some(hop).filter(|hop| *hop > last));
                    new.push(kind);
                }
                Farther::Unclear => unclear.push(kind),
            }
        }
        let is_of = |kinds: &[Kind], number: u64| self.kind(number).is_some_and(|kind| kinds.contains(&kind));
        let untold: Vec<u64> = mute.iter().copied().filter(|number| is_of(&unclear, *number)).collect();
        mute.retain(|number| !untold.contains(number));
        self.note_all(untold, Reach::Untold);
        if new.is_empty() {
            return mute;
        }
        // Those as well that were found to die before that was known, or of which it could not be told.
        let before = self.known.settled.within(0..self.space.count());
        let before = before.filter(|(_, reach)| matches!(reach, Reach::Dies { .. } | Reach::Untold));
        let before = before.map(|(number, _)| number);
        let before = before.filter(|number| self.ledger.response(*number) != Some(Response::Open));
        let is_new = |number: &u64| self.kind(*number).is_some_and(|kind| new.contains(&kind));
        let again: BTreeSet<u64> = mute.iter().copied().chain(before).filter(is_new).collect();
        let again: Vec<u64> = again.into_iter().collect();
        let still = self.at_the_end(way, (transport, &again), TRIES, end).await;
        let passes = |number: &u64| again.contains(number) && !still.contains(number);
        again.iter().filter(|number| passes(number)).for_each(|number| way.searches.forget(*number));
        mute.retain(|number| !passes(number));
        mute
    }

    /// Of those whose packets somebody has at a hop who is none of the shared routers: those by whose ways what answered came as well. Where no
    /// walk did so far, one to a host of the same prefix may.
    pub(super) async fn led_to_answers(&self, way: &mut Way, strange: &[(u64, Reach, (u8, IpAddr))]) -> BTreeSet<u64> {
        let mut alive = self.alive(way, strange.first().map(|(number, ..)| *number)).await;
        let is_on = |walks: &[Vec<Hop>], (ttl, router): (u8, IpAddr)| {
            walks.iter().flatten().any(|hop| hop.ttl == ttl && hop.from == Some(router))
        };
        let open: BTreeMap<IpNet, u64> = strange
            .iter()
            .filter(|(_, _, at)| !is_on(&alive, *at))
            .filter_map(|(number, ..)| self.kind(*number))
            .filter_map(|(prefix, _)| Some((prefix, self.open_of(prefix)?)))
            .filter(|(prefix, _)| way.walked.insert(*prefix))
            .collect();
        let targets = open.values().filter_map(|number| self.space.target(*number));
        let looks = targets.map(|(to, transport)| plan::walk(to, transport)).collect();
        let walks = seen(self.tools, looks, self.walk_gap()).await;
        alive.extend(walks.values().map(hops).filter(|walk| Trunk::arrived(walk)));
        let led = strange.iter().filter(|(_, _, at)| is_on(&alive, *at)).map(|(number, ..)| *number).collect();
        way.alive = Some(alive);
        led
    }

    /// A target of a prefix that answered the sweep by TCP.
    fn open_of(&self, prefix: IpNet) -> Option<u64> {
        let lanes = self.space.lanes().iter().enumerate();
        let mut lanes = lanes
            .filter(|(_, lane)| (lane.prefix, lane.port.transport, lane.canary) == (prefix, Transport::Tcp, false));
        lanes.find_map(|(at, _)| {
            self.space.numbers(at).find(|number| matches!(self.ledger.response(*number), Some(Response::Open)))
        })
    }

    /// A few of each prefix whose way is not known, spread: a part of it may die, and another come by a way of its own. None of those that
    /// were asked about before and of which others come to the last shared router.
    fn of_unknown_ways(&self, way: &Way, mute: &[u64]) -> Vec<u64> {
        let mut of_kind: BTreeMap<Kind, Vec<u64>> = BTreeMap::new();
        for number in mute {
            if let Some(kind) = self.kind(*number) {
                of_kind.entry(kind).or_default().push(*number);
            }
        }
        let is_known = |kind: &Kind| match way.farther.get(kind) {
            None => false,
            Some(own) => own.hop.is_some() || own.asked >= MOST || self.comes_to_the_end(way, *kind),
        };
        of_kind.retain(|kind, _| !is_known(kind));
        of_kind.values().flat_map(|numbers| numbers.iter().copied().step_by(numbers.len().div_ceil(FEW))).collect()
    }

    /// Whether something of a prefix comes to the last shared router.
    fn comes_to_the_end(&self, way: &Way, kind: Kind) -> bool {
        let lanes = self.space.lanes().iter().enumerate();
        let mut lanes = lanes.filter(|(_, lane)| (lane.prefix, lane.port.transport) == kind);
        lanes.any(|(at, _)| {
            let mut settled = self.known.settled.within(self.space.numbers(at));
            settled.any(|(_, reach)| matches!(reach, Reach::Passes { hop, router: Some(_) } if hop == way.trunk.end()))
        })
    }

    /// Of which prefix a target is, and by which transport.
    fn kind(&self, number: u64) -> Option<Kind> {
        self.space.lanes().get(self.space.lane_of(number)).map(|lane| (lane.prefix, lane.port.transport))
    }

    /// Who says that a packet's TTL ended at such a hop; four such questions share the rate, and may share who answers.
    pub(super) async fn who_is_at(&self, way: &Way, open: &[u64], ttl: u8, end: Instant) -> BTreeMap<u64, IpAddr> {
        let mut came = BTreeMap::new();
        let look = |to, transport| plan::up_to(to, transport, ttl);
        let tells =
            |brought: Brought| brought.from.filter(|_| brought.came == HopAnswer::Expired && way.trunk.is_proven());
        let asking = Asking { open, tries: 2, end, spacing: self.at_least(SPACING, 4) };
        ask(self.tools, self.space, asking, look, tells, &mut |number, from| {
            came.insert(number, from);
        })
        .await;
        came
    }
}

/// Of how many targets of a prefix it is asked in a round whether they come by a way of their own.
const FEW: usize = 4;
/// And of how many in all.
const MOST: usize = 12;
