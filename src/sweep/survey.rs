//! What a sweep found: each prefix and port judged, and what is blocked.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use why5003_probes::model::{Location, Transport};

use super::fare::{Faring, fares, forged, limiters};
use super::found::Found;
use super::kin::Kin;
use super::ledger::Counts;
use super::space::{Lane, Port};
use super::target_state::TargetState;

/// What a sweep found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// Prefix by port, in the order of port and prefix.
    pub lanes: Vec<LaneSurvey>,
    /// Addresses that nobody can own, and that answered: while there are any, no `open` is believed.
    pub forged: Vec<(SocketAddr, Transport)>,
    /// Routers on the way that refused some of what they let pass later: their word is of a moment, and of no prefix.
    pub limiters: BTreeSet<IpAddr>,
}

/// A prefix at a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaneSurvey {
    /// Which.
    pub lane: Lane,
    /// How its targets responded.
    pub tally: Counts,
    /// What that means.
    pub state: PairState,
    /// The parts of the prefix that are blocked; the whole, if it is blocked as a whole.
    pub blocked: Vec<Blocked>,
    /// Of how many of its targets it could not be told how they fare.
    pub untold: u64,
    /// Of these it is taken that they pass, as the same prefix does at a port that fares alike elsewhere: the best guess, and no proof.
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

/// How a prefix fares at a port.
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

/// Judges what was asked by what was settled.
pub fn survey(found: Found<'_>) -> Survey {
    let forged = forged(found);
    let lanes = (0..).zip(found.space.lanes()).filter(|(_, lane)| !lane.canary);
    let lanes = lanes.map(|(at, lane)| judged(found, (at, *lane), is_withdrawn(&forged, lane.port)));
    let mut lanes: Vec<LaneSurvey> = lanes.collect();
    by_their_kin(&Kin::of(found), &mut lanes);
    Survey { lanes, forged, limiters: limiters(found) }
}

/// Whether no `open` at a port is believed.
pub(super) fn is_withdrawn(forged: &[(SocketAddr, Transport)], port: Port) -> bool {
    forged.iter().any(|(_, transport)| *transport == port.transport)
}

fn judged(found: Found<'_>, (at, lane): (usize, Lane), withdrawn: bool) -> LaneSurvey {
    let tally = found.ledger.tally(found.space.numbers(at));
    let fares = fares(found, at, withdrawn);
    let stopped = fares.iter().map(|one| one.state).find(|state| state.passes() == Some(false));
    let passes = fares.iter().any(|one| one.state.passes() == Some(true));
    let state = match (stopped, passes) {
        (Some(_), true) => PairState::Partly,
        (Some(stopped), false) => stopped.into(),
        (None, true) if fares.iter().any(|one| one.state == TargetState::Open) => PairState::Open,
        (None, true) => PairState::Passes,
        (None, false) => PairState::Unknown,
    };
    let mut blocked = Vec::new();
    stopped_parts(lane.prefix, &fares, &mut blocked);
    let untold = fares.iter().filter(|one| one.state.passes().is_none()).count() as u64;
    LaneSurvey { lane, tally, state, blocked, untold, inferred: false }
}

