//! What is to be traced next: the most telling first, since routers answer seldom and time is short.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use ipnet::IpNet;

use super::found::Found;
use super::judged_targets::{halfway, unclear};
use super::port_classes::{PortClasses, widest};
use super::target_space::{Port, PrefixPort};

/// The targets that are to be traced next, of pairs that may be asked; none where nothing is left that would tell more.
///
/// The order is: every port at the two widest prefixes, every prefix, the ends of its halves, and the borders that
/// were found. Then follow every port of every prefix, the other end of each, a number of samples, and every /24.
pub(super) fn next_to_trace(found: Found<'_>, may_ask: impl Fn(usize) -> bool) -> Vec<u64> {
    let port_classes = PortClasses::of(found);
    let pairs: Vec<(usize, PrefixPort)> = (0..).zip(found.space.pairs().iter().copied()).collect();
    let pairs: Vec<(usize, PrefixPort)> = pairs.into_iter().filter(|(at, pair)| !pair.canary && may_ask(*at)).collect();
    let stages: [&dyn Fn() -> Vec<u64>; 8] = [
        &|| every_port(found, &pairs),
        &|| every_prefix(found, &pairs, &port_classes),
        &|| every_half(found, &pairs, &port_classes),
        &|| pairs.iter().flat_map(|(at, _)| halfway(found, *at)).collect(),
        &|| every_pair(found, &pairs, &port_classes),
        &|| every_end(found, &pairs, &port_classes),
        &|| every_sample(found, &pairs, &port_classes),
        &|| every_block(found, &pairs, &port_classes),
    ];
    let open = stages.iter().map(|stage| stage()).map(|mut open| {
        open.retain(|number| found.reaches.reach(*number).is_none());
        open
    });
    open.into_iter().find(|open| !open.is_empty()).unwrap_or_default()
}

/// Every port, at the two widest prefixes that have it.
fn every_port(found: Found<'_>, pairs: &[(usize, PrefixPort)]) -> Vec<u64> {
    let widest = widest(found.space);
    let pairs = pairs.iter().filter(|(_, pair)| widest.contains(&(pair.prefix, pair.port)));
    pairs.filter_map(|(at, _)| telling(found, *at).first().copied()).collect()
}

/// Every prefix, at one port of each class; where something of a class is stopped there, at each of its ports, since that a packet
/// is stopped is never concluded from others.
fn every_prefix(found: Found<'_>, pairs: &[(usize, PrefixPort)], port_classes: &PortClasses) -> Vec<u64> {
    let mut begun: BTreeSet<(IpNet, Port)> = BTreeSet::new();
    let open = pairs.iter().filter(|(at, pair)| !port_classes.known.contains_key(at) && !port_classes.passes(*pair));
    let wanted = open.filter(|(_, pair)| {
        let class = port_classes.class(pair.port);
        port_classes.is_stopped(pair.prefix, class) || begun.insert((pair.prefix, class))
    });
    wanted.filter_map(|(at, _)| telling(found, *at).first().copied()).collect()
}

/// In each prefix a second target and two middle ones, which show a mask that is too long. They are taken at one port
/// of each class, and at every port at which only some targets are refused.
fn every_half(found: Found<'_>, pairs: &[(usize, PrefixPort)], port_classes: &PortClasses) -> Vec<u64> {
    let refused = |at: usize| {
        let tally = found.results.tally(found.space.numbers(at));
        tally.prohibited + tally.unreachable > 0 || (tally.closed > 0 && tally.open + tally.silent > 0)
    };
    let first = first_of_each_class(pairs, port_classes);
    let wanted =
        first.iter().chain(pairs.iter().filter(|(at, _)| refused(*at) && !first.iter().any(|(other, _)| other == at)));
    wanted.flat_map(|(at, _)| telling(found, *at)).collect()
}

/// Each port of each prefix of which nothing is known: others that are in the same state elsewhere tell what to ask first, and prove nothing.
fn every_pair(found: Found<'_>, pairs: &[(usize, PrefixPort)], port_classes: &PortClasses) -> Vec<u64> {
    let unknown = pairs.iter().filter(|(at, _)| !port_classes.known.contains_key(at));
    unknown.filter_map(|(at, _)| telling(found, *at).first().copied()).collect()
}

/// Both ends of each prefix at each port: they show a mask that is too long at one port alone. Where a part of the
/// prefix is stopped at a port of the same class, the ends of its halves too.
fn every_end(found: Found<'_>, pairs: &[(usize, PrefixPort)], port_classes: &PortClasses) -> Vec<u64> {
    let of_pair = |(at, pair): &(usize, PrefixPort)| {
        let mut telling = telling(found, *at);
        if !port_classes.is_partly(pair.prefix, port_classes.class(pair.port)) {
            telling.truncate(2);
        }
        telling
    };
    pairs.iter().flat_map(of_pair).collect()
}

