//! What is to be settled next: the most telling first, since routers answer seldom and time is short.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use ipnet::IpNet;

use super::fare::{halfway, unclear};
use super::found::Found;
use super::kin::{Kin, widest};
use super::space::{Lane, Port};

/// The targets that are to be settled next, of lanes that may be asked; none where nothing is left that would tell more.
///
/// The order is: every port, at the two widest prefixes; every prefix; the ends of its halves; what lies at the borders that were
/// found; every port of every prefix, and then at its other end; a number of samples; and then every /24.
pub(super) fn next_to_settle(found: Found<'_>, may_ask: impl Fn(usize) -> bool) -> Vec<u64> {
    let kin = Kin::of(found);
    let lanes: Vec<(usize, Lane)> = (0..).zip(found.space.lanes().iter().copied()).collect();
    let lanes: Vec<(usize, Lane)> = lanes.into_iter().filter(|(at, lane)| !lane.canary && may_ask(*at)).collect();
    let stages: [&dyn Fn() -> Vec<u64>; 8] = [
        &|| every_port(found, &lanes),
        &|| every_prefix(found, &lanes, &kin),
        &|| every_half(found, &lanes, &kin),
        &|| lanes.iter().flat_map(|(at, _)| halfway(found, *at)).collect(),
        &|| every_pair(found, &lanes, &kin),
        &|| every_end(found, &lanes, &kin),
        &|| every_sample(found, &lanes, &kin),
        &|| every_block(found, &lanes, &kin),
    ];
    let open = stages.iter().map(|stage| stage()).map(|mut open| {
        open.retain(|number| found.settled.reach(*number).is_none());
        open
    });
    open.into_iter().find(|open| !open.is_empty()).unwrap_or_default()
}

/// Every port, at the two widest prefixes that have it.
fn every_port(found: Found<'_>, lanes: &[(usize, Lane)]) -> Vec<u64> {
    let widest = widest(found.space);
    let lanes = lanes.iter().filter(|(_, lane)| widest.contains(&(lane.prefix, lane.port)));
    lanes.filter_map(|(at, _)| telling(found, *at).first().copied()).collect()
}

/// Every prefix, at one port of each class; where something of a class is stopped there, at each of its ports, since that a packet
/// is stopped is never concluded from others.
fn every_prefix(found: Found<'_>, lanes: &[(usize, Lane)], kin: &Kin) -> Vec<u64> {
    let mut begun: BTreeSet<(IpNet, Port)> = BTreeSet::new();
    let open = lanes.iter().filter(|(at, lane)| !kin.known.contains_key(at) && !kin.passes(*lane));
    let wanted = open.filter(|(_, lane)| {
        let class = kin.class(lane.port);
        kin.is_stopped(lane.prefix, class) || begun.insert((lane.prefix, class))
    });
    wanted.filter_map(|(at, _)| telling(found, *at).first().copied()).collect()
}

/// In each prefix a second and two middle targets, where a mask that is too long shows: at one port of each class, and at every port
/// at which some are refused, and others not.
fn every_half(found: Found<'_>, lanes: &[(usize, Lane)], kin: &Kin) -> Vec<u64> {
    let refused = |at: usize| {
        let tally = found.ledger.tally(found.space.numbers(at));
        tally.prohibited + tally.unreachable > 0 || (tally.closed > 0 && tally.open + tally.silent > 0)
    };
    let first = first_of_each_class(lanes, kin);
    let wanted =
        first.iter().chain(lanes.iter().filter(|(at, _)| refused(*at) && !first.iter().any(|(other, _)| other == at)));
    wanted.flat_map(|(at, _)| telling(found, *at)).collect()
}

/// Each port of each prefix of which nothing is known: others that fare alike elsewhere tell what to ask first, and prove nothing.
fn every_pair(found: Found<'_>, lanes: &[(usize, Lane)], kin: &Kin) -> Vec<u64> {
    let unknown = lanes.iter().filter(|(at, _)| !kin.known.contains_key(at));
    unknown.filter_map(|(at, _)| telling(found, *at).first().copied()).collect()
}