impl LaneSurvey {
    /// Whether it is known how all of its targets fare: of some by themselves, and of the others from those on both sides of them.
    pub fn is_told(&self) -> bool {
        self.state != PairState::Unknown && self.untold == 0
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
fn stopped_parts(prefix: IpNet, fares: &[Faring], parts: &mut Vec<Blocked>) {
    let from = fares.partition_point(|one| one.ip < prefix.network());
    let to = fares.partition_point(|one| one.ip <= prefix.broadcast());
    let own = fares.get(from..to).unwrap_or_default();
    let location = |one: &Faring| one.state.stopped_at().map(Location::without_next);
    let Some(first) = own.iter().find_map(location) else { return };
    if own.iter().all(|one| location(one) == Some(first)) {
        parts.push(Blocked { prefix, location: first });
    } else if let Ok(halves) = prefix.subnets(prefix.prefix_len() + 1) {
        halves.for_each(|half| stopped_parts(half, own, parts));
    }
}

/// What could not be told of a lane passes where all of the same prefix does at a port that fares alike. That something is stopped is
/// never concluded from others.
fn by_their_kin(kin: &Kin, lanes: &mut [LaneSurvey]) {
    let passes = |lane: &LaneSurvey| lane.untold == 0 && matches!(lane.state, PairState::Open | PairState::Passes);
    let all_of = |lane: &LaneSurvey| (lane.lane.prefix, kin.class(lane.lane.port));
    let whole: BTreeSet<(IpNet, Port)> = lanes.iter().filter(|lane| passes(lane)).map(all_of).collect();
    for lane in lanes.iter_mut().filter(|lane| lane.untold > 0 && lane.tally.silent + lane.tally.closed > 0) {
        let like = matches!(lane.state, PairState::Open | PairState::Passes | PairState::Unknown);
        if like && whole.contains(&all_of(lane)) && kin.passes(lane.lane) {
            lane.inferred = true;
            if lane.state == PairState::Unknown {
                lane.state = PairState::Passes;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use why5003_probes::engines::Response;
    use why5003_probes::model::{Hop, HopAnswer};

    use super::super::{Amount, Ledger, Reach, Settled, Space, Trunk, Trunks};
    use super::*;

    fn lane(prefix: &str, number: u16, canary: bool) -> Lane {
        Lane { prefix: prefix.parse().unwrap(), port: Port { transport: Transport::Tcp, number }, canary }
    }

    const DIES: Reach = Reach::Dies { hop: 2, address: None, next: None };
    const PASSES: Reach = Reach::Passes { hop: 4, router: None };

    /// A space, its responses in the order of its numbers, and what was settled.
    fn judged(lanes: Vec<Lane>, responses: &[Response], settled: &[(u64, Reach)]) -> Survey {
        let space = Space::new(lanes, Amount::All).unwrap();
        let mut ledger = Ledger::new(space.count());
        for (number, response) in (0..).zip(responses) {
            ledger.note(number, *response);
        }
        let mut reaches = Settled::default();
        for (number, reach) in settled {
            reaches.note(*number, *reach);
        }
        let trunks = Trunks { v4: trunk(), v6: Trunk::default(), own: Vec::new() };
        survey(Found { space: &space, ledger: &ledger, settled: &reaches, trunks: &trunks })
    }

    /// Two routers, 10.0.1.1 and 10.0.2.2.
    fn trunk() -> Trunk {
        let hop = |ttl, came, from: &str| Hop { ttl, came, from: from.parse().ok(), rtt_us: None };
        let (first, second) = (hop(1, HopAnswer::Expired, "10.0.1.1"), hop(2, HopAnswer::Expired, "10.0.2.2"));
        let walk = vec![first, second, hop(3, HopAnswer::Answered, "192.0.2.1")];
        Trunk::shared(&[walk.clone(), walk])
    }

    fn location(lane: &LaneSurvey) -> Option<Location> {
        lane.blocked.first().map(|part| part.location)
    }

    fn parts(survey: &Survey) -> Vec<String> {
        survey.lanes.iter().flat_map(|lane| &lane.blocked).map(|part| part.prefix.to_string()).collect()
    }

    #[test]
    fn silence_that_was_not_settled_is_no_verdict() {
        let survey = judged(vec![lane("192.0.2.0/30", 443, false)], &[Response::Silent; 4], &[]);
        assert_eq!((survey.lanes[0].state, parts(&survey)), (PairState::Unknown, Vec::new()));
    }

    #[test]
    fn the_blocked_half_of_a_prefix_is_named_as_such() {
        let settled = [(0, PASSES), (3, PASSES), (4, DIES), (7, DIES)];
        let survey = judged(vec![lane("192.0.2.0/29", 443, false)], &[Response::Silent; 8], &settled);
        assert_eq!((survey.lanes[0].state, parts(&survey)), (PairState::Partly, vec!["192.0.2.4/30".to_owned()]));
    }

    #[test]
    fn a_canary_that_answers_withdraws_every_open() {
        let lanes = vec![lane("192.0.2.1/32", 443, true), lane("198.51.100.0/31", 443, false)];
        let survey = judged(lanes, &[Response::Open; 3], &[]);
        assert_eq!((survey.forged.len(), survey.lanes.len(), survey.lanes[0].state), (1, 1, PairState::Unknown));
    }

    #[test]
    fn one_that_does_not_answer_again_speaks_for_all_that_are_open_in_its_prefix_until_it_does() {
        let lanes = || vec![lane("192.0.2.0/31", 443, false), lane("198.51.100.0/31", 443, false)];
        let states = |reach: Reach| {
            let survey = judged(lanes(), &[Response::Open; 4], &[(0, reach)]);
            survey.lanes.iter().map(|lane| lane.state).collect::<Vec<_>>()
        };
        assert_eq!(states(Reach::Untold), [PairState::Unknown, PairState::Open]);
        assert_eq!(states(PASSES), [PairState::Open, PairState::Open]);
    }

    #[test]
    fn one_that_is_open_says_nothing_of_a_silent_one_that_was_not_settled() {
        let lanes = vec![lane("192.0.2.0/31", 443, false)];
        let survey = judged(lanes, &[Response::Open, Response::Silent], &[]);
        assert_eq!((survey.lanes[0].state, survey.lanes[0].is_told()), (PairState::Open, false));
    }

    #[test]
    fn what_passes_says_nothing_of_those_beyond_it_that_there_was_no_time_for() {
        let survey = judged(vec![lane("192.0.2.0/30", 443, false)], &[Response::Silent; 4], &[(0, PASSES)]);
        assert_eq!((survey.lanes[0].state, survey.lanes[0].untold), (PairState::Passes, 3));
        assert!(!survey.lanes[0].is_told());
    }

    #[test]
    fn a_reset_half_of_a_prefix_is_not_the_far_ends_because_another_address_is_open() {
        let closed = Response::Closed { ttl: None };
        let lanes = vec![lane("192.0.2.0/30", 443, false)];
        let reset = Reach::Reset { hop: 2, address: None };
        let survey =
            judged(lanes, &[Response::Open, Response::Silent, closed, closed], &[(1, PASSES), (2, reset), (3, reset)]);
        assert_eq!((survey.lanes[0].state, parts(&survey)), (PairState::Partly, vec!["192.0.2.2/31".to_owned()]));
    }

    #[test]
    fn a_prohibition_needs_no_settling() {
        let by = "10.0.1.1".parse().ok();
        let survey = judged(vec![lane("192.0.2.0/31", 443, false)], &[Response::Prohibited { by }; 2], &[]);
        let by_gateway = Location { hop: Some(1), address: by, next: None };
        assert_eq!((survey.lanes[0].state, location(&survey.lanes[0])), (PairState::Prohibited, Some(by_gateway)));
        assert_eq!(parts(&survey), ["192.0.2.0/31"]);
    }

    #[test]
    fn a_strangers_word_is_the_far_ends_where_packets_pass_and_a_filters_where_they_do_not() {
        let state = |response: Response, reach: Option<Reach>| {
            let settled: Vec<_> = reach.map(|reach| (0, reach)).into_iter().collect();
            judged(vec![lane("192.0.2.0/32", 443, false)], &[response], &settled).lanes[0].state
        };
        let by = "203.0.113.9".parse().ok();
        let refuses = Some(Reach::Prohibited { by });
        for response in [Response::Unreachable { by }, Response::Prohibited { by }] {
            assert_eq!((state(response, Some(PASSES)), state(response, None)), (PairState::Passes, PairState::Unknown));
            assert_eq!(state(response, refuses), PairState::Prohibited);
        }
        // A router of the trunk knew no way for a moment, or never does: that is asked.
        let by = "10.0.2.2".parse().ok();
        let near = Response::Unreachable { by };
        assert_eq!((state(near, None), state(near, Some(Reach::Untold))), (PairState::Unknown, PairState::Unknown));
        let no_route = Some(Reach::NoRoute { by });
        assert_eq!((state(near, Some(PASSES)), state(near, no_route)), (PairState::Passes, PairState::Blocked));
        // This computer's own kernel has no address to show.
        assert_eq!(state(Response::Unreachable { by: None }, None), PairState::Unknown);
    }

    #[test]
    fn a_router_that_lets_pass_what_it_refused_limits_how_much_passes_and_its_word_is_of_no_prefix() {
        let by = "10.0.2.2".parse().ok();
        let refused = [Response::Prohibited { by }; 4];
        let lanes = || vec![lane("192.0.2.0/31", 443, false), lane("198.51.100.0/31", 443, false)];
        let states = |settled: &[(u64, Reach)]| {
            let survey = judged(lanes(), &refused, settled);
            survey.lanes.iter().map(|lane| (lane.state, lane.untold)).collect::<Vec<_>>()
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
            let space = Space::new(vec![lane("192.0.2.0/32", 443, false)], Amount::All).unwrap();
            let (mut ledger, mut settled) = (Ledger::new(1), Settled::default());
            ledger.note(0, Response::Prohibited { by });
            settled.note(0, Reach::Prohibited { by });
            let trunks = Trunks::default();
            survey(Found { space: &space, ledger: &ledger, settled: &settled, trunks: &trunks }).lanes[0].state
        };
        assert_eq!((state("203.0.113.9"), state("10.0.2.2")), (PairState::Unknown, PairState::Prohibited));
    }

    #[test]
    fn what_dies_right_before_one_who_refuses_others_is_his() {
        let by: Option<IpAddr> = "10.0.2.2".parse().ok();
        let dies = Reach::Dies { hop: 1, address: "10.0.1.1".parse().ok(), next: by };
        let lanes = vec![lane("192.0.2.0/31", 443, false)];
        let survey = judged(lanes, &[Response::Silent; 2], &[(0, Reach::NoRoute { by }), (1, dies)]);
        let location = Location { hop: Some(2), address: by, next: None };
        let prefix = "192.0.2.0/31".parse().unwrap();
        assert_eq!(survey.lanes[0].blocked, [Blocked { prefix, location }]);
    }

    #[test]
    fn a_target_that_refuses_itself_is_not_blamed_on_the_way() {
        let own = Response::Prohibited { by: "192.0.2.0".parse().ok() };
        let survey = judged(vec![lane("192.0.2.0/32", 443, false)], &[own], &[]);
        assert_eq!((survey.lanes[0].state, parts(&survey)), (PairState::Unknown, Vec::new()));
    }

    #[test]
    fn a_refusal_is_placed_alike_whether_it_came_first_or_when_silence_was_settled() {
        let by = "10.0.2.2".parse().ok();
        let lanes = vec![lane("192.0.2.0/32", 443, false), lane("198.51.100.0/32", 443, false)];
        let survey = judged(lanes, &[Response::Prohibited { by }, Response::Silent], &[(1, Reach::Prohibited { by })]);
        assert_eq!(location(&survey.lanes[0]), location(&survey.lanes[1]));
        assert_eq!(location(&survey.lanes[0]).and_then(|location| location.hop), Some(2));
    }

    #[test]
    fn a_lane_that_was_not_settled_may_pass_by_its_kin_and_is_never_stopped_by_them() {
        let of_port =
            |number| ["192.0.2.0/31", "198.51.100.0/31", "203.0.113.0/31"].map(|prefix| lane(prefix, number, false));
        // In the order of port and prefix: of the last lane nothing is settled.
        let state = |of_its_port: Reach, of_its_prefix: Reach| {
            let both = [(4, of_its_prefix), (5, of_its_prefix)];
            let settled = [&[(0, PASSES), (2, PASSES)][..], &both, &[(6, of_its_port), (8, of_its_port)]].concat();
            let survey = judged([of_port(443), of_port(8801)].concat(), &[Response::Silent; 12], &settled);
            (survey.lanes[5].state, survey.lanes[5].inferred)
        };
        assert_eq!(state(PASSES, PASSES), (PairState::Passes, true));
        assert_eq!(state(PASSES, DIES), (PairState::Unknown, false));
        assert_eq!(state(DIES, PASSES), (PairState::Unknown, false));
    }
}
