//! What a sweep found: each prefix and port judged, and what is blocked.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use why5003_probes::model::{Location, Transport};

use super::found::Found;
use super::judged_targets::{JudgedTarget, forged, limiters, target_states};
use super::port_classes::PortClasses;
use super::results::Counts;
use super::target_space::{Port, PrefixPort};
use super::target_state::TargetState;

/// What a sweep found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assessment {
    /// Prefix by port, in the order of port and prefix.
    pub pairs: Vec<PairAssessment>,
    /// Addresses that nobody can own, and that answered: while there are any, no `open` is believed.
    pub forged: Vec<(SocketAddr, Transport)>,
    /// Routers on the way that refused some of what they let pass later: their word is of a moment, and of no prefix.
    pub limiters: BTreeSet<IpAddr>,
}

/// A prefix at a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairAssessment {
    /// Which.
    pub pair: PrefixPort,
    /// How its targets responded.
    pub tally: Counts,
    /// What that means.
    pub state: PairState,
    /// The parts of the prefix that are blocked; the whole, if it is blocked as a whole.
    pub blocked: Vec<Blocked>,
    /// Of how many of its targets it could not be told their state.
    pub unknown: u64,
    /// Of these it is taken that they pass, as the same prefix does at a port that is in the same state elsewhere: the best guess, and no proof.
    pub inferred: bool,
}

/// A part of a prefix that is blocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Blocked {
    /// The part.
    pub prefix: IpNet,
    /// Where; the router that would come next is left out, since it differs from flow to flow.
    pub location: Location,
}

/// The state of a prefix at a port.
///
/// Closed on purpose: each is a sign in the matrix and a word in the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PairState {
    /// Targets of it answered.
    Open,
    /// Nobody is open there, and packets pass: the far end closes, or stays silent behind the last shared router.
    Passes,
    /// Packets die on the way, without a word.
    Blocked,
    /// Somebody on the way resets the connections.
    Reset,
    /// Somebody on the way refuses by ICMP.
    Prohibited,
    /// A part passes, and a part does not.
    Partly,
    /// It could not be told.
    Unknown,
}

/// Judges what was asked by what was traced.
pub fn assess(found: Found<'_>) -> Assessment {
    let forged = forged(found);
    let pairs = (0..).zip(found.space.pairs()).filter(|(_, pair)| !pair.canary);
    let pairs = pairs.map(|(at, pair)| judged(found, (at, *pair), is_withdrawn(&forged, pair.port)));
    let mut pairs: Vec<PairAssessment> = pairs.collect();
    by_their_port_classes(&PortClasses::of(found), &mut pairs);
    Assessment { pairs, forged, limiters: limiters(found) }
}

/// Whether no `open` at a port is believed.
pub(super) fn is_withdrawn(forged: &[(SocketAddr, Transport)], port: Port) -> bool {
    forged.iter().any(|(_, transport)| *transport == port.transport)
}

fn judged(found: Found<'_>, (at, pair): (usize, PrefixPort), withdrawn: bool) -> PairAssessment {
    let tally = found.results.tally(found.space.numbers(at));
    let target_states = target_states(found, at, withdrawn);
    let stopped = target_states.iter().map(|one| one.state).find(|state| state.passes() == Some(false));
    let passes = target_states.iter().any(|one| one.state.passes() == Some(true));
    let state = match (stopped, passes) {
        (Some(_), true) => PairState::Partly,
        (Some(stopped), false) => stopped.into(),
        (None, true) if target_states.iter().any(|one| one.state == TargetState::Open) => PairState::Open,
        (None, true) => PairState::Passes,
        (None, false) => PairState::Unknown,
    };
    let mut blocked = Vec::new();
    stopped_parts(pair.prefix, &target_states, &mut blocked);
    let unknown = target_states.iter().filter(|one| one.state.passes().is_none()).count() as u64;
    PairAssessment { pair, tally, state, blocked, unknown, inferred: false }
}

impl PairAssessment {
    /// Whether it is known the state of all of its targets: of some by themselves, and of the others from those on both sides of them.
    pub fn is_known(&self) -> bool {
        self.state != PairState::Unknown && self.unknown == 0
    }
}

impl From<TargetState> for PairState {
    /// What a pair is of whose targets all are in this state.
    fn from(state: TargetState) -> Self {
        match state {
            TargetState::Open => Self::Open,
            TargetState::Closed | TargetState::Passes => Self::Passes,
            TargetState::Blocked { .. } => Self::Blocked,
            TargetState::Reset { .. } => Self::Reset,
            TargetState::Prohibited { location: Some(_) } => Self::Prohibited,
            TargetState::Prohibited { location: None } | TargetState::Refused | TargetState::Unknown => Self::Unknown,
        }
    }
}

