//! What a sweep found: each prefix and port judged, and what is blocked.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use why5003_probes::engines::Response;
use why5003_probes::kit::Transport;

use super::kin::Kin;
use super::ledger::{Ledger, Tally};
use super::settle::{Reach, Settled, Trunk, Trunks};
use super::space::{Lane, Space};

/// What a sweep found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survey {
    /// Prefix by port, in the order of port and prefix.
    pub lanes: Vec<LaneSurvey>,
    /// Addresses that nobody can own, and that answered: while there are any, no `open` is believed.
    pub forged: Vec<(SocketAddr, Transport)>,
}

/// A prefix at a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaneSurvey {
    /// Which.
    pub lane: Lane,
    /// How its targets responded.
    pub tally: Tally,
    /// What that means.
    pub state: State,
    /// The parts of the prefix that are blocked; the whole, if it is blocked as a whole.
    pub blocked: Vec<IpNet>,
    /// Where they are blocked.
    pub place: Option<Place>,
    /// Nothing of it was settled: it is taken to pass as the same prefix does at ports that fare alike elsewhere.
    pub inferred: bool,
}

/// Where packets are stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The hop, where it is known.
    pub hop: Option<u8>,
    /// Who answers there, or who refuses.
    pub address: Option<IpAddr>,
    /// The first who answers for a flow that passes.
    pub next: Option<IpAddr>,
}

/// How a prefix fares at a port.
///
/// Closed on purpose: each is a sign in the matrix and a word in the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
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

/// How one target fares.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fare {
    Open,
    Passes,
    Stopped(State, Place),
    Unknown,
}

/// Judges what was asked by what was settled.
pub fn survey(space: &Space, ledger: &Ledger, settled: &Settled, trunks: &Trunks) -> Survey {
    let forged = space.lanes().iter().enumerate().filter(|(_, lane)| lane.canary).flat_map(|(at, _)| {
        let answered = space.numbers(at).filter(|number| matches!(ledger.response(*number), Some(Response::Open)));
        answered.filter_map(|number| space.target(number))
    });
    let forged: Vec<_> = forged.collect();
    let lanes = (0..).zip(space.lanes()).filter(|(_, lane)| !lane.canary).map(|(at, lane)| {
        let withdrawn = forged.iter().any(|(_, transport)| *transport == lane.port.transport);
        judged(space, ledger, (settled, trunks.of(lane.prefix.addr())), (at, *lane), withdrawn)
    });
    let mut lanes: Vec<LaneSurvey> = lanes.collect();
    by_their_kin(&Kin::of(space, ledger, settled), &mut lanes);
    Survey { lanes, forged }
}

fn judged(
    space: &Space,
    ledger: &Ledger,
    (settled, trunk): (&Settled, &Trunk),
    (at, lane): (usize, Lane),
    withdrawn: bool,
) -> LaneSurvey {
    let numbers = space.numbers(at);
    let tally = ledger.tally(numbers.clone());
    let mut fares: Vec<(IpAddr, Fare)> = Vec::new();
    let known: Vec<(u64, Reach)> = settled.within(numbers.clone()).collect();
    for number in numbers {
        let (Some(response), Some((to, _))) = (ledger.response(number), space.target(number)) else { continue };
        let fare = match response {
            Response::Open if withdrawn => Fare::Unknown,
            Response::Open => Fare::Open,
            Response::Prohibited { by } => Fare::Stopped(State::Prohibited, at_router(by, trunk)),
            // A router at the far end that finds no such host lets packets come so far.
            Response::Unreachable { by: Some(by) } => match trunk.hop_of(by) {
                Some(_) => Fare::Stopped(State::Blocked, at_router(Some(by), trunk)),
                None if trunk.end() > 0 => Fare::Passes,
                None => Fare::Unknown,
            },
            // This computer itself did not send: that says nothing of the network.
            Response::Unreachable { by: None } => Fare::Unknown,
            Response::Closed { .. } if tally.open > 0 => Fare::Passes,
            Response::Closed { .. } | Response::Silent => by_neighbours(&known, number, trunk),
        };
        fares.push((to.ip(), fare));
    }
    let stopped: Vec<(State, Place)> = fares
        .iter()
        .filter_map(|(_, fare)| if let Fare::Stopped(state, place) = fare { Some((*state, *place)) } else { None })
        .collect();
    let passes = fares.iter().any(|(_, fare)| matches!(fare, Fare::Open | Fare::Passes));
    let state = match (stopped.first(), passes) {
        (Some(_), true) => State::Partly,
        (Some((state, _)), false) => *state,
        (None, true) if fares.iter().any(|(_, fare)| *fare == Fare::Open) => State::Open,
        (None, true) => State::Passes,
        (None, false) => State::Unknown,
    };
    let mut blocked = Vec::new();
    stopped_parts(lane.prefix, &fares, &mut blocked);
    // The place that tells most: a hop, then an address.
    let place =
        stopped.iter().map(|(_, place)| *place).max_by_key(|place| (place.hop.is_some(), place.address.is_some()));
    LaneSurvey { lane, tally, state, blocked: IpNet::aggregate(&blocked), place, inferred: false }
}