/// Both ends of each port of each prefix, where a mask of one port alone that is too long shows; and the ends of its halves, where a part
/// of the prefix is stopped at a port of its class.
fn every_end(found: Found<'_>, lanes: &[(usize, Lane)], kin: &Kin) -> Vec<u64> {
    let of_lane = |(at, lane): &(usize, Lane)| {
        let mut telling = telling(found, *at);
        if !kin.is_partly(lane.prefix, kin.class(lane.port)) {
            telling.truncate(2);
        }
        telling
    };
    lanes.iter().flat_map(of_lane).collect()
}

/// A number of samples of each prefix, spread evenly, where more were asked than the ends of its halves: a hole shows in them.
fn every_sample(found: Found<'_>, lanes: &[(usize, Lane)], kin: &Kin) -> Vec<u64> {
    let mut chosen = Vec::new();
    for (at, _) in first_of_each_class(lanes, kin) {
        let unclear: Vec<u64> = unclear(found, at).collect();
        let wanted = if unclear.len() <= FEW { FEW } else { SAMPLES };
        let step = unclear.len().div_ceil(wanted).max(1);
        chosen.extend(unclear.iter().step_by(step));
    }
    chosen
}

/// One of each /24 of IPv4, where more were asked than a few: few rules are narrower.
fn every_block(found: Found<'_>, lanes: &[(usize, Lane)], kin: &Kin) -> Vec<u64> {
    let block = |number: &u64| match found.space.target(*number)?.0 {
        SocketAddr::V4(to) => Some(to.ip().to_bits() >> 8),
        SocketAddr::V6(_) => None,
    };
    let mut chosen = Vec::new();
    for (at, lane) in first_of_each_class(lanes, kin) {
        let numbers = found.space.numbers(at);
        if numbers.end - numbers.start <= FEW_ASKED || !found.trunks.of(lane.prefix.addr()).is_proven() {
            continue;
        }
        let settled = found.settled.within(numbers).map(|(number, _)| number);
        let mut begun: BTreeSet<u32> = settled.filter_map(|number| block(&number)).collect();
        chosen.extend(unclear(found, at).filter(|number| block(number).is_some_and(|block| begun.insert(block))));
    }
    chosen
}

/// Of each prefix and class of ports the first lane, TCP and the widest prefixes first.
fn first_of_each_class(lanes: &[(usize, Lane)], kin: &Kin) -> Vec<(usize, Lane)> {
    let mut begun: BTreeSet<(IpNet, Port)> = BTreeSet::new();
    let mut lanes = lanes.to_vec();
    lanes.sort_by_key(|(_, lane)| (lane.port.transport, lane.prefix.prefix_len()));
    lanes.retain(|(_, lane)| begun.insert((lane.prefix, kin.class(lane.port))));
    lanes
}

/// The first, the last and the two middle targets of a lane of which it is not clear who kept silent or refused.
fn telling(found: Found<'_>, lane: usize) -> Vec<u64> {
    let unclear = || unclear(found, lane);
    let numbers = found.space.numbers(lane);
    let middle = numbers.start.midpoint(numbers.end);
    let picks = [
        unclear().next(),
        unclear().next_back(),
        unclear().rfind(|number| *number < middle),
        unclear().find(|number| *number >= middle),
    ];
    let mut chosen = Vec::new();
    for number in picks.into_iter().flatten() {
        if !chosen.contains(&number) {
            chosen.push(number);
        }
    }
    chosen
}

