//! The search for the last hop of one flow that does not pass: bisection by packets whose TTL ends at hops of the common path.
//!
//! A traceroute would ask every router at once, and a router that sends few ICMP errors would keep back the one that tells.

use std::collections::BTreeMap;
use std::net::IpAddr;

use why5003_probes::model::HopAnswer;

use super::super::common_path::{CommonPath, Reply};
use super::super::reach::Reach;

/// What is known of where one flow ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LastHopSearch {
    /// What the packets brought, by the hop at which each was to end.
    came: BTreeMap<u8, Reply>,
    /// The flow is known from the first not to come to this hop.
    end: u8,
}

impl LastHopSearch {
    /// Of a flow that brings nothing at the end of the common path. A flow that a RST comes for may end behind it as well.
    pub(super) fn new(common_path: &CommonPath, is_reset: bool) -> Self {
        Self { came: BTreeMap::new(), end: common_path.end().saturating_add(u8::from(is_reset)) }
    }

    /// The hop at which the next packet is to end: the middle one of the routers that are left; `None` where none is.
    pub(super) fn next(&self, common_path: &CommonPath) -> Option<u8> {
        let passed = self.passed(common_path).map_or(0, |(hop, _)| hop);
        let stopped = self.came.keys().copied().find(|hop| *hop > passed).unwrap_or(self.end);
        let left: Vec<u8> =
            (passed.saturating_add(1)..stopped).filter(|hop| common_path.router(*hop).is_some()).collect();
        left.get(left.len() / 2).copied()
    }

    /// The next hop behind the one at which the flow seems to end: that router may be mute for it, and one behind it not.
    pub(super) fn beyond(&self, common_path: &CommonPath) -> Option<u8> {
        let last = self.came.last_key_value();
        let is_silent = |brought: &Reply| brought.came == HopAnswer::Silent;
        let last = last.filter(|(_, brought)| is_silent(brought)).map(|(hop, _)| *hop)?;
        (last.saturating_add(1)..self.end).find(|hop| common_path.router(*hop).is_some())
    }

    /// Notes what a packet brought that was to end at such a hop.
    pub(super) fn note(&mut self, ttl: u8, brought: Reply) {
        self.came.insert(ttl, brought);
    }

    /// The farthest hop that the flow comes to, and the router there. Neutral flows may come to another one.
    fn passed(&self, common_path: &CommonPath) -> Option<(u8, Option<IpAddr>)> {
        let mut clear = self.heard().filter(|(ttl, from)| !self.is_unclear(common_path, *ttl, *from));
        clear.next_back()
    }

