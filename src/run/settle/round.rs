//! One round of settling: what a packet brings that ends at the last shared router, and a search for where flows end that bring nothing.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::time::Instant;
use why5003_probes::engines::Response;
use why5003_probes::model::{Hop, HopAnswer, Look, Transport};

use super::ask::{Asking, ask};
use super::look::{brought, hops, seen};
use super::{ALIVE, SLOWEST, SettleEvent, TRIES, UNLIMITED, Way, Work};
use crate::plan;
use crate::sweep::{Brought, Ending, Reach, Trunk, limiters};

impl Work<'_, '_> {
    /// Asks those, and notes what is told of each.
    pub(super) async fn round(&mut self, way: &mut Way, open: Vec<u64>, end: Instant) {
        if way.trunk.end() == 0 {
            (self.events)(SettleEvent::Stage("asking for whom somebody refuses", open.len()));
            let asking = Asking { open: &open, tries: TRIES, end, spacing: self.at_least(SPACING, 1) };
            let (tools, space) = (self.tools, self.space);
            let mut note = |number, reach| self.note(number, reach);
            let mute = ask(tools, space, asking, plan::all_the_way, Brought::all_the_way, &mut note).await;
            return self.note_all(mute, Reach::Untold);
        }
        // Those of one transport at a time: the words that a router spends on the one, and a firewall keeps back, are not the other's.
        let is_udp =
            |number: &u64| self.space.target(*number).is_some_and(|(_, transport)| transport == Transport::Udp);
        let (udp, tcp): (Vec<u64>, Vec<u64>) = open.into_iter().partition(is_udp);
        for (transport, open) in [(Transport::Tcp, tcp), (Transport::Udp, udp)] {
            if !open.is_empty() {
                self.of_a_transport(way, (transport, open), end).await;
            }
        }
    }

    async fn of_a_transport(&mut self, way: &mut Way, (transport, open): (Transport, Vec<u64>), end: Instant) {
        (self.events)(SettleEvent::Stage("asking the last shared router", open.len()));
        let mute = self.at_the_end(way, (transport, &open), FIRST_TRIES, end).await;
        if !mute.is_empty()
            && let Some(mute) = self.surely_mute(way, (transport, mute), end).await
        {
            let mute = self.by_no_way_of_their_own(way, (transport, mute), end).await;
            self.placed(way, (transport, mute), end).await;
        }
    }

    /// A few that die though others of their prefix pass at their port, and that were not asked about once more: chance may have lost all
    /// that was asked of them.
    pub(super) fn lone_deaths(&self, way: &Way, ipv6: bool) -> Vec<u64> {
        if way.asked_again {
            return Vec::new();
        }
        let lanes = (0..self.space.lanes().len()).filter(|lane| self.is_of(*lane, ipv6));
        let of_lane = |lane: usize| {
            let numbers = self.space.numbers(lane);
            let settled: Vec<(u64, Reach)> = self.known.settled.within(numbers.clone()).collect();
            let passes = settled.iter().any(|(_, reach)| reach.passes() == Some(true));
            let deaths = settled.into_iter().filter(|(_, reach)| matches!(reach, Reach::Dies { .. }));
            deaths.filter(move |_| passes).map(|(number, _)| number).take(OF_LANE_AGAIN)
        };
        lanes.flat_map(of_lane).take(FEW_AGAIN).collect()
    }

    /// Asks about those many times more, and notes which pass after all.
    pub(super) async fn again(&mut self, way: &mut Way, deaths: Vec<u64>, end: Instant) {
        (self.events)(SettleEvent::Stage("asking again what dies beside others", deaths.len()));
        way.asked_again = true;
        for transport in [Transport::Tcp, Transport::Udp] {
            let of_transport = |number: &u64| self.space.target(*number).is_some_and(|(_, of)| of == transport);
            let open: Vec<u64> = deaths.iter().copied().filter(of_transport).collect();
            let still = self.at_the_end(way, (transport, &open), LOSSY_TRIES, end).await;
            open.iter().filter(|number| !still.contains(number)).for_each(|number| way.searches.forget(*number));
        }
    }