fn at_router(address: Option<IpAddr>, trunk: &Trunk) -> Place {
    Place { hop: address.and_then(|address| trunk.hop_of(address)), address, next: None }
}

/// How a target fares of which only its neighbours were settled: as both of them, if they fare alike.
fn by_neighbours(known: &[(u64, Reach)], number: u64, trunk: &Trunk) -> Fare {
    let after = known.partition_point(|(other, _)| *other < number);
    let fare = |at: usize| known.get(at).map(|(_, reach)| fare(*reach, trunk));
    if known.get(after).is_some_and(|(other, _)| *other == number) {
        return fare(after).unwrap_or(Fare::Unknown);
    }
    let before = after.checked_sub(1).and_then(fare);
    match (before, fare(after)) {
        (Some(here), Some(there)) if alike(here, there) => here,
        (Some(only), None) | (None, Some(only)) => only,
        _ => Fare::Unknown,
    }
}

fn fare(reach: Reach, trunk: &Trunk) -> Fare {
    match reach {
        Reach::Passes { .. } => Fare::Passes,
        Reach::Dies { hop, address, next } => Fare::Stopped(State::Blocked, Place { hop: Some(hop), address, next }),
        Reach::Reset { hop, address } => Fare::Stopped(State::Reset, Place { hop: Some(hop), address, next: None }),
        Reach::Refused { by } => Fare::Stopped(State::Prohibited, at_router(by, trunk)),
        Reach::Untold => Fare::Unknown,
    }
}

fn alike(here: Fare, there: Fare) -> bool {
    matches!(
        (here, there),
        (Fare::Stopped(..), Fare::Stopped(..)) | (Fare::Open | Fare::Passes, Fare::Open | Fare::Passes)
    )
}

/// The parts of a prefix in which all that was asked is stopped: halved until it is so, or until nothing of it was asked.
fn stopped_parts(prefix: IpNet, fares: &[(IpAddr, Fare)], parts: &mut Vec<IpNet>) {
    let from = fares.partition_point(|(ip, _)| *ip < prefix.network());
    let to = fares.partition_point(|(ip, _)| *ip <= prefix.broadcast());
    let own = fares.get(from..to).unwrap_or_default();
    let stopped = own.iter().filter(|(_, fare)| matches!(fare, Fare::Stopped(..))).count();
    if stopped == 0 {
        return;
    }
    if stopped == own.len() {
        parts.push(prefix);
    } else if let Ok(halves) = prefix.subnets(prefix.prefix_len() + 1) {
        halves.for_each(|half| stopped_parts(half, own, parts));
    }
}

/// A lane of which nothing was settled passes where its kin do. That one is stopped is never concluded from others.
fn by_their_kin(kin: &Kin, lanes: &mut [LaneSurvey]) {
    for lane in lanes.iter_mut().filter(|lane| lane.state == State::Unknown && lane.tally.silent > 0) {
        if kin.passes(lane.lane) {
            lane.inferred = true;
            lane.state = State::Passes;
        }
    }
}

#[cfg(test)]
mod tests {
    use why5003_probes::kit::{Hop, HopAnswer};