    /// The routers that answered, by hop, up to where the flow loops: a router that answers again two hops later, or more. Some routers
    /// answer for two hops in a row.
    fn heard(&self) -> impl DoubleEndedIterator<Item = (u8, Option<IpAddr>)> + '_ {
        let expired = |(ttl, brought): (&u8, &Reply)| {
            (brought.came == HopAnswer::Expired && brought.from.is_some()).then_some((*ttl, brought.from))
        };
        let all = move || self.came.iter().filter_map(expired);
        let has_it_again = move |(ttl, from): &(u8, Option<IpAddr>)| {
            all().any(|(sooner, by)| by == *from && sooner.saturating_add(2) <= *ttl)
        };
        let circle = all().find(has_it_again).map_or(u8::MAX, |(ttl, _)| ttl);
        self.came.range(..circle).filter_map(expired)
    }

    /// Whether the reply came from a router of the common path, but at a later hop than for other flows, and it cannot be told whether the
    /// path is longer or loops. The path is longer if another router answers at the hop of the other flows. Some routers answer for two
    /// hops in a row.
    fn is_unclear(&self, common_path: &CommonPath, ttl: u8, from: Option<IpAddr>) -> bool {
        let at = |hop: u8| self.came.get(&hop).filter(|other| other.came == HopAnswer::Expired);
        let sooner = from.and_then(|from| at(common_path.hop_of(from)?));
        let is_longer = sooner.is_some_and(|other| other.from != from);
        let is_in_a_row = at(ttl.saturating_sub(1)).is_some_and(|other| other.from == from);
        common_path.is_astray(from, ttl) && !is_longer && !is_in_a_row
    }

    /// What is known by now.
    pub(super) fn reach(&self, common_path: &CommonPath) -> Reach {
        let (hop, address) = self.passed(common_path).unwrap_or_default();
        if self.heard().any(|(ttl, _)| ttl > hop) {
            return Reach::Unknown;
        }
        let says = |brought: &&Reply| !matches!(brought.came, HopAnswer::Silent | HopAnswer::Expired);
        let instead = self.came.range(hop.saturating_add(1)..).map(|(_, brought)| brought).find(says);
        match instead.map(|brought| (brought.came, brought.from)) {
            Some((HopAnswer::Prohibited, by)) => Reach::Prohibited { by },
            Some((HopAnswer::Unreachable, by)) => Reach::NoRoute { by },
            Some((HopAnswer::Refused, _)) => Reach::Reset { hop, address },
            Some((HopAnswer::Answered, _)) => Reach::Unknown,
            Some((HopAnswer::Silent | HopAnswer::Expired, _)) | None => match common_path.after(hop) {
                Some(next) => Reach::Dies { hop, address, next: Some(next) },
                None => Reach::Unknown,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use HopAnswer::{Answered, Expired, Prohibited, Refused, Silent, Unreachable};
    use why5003_probes::model::Hop;

    use super::*;

    fn name(n: u8) -> IpAddr {
        IpAddr::from([10, 0, n, 1])
    }

    /// Eight routers, of which the third is mute.
    fn common_path() -> CommonPath {
        let came = |ttl: u8| match ttl {
            3 => Silent,
            9 => Answered,
            _ => Expired,
        };
        let hop = |ttl| Hop { ttl, came: came(ttl), from: (ttl != 3).then(|| name(ttl)), rtt_us: None };
        let walk: Vec<Hop> = (1..=9).map(hop).collect();
        CommonPath::shared(&[walk.clone(), walk])
    }

    /// Searches, where packets pass up to a hop and bring this beyond; and how many it took.
    fn found(last: u8, beyond: Reply) -> (Reach, usize) {
        let common_path = common_path();
        let mut ending = LastHopSearch::new(&common_path, beyond.came == Refused);
        let mut asked = 0;
        while let Some(ttl) = ending.next(&common_path) {
            asked += 1;
            let passes = Reply { came: Expired, from: Some(name(ttl)) };
            ending.note(ttl, if ttl <= last { passes } else { beyond });
        }
        (ending.reach(&common_path), asked)
    }

    #[test]
    fn the_last_router_that_a_flow_comes_to_is_found_by_halving() {
        let silence = Reply { came: Silent, from: None };
        for last in [0, 1, 2, 4, 5, 6, 7] {
            let next = Some(name(if last == 2 { 4 } else { last + 1 }));
            let address = (last > 0).then(|| name(last));
            let (reach, asked) = found(last, silence);
            assert_eq!(reach, Reach::Dies { hop: last, address, next }, "{last}");
            assert!(asked <= 3, "{last}: {asked}");
        }
        // The third says nothing: whether a flow that comes to it does so is not known.
        assert_eq!(found(3, silence).0, Reach::Dies { hop: 2, address: Some(name(2)), next: Some(name(4)) });
    }

    #[test]
    fn what_comes_instead_says_how_it_is_stopped() {
        let by = Some(name(5));
        assert_eq!(found(5, Reply { came: Prohibited, from: by }).0, Reach::Prohibited { by });
        assert_eq!(found(5, Reply { came: Unreachable, from: by }).0, Reach::NoRoute { by });
        assert_eq!(found(5, Reply { came: Refused, from: None }).0, Reach::Reset { hop: 5, address: by });
    }

    #[test]
    fn a_router_beside_the_way_is_named_and_not_the_one_of_that_hop_on_it() {
        let (common_path, beside) = (common_path(), Some(IpAddr::from([10, 9, 9, 9])));
        let mut ending = LastHopSearch::new(&common_path, false);
        while let Some(ttl) = ending.next(&common_path) {
            let came = if ttl <= 4 { Expired } else { Silent };
            ending.note(ttl, Reply { came, from: if ttl == 4 { beside } else { Some(name(ttl)) } });
        }
        assert_eq!(ending.reach(&common_path), Reach::Dies { hop: 4, address: beside, next: Some(name(5)) });
    }

    #[test]
    fn a_packet_that_goes_in_a_circle_comes_no_farther_than_where_it_turns_back() {
        // The sixth sends it back to the fifth.
        let back = Reply { came: Expired, from: Some(name(5)) };
        assert_eq!(found(6, back).0, Reach::Dies { hop: 6, address: Some(name(6)), next: Some(name(7)) });
    }

    /// Searches, beyond where it seems to end as well, where such routers have it at hop 1, 2, …; 0 where nobody does.
    fn found_of(routers: [u8; 7], is_reset: bool) -> Reach {
        let common_path = common_path();
        let mut ending = LastHopSearch::new(&common_path, is_reset);
        while let Some(ttl) = ending.next(&common_path).or_else(|| ending.beyond(&common_path)) {
            let router = routers.get(usize::from(ttl) - 1).copied().unwrap_or_default();
            let from = (router > 0).then(|| name(router));
            ending.note(ttl, Reply { came: if router > 0 { Expired } else { Silent }, from });
        }
        ending.reach(&common_path)
    }

    #[test]
    fn a_router_that_is_mute_for_it_is_not_where_it_ends_if_one_behind_him_answers() {
        let dies = |hop| Reach::Dies { hop, address: Some(name(hop)), next: Some(name(hop + 1)) };
        assert_eq!(found_of([1, 2, 0, 0, 5, 6, 0], false), dies(6));
        assert_eq!(found_of([1, 0, 0, 0, 0, 0, 0], false), dies(1));
    }

    #[test]
    fn a_longer_way_is_no_circle() {
        let longer = Reach::Dies { hop: 6, address: Some(name(5)), next: Some(name(7)) };
        assert_eq!(found_of([1, 99, 2, 3, 4, 5, 0], false), longer);
        let circle = Reach::Dies { hop: 4, address: Some(name(99)), next: Some(name(5)) };
        assert_eq!(found_of([1, 2, 4, 99, 2, 4, 99], false), circle);
    }

    #[test]
    fn where_it_is_not_seen_whether_a_way_is_longer_or_goes_in_a_circle_nothing_is_told() {
        assert_eq!(found_of([1, 0, 2, 0, 4, 5, 0], false), Reach::Unknown);
    }

    #[test]
    fn a_router_that_answers_for_two_hops_in_a_row_turns_nothing_back() {
        let dies = Reach::Dies { hop: 5, address: Some(name(99)), next: Some(name(6)) };
        assert_eq!(found_of([1, 1, 0, 4, 99, 0, 0], false), dies);
        let dies = Reach::Dies { hop: 2, address: Some(name(1)), next: Some(name(4)) };
        assert_eq!(found_of([1, 1, 0, 0, 0, 0, 0], false), dies);
    }

    #[test]
    fn a_rst_is_nobodys_on_the_way_unless_a_packet_that_ends_on_the_way_brings_one() {
        let dies = Reach::Dies { hop: 2, address: Some(name(2)), next: Some(name(4)) };
        assert_eq!(found_of([1, 2, 0, 0, 0, 0, 0], true), dies);
    }
}