/// So many of a prefix are all settled.
const FEW: usize = 64;
/// The same.
const FEW_ASKED: u64 = FEW as u64;
/// Of more, so many.
const SAMPLES: usize = 16;

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use why5003_probes::engines::Response;
    use why5003_probes::model::{Hop, HopAnswer, Location, Transport};

    use super::super::{Amount, Ledger, Reach, Settled, Space, TargetState, Trunk, Trunks, last_words, survey};
    use super::*;

    /// A sweep to which nobody answered.
    struct Silence {
        space: Space,
        ledger: Ledger,
        settled: Settled,
        trunks: Trunks,
    }

    impl Silence {
        /// Of these prefixes at these TCP ports.
        fn of(prefixes: &[&str], ports: &[u16]) -> Self {
            let lane = |prefix: &str, number| Lane {
                prefix: prefix.parse().unwrap(),
                port: Port { transport: Transport::Tcp, number },
                canary: false,
            };
            let lanes = prefixes.iter().flat_map(|prefix| ports.iter().map(|port| lane(prefix, *port)));
            let space = Space::new(lanes.collect(), Amount::All).unwrap();
            let mut ledger = Ledger::new(space.count());
            (0..space.count()).for_each(|number| assert!(ledger.note(number, Response::Silent)));
            Self { space, ledger, settled: Settled::default(), trunks: Trunks::default() }
        }

        fn found(&self) -> Found<'_> {
            Found { space: &self.space, ledger: &self.ledger, settled: &self.settled, trunks: &self.trunks }
        }

        fn next(&self) -> Vec<String> {
            self.named(&next_to_settle(self.found(), |_| true))
        }

        fn named(&self, numbers: &[u64]) -> Vec<String> {
            let name = |number| self.space.target(number).unwrap().0.to_string();
            numbers.iter().map(|number| name(*number)).collect()
        }

        /// Settles what is next; packets die where they are named.
        fn settle(&mut self, dying: &[&str]) {
            for number in next_to_settle(self.found(), |_| true) {
                let dies = dying.contains(&self.named(&[number])[0].as_str());
                self.settled.note(number, if dies { DIES } else { PASSES });
            }
        }

        /// Settles until nothing is left, and says how many were asked.
        fn settle_all(&mut self, truth: impl Fn(u64) -> Reach) -> usize {
            let mut asked = 0;
            loop {
                let next = next_to_settle(self.found(), |_| true);
                if next.is_empty() {
                    return asked;
                }
                asked += next.len();
                for number in next {
                    self.settled.note(number, truth(number));
                }
            }
        }
    }

    const DIES: Reach = Reach::Dies { hop: 1, address: None, next: None };
    const PASSES: Reach = Reach::Passes { hop: 4, router: None };

    #[test]
    fn ports_that_fare_alike_at_the_widest_prefixes_are_settled_once_in_every_other() {
        let mut all = Silence::of(&["192.0.2.0/32", "192.0.2.1/32", "192.0.2.2/32", "192.0.2.3/32"], &[443, 8801]);
        assert_eq!(all.next(), ["192.0.2.0:443", "192.0.2.1:443", "192.0.2.0:8801", "192.0.2.1:8801"]);
        all.settle(&[]);
        assert_eq!(all.next(), ["192.0.2.2:443", "192.0.2.3:443"]);
        all.settle(&["192.0.2.3:443"]);
        let kin = Kin::of(all.found());
        let fares: Vec<_> = all.space.lanes().iter().skip(4).map(|lane| kin.passes(*lane)).collect();
        assert_eq!(fares, [true, true, true, false]);
        assert_eq!(all.next(), ["192.0.2.3:8801"]);
        all.settle(&[]);
        // What is taken of kin is asked itself in the end.
        assert_eq!(all.next(), ["192.0.2.2:8801"]);
    }

    #[test]
    fn where_half_of_a_prefix_is_blocked_at_one_port_its_other_ports_are_settled_by_themselves() {
        let mut all = Silence::of(&["192.0.2.0/31", "198.51.100.0/32", "203.0.113.0/32"], &[443, 8801]);
        // At port 443 one of the first prefix's two dies; at 8801 of that prefix nothing is settled.
        for (number, reach) in [(0, PASSES), (1, DIES), (2, PASSES), (6, PASSES)] {
            all.settled.note(number, reach);
        }
        assert!(all.next().contains(&"192.0.2.0:8801".to_owned()), "{:?}", all.next());
    }

    #[test]
    fn ports_that_fare_differently_somewhere_are_settled_apart_everywhere() {
        let mut all = Silence::of(&["192.0.2.0/32", "192.0.2.1/32", "192.0.2.2/32"], &[443, 8801]);
        all.settle(&["192.0.2.1:8801"]);
        assert_eq!(all.next(), ["192.0.2.2:443", "192.0.2.2:8801"]);
    }

    #[test]
    fn a_border_within_a_prefix_is_found_by_bisection() {
        let mut all = Silence::of(&["170.114.0.0/16"], &[443]);
        let asked = all.settle_all(|number| if number < 0x4000 { PASSES } else { DIES });
        assert_eq!((all.settled.reach(0x3fff), all.settled.reach(0x4000)), (Some(PASSES), Some(DIES)));
        assert!(asked <= 20 + SAMPLES, "{asked}");
    }

    #[test]
    fn what_refuses_one_in_a_thousand_is_found_to_its_borders() {
        let mut all = Silence::of(&["170.114.0.0/16"], &[443]);
        let by: Option<IpAddr> = "10.0.2.2".parse().ok();
        for number in [0x5abc, 0x6123, 0x7def] {
            all.ledger.note(number, Response::Prohibited { by });
        }
        let refused = |number: u64| (0x5800..0x8000).contains(&number);
        let asked = all.settle_all(|number| if refused(number) { Reach::Prohibited { by } } else { Reach::Untold });
        let survey = survey(all.found());
        let words = last_words(all.found(), &survey);
        let words: Vec<_> = words.map(|word| (word.from.to_string(), word.targets, word.state)).collect();
        // It is refused by ICMP, at a router that no trace has met.
        let location = Some(Location { address: by, ..Location::default() });
        let expected = [
            ("170.114.0.0", 0x5800, TargetState::Unknown),
            ("170.114.88.0", 0x2800, TargetState::Prohibited { location }),
            ("170.114.128.0", 0x8000, TargetState::Unknown),
        ];
        assert_eq!(words, expected.map(|(from, targets, state)| (from.to_owned(), targets, state)));
        assert!(asked <= 40 + SAMPLES, "{asked}");
    }

    #[test]
    fn a_hole_of_a_24_is_found_in_all_addresses_of_a_prefix() {
        let mut all = Silence::of(&["170.114.0.0/16"], &[443]);
        let walk = |hop, came| Hop { ttl: hop, came, from: Some([10, 0, hop, 1].into()), rtt_us: None };
        let came = [(1, HopAnswer::Expired), (2, HopAnswer::Expired), (3, HopAnswer::Answered)];
        let walk: Vec<_> = came.into_iter().map(|(hop, came)| walk(hop, came)).collect();
        all.trunks.v4 = Trunk::shared(&[walk.clone(), walk]);
        let hole = 0x1700..0x1800;
        all.settle_all(|number| if hole.contains(&number) { DIES } else { PASSES });
        let survey = survey(all.found());
        let parts: Vec<_> = survey.lanes[0].blocked.iter().map(|part| part.prefix.to_string()).collect();
        assert_eq!(parts, ["170.114.23.0/24"]);
    }

    #[test]
    fn half_of_a_prefix_that_is_stopped_at_one_port_alone_is_found_though_all_else_passes() {
        let mut all = Silence::of(&["192.0.2.0/31", "198.51.100.0/31", "203.0.113.0/31"], &[443, 8801]);
        // In the order of port and prefix: the last address of the last lane.
        all.settle_all(|number| if number == 11 { DIES } else { PASSES });
        let survey = survey(all.found());
        let parts: Vec<_> = survey.lanes.iter().flat_map(|lane| &lane.blocked).map(|part| part.prefix).collect();
        assert_eq!(parts, ["203.0.113.1/32".parse().unwrap()]);
        assert!(survey.lanes.iter().all(super::super::LaneSurvey::is_told));
    }

    #[test]
    fn what_may_not_be_asked_is_left_out() {
        let all = Silence::of(&["192.0.2.0/32", "192.0.2.1/32"], &[443]);
        assert_eq!(all.named(&next_to_settle(all.found(), |lane| lane == 1)), ["192.0.2.1:443"]);
    }
}
