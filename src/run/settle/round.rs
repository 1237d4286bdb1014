//! One round of settling: what a packet brings that ends at the last shared router, and walks where it brings nothing.

use std::time::Duration;

use tokio::time::Instant;
use why5003_probes::engines::Response;
use why5003_probes::kit::{HopAnswer, Look, Transport};

use super::ask::{Asking, ask};
use super::look::{brought, hops, seen};
use super::{SLOWEST, SettleEvent, WALK_GAP, Way, Work};
use crate::plan;
use crate::sweep::{Brought, Port, Reach, is_refused_unseen};

impl Work<'_, '_> {
    /// Asks those, and notes what is told of each.
    pub(super) async fn round(&mut self, way: &mut Way, open: Vec<u64>, end: Instant) {
        let (beyond, mut plain): (Vec<u64>, Vec<u64>) =
            open.into_iter().partition(|number| is_refused_unseen(self.found(), self.space.lane_of(*number)));
        if !beyond.is_empty() {
            (self.events)(SettleEvent::Stage("asking for whom somebody refuses", beyond.len()));
            let asking = Asking { open: &beyond, tries: TRIES, end };
            let (tools, space) = (self.tools, self.space);
            let mut note = |number, reach| self.note(number, reach);
            plain.extend(ask(tools, space, asking, plan::all_the_way, Brought::all_the_way, &mut note).await);
        }
        if way.trunk.end() == 0 || plain.is_empty() {
            return self.note_all(plain, Reach::Untold);
        }
        (self.events)(SettleEvent::Stage("asking the last shared router", plain.len()));
        let mute = self.at_the_end(way, &plain, TRIES, end).await;
        if mute.is_empty() {
            return;
        }
        let Some(mute) = self.surely_mute(way, mute, end).await else { return };
        self.walked(way, mute, end).await;
    }

    /// Asks the last shared router by packets to these targets; returns those that brought nothing. Nearer routers would answer
    /// sooner, and say nothing of what filters behind them.
    async fn at_the_end(&mut self, way: &mut Way, open: &[u64], tries: u8, end: Instant) -> Vec<u64> {
        let Way { trunk, heard, .. } = way;
        let (tools, space) = (self.tools, self.space);
        let look = |to, transport| plan::up_to(to, transport, trunk.end());
        let tells = |brought: Brought| brought.at_the_end(trunk);
        let mut note = |number, reach: Reach| {
            self.note(number, reach);
            if reach.passes() == Some(true) {
                *heard = Some(Instant::now());
            }
        };
        ask(tools, space, Asking { open, tries, end }, look, tells, &mut note).await
    }

    /// Those of which it is sure that they bring nothing while a neutral flow does, and while what answered before still answers;
    /// `None` where that is not so, and nothing can be told of any.
    async fn surely_mute(&mut self, way: &mut Way, mute: Vec<u64>, end: Instant) -> Option<Vec<u64>> {
        let fresh = way.heard.is_some_and(|at| at.elapsed() < FRESH);
        if !fresh {
            let answered = self.neutral_answers(way).await;
            if answered == 0 {
                self.note_all(mute, Reach::Untold);
                return None;
            }
            way.heard = Some(Instant::now());
            way.lossy |= answered < NEUTRAL_TRIES;
        }
        let mute = if way.lossy { self.at_the_end(way, &mute, LOSSY_TRIES, end).await } else { mute };
        if !mute.is_empty() && self.is_shut_off().await {
            self.known.shut_off = true;
            self.note_all(mute, Reach::Untold);
            return None;
        }
        Some(mute)
    }

    /// How often a neutral flow, asked beside those that stayed silent, came to the end of the trunk.
    async fn neutral_answers(&mut self, way: &Way) -> usize {
        let Some(neutral) = way.neutral else { return 0 };
        let beside = plan::up_to(neutral, Transport::Tcp, way.trunk.end());
        let came = seen(self.tools, vec![beside; NEUTRAL_TRIES], SLOWEST).await;
        came.values().filter(|seen| brought(seen).came == HopAnswer::Expired).count()
    }

