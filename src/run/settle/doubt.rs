//! What a sweep's answers and silence are doubted for, beside the way that packets take.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use ipnet::IpNet;
use tokio::time::Instant;
use why5003_probes::engines::Response;
use why5003_probes::model::{HopAnswer, Look, Observation, Transport};

use super::ask::{Asking, ask};
use super::look::{brought, seen};
use super::{ALIVE, BESIDE, SettleEvent, TRIES, UNLIMITED, Way, Work, family_of};
use crate::plan;
use crate::sweep::{Brought, Port, Reach};

impl Work<'_, '_> {
    /// Whether none of a few targets answers now that answered the sweep: an intrusion prevention system may take a sweep for an
    /// attack, and what is silent since then says nothing of rules.
    pub(super) async fn is_shut_off(&self) -> bool {
        let looks = self.open_ones(None, ALIVE);
        let asked = looks.len();
        let alive = seen(self.tools, looks, self.at_least(BESIDE, 3)).await;
        asked > 0 && !alive.values().any(|seen| brought(seen).came == HopAnswer::Answered)
    }

    /// Asks targets that answered the sweep once more, in two ways. Who answers a packet that ends on the way stands on it. And of one
    /// that does not answer this computer's own connections it is not told that programs can reach it: raw packets of ours do not meet
    /// this computer's own firewall.
    pub(super) async fn doubted(&mut self, way: &Way, ipv6: bool) {
        let numbers = self.doubtful(ipv6);
        (self.events)(SettleEvent::Stage("asking again what answered", numbers.len()));
        let targets: Vec<_> = numbers.iter().filter_map(|number| self.space.target(*number)).collect();
        let whole: Vec<Look> = targets.iter().map(|(to, transport)| plan::all_the_way(*to, *transport)).collect();
        let answered = |seen: Option<&Observation>| seen.is_some_and(|seen| brought(seen).came == HopAnswer::Answered);
        let mut heard: BTreeSet<u64> = BTreeSet::new();
        for _ in 0..TRIES {
            let (open, looks): (Vec<u64>, Vec<Look>) =
                numbers.iter().copied().zip(whole.clone()).filter(|(number, _)| !heard.contains(number)).unzip();
            let came = seen(self.tools, looks, self.at_least(BESIDE, 3)).await;
            heard.extend((0..).zip(open).filter(|(at, _)| answered(came.get(at))).map(|(_, number)| number));
        }
        let ends = targets.iter().map(|(to, transport)| plan::up_to(*to, *transport, way.trunk.end()));
        let ends = if way.trunk.is_proven() { ends.collect() } else { Vec::new() };
        let ends = seen(self.tools, ends, self.at_least(BESIDE, 3)).await;
        for (at, number) in (0..).zip(numbers) {
            let lane = self.space.numbers(self.space.lane_of(number));
            // Who stands in for Zoom answers for every address; where most are silent, this one may be Zoom's own, near by.
            let tally = self.ledger.tally(lane.clone());
            if answered(ends.get(&at)) && tally.open == tally.known() {
                self.note(number, Reach::Forged);
            } else if heard.contains(&number) {
                self.note(number, Reach::Passes { hop: way.trunk.end(), router: None });
            } else {
                // It speaks for all that are open there.
                self.note(number, Reach::Untold);
            }
        }
    }

    /// Whether there are targets that answered and were not asked again.
    pub(super) fn is_doubtful(&self, ipv6: bool) -> bool {
        !self.doubtful(ipv6).is_empty()
    }

    fn doubtful(&self, ipv6: bool) -> Vec<u64> {
        let mut numbers = self.open_numbers(Some(ipv6), DOUBTED);
        // Those that another part of the sweep asked, and all that were doubted before.
        let untold = self.known.settled.within(0..self.space.count()).filter(|(_, reach)| *reach == Reach::Untold);
        let is_such = |number: &u64| {
            self.ledger.response(*number) == Some(Response::Open) && self.is_of(self.space.lane_of(*number), ipv6)
        };
        let more: Vec<u64> =
            untold.map(|(number, _)| number).filter(is_such).filter(|number| !numbers.contains(number)).collect();
        numbers.extend(more);
        numbers.retain(|number| matches!(self.known.settled.reach(*number), None | Some(Reach::Untold)));
        numbers
    }

    /// Asks the hosts whose addresses the catalogue has, where their prefix is swept and nobody in it answered: a packet that ends on the
    /// way tests the way out alone.
    pub(super) async fn known_hosts(&mut self, ipv6: bool) {
        let port = Port { transport: Transport::Tcp, number: HTTPS };
        let lanes = self.space.lanes().iter().enumerate();
        let nobody: Vec<IpNet> = lanes
            .filter(|(at, lane)| lane.port == port && self.ledger.tally(self.space.numbers(*at)).open == 0)
            .map(|(_, lane)| lane.prefix)
            .collect();
        let known = self.catalogue.hosts.iter().flat_map(|host| host.known_addresses.iter().copied());
        let known = known.filter(|ip| ip.is_ipv6() == ipv6 && nobody.iter().any(|prefix| prefix.contains(ip)));
        let mut silent: BTreeSet<SocketAddr> = known.map(|ip| SocketAddr::new(ip, HTTPS)).collect();
        let asked = silent.clone();
        for _ in 0..TRIES {
            let looks = silent.iter().map(|to| plan::all_the_way(*to, Transport::Tcp)).collect();
            let came = seen(self.tools, looks, self.at_least(BESIDE, 3)).await;
            let answered = came.values().filter(|seen| brought(seen).came == HopAnswer::Answered);
            for to in answered.filter_map(|seen| seen.look.target.socket()) {
                silent.remove(&to);
            }
        }
        self.answering.extend(asked.difference(&silent));
        let silent: Vec<SocketAddr> = silent.into_iter().collect();
        let before: Vec<SocketAddr> =
            self.known.unheard.iter().copied().filter(|host| host.is_ipv6() == ipv6).collect();
        if before != silent {
            self.known.of_known_hosts(family_of(ipv6), &silent);
            (self.events)(SettleEvent::Unheard { family: family_of(ipv6), hosts: &silent });
        }
    }