    /// Asks the last shared router by packets to these targets, and the one first that is known to answer behind it; returns those that
    /// brought nothing. Nearer routers would answer sooner, and say nothing of what filters behind them.
    ///
    /// Where somebody answers who is none of the shared routers, the way is another, and may lead through filters that no neutral flow meets:
    /// he counts if what answered the sweep came by him.
    pub(super) async fn at_the_end(
        &mut self,
        way: &mut Way,
        (transport, open): (Transport, &[u64]),
        tries: u8,
        end: Instant,
    ) -> Vec<u64> {
        let (tools, space) = (self.tools, self.space);
        // Somebody on the way limits how much passes, and refuses the rest.
        let is_limited = !limiters(self.found()).is_empty();
        let spacing = self.at_least(if is_limited { UNLIMITED } else { SPACING }, 1);
        let mut of_hop: BTreeMap<u8, Vec<u64>> = BTreeMap::from([(way.trunk.end(), Vec::new())]);
        for number in open {
            of_hop.entry(self.last_hop_asked(way, *number)).or_default().push(*number);
        }
        let Way { trunk, heard, .. } = way;
        let mut no_route: Vec<(u64, Reach)> = Vec::new();
        let mut strange: Vec<(u64, Reach, (u8, IpAddr))> = Vec::new();
        let mut note = |number, reach: Reach| {
            if matches!(reach, Reach::NoRoute { .. }) {
                no_route.push((number, reach));
                return;
            }
            if let Reach::Passes { hop, router: Some(router) } = reach
                && !trunk.has(router)
            {
                strange.push((number, reach, (hop, router)));
                return;
            }
            self.note(number, reach);
            if let Some((_, transport)) = space.target(number).filter(|_| reach.passes() == Some(true)) {
                heard.insert(transport, Instant::now());
            }
        };
        let mut mute = Vec::new();
        // The farthest first: a part of a prefix may come by the way that all share, and is asked for there in the end.
        while let Some((hop, mut open)) = of_hop.pop_last() {
            open.append(&mut mute);
            let look = |to, transport| plan::up_to(to, transport, hop);
            let tells = |brought: Brought| brought.at_the_end(trunk, hop);
            let asking = Asking { open: &open, tries, end, spacing };
            mute = ask(tools, space, asking, look, tells, &mut note).await;
        }
        if !strange.is_empty() {
            let led = self.led_to_answers(way, &strange).await;
            for (number, reach, _) in strange {
                self.note(number, if led.contains(&number) { reach } else { Reach::Untold });
            }
        }
        // What a line that fails says, it says to everybody: it counts while a neutral flow goes on.
        let goes_on = no_route.is_empty() || self.neutral_goes_on(way, transport).await;
        for (number, reach) in no_route {
            self.note(number, if goes_on { reach } else { Reach::Untold });
        }
        mute
    }

    /// Those of which it is sure that they bring nothing while a neutral flow does, and while what answered before still answers;
    /// `None` where that is not so, and nothing can be told of any.
    async fn surely_mute(
        &mut self,
        way: &mut Way,
        (transport, mute): (Transport, Vec<u64>),
        end: Instant,
    ) -> Option<Vec<u64>> {
        let fresh = way.heard.get(&transport).is_some_and(|at| at.elapsed() < FRESH);
        if !fresh {
            let answered = self.neutral_answers(way, transport, NEUTRAL_TRIES).await;
            if answered == 0 {
                self.note_all(mute, Reach::Untold);
                return None;
            }
            way.heard.insert(transport, Instant::now());
            way.lossy |= answered < NEUTRAL_TRIES;
        }
        // The neutral flow may go on since a moment ago.
        let mute =
            self.at_the_end(way, (transport, &mute), if way.lossy { LOSSY_TRIES } else { TRIES_AGAIN }, end).await;
        if !mute.is_empty() && self.is_shut_off().await {
            self.known.shut_off = true;
            self.note_all(mute, Reach::Untold);
            return None;
        }
        Some(mute)
    }