    /// Whether none of a few targets answers now that answered the sweep: an intrusion prevention system may take a sweep for an
    /// attack, and what is silent since then says nothing of rules.
    async fn is_shut_off(&self) -> bool {
        let looks = self.open_ones(None, ALIVE);
        let asked = looks.len();
        let alive = seen(self.tools, looks, BESIDE).await;
        asked > 0 && !alive.values().any(|seen| brought(seen).came == HopAnswer::Answered)
    }

    /// Asks whether targets that answered do so from where they should be: who answers a packet that ends on the way stands on it.
    pub(super) async fn forged(&mut self, way: &Way, ipv6: bool) {
        if !way.trunk.is_proven() {
            return;
        }
        let numbers = self.open_numbers(Some(ipv6), DOUBTED);
        let numbers: Vec<u64> =
            numbers.into_iter().filter(|number| self.known.settled.reach(*number).is_none()).collect();
        let targets = numbers.iter().filter_map(|number| self.space.target(*number));
        let looks = targets.map(|(to, transport)| plan::up_to(to, transport, way.trunk.end())).collect();
        let came = seen(self.tools, looks, BESIDE).await;
        for (at, number) in (0..).zip(numbers) {
            if came.get(&at).is_some_and(|seen| brought(seen).came == HopAnswer::Answered) {
                self.note(number, Reach::Forged);
            }
        }
    }

    /// Looks at a few targets that answered the sweep by TCP.
    fn open_ones(&self, ipv6: Option<bool>, most: usize) -> Vec<Look> {
        let targets = self.open_numbers(ipv6, most).into_iter().filter_map(|number| self.space.target(number));
        targets.map(|(to, transport)| plan::all_the_way(to, transport)).collect()
    }

    /// A few targets that answered the sweep by TCP, first one of each port, of prefixes as wide as there are.
    fn open_numbers(&self, ipv6: Option<bool>, most: usize) -> Vec<u64> {
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

    /// Finds out where the flows to silent targets die, and those that a RST comes for end: by a walk to each, until it is clear that
    /// they end where others do.
    async fn walked(&mut self, way: &mut Way, mut mute: Vec<u64>, end: Instant) {
        loop {
            let mut open = Vec::new();
            for number in mute {
                match way.walks.reach(self.found(), number) {
                    Some(reach) => self.note(number, reach),
                    None => open.push(number),
                }
            }
            mute = open;
            if mute.is_empty() || Instant::now() >= end {
                return self.note_all(mute, Reach::Untold);
            }
            (self.events)(SettleEvent::Stage("walking to what stayed silent", mute.len()));
            let chosen = way.walks.next(self.found(), &mute, WALKS);
            let targets = chosen.iter().filter_map(|number| self.space.target(*number));
            let looks: Vec<Look> = targets.map(|(to, transport)| plan::walk(to, transport)).collect();
            // What is lost makes a walk look shorter than it is: of two, the longer is the truer.
            let times = if way.lossy { 2 } else { 1 };
            let mut reaches = vec![Reach::Untold; chosen.len()];
            for _ in 0..times {
                let came = seen(self.tools, looks.clone(), WALK_GAP).await;
                for (at, reach) in (0..).zip(&mut reaches) {
                    let again = came.get(&at).map_or(Reach::Untold, |walk| way.trunk.reach_of(&hops(walk)));
                    *reach = reach.farther(again);
                }
            }
            for (number, reach) in chosen.into_iter().zip(reaches) {
                way.walks.note(number, reach);
            }
        }
    }
}

/// How often a target is asked before it is walked to.
const TRIES: u8 = 3;
/// How often more where packets are lost: of one in three that are lost each way, six are all lost once in three hundred times.
const LOSSY_TRIES: u8 = 6;
/// Walks to silent targets side by side.
const WALKS: usize = 6;
/// How often a neutral flow is asked beside those that stayed silent.
const NEUTRAL_TRIES: usize = 4;
/// So long it holds that the end of the trunk can be heard.
const FRESH: Duration = Duration::from_secs(10);
/// Targets that answered the sweep, asked whether they still do.
const ALIVE: usize = 3;
/// Targets that answered the sweep, asked whether it was they.
const DOUBTED: usize = 12;
/// Between those.
const BESIDE: Duration = Duration::from_millis(50);