/// The parts of a prefix in which all that was asked is stopped at one place: halved until it is so, or until nothing of it was asked.
fn stopped_parts(prefix: IpNet, target_states: &[JudgedTarget], parts: &mut Vec<Blocked>) {
    let from = target_states.partition_point(|one| one.ip < prefix.network());
    let to = target_states.partition_point(|one| one.ip <= prefix.broadcast());
    let own = target_states.get(from..to).unwrap_or_default();
    let location = |one: &JudgedTarget| one.state.stopped_at().map(Location::without_next);
    let Some(first) = own.iter().find_map(location) else { return };
    if own.iter().all(|one| location(one) == Some(first)) {
        parts.push(Blocked { prefix, location: first });
    } else if let Ok(halves) = prefix.subnets(prefix.prefix_len() + 1) {
        halves.for_each(|half| stopped_parts(half, own, parts));
    }
}

/// What could not be told of a pair passes where all of the same prefix does at a port that is in the same state. That something is stopped is
/// never concluded from others.
fn by_their_port_classes(port_classes: &PortClasses, pairs: &mut [PairAssessment]) {
    let passes = |pair: &PairAssessment| pair.unknown == 0 && matches!(pair.state, PairState::Open | PairState::Passes);
    let all_of = |pair: &PairAssessment| (pair.pair.prefix, port_classes.class(pair.pair.port));
    let whole: BTreeSet<(IpNet, Port)> = pairs.iter().filter(|pair| passes(pair)).map(all_of).collect();
    for pair in pairs.iter_mut().filter(|pair| pair.unknown > 0 && pair.tally.silent + pair.tally.closed > 0) {
        let like = matches!(pair.state, PairState::Open | PairState::Passes | PairState::Unknown);
        if like && whole.contains(&all_of(pair)) && port_classes.passes(pair.pair) {
            pair.inferred = true;
            if pair.state == PairState::Unknown {
                pair.state = PairState::Passes;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use why5003_probes::engines::Response;
    use why5003_probes::model::{Hop, HopAnswer};

    use super::super::{Amount, CommonPath, CommonPaths, Reach, Reaches, Results, TargetSpace};
    use super::*;

    fn pair(prefix: &str, number: u16, canary: bool) -> PrefixPort {
        PrefixPort { prefix: prefix.parse().unwrap(), port: Port { transport: Transport::Tcp, number }, canary }
    }

    const DIES: Reach = Reach::Dies { hop: 2, address: None, next: None };
    const PASSES: Reach = Reach::Passes { hop: 4, router: None };

    /// A space, its responses in the order of its numbers, and what was traced.
    fn judged(pairs: Vec<PrefixPort>, responses: &[Response], traced: &[(u64, Reach)]) -> Assessment {
        let space = TargetSpace::new(pairs, Amount::All).unwrap();
        let mut results = Results::new(space.count());
        for (number, response) in (0..).zip(responses) {
            results.note(number, *response);
        }
        let mut reaches = Reaches::default();
        for (number, reach) in traced {
            reaches.note(*number, *reach);
        }
        let common_paths = CommonPaths { v4: common_path(), v6: CommonPath::default(), own: Vec::new() };
        assess(Found { space: &space, results: &results, reaches: &reaches, common_paths: &common_paths })
    }

    /// Two routers, 10.0.1.1 and 10.0.2.2.
    fn common_path() -> CommonPath {
        let hop = |ttl, came, from: &str| Hop { ttl, came, from: from.parse().ok(), rtt_us: None };
        let (first, second) = (hop(1, HopAnswer::Expired, "10.0.1.1"), hop(2, HopAnswer::Expired, "10.0.2.2"));
        let walk = vec![first, second, hop(3, HopAnswer::Answered, "192.0.2.1")];
        CommonPath::shared(&[walk.clone(), walk])
    }

    fn location(pair: &PairAssessment) -> Option<Location> {
        pair.blocked.first().map(|part| part.location)
    }

    fn parts(assessment: &Assessment) -> Vec<String> {
        assessment.pairs.iter().flat_map(|pair| &pair.blocked).map(|part| part.prefix.to_string()).collect()
    }

    #[test]
    fn silence_that_was_not_traced_is_no_verdict() {
        let assessment = judged(vec![pair("192.0.2.0/30", 443, false)], &[Response::Silent; 4], &[]);
        assert_eq!((assessment.pairs[0].state, parts(&assessment)), (PairState::Unknown, Vec::new()));
    }

    #[test]
    fn the_blocked_half_of_a_prefix_is_named_as_such() {
        let reaches = [(0, PASSES), (3, PASSES), (4, DIES), (7, DIES)];
        let assessment = judged(vec![pair("192.0.2.0/29", 443, false)], &[Response::Silent; 8], &reaches);
        assert_eq!(
            (assessment.pairs[0].state, parts(&assessment)),
            (PairState::Partly, vec!["192.0.2.4/30".to_owned()])
        );
    }

    #[test]
    fn a_canary_that_answers_withdraws_every_open() {
        let pairs = vec![pair("192.0.2.1/32", 443, true), pair("198.51.100.0/31", 443, false)];
        let assessment = judged(pairs, &[Response::Open; 3], &[]);
        assert_eq!(
            (assessment.forged.len(), assessment.pairs.len(), assessment.pairs[0].state),
            (1, 1, PairState::Unknown)
        );
    }

    #[test]
    fn one_that_does_not_answer_again_speaks_for_all_that_are_open_in_its_prefix_until_it_does() {
        let pairs = || vec![pair("192.0.2.0/31", 443, false), pair("198.51.100.0/31", 443, false)];
        let states = |reach: Reach| {
            let assessment = judged(pairs(), &[Response::Open; 4], &[(0, reach)]);
            assessment.pairs.iter().map(|pair| pair.state).collect::<Vec<_>>()
        };
        assert_eq!(states(Reach::Unknown), [PairState::Unknown, PairState::Open]);
        assert_eq!(states(PASSES), [PairState::Open, PairState::Open]);
    }

    #[test]
    fn one_that_is_open_says_nothing_of_a_silent_one_that_was_not_traced() {
        let pairs = vec![pair("192.0.2.0/31", 443, false)];
        let assessment = judged(pairs, &[Response::Open, Response::Silent], &[]);
        assert_eq!((assessment.pairs[0].state, assessment.pairs[0].is_known()), (PairState::Open, false));
    }

    #[test]
    fn what_passes_says_nothing_of_those_beyond_it_that_there_was_no_time_for() {
        let assessment = judged(vec![pair("192.0.2.0/30", 443, false)], &[Response::Silent; 4], &[(0, PASSES)]);
        assert_eq!((assessment.pairs[0].state, assessment.pairs[0].unknown), (PairState::Passes, 3));
        assert!(!assessment.pairs[0].is_known());
    }

    #[test]
    fn a_reset_half_of_a_prefix_is_not_the_far_ends_because_another_address_is_open() {
        let closed = Response::Closed { ttl: None };
        let pairs = vec![pair("192.0.2.0/30", 443, false)];
        let reset = Reach::Reset { hop: 2, address: None };
        let assessment =
            judged(pairs, &[Response::Open, Response::Silent, closed, closed], &[(1, PASSES), (2, reset), (3, reset)]);
        assert_eq!(
            (assessment.pairs[0].state, parts(&assessment)),
            (PairState::Partly, vec!["192.0.2.2/31".to_owned()])
        );
    }

    #[test]
    fn a_prohibition_needs_no_tracing() {
        let by = "10.0.1.1".parse().ok();
        let assessment = judged(vec![pair("192.0.2.0/31", 443, false)], &[Response::Prohibited { by }; 2], &[]);
        let by_gateway = Location { hop: Some(1), address: by, next: None };
        assert_eq!(
            (assessment.pairs[0].state, location(&assessment.pairs[0])),
            (PairState::Prohibited, Some(by_gateway))
        );
        assert_eq!(parts(&assessment), ["192.0.2.0/31"]);
    }

    #[test]
    fn a_strangers_word_is_the_far_ends_where_packets_pass_and_a_filters_where_they_do_not() {
        let state = |response: Response, reach: Option<Reach>| {
            let reaches: Vec<_> = reach.map(|reach| (0, reach)).into_iter().collect();
            judged(vec![pair("192.0.2.0/32", 443, false)], &[response], &reaches).pairs[0].state
        };
        let by = "203.0.113.9".parse().ok();
        let refuses = Some(Reach::Prohibited { by });
        for response in [Response::Unreachable { by }, Response::Prohibited { by }] {
            assert_eq!((state(response, Some(PASSES)), state(response, None)), (PairState::Passes, PairState::Unknown));
            assert_eq!(state(response, refuses), PairState::Prohibited);
        }
        // A router of the common path knew no way for a moment, or never does: that is asked.
        let by = "10.0.2.2".parse().ok();
        let near = Response::Unreachable { by };
        assert_eq!((state(near, None), state(near, Some(Reach::Unknown))), (PairState::Unknown, PairState::Unknown));
        let no_route = Some(Reach::NoRoute { by });
        assert_eq!((state(near, Some(PASSES)), state(near, no_route)), (PairState::Passes, PairState::Blocked));
        // This computer's own kernel has no address to show.
        assert_eq!(state(Response::Unreachable { by: None }, None), PairState::Unknown);
    }

    #[test]
    fn a_router_that_lets_pass_what_it_refused_limits_how_much_passes_and_its_word_is_of_no_prefix() {
        let by = "10.0.2.2".parse().ok();
        let refused = [Response::Prohibited { by }; 4];
        let pairs = || vec![pair("192.0.2.0/31", 443, false), pair("198.51.100.0/31", 443, false)];
        let states = |reaches: &[(u64, Reach)]| {
            let assessment = judged(pairs(), &refused, reaches);
            assessment.pairs.iter().map(|pair| (pair.state, pair.unknown)).collect::<Vec<_>>()
        };
        assert_eq!(states(&[]), [(PairState::Prohibited, 0); 2]);
        assert_eq!(states(&[(0, Reach::Prohibited { by })]), [(PairState::Prohibited, 0); 2]);
        assert_eq!(states(&[(0, PASSES)]), [(PairState::Passes, 1), (PairState::Unknown, 2)]);
        assert_eq!(states(&[(0, PASSES), (1, PASSES), (2, PASSES), (3, PASSES)]), [(PairState::Passes, 0); 2]);
    }

    #[test]
    fn without_a_shared_way_a_strangers_word_is_nobodys_however_often_it_comes() {
        let state = |by: &str| {
            let by = by.parse().ok();
            let space = TargetSpace::new(vec![pair("192.0.2.0/32", 443, false)], Amount::All).unwrap();
            let (mut results, mut reaches) = (Results::new(1), Reaches::default());
            results.note(0, Response::Prohibited { by });
            reaches.note(0, Reach::Prohibited { by });
            let common_paths = CommonPaths::default();
            assess(Found { space: &space, results: &results, reaches: &reaches, common_paths: &common_paths }).pairs[0]
                .state
        };
        assert_eq!((state("203.0.113.9"), state("10.0.2.2")), (PairState::Unknown, PairState::Prohibited));
    }

    #[test]
    fn what_dies_right_before_one_who_refuses_others_is_his() {
        let by: Option<IpAddr> = "10.0.2.2".parse().ok();
        let dies = Reach::Dies { hop: 1, address: "10.0.1.1".parse().ok(), next: by };
        let pairs = vec![pair("192.0.2.0/31", 443, false)];
        let assessment = judged(pairs, &[Response::Silent; 2], &[(0, Reach::NoRoute { by }), (1, dies)]);
        let location = Location { hop: Some(2), address: by, next: None };
        let prefix = "192.0.2.0/31".parse().unwrap();
        assert_eq!(assessment.pairs[0].blocked, [Blocked { prefix, location }]);
    }

    #[test]
    fn a_target_that_refuses_itself_is_not_blamed_on_the_way() {
        let own = Response::Prohibited { by: "192.0.2.0".parse().ok() };
        let assessment = judged(vec![pair("192.0.2.0/32", 443, false)], &[own], &[]);
        assert_eq!((assessment.pairs[0].state, parts(&assessment)), (PairState::Unknown, Vec::new()));
    }

    #[test]
    fn a_refusal_is_placed_alike_whether_it_came_first_or_when_silence_was_traced() {
        let by = "10.0.2.2".parse().ok();
        let pairs = vec![pair("192.0.2.0/32", 443, false), pair("198.51.100.0/32", 443, false)];
        let assessment =
            judged(pairs, &[Response::Prohibited { by }, Response::Silent], &[(1, Reach::Prohibited { by })]);
        assert_eq!(location(&assessment.pairs[0]), location(&assessment.pairs[1]));
        assert_eq!(location(&assessment.pairs[0]).and_then(|location| location.hop), Some(2));
    }

    #[test]
    fn a_pair_that_was_not_traced_may_pass_by_its_port_classes_and_is_never_stopped_by_them() {
        let of_port =
            |number| ["192.0.2.0/31", "198.51.100.0/31", "203.0.113.0/31"].map(|prefix| pair(prefix, number, false));
        // In the order of port and prefix: of the last pair nothing is traced.
        let state = |of_its_port: Reach, of_its_prefix: Reach| {
            let both = [(4, of_its_prefix), (5, of_its_prefix)];
            let reaches = [&[(0, PASSES), (2, PASSES)][..], &both, &[(6, of_its_port), (8, of_its_port)]].concat();
            let assessment = judged([of_port(443), of_port(8801)].concat(), &[Response::Silent; 12], &reaches);
            (assessment.pairs[5].state, assessment.pairs[5].inferred)
        };
        assert_eq!(state(PASSES, PASSES), (PairState::Passes, true));
        assert_eq!(state(PASSES, DIES), (PairState::Unknown, false));
        assert_eq!(state(DIES, PASSES), (PairState::Unknown, false));
    }
}
