//! Random networks: the true gap is found or `unknown` is said; never a wrong place, and never a pass through a filter.

use std::net::IpAddr;
use std::time::Duration;

use proptest::prelude::*;

use super::super::TraceResult;
use super::super::simulation::{Action, Network};
use crate::sweep::{PairAssessment, PairState};

const PREFIXES: [&str; 5] = ["134.224.0.0/16", "144.195.0.0/16", "159.124.0.0/16", "170.114.0.0/16", "206.247.0.0/16"];
const PORTS: [&str; 3] = ["tcp/443", "tcp/8801", "udp/8801"];

/// One filter of a random network: at most one for each pair.
#[derive(Clone, Debug)]
struct Rule {
    prefix: usize,
    port: usize,
    hop: usize,
    action: Action,
}

#[derive(Clone, Debug)]
struct Plan {
    mute: Vec<bool>,
    gaps: Vec<u64>,
    rules: Vec<Rule>,
}

fn rule(routers: usize) -> impl Strategy<Value = Rule> {
    let actions = prop_oneof![
        3 => Just(Action::Drop),
        1 => Just(Action::Prohibit),
        1 => Just(Action::NoRoute),
        1 => Just(Action::Reset),
    ];
    (0..PREFIXES.len(), 0..PORTS.len(), 1..routers, actions).prop_map(|(prefix, port, hop, action)| Rule {
        prefix,
        port,
        hop,
        action,
    })
}

fn plan() -> impl Strategy<Value = Plan> {
    (3..8_usize).prop_flat_map(|routers| {
        let mute = prop::collection::vec(prop::bool::weighted(0.2), routers);
        let gaps = prop::collection::vec(prop_oneof![3 => Just(0), 1 => Just(250), 1 => Just(1_000)], routers);
        (mute, gaps, prop::collection::vec(rule(routers), 0..4)).prop_map(|(mute, gaps, rules)| Plan {
            mute,
            gaps,
            rules,
        })
    })
}

impl Plan {
    fn network(&self) -> Network {
        let addresses = [1, 2, 3, 4, 5, 6, 7, 8].map(|hop| [10, 0, hop, 1]);
        let mut network = Network::of(addresses);
        network.path.truncate(self.mute.len());
        for (at, (mute, gap)) in self.mute.iter().zip(&self.gaps).enumerate() {
            (network.routers[at].mute, network.routers[at].icmp_gap) = (*mute, Duration::from_millis(*gap));
        }
        for Rule { prefix, port, hop, action } in &self.rules {
            network = network.filter(*hop, *action, &format!("{} {}", PREFIXES[*prefix], PORTS[*port]));
        }
        network.per_prefix = 4;
        network.time = Duration::from_secs(3_600);
        network
    }

    /// The hop of the nearest filter of a pair.
    fn filter(&self, pair: &PairAssessment) -> Option<usize> {
        let of_pair = |rule: &&Rule| {
            let name = format!("{} {}", PREFIXES[rule.prefix], PORTS[rule.port]);
            // A RST is for TCP; what the rule does to UDP is to drop it.
            name == format!("{} {}", pair.pair.prefix, pair.pair.port)
        };
        self.rules.iter().filter(of_pair).map(|rule| rule.hop).min()
    }

    /// The last hop up to one whose router answers.
    fn last_answering(&self, hop: usize) -> usize {
        (1..=hop).rev().find(|hop| !self.mute[hop - 1]).unwrap_or(0)
    }

    /// The end of the common path: its last router that answers.
    fn end(&self) -> usize {
        self.last_answering(self.mute.len())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn a_random_networks_gaps_are_found_at_their_place_or_said_to_be_unknown(plan in plan()) {
        let finding = plan.network().traced(&PREFIXES, &PORTS, TraceResult::default());
        prop_assert!(!finding.result.out_of_time, "{:?}", finding.took);
        for pair in &finding.assessment.pairs {
            let line = format!("{} {} {:?} {:?}", pair.pair.port, pair.pair.prefix, pair.state, pair.blocked);
            match (plan.filter(pair), pair.state) {
                (_, PairState::Unknown) | (None, PairState::Open | PairState::Passes) => {}
                (None, _) | (Some(_), PairState::Partly | PairState::Open) => prop_assert!(false, "{line}"),
                // Behind the end of the common path nobody answers.
                (Some(hop), PairState::Passes) => prop_assert!(hop >= plan.end(), "{line}"),
                (Some(hop), _) => {
                    let at = pair.blocked[0].location;
                    let true_hop = u8::try_from(hop).unwrap();
                    let last = u8::try_from(plan.last_answering(hop)).unwrap();
                    let of = |hop: u8| (hop > 0).then(|| IpAddr::from([10, 0, hop, 1]));
                    let is_right = [true_hop, last].iter().any(|hop| (at.hop, at.address) == (Some(*hop), of(*hop)));
                    prop_assert!(is_right, "{line}");
                }
            }
        }
    }
}
