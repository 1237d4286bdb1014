//! The rounds alone: what is known goes in, the targets of the next round come out.

use std::num::NonZeroU32;

use super::*;
use crate::sweep::{Amount, Port, PrefixPort};

fn space(prefixes: &[&str]) -> TargetSpace {
    let port = Port { transport: Transport::Tcp, number: 443 };
    let pair =
        |prefix: &&str| PrefixPort { prefix: prefix.parse().unwrap(), port, canary: prefix.starts_with("192.0.2.") };
    TargetSpace::new(prefixes.iter().map(pair).collect(), Amount::All).unwrap()
}

fn rounds(space: &TargetSpace) -> Rounds<'_> {
    Rounds::new(space, Transport::Tcp, Shard::WHOLE, 7, 0)
}

fn none() -> BTreeSet<u64> {
    BTreeSet::new()
}

/// Attempt, rate and targets.
fn told(plan: Option<RoundPlan>) -> Option<(u8, Option<u32>, BTreeSet<u64>)> {
    plan.map(|RoundPlan { attempt, rate, sequence, first, .. }| {
        (attempt, rate, sequence.map(|number| number + first).collect())
    })
}

/// Every target was asked once, and stayed silent.
fn all_silent(count: u64) -> Results {
    let mut results = Results::new(count);
    for number in 0..count {
        results.restore(number, 1, Response::Silent);
    }
    results
}

#[test]
fn what_is_known_is_asked_by_no_round() {
    let space = space(&["170.114.0.0/30"]);
    let mut results = Results::new(4);
    results.restore(1, 1, Response::Open);
    let mut rounds = rounds(&space);
    assert_eq!(told(rounds.next(&none(), &results, 0)), Some((1, None, BTreeSet::from([0, 2, 3]))));
}

#[test]
fn reference_targets_have_a_round_of_their_own() {
    let space = space(&["170.114.0.0/30"]);
    let (mut rounds, mut results) = (rounds(&space), Results::new(4));
    let references = BTreeSet::from([2]);
    assert_eq!(told(rounds.next(&references, &results, 0)), Some((1, None, BTreeSet::from([2]))));
    results.restore(2, 1, Response::Open);
    assert_eq!(told(rounds.next(&references, &results, 0)), Some((1, None, BTreeSet::from([0, 1, 3]))));
}

#[test]
fn the_canaries_are_asked_by_every_shard() {
    let space = space(&["192.0.2.0/31", "170.114.0.0/30"]);
    let canaries: BTreeSet<u64> = space.canaries().collect();
    for part in [1, 2] {
        let shard = Shard { part: NonZeroU32::new(part).unwrap(), of: NonZeroU32::new(2).unwrap() };
        let mut rounds = Rounds::new(&space, Transport::Tcp, shard, 7, 0);
        assert_eq!(told(rounds.next(&none(), &Results::new(6), 0)), Some((1, None, canaries.clone())));
    }
}

#[test]
fn the_numbers_of_a_transport_begin_where_those_before_it_end() {
    let port = |transport| Port { transport, number: 443 };
    let pair =
        |transport| PrefixPort { prefix: "170.114.0.0/31".parse().unwrap(), port: port(transport), canary: false };
    let space = TargetSpace::new(vec![pair(Transport::Tcp), pair(Transport::Udp)], Amount::All).unwrap();
    let mut rounds = Rounds::new(&space, Transport::Udp, Shard::WHOLE, 7, 0);
    assert_eq!(told(rounds.next(&none(), &Results::new(4), 0)), Some((1, None, BTreeSet::from([2, 3]))));
}

#[test]
fn nothing_is_asked_again_where_all_answered() {
    let space = space(&["170.114.0.0/30"]);
    let mut results = Results::new(4);
    for number in 0..4 {
        results.restore(number, 1, Response::Closed { ttl: None });
    }
    assert_eq!(told(rounds(&space).next(&none(), &results, 0)), None);
}

#[test]
fn a_sample_of_the_silent_targets_is_asked_again_slowly() {
    let space = space(&["170.114.0.0/25"]);
    let plan = rounds(&space).next(&none(), &all_silent(128), 0).unwrap();
    assert_eq!((plan.attempt, plan.rate, plan.targets, plan.sequence.count()), (2, Some(400), 32, 32));
}

#[test]
fn the_rest_is_asked_again_where_one_of_the_sample_answers() {
    let space = space(&["170.114.0.0/25"]);
    let (mut rounds, mut results) = (rounds(&space), all_silent(128));
    let (_, _, sample) = told(rounds.next(&none(), &results, 0)).unwrap();
    results.restore(*sample.first().unwrap(), 2, Response::Open);
    let rest = (0..128).filter(|number| !sample.contains(number)).collect();
    assert_eq!(told(rounds.next(&none(), &results, 0)), Some((2, Some(2_000), rest)));
}

#[test]
fn the_rest_is_asked_again_where_an_answer_came_too_late() {
    let space = space(&["170.114.0.0/25"]);
    let (mut rounds, results) = (rounds(&space), all_silent(128));
    rounds.next(&none(), &results, 0).unwrap();
    assert_eq!(rounds.next(&none(), &results, 1).map(|plan| plan.targets), Some(96));
}

#[test]
fn silence_is_believed_where_the_whole_sample_stays_silent() {
    let space = space(&["170.114.0.0/25"]);
    let (mut rounds, mut results) = (rounds(&space), all_silent(128));
    let (_, _, sample) = told(rounds.next(&none(), &results, 0)).unwrap();
    for number in &sample {
        results.restore(*number, 2, Response::Silent);
    }
    assert_eq!(told(rounds.next(&none(), &results, 0)), None);
}

#[test]
fn the_third_attempt_is_the_last() {
    let space = space(&["170.114.0.0/30"]);
    let (mut rounds, mut results) = (rounds(&space), all_silent(4));
    assert_eq!(told(rounds.next(&none(), &results, 0)), Some((2, Some(400), (0..4).collect())));
    results.restore(0, 2, Response::Open);
    for number in 1..4 {
        results.restore(number, 2, Response::Silent);
    }
    assert_eq!(told(rounds.next(&none(), &results, 0)), Some((3, Some(400), (1..4).collect())));
    results.restore(1, 3, Response::Open);
    assert_eq!(told(rounds.next(&none(), &results, 0)), None);
}
