//! What holds of the judge whatever it is shown: mixes, subsets and orders of all that the scenarios saw.

#![expect(clippy::indexing_slicing, reason = "an index is drawn below the length")]

use libtest_mimic::{Failed, Trial};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use why5003::verdict::{Status, judge};
use why5003_probes::model::{Fact, Observation, Role};

use super::expect::{broken_rules, shown};
use super::load::{Scenario, files, scenario};

/// The properties, as tests.
pub(super) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("the_order_of_observations_does_not_matter", the_order_does_not_matter),
        Trial::test("any_mix_of_observations_is_judged_by_the_rules", any_mix_is_judged),
        Trial::test("any_part_of_a_run_is_judged_by_the_rules", any_part_is_judged),
        Trial::test("where_nothing_failed_nobody_is_blamed", nothing_failed_nobody_blamed),
        Trial::test("without_neutral_hosts_no_filter_of_connections_is_claimed", no_controls_no_filter),
    ]
}

/// How many cases each property is tried on; a case takes about a millisecond.
const CASES: u32 = 400;

/// The most observations that a mix holds: about as many as a run makes.
const MIX: usize = 40;

fn the_order_does_not_matter() -> Result<(), Failed> {
    let all = scenarios()?;
    let shuffled = select(all.iter().map(|s| s.seen.clone()).enumerate().collect::<Vec<_>>())
        .prop_flat_map(|(at, seen)| (Just(at), Just(seen).prop_shuffle()));
    run(&shuffled, |(at, seen)| {
        let scenario = &all[at];
        let straight = judge(&scenario.evidence());
        prop_assert_eq!(&straight, &judge(&scenario.evidence_of(seen)));
        prop_assert_eq!(&straight, &judge(&scenario.evidence()));
        Ok(())
    })
}

fn any_mix_is_judged() -> Result<(), Failed> {
    let all = scenarios()?;
    let pool: Vec<Observation> = all.iter().flat_map(|s| s.seen.clone()).collect();
    let mix = vec(any::<Index>(), 0..MIX);
    run(&mix, |picked| {
        let seen = (0..).zip(&picked).map(|(id, at)| Observation { id, ..at.get(&pool).clone() }).collect();
        obeys(&all[0], seen)
    })
}

fn any_part_is_judged() -> Result<(), Failed> {
    let all = scenarios()?;
    let part = parts_of(&all, |_| true);
    run(&part, |(at, seen)| obeys(&all[at], seen))
}

fn nothing_failed_nobody_blamed() -> Result<(), Failed> {
    let all: Vec<Scenario> = scenarios()?
        .into_iter()
        .filter(|s| matches!(s.expect.status, Status::Healthy | Status::Unknown) && s.expect.first.is_none())
        .collect();
    let part = parts_of(&all, is_well);
    run(&part, |(at, seen)| {
        let judgement = judge(&all[at].evidence_of(seen));
        prop_assert!(judgement.verdict.causes.is_empty(), "{}", shown(&judgement));
        prop_assert!(matches!(judgement.verdict.status, Status::Healthy | Status::Unknown), "{}", shown(&judgement));
        Ok(())
    })
}

fn no_controls_no_filter() -> Result<(), Failed> {
    for name in files() {
        let scenario = scenario(&name)?;
        let mut seen = scenario.seen.clone();
        seen.retain(|o| o.probe.role != Role::Control);
        let judgement = judge(&scenario.evidence_of(seen));
        let filters = ["filter.drop", "filter.reject", "filter.reset"];
        if judgement.verdict.causes.iter().any(|cause| filters.contains(&cause.id.as_str())) {
            return Err(format!("{name}: {}", shown(&judgement)).into());
        }
    }
    Ok(())
}

/// Some of what one of these scenarios saw, of what is wanted.
fn parts_of(all: &[Scenario], wanted: fn(&Observation) -> bool) -> impl Strategy<Value = (usize, Vec<Observation>)> {
    let seen: Vec<(usize, Vec<Observation>)> =
        all.iter().map(|s| s.seen.iter().filter(|o| wanted(o)).cloned().collect()).enumerate().collect();
    select(seen).prop_flat_map(|(at, seen)| {
        let most = seen.len();
        (Just(at), subsequence(seen, 0..=most))
    })
}

fn obeys(scenario: &Scenario, seen: Vec<Observation>) -> Result<(), TestCaseError> {
    let evidence = scenario.evidence_of(seen);
    let judgement = judge(&evidence);
    let wrong = broken_rules(&evidence, &judgement);
    prop_assert!(wrong.is_empty(), "{}\n{}", wrong.join("\n"), shown(&judgement));
    Ok(())
}

/// Whether a probe got what it asked for, and it is as it should be.
fn is_well(seen: &Observation) -> bool {
    let well = |fact: &Fact| match fact {
        Fact::Verified { fault, .. } => fault.is_none(),
        Fact::Response(response) => response.status < 500 && response.as_expected != Some(false),
        Fact::Tunnel(tunnel) => tunnel.status == 200,
        Fact::Icmp(_) | Fact::Alert { .. } | Fact::Garbage { .. } => false,
        _ => true,
    };
    seen.failure.is_none() && seen.facts.iter().all(well)
}

/// The same cases each time, so that a failure is seen by everybody.
fn run<S: Strategy>(strategy: &S, check: impl Fn(S::Value) -> Result<(), TestCaseError>) -> Result<(), Failed> {
    let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    TestRunner::new_with_rng(config, rng).run(strategy, check).map_err(|e| e.to_string().into())
}

fn scenarios() -> Result<Vec<Scenario>, String> {
    files().iter().map(|name| scenario(name)).collect()
}
