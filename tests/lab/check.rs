//! Whether a run said what its scenario expects.

use serde_json::Value;

use crate::nest::Outcome;
use crate::scenario::Expect;
use crate::sweep;

/// A single fault must be told within this, in seconds.
pub(crate) const SECONDS: f64 = 8.0;

/// Runs share two cores with each other here, and want some room; `benches/economy.rs` holds the limit itself.
const CROWD: f64 = 1.25;

/// And with so many packets.
pub(crate) const PACKETS: u64 = 1_000;

/// A healthy network must be told with so many.
pub(crate) const PACKETS_WHEN_HEALTHY: u64 = 300;

/// Everything that is not as expected, a sentence each.
pub(crate) fn wrong(expect: &Expect, outcome: &Outcome) -> Vec<String> {
    if let Some(sweep) = &expect.sweep {
        return sweep::wrong(expect, sweep, outcome);
    }
    let mut wrong = Vec::new();
    let verdict = &outcome.report["verdict"];
    let status = verdict["status"].as_str().unwrap_or("no report");
    if status != expect.status && !expect.or_status.iter().any(|other| other == status) {
        wrong.push(format!("The status is {status}, not {}.", expect.status));
    }
    let code = ["healthy", "degraded", "blocked", "unknown"].iter().position(|known| *known == status);
    if outcome.exit_code.and_then(|code| usize::try_from(code).ok()) != code {
        wrong.push(format!("The exit code {:?} is not that of {status}.", outcome.exit_code));
    }
    wrong.extend(causes(expect, &named(outcome)));
    if let Some(first) = verdict["causes"].get(0).filter(|first| first["id"].as_str() == expect.first.as_deref()) {
        wrong.extend(details(expect, first));
    }
    let open: Vec<&str> =
        verdict["open"].as_array().into_iter().flatten().flat_map(|open| texts(&open["could_be"])).collect();
    for id in expect.open.iter().filter(|id| !open.contains(&id.as_str())) {
        wrong.push(format!("No open question holds {id}."));
    }
    let healthy = expect.status == "healthy";
    let packets = expect.packets.unwrap_or(if healthy { PACKETS_WHEN_HEALTHY } else { PACKETS });
    if outcome.packets > packets {
        wrong.push(format!("It sent {} packets, more than {packets}.", outcome.packets));
    }
    let seconds = expect.seconds.unwrap_or(SECONDS);
    if outcome.seconds > seconds * CROWD {
        wrong.push(format!("It took {:.1} s, more than {seconds}.", outcome.seconds));
    }
    wrong
}

/// The ids of the causes that a run named, the first first.
pub(crate) fn named(outcome: &Outcome) -> Vec<&str> {
    let causes = outcome.report["verdict"]["causes"].as_array();
    causes.into_iter().flatten().filter_map(|cause| cause["id"].as_str()).collect()
}

fn causes(expect: &Expect, named: &[&str]) -> Vec<String> {
    let mut wrong = Vec::new();
    let first = named.first().copied();
    let fine = first == expect.first.as_deref()
        || (expect.first.is_none() && first.is_some_and(|id| expect.may.iter().any(|may| may == id)));
    if !fine {
        wrong.push(format!(
            "The first cause is {}, not {}.",
            first.unwrap_or("none"),
            expect.first.as_deref().unwrap_or("none")
        ));
    }
    for id in expect.others.iter().filter(|id| !named.contains(&id.as_str())) {
        wrong.push(format!("{id} is not named."));
    }
    for id in innocents(expect, named) {
        let never = if expect.not.iter().any(|not| not == id) { ", of all" } else { "" };
        wrong.push(format!("{id} is blamed{never} and is innocent."));
    }
    wrong
}

/// Causes that were named and may not be.
pub(crate) fn innocents<'a>(expect: &Expect, named: &[&'a str]) -> Vec<&'a str> {
    let expected: Vec<&String> = expect.first.iter().chain(&expect.others).chain(&expect.may).collect();
    named.iter().copied().filter(|id| !expected.iter().any(|expected| expected == id)).collect()
}

fn details(expect: &Expect, first: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    if let Some(expected) = &expect.location {
        let is = &first["location"];
        let as_text = |address: Option<std::net::IpAddr>| address.map(|address| address.to_string());
        let same = (expected.hop.is_none() || is["hop"].as_u64() == expected.hop.map(u64::from))
            && (expected.address.is_none() || is["address"].as_str() == as_text(expected.address).as_deref())
            && (expected.next.is_none() || is["next"].as_str() == as_text(expected.next).as_deref());
        if !same {
            wrong.push(format!("The place is {is}, not {expected:?}."));
        }
    }
    for (kind, expected) in &expect.scope {
        let is = texts(&first["scope"][kind]);
        for missing in expected.iter().filter(|one| !is.contains(&one.as_str())) {
            wrong.push(format!("The scope's {kind} {is:?} lack {missing}."));
        }
    }
    if let Some(owner) = &expect.owner
        && first["owner"].as_str() != Some(owner)
    {
        wrong.push(format!("The owner is {}, not {owner}.", first["owner"]));
    }
    wrong
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}