    /// Asks slowly about a few that a router on the way refused, by packets that end behind him: a limit on new connections refuses at a
    /// sweep's pace what it lets through otherwise.
    pub(super) async fn doubted_refusals(&mut self, way: &Way, ipv6: bool, end: Instant) {
        let open = self.refused_by_routers(way, ipv6);
        if open.is_empty() {
            return;
        }
        (self.events)(SettleEvent::Stage("asking again what was refused", open.len()));
        let (tools, space, ledger) = (self.tools, self.space, self.ledger);
        let look = |to, transport| plan::up_to(to, transport, way.trunk.end());
        let tells = |brought: Brought| match brought.at_the_end(&way.trunk, way.trunk.end()) {
            reach @ Some(Reach::Passes { .. } | Reach::Prohibited { .. }) => reach,
            _ => None,
        };
        let asking = Asking { open: &open, tries: 1, end, spacing: self.at_least(UNLIMITED, 1) };
        let mut note = |number, reach| match (ledger.response(number), reach) {
            // He has it, and nobody behind him.
            (Some(Response::Prohibited { by }), Reach::Passes { router, .. }) if by == router => {}
            // Nobody knows where that leads.
            (_, Reach::Passes { router: Some(router), .. }) if !way.trunk.has(router) => {}
            _ => self.note(number, reach),
        };
        ask(tools, space, asking, look, tells, &mut note).await;
    }

    /// A few of different prefixes and ports that were refused by a router of the trunk, but not by its last: a router answers an expired
    /// TTL before it filters, and behind the last there is nobody to ask.
    fn refused_by_routers(&self, way: &Way, ipv6: bool) -> Vec<u64> {
        if !way.trunk.is_proven() {
            return Vec::new();
        }
        let is_nearer = |by| way.trunk.last_hop_of(by).is_some_and(|hop| hop < way.trunk.end());
        let is_refused = |number: &u64| match self.ledger.response(*number) {
            Some(Response::Prohibited { by }) => by.is_some_and(is_nearer),
            _ => false,
        };
        let lanes = (0..self.space.lanes().len()).filter(|lane| self.is_of(*lane, ipv6));
        let of_lanes = lanes.map(|lane| self.space.numbers(lane));
        let refused = of_lanes.filter(|numbers| self.ledger.tally(numbers.clone()).prohibited > 0);
        let refused: Vec<u64> = refused.filter_map(|mut numbers| numbers.find(is_refused)).collect();
        let mut chosen: Vec<u64> = refused.iter().copied().step_by(refused.len().div_ceil(DOUBTED).max(1)).collect();
        chosen.retain(|number| self.known.settled.reach(*number).is_none());
        chosen
    }

    /// Looks at a few targets that answered the sweep by TCP.
    fn open_ones(&self, ipv6: Option<bool>, most: usize) -> Vec<Look> {
        let targets = self.open_numbers(ipv6, most).into_iter().filter_map(|number| self.space.target(number));
        targets.map(|(to, transport)| plan::all_the_way(to, transport)).collect()
    }

    /// A few targets that answered the sweep by TCP, first one of each port, of prefixes as wide as there are.
    pub(super) fn open_numbers(&self, ipv6: Option<bool>, most: usize) -> Vec<u64> {
        let mut lanes: Vec<_> = self.space.lanes().iter().enumerate().collect();
        lanes.retain(|(_, lane)| {
            let is_v6 = lane.prefix.addr().is_ipv6();
            !lane.canary && lane.port.transport == Transport::Tcp && ipv6.is_none_or(|ipv6| ipv6 == is_v6)
        });
        lanes.sort_by_key(|(_, lane)| lane.prefix.prefix_len());
        let is_open = |number: &u64| matches!(self.ledger.response(*number), Some(Response::Open));
        let open = lanes.into_iter().filter(|(at, _)| self.ledger.tally(self.space.numbers(*at)).open > 0);
        let open = open.filter_map(|(at, lane)| Some((lane.port, self.space.numbers(at).find(is_open)?)));
        let mut chosen: Vec<(Port, u64)> = Vec::new();
        let mut others = Vec::new();
        for (port, number) in open {
            if chosen.iter().any(|(other, _)| *other == port) {
                others.push(number);
            } else {
                chosen.push((port, number));
            }
        }
        chosen.into_iter().map(|(_, number)| number).chain(others).take(most).collect()
    }
}

/// Targets that answered the sweep, asked whether it was they; and such that were refused.
const DOUBTED: usize = 12;
/// A client's own port.
const HTTPS: u16 = 443;