    /// How often a neutral flow of the same transport came to the end of the trunk, asked beside those that stayed silent: some firewalls
    /// let the ICMP errors for one transport in, and those for the other not.
    async fn neutral_answers(&self, way: &Way, transport: Transport, tries: usize) -> usize {
        let Some(neutral) = way.neutral else { return 0 };
        let up_to = |port| plan::up_to(SocketAddr::new(neutral.ip(), port), transport, way.trunk.end());
        let mut looks: Vec<Look> = match transport {
            Transport::Tcp => vec![up_to(neutral.port())],
            Transport::Udp => NEUTRAL_UDP.map(up_to).to_vec(),
        };
        looks = looks.iter().cycle().take(looks.len().max(tries)).cloned().collect();
        let came = seen(self.tools, looks, SLOWEST).await;
        let goes_on = |brought: Brought| {
            brought.came == HopAnswer::Expired && !way.trunk.is_astray(brought.from, way.trunk.end())
        };
        came.values().filter(|seen| goes_on(brought(seen))).count()
    }

    /// Whether a neutral flow still comes to the end of the trunk, now.
    async fn neutral_goes_on(&self, way: &Way, transport: Transport) -> bool {
        for _ in 0..NEUTRAL_TRIES {
            if self.neutral_answers(way, transport, 1).await > 0 {
                return true;
            }
        }
        false
    }

    /// The walks to targets that answered the sweep, and to Zoom's known hosts that answered, as far as they arrived: Zoom's flows may have a
    /// way of their own.
    pub(super) async fn alive(&self, way: &mut Way, beside: Option<u64>) -> Vec<Vec<Hop>> {
        if let Some(alive) = &way.alive {
            return alive.clone();
        }
        let ipv6 = beside.and_then(|number| self.space.target(number)).map(|(to, _)| to.is_ipv6());
        // Who stands in for others stands on the way.
        let is_there = |number: &u64| self.known.settled.reach(*number) != Some(Reach::Forged);
        let numbers = self.open_numbers(ipv6, ALIVE).into_iter().filter(is_there);
        let targets = numbers.filter_map(|number| self.space.target(number));
        let known = self.answering.iter().filter(|to| ipv6.is_none_or(|ipv6| to.is_ipv6() == ipv6));
        let known = known.map(|to| (*to, Transport::Tcp));
        let looks = targets.chain(known).take(ALIVE).map(|(to, transport)| plan::walk(to, transport)).collect();
        let came = seen(self.tools, looks, self.walk_gap()).await;
        let walks = came.values().map(hops).filter(|walk| Trunk::arrived(walk));
        way.alive.insert(walks.collect()).clone()
    }

    /// Finds out where the flows to silent targets die, and those that a RST comes for end: for each, until it is clear that they end
    /// where others do.
    async fn placed(&mut self, way: &mut Way, (transport, mut mute): (Transport, Vec<u64>), end: Instant) {
        let mut goes_on = false;
        loop {
            let found = self.found();
            let mut concluded: Vec<(u64, Reach)> = Vec::new();
            mute.retain(|number| {
                let reach = way.searches.reach(found, *number);
                concluded.extend(reach.map(|reach| (*number, reach)));
                reach.is_none()
            });
            // A line that fails meanwhile is silent to everybody.
            if !concluded.is_empty() && !goes_on && !self.neutral_goes_on(way, transport).await {
                mute.extend(concluded.into_iter().map(|(number, _)| number));
                return self.note_all(mute, Reach::Untold);
            }
            self.check(way, &concluded, end).await;
            for (number, reach) in concluded {
                if way.searches.is_of_known_prefix(self.found(), number) || reach.passes() != Some(false) {
                    self.note(number, reach);
                } else {
                    mute.push(number);
                }
            }
            if mute.is_empty() || Instant::now() >= end {
                return self.note_all(mute, Reach::Untold);
            }
            (self.events)(SettleEvent::Stage("searching where silent flows end", mute.len()));
            let chosen = way.searches.next(self.found(), &mute, SEARCHES);
            let reaches = self.endings(way, &chosen, end).await;
            // Meanwhile a line may have come back.
            let is_first = chosen.iter().any(|number| self.is_first_death_of_its_lane(*number));
            let tries = if is_first { LOSSY_TRIES } else { TRIES_AGAIN };
            let still = self.at_the_end(way, (transport, &chosen), tries, end).await;
            mute.retain(|number| still.contains(number) || !chosen.contains(number));
            if !self.neutral_goes_on(way, transport).await {
                return self.note_all(mute, Reach::Untold);
            }
            goes_on = true;
            way.heard.insert(transport, Instant::now());
            let alive = self.alive(way, chosen.first().copied()).await;
            let end_of_trunk = way.trunk.end();
            for (number, reach) in reaches.into_iter().filter(|(number, _)| still.contains(number)) {
                // Where routers are as silent to what answers, their silence proves nothing.
                let answers = |at: &Hop| at.came == HopAnswer::Expired && at.ttl <= end_of_trunk;
                let farther = |hop: u8| move |walk: &Vec<Hop>| walk.iter().any(|at| at.ttl > hop && answers(at));
                let proves = |reach: Reach| match reach {
                    Reach::Dies { hop, .. } => alive.iter().all(farther(hop)),
                    _ => true,
                };
                way.searches.note(number, if proves(reach) { reach } else { Reach::Untold });
            }
        }
    }