/// A number of samples of each prefix, spread evenly, where more were asked than the ends of its halves: a hole shows in them.
fn every_sample(found: Found<'_>, pairs: &[(usize, PrefixPort)], port_classes: &PortClasses) -> Vec<u64> {
    let mut chosen = Vec::new();
    for (at, _) in first_of_each_class(pairs, port_classes) {
        let unclear: Vec<u64> = unclear(found, at).collect();
        let wanted = if unclear.len() <= FEW { FEW } else { SAMPLES };
        let step = unclear.len().div_ceil(wanted).max(1);
        chosen.extend(unclear.iter().step_by(step));
    }
    chosen
}

/// One of each /24 of IPv4, where more were asked than a few: few rules are narrower.
fn every_block(found: Found<'_>, pairs: &[(usize, PrefixPort)], port_classes: &PortClasses) -> Vec<u64> {
    let block = |number: &u64| match found.space.target(*number)?.0 {
        SocketAddr::V4(to) => Some(to.ip().to_bits() >> 8),
        SocketAddr::V6(_) => None,
    };
    let mut chosen = Vec::new();
    for (at, pair) in first_of_each_class(pairs, port_classes) {
        let numbers = found.space.numbers(at);
        if numbers.end - numbers.start <= FEW_ASKED || !found.common_paths.of(pair.prefix.addr()).is_proven() {
            continue;
        }
        let reaches = found.reaches.within(numbers).map(|(number, _)| number);
        let mut begun: BTreeSet<u32> = reaches.filter_map(|number| block(&number)).collect();
        chosen.extend(unclear(found, at).filter(|number| block(number).is_some_and(|block| begun.insert(block))));
    }
    chosen
}

/// Of each prefix and class of ports the first pair, TCP and the widest prefixes first.
fn first_of_each_class(pairs: &[(usize, PrefixPort)], port_classes: &PortClasses) -> Vec<(usize, PrefixPort)> {
    let mut begun: BTreeSet<(IpNet, Port)> = BTreeSet::new();
    let mut pairs = pairs.to_vec();
    pairs.sort_by_key(|(_, pair)| (pair.port.transport, pair.prefix.prefix_len()));
    pairs.retain(|(_, pair)| begun.insert((pair.prefix, port_classes.class(pair.port))));
    pairs
}