    use super::super::{Amount, Port};
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
        survey(&space, &ledger, &reaches, &Trunks { v4: trunk(), v6: Trunk::default() })
    }

    /// Two routers, 10.0.1.1 and 10.0.2.2.
    fn trunk() -> Trunk {
        let hop = |ttl, from: &str| Hop { ttl, came: HopAnswer::Expired, from: from.parse().ok(), rtt_us: None };
        let walk = vec![hop(1, "10.0.1.1"), hop(2, "10.0.2.2")];
        Trunk::shared(&[walk.clone(), walk])
    }

    fn parts(survey: &Survey) -> Vec<String> {
        survey.lanes.iter().flat_map(|lane| &lane.blocked).map(ToString::to_string).collect()
    }

    #[test]
    fn silence_that_was_not_settled_is_no_verdict() {
        let survey = judged(vec![lane("192.0.2.0/30", 443, false)], &[Response::Silent; 4], &[]);
        assert_eq!((survey.lanes[0].state, parts(&survey)), (State::Unknown, Vec::new()));
    }

    #[test]
    fn the_blocked_half_of_a_prefix_is_named_as_such() {
        let settled = [(0, PASSES), (3, PASSES), (4, DIES), (7, DIES)];
        let survey = judged(vec![lane("192.0.2.0/29", 443, false)], &[Response::Silent; 8], &settled);
        assert_eq!((survey.lanes[0].state, parts(&survey)), (State::Partly, vec!["192.0.2.4/30".to_owned()]));
    }

    #[test]
    fn a_canary_that_answers_withdraws_every_open() {
        let lanes = vec![lane("192.0.2.1/32", 443, true), lane("198.51.100.0/31", 443, false)];
        let survey = judged(lanes, &[Response::Open; 3], &[]);
        assert_eq!((survey.forged.len(), survey.lanes.len(), survey.lanes[0].state), (1, 1, State::Unknown));
    }

    #[test]
    fn a_prohibition_needs_no_settling() {
        let by = "10.0.1.1".parse().ok();
        let survey = judged(vec![lane("192.0.2.0/31", 443, false)], &[Response::Prohibited { by }; 2], &[]);
        let place = Place { hop: Some(1), address: by, next: None };
        assert_eq!((survey.lanes[0].state, survey.lanes[0].place), (State::Prohibited, Some(place)));
        assert_eq!(parts(&survey), ["192.0.2.0/31"]);
    }

    #[test]
    fn no_such_host_said_at_the_far_end_is_no_filter_and_no_route_said_on_the_way_is_one() {
        let state = |by: &str| {
            let responses = [Response::Unreachable { by: by.parse().ok() }; 2];
            judged(vec![lane("192.0.2.0/31", 443, false)], &responses, &[]).lanes[0].state
        };
        assert_eq!((state("203.0.113.9"), state("10.0.2.2")), (State::Passes, State::Blocked));
        // This computer's own kernel has no address to show.
        assert_eq!(state(""), State::Unknown);
    }

    #[test]
    fn a_refusal_is_placed_alike_whether_it_came_first_or_when_silence_was_settled() {
        let by = "10.0.2.2".parse().ok();
        let lanes = vec![lane("192.0.2.0/32", 443, false), lane("198.51.100.0/32", 443, false)];
        let survey = judged(lanes, &[Response::Prohibited { by }, Response::Silent], &[(1, Reach::Refused { by })]);
        assert_eq!(survey.lanes[0].place, survey.lanes[1].place);
        assert_eq!(survey.lanes[0].place.and_then(|place| place.hop), Some(2));
    }

    #[test]
    fn a_lane_that_was_not_settled_may_pass_by_its_kin_and_is_never_stopped_by_them() {
        let of_port =
            |number| ["192.0.2.0/31", "198.51.100.0/31", "203.0.113.0/31"].map(|prefix| lane(prefix, number, false));
        // In the order of port and prefix: of the last lane nothing is settled.
        let state = |of_its_port: Reach, of_its_prefix: Reach| {
            let settled = [(0, PASSES), (2, PASSES), (4, of_its_prefix), (6, of_its_port), (8, of_its_port)];
            let survey = judged([of_port(443), of_port(8801)].concat(), &[Response::Silent; 12], &settled);
            (survey.lanes[5].state, survey.lanes[5].inferred)
        };
        assert_eq!(state(PASSES, PASSES), (State::Passes, true));
        assert_eq!(state(PASSES, DIES), (State::Unknown, false));
        assert_eq!(state(DIES, PASSES), (State::Unknown, false));
    }
}