    /// Whether others of its prefix pass at its port, and none was found yet that does not: chance may have lost what was asked of it.
    fn is_first_death_of_its_lane(&self, number: u64) -> bool {
        let numbers = self.space.numbers(self.space.lane_of(number));
        let passes: Vec<bool> =
            self.known.settled.within(numbers.clone()).filter_map(|(_, reach)| reach.passes()).collect();
        (passes.contains(&true) || self.ledger.tally(numbers).open > 0) && !passes.contains(&false)
    }

    /// Where packets to these targets end.
    async fn endings(&self, way: &Way, chosen: &[u64], end: Instant) -> Vec<(u64, Reach)> {
        let trunk = &way.trunk;
        let is_reset = |number| matches!(self.ledger.response(number), Some(Response::Closed { .. }));
        let mut endings: BTreeMap<u64, Ending> =
            chosen.iter().map(|number| (*number, Ending::new(trunk, is_reset(*number)))).collect();
        let (tools, space, spacing) = (self.tools, self.space, self.at_least(SPACING, 1));
        let tries = if way.lossy { LOSSY_TRIES } else { TRIES };
        loop {
            let mut at: BTreeMap<u8, Vec<u64>> = BTreeMap::new();
            for (number, ending) in &endings {
                if let Some(ttl) = ending.next(trunk).or_else(|| ending.beyond(trunk)) {
                    at.entry(ttl).or_default().push(*number);
                }
            }
            // Those that end at one router are asked about together; the nearest first.
            let Some((ttl, open)) = at.pop_first() else { break };
            let look = |to, transport| plan::up_to(to, transport, ttl);
            let tells = |brought: Brought| (brought.came != HopAnswer::Silent).then_some(brought);
            let mut came: Vec<(u64, Brought)> = Vec::new();
            let asking = Asking { open: &open, tries, end, spacing };
            let silent =
                ask(tools, space, asking, look, tells, &mut |number, brought| came.push((number, brought))).await;
            came.extend(silent.into_iter().map(|number| (number, SILENCE)));
            if came.is_empty() {
                break;
            }
            for (number, brought) in came {
                if let Some(ending) = endings.get_mut(&number) {
                    ending.note(ttl, brought);
                }
            }
        }
        endings.into_iter().map(|(number, ending)| (number, ending.reach(trunk))).collect()
    }
}

const SILENCE: Brought = Brought { came: HopAnswer::Silent, from: None };
/// Between two packets in any case: an answer to the one is mostly there before the other leaves.
pub(super) const SPACING: Duration = Duration::from_millis(60);
/// How often a target is asked before a neutral flow is asked beside it.
const FIRST_TRIES: u8 = 2;
/// How often more, after a neutral flow was seen to go on.
const TRIES_AGAIN: u8 = 2;
/// How many deaths are asked about once more.
const FEW_AGAIN: usize = 16;
/// And of one prefix at one port.
const OF_LANE_AGAIN: usize = 3;
/// How often more where packets are lost: of one in three that are lost each way, six are all lost once in three hundred times.
const LOSSY_TRIES: u8 = 6;
/// Targets for which the end is searched side by side.
const SEARCHES: usize = 6;
/// How often a neutral flow is asked beside those that stayed silent.
const NEUTRAL_TRIES: usize = 4;
/// DNS, QUIC and STUN: what networks let out by UDP, if anything.
const NEUTRAL_UDP: [u16; 3] = [53, 443, 3_478];
/// So long it holds that the end of the trunk can be heard.
const FRESH: Duration = Duration::from_secs(10);
