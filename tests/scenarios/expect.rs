//! Compares a judgement with what a scenario expects of it, and with what holds of every judgement.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::net::IpAddr;

use serde::Deserialize;
use why5003::evidence::Evidence;
use why5003::experiment::Question;
use why5003::verdict::{Judgement, Location, Owner, Scope, Status, judge};

use super::load::Scenario;

/// What the judge must say.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Expect {
    pub(super) status: Status,
    /// The cause that is ranked first.
    pub(super) first: Option<String>,
    /// All other causes, in any order.
    #[serde(default)]
    pub(super) others: Vec<String>,
    /// Causes that it must not claim: false blame.
    #[serde(default)]
    not: Vec<String>,
    /// Causes that it must rule out.
    #[serde(default)]
    ruled_out: Vec<String>,
    /// Causes that it must leave open.
    #[serde(default)]
    open: Vec<String>,
    /// Causes of which it must say nothing: neither found, nor out, nor open.
    #[serde(default)]
    silent: Vec<String>,
    /// Experiments that it must ask for still, by their ids.
    #[serde(default)]
    asks: Vec<String>,
    /// It asks nothing that the program could answer.
    #[serde(default)]
    asks_nothing: bool,
    /// Where the first cause sits.
    location: Option<Place>,
    /// How much the first cause covers.
    scope: Option<Covered>,
    /// Who mends the first cause.
    owner: Option<Owner>,
    /// Details of the first cause, among others.
    #[serde(default)]
    details: BTreeMap<String, String>,
    /// How sure the first cause may be at most.
    at_most: Option<f64>,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct Place {
    hop: Option<u8>,
    address: Option<IpAddr>,
    next: Option<IpAddr>,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct Covered {
    hosts: Option<Vec<String>>,
    ports: Option<Vec<String>>,
    prefixes: Option<Vec<String>>,
}

/// Judges a scenario and compares.
pub(super) fn check(scenario: &Scenario) -> Result<(), String> {
    let evidence = scenario.evidence();
    let judgement = judge(&evidence);
    let mut wrong = differences(&scenario.expect, &judgement);
    wrong.extend(broken_rules(&evidence, &judgement));
    if wrong.is_empty() { Ok(()) } else { Err(format!("{}\n\n{}", wrong.join("\n"), shown(&judgement))) }
}

fn differences(expect: &Expect, judgement: &Judgement) -> Vec<String> {
    let verdict = &judgement.verdict;
    let mut wrong = Vec::new();
    if verdict.status != expect.status {
        wrong.push(format!("status is {:?}, not {:?}", verdict.status, expect.status));
    }
    let mut ids: Vec<&str> = verdict.causes.iter().map(|c| c.id.as_str()).collect();
    if ids.first().copied() != expect.first.as_deref() {
        wrong.push(format!("first is {:?}, not {:?}", ids.first(), expect.first));
    }
    if let Some(false_blame) = ids.iter().find(|id| expect.not.iter().any(|not| not == *id)) {
        wrong.push(format!("blames {false_blame}"));
    }
    let mut expected: Vec<&str> = expect.first.iter().chain(&expect.others).map(String::as_str).collect();
    ids.sort_unstable();
    expected.sort_unstable();
    if ids != expected {
        wrong.push(format!("causes are {ids:?}, not {expected:?}"));
    }
    let out: BTreeSet<&str> = verdict.ruled_out.iter().map(|r| r.id.as_str()).collect();
    let open: BTreeSet<&str> = verdict.open.iter().flat_map(|o| &o.could_be).map(String::as_str).collect();
    wrong.extend(
        expect.ruled_out.iter().filter(|id| !out.contains(id.as_str())).map(|id| format!("{id} is not ruled out")),
    );
    wrong.extend(expect.open.iter().filter(|id| !open.contains(id.as_str())).map(|id| format!("{id} is not open")));
    let said = |id: &&String| out.contains(id.as_str()) || open.contains(id.as_str());
    wrong.extend(expect.silent.iter().filter(said).map(|id| format!("something is said of {id}")));
    let asked: BTreeSet<&str> = judgement.questions.iter().map(Question::id).collect();
    wrong.extend(expect.asks.iter().filter(|id| !asked.contains(id.as_str())).map(|id| format!("does not ask {id}")));
    if expect.asks_nothing && !asked.is_empty() {
        wrong.push(format!("asks {asked:?}"));
    }
    let Some(first) = verdict.causes.first() else { return wrong };
    if let Some(place) = &expect.location {
        let found = first.location.unwrap_or_default();
        if (Location { hop: place.hop, address: place.address, next: place.next }) != found {
            wrong.push(format!("its place is {found:?}, not {place:?}"));
        }
    }
    if let Some(covered) = &expect.scope {
        let Scope { ports, prefixes, hosts } = &first.scope;
        let prefixes = prefixes.iter().map(ToString::to_string).collect::<Vec<_>>();
        for (found, expected) in [(hosts, &covered.hosts), (ports, &covered.ports), (&prefixes, &covered.prefixes)] {
            if let Some(expected) = expected
                && found != expected
            {
                wrong.push(format!("it covers {found:?}, not {expected:?}"));
            }
        }
    }
    if expect.owner.is_some_and(|owner| owner != first.owner) {
        wrong.push(format!("its owner is {:?}", first.owner));
    }
    for (key, text) in &expect.details {
        if first.details.get(key) != Some(text) {
            wrong.push(format!("its {key} is {:?}, not {text:?}", first.details.get(key)));
        }
    }
    if expect.at_most.is_some_and(|most| first.confidence > most) {
        wrong.push(format!("it is too sure: {}", first.confidence));
    }
    wrong
}

/// What holds of every judgement, whatever was seen.
pub(super) fn broken_rules(evidence: &Evidence, judgement: &Judgement) -> Vec<String> {
    let verdict = &judgement.verdict;
    let mut wrong = Vec::new();
    let known: BTreeSet<u32> = evidence.observations().iter().map(|o| o.id).collect();
    let claimed: BTreeSet<&str> = verdict.causes.iter().map(|c| c.id.as_str()).collect();
    if verdict.status == Status::Healthy && !claimed.is_empty() {
        wrong.push("it is healthy and blames".to_owned());
    }
    if verdict.status == Status::Degraded && claimed.is_empty() {
        wrong.push("it is degraded by nothing".to_owned());
    }
    for cause in &verdict.causes {
        if !(0.5..=1.0).contains(&cause.confidence) {
            wrong.push(format!("{} has a confidence of {}", cause.id, cause.confidence));
        }
        if cause.because.is_empty() || cause.because.iter().chain(&cause.against).any(|id| !known.contains(id)) {
            wrong.push(format!("{} cites {:?} and {:?}", cause.id, cause.because, cause.against));
        }
        let text =
            |t: &str| !t.is_empty() && !t.contains("{host}") && !t.contains("{address}") && !t.contains("{proxy}");
        if !cause.remedies.iter().all(|r| text(&r.text) && r.command.as_deref().is_none_or(text)) {
            wrong.push(format!("{} has a remedy with a gap", cause.id));
        }
        let mut hosts = cause.scope.hosts.clone();
        hosts.sort();
        hosts.dedup();
        if hosts.len() != cause.scope.hosts.len() {
            wrong.push(format!("{} names a host twice: {:?}", cause.id, cause.scope.hosts));
        }
    }
    for (at, cause) in verdict.causes.iter().enumerate() {
        if verdict
            .causes
            .iter()
            .skip(at + 1)
            .any(|c| c.id == cause.id && c.location == cause.location && c.details == cause.details)
        {
            wrong.push(format!("{} is claimed twice for one place", cause.id));
        }
    }
    for out in &verdict.ruled_out {
        if claimed.contains(out.id.as_str())
            || out.because.is_empty()
            || out.because.iter().any(|id| !known.contains(id))
        {
            wrong.push(format!("{} is ruled out by {:?}, or claimed too", out.id, out.because));
        }
    }
    wrong
}

/// A judgement, for a person who has to mend the rule.
pub(super) fn shown(judgement: &Judgement) -> String {
    let verdict = &judgement.verdict;
    let mut text = format!("{:?}: {}\n", verdict.status, verdict.summary);
    for c in &verdict.causes {
        let _ = writeln!(
            text,
            "  {} {:.2} {:?} {:?} {:?} {:?} {:?} because {:?} against {:?}",
            c.id, c.confidence, c.role, c.owner, c.location, c.scope, c.details, c.because, c.against
        );
    }
    for open in &verdict.open {
        let _ = writeln!(text, "  open {:?}: {}", open.could_be, open.next_test);
    }
    let out: Vec<&str> = verdict.ruled_out.iter().map(|r| r.id.as_str()).collect();
    let _ = writeln!(text, "  out {out:?}\n  asks {:?}", judgement.questions);
    text
}