/// The first, the last and the two middle targets of a pair of which it is not clear who kept silent or refused.
fn telling(found: Found<'_>, pair: usize) -> Vec<u64> {
    let unclear = || unclear(found, pair);
    let numbers = found.space.numbers(pair);
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

/// So many of a prefix are all traced.
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

    use super::super::{
        Amount, CommonPath, CommonPaths, Reach, Reaches, Results, TargetSpace, TargetState, assess, final_states,
    };
    use super::*;

    /// A sweep to which nobody answered.
    struct Silence {
        space: TargetSpace,
        results: Results,
        reaches: Reaches,
        common_paths: CommonPaths,
    }

    impl Silence {
        /// Of these prefixes at these TCP ports.
        fn of(prefixes: &[&str], ports: &[u16]) -> Self {
            let pair = |prefix: &str, number| PrefixPort {
                prefix: prefix.parse().unwrap(),
                port: Port { transport: Transport::Tcp, number },
                canary: false,
            };
            let pairs = prefixes.iter().flat_map(|prefix| ports.iter().map(|port| pair(prefix, *port)));
            let space = TargetSpace::new(pairs.collect(), Amount::All).unwrap();
            let mut results = Results::new(space.count());
            (0..space.count()).for_each(|number| assert!(results.note(number, Response::Silent)));
            Self { space, results, reaches: Reaches::default(), common_paths: CommonPaths::default() }
        }

        fn found(&self) -> Found<'_> {
            Found {
                space: &self.space,
                results: &self.results,
                reaches: &self.reaches,
                common_paths: &self.common_paths,
            }
        }

        fn next(&self) -> Vec<String> {
            self.named(&next_to_trace(self.found(), |_| true))
        }

        fn named(&self, numbers: &[u64]) -> Vec<String> {
            let name = |number| self.space.target(number).unwrap().0.to_string();
            numbers.iter().map(|number| name(*number)).collect()
        }

        /// Traces what is next; packets die where they are named.
        fn trace(&mut self, dying: &[&str]) {
            for number in next_to_trace(self.found(), |_| true) {
                let dies = dying.contains(&self.named(&[number])[0].as_str());
                self.reaches.note(number, if dies { DIES } else { PASSES });
            }
        }

        /// Traces until nothing is left, and says how many were asked.
        fn trace_all(&mut self, truth: impl Fn(u64) -> Reach) -> usize {
            let mut asked = 0;
            loop {
                let next = next_to_trace(self.found(), |_| true);
                if next.is_empty() {
                    return asked;
                }
                asked += next.len();
                for number in next {
                    self.reaches.note(number, truth(number));
                }
            }
        }
    }

    const DIES: Reach = Reach::Dies { hop: 1, address: None, next: None };
    const PASSES: Reach = Reach::Passes { hop: 4, router: None };

    #[test]
    fn ports_in_the_same_state_at_the_widest_prefixes_are_traced_once_in_every_other() {
        let mut all = Silence::of(&["192.0.2.0/32", "192.0.2.1/32", "192.0.2.2/32", "192.0.2.3/32"], &[443, 8801]);
        assert_eq!(all.next(), ["192.0.2.0:443", "192.0.2.1:443", "192.0.2.0:8801", "192.0.2.1:8801"]);
        all.trace(&[]);
        assert_eq!(all.next(), ["192.0.2.2:443", "192.0.2.3:443"]);
        all.trace(&["192.0.2.3:443"]);
        let port_classes = PortClasses::of(all.found());
        let target_states: Vec<_> = all.space.pairs().iter().skip(4).map(|pair| port_classes.passes(*pair)).collect();
        assert_eq!(target_states, [true, true, true, false]);
        assert_eq!(all.next(), ["192.0.2.3:8801"]);
        all.trace(&[]);
        // What is inferred from its port class is asked itself in the end.
        assert_eq!(all.next(), ["192.0.2.2:8801"]);
    }

    #[test]
    fn where_half_of_a_prefix_is_blocked_at_one_port_its_other_ports_are_traced_by_themselves() {
        let mut all = Silence::of(&["192.0.2.0/31", "198.51.100.0/32", "203.0.113.0/32"], &[443, 8801]);
        // At port 443 one of the first prefix's two dies; at 8801 of that prefix nothing is traced.
        for (number, reach) in [(0, PASSES), (1, DIES), (2, PASSES), (6, PASSES)] {
            all.reaches.note(number, reach);
        }
        assert!(all.next().contains(&"192.0.2.0:8801".to_owned()), "{:?}", all.next());
    }

    #[test]
    fn ports_in_different_states_somewhere_are_traced_apart_everywhere() {
        let mut all = Silence::of(&["192.0.2.0/32", "192.0.2.1/32", "192.0.2.2/32"], &[443, 8801]);
        all.trace(&["192.0.2.1:8801"]);
        assert_eq!(all.next(), ["192.0.2.2:443", "192.0.2.2:8801"]);
    }

    #[test]
    fn a_border_within_a_prefix_is_found_by_bisection() {
        let mut all = Silence::of(&["170.114.0.0/16"], &[443]);
        let asked = all.trace_all(|number| if number < 0x4000 { PASSES } else { DIES });
        assert_eq!((all.reaches.reach(0x3fff), all.reaches.reach(0x4000)), (Some(PASSES), Some(DIES)));
        assert!(asked <= 20 + SAMPLES, "{asked}");
    }

    #[test]
    fn what_refuses_one_in_a_thousand_is_found_to_its_borders() {
        let mut all = Silence::of(&["170.114.0.0/16"], &[443]);
        let by: Option<IpAddr> = "10.0.2.2".parse().ok();
        for number in [0x5abc, 0x6123, 0x7def] {
            all.results.note(number, Response::Prohibited { by });
        }
        let refused = |number: u64| (0x5800..0x8000).contains(&number);
        let asked = all.trace_all(|number| if refused(number) { Reach::Prohibited { by } } else { Reach::Unknown });
        let assessment = assess(all.found());
        let words = final_states(all.found(), &assessment);
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
        all.common_paths.v4 = CommonPath::shared(&[walk.clone(), walk]);
        let hole = 0x1700..0x1800;
        all.trace_all(|number| if hole.contains(&number) { DIES } else { PASSES });
        let assessment = assess(all.found());
        let parts: Vec<_> = assessment.pairs[0].blocked.iter().map(|part| part.prefix.to_string()).collect();
        assert_eq!(parts, ["170.114.23.0/24"]);
    }

    #[test]
    fn half_of_a_prefix_that_is_stopped_at_one_port_alone_is_found_though_all_else_passes() {
        let mut all = Silence::of(&["192.0.2.0/31", "198.51.100.0/31", "203.0.113.0/31"], &[443, 8801]);
        // In the order of port and prefix: the last address of the last pair.
        all.trace_all(|number| if number == 11 { DIES } else { PASSES });
        let assessment = assess(all.found());
        let parts: Vec<_> = assessment.pairs.iter().flat_map(|pair| &pair.blocked).map(|part| part.prefix).collect();
        assert_eq!(parts, ["203.0.113.1/32".parse().unwrap()]);
        assert!(assessment.pairs.iter().all(super::super::PairAssessment::is_known));
    }

    #[test]
    fn what_may_not_be_asked_is_left_out() {
        let all = Silence::of(&["192.0.2.0/32", "192.0.2.1/32"], &[443]);
        assert_eq!(all.named(&next_to_trace(all.found(), |pair| pair == 1)), ["192.0.2.1:443"]);
    }
}
