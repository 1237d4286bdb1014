//! Whether a sweep found what its scenario expects.

use serde_json::Value;

use crate::nest::Outcome;
use crate::scenario::{Expect, Sweep};

/// Everything that is not as expected, a sentence each.
pub(crate) fn wrong(expect: &Expect, sweep: &Sweep, outcome: &Outcome) -> Vec<String> {
    let report = &outcome.report;
    let mut wrong = Vec::new();
    let status = report["status"].as_str().unwrap_or("no report");
    if status != expect.status && !expect.or_status.iter().any(|other| other == status) {
        wrong.push(format!("The status is {status}, not {}.", expect.status));
    }
    let gap: Vec<String> = report["gap"].as_array().into_iter().flatten().map(missing).collect();
    if gap != sweep.gap && !sweep.or_gap.contains(&gap) {
        wrong.push(format!("What is missing is {gap:#?}, not {:#?}.", sweep.gap));
    }
    let words: Vec<String> = outcome.words.iter().map(word).collect();
    if words != sweep.words {
        wrong.push(format!("The final states are {words:#?}, not {:#?}.", sweep.words));
    }
    for (of, state) in &sweep.states {
        let pairs = report["pairs"].as_array().into_iter().flatten();
        let said = pairs.filter(|pair| format!("{} {}", text(&pair["port"]), text(&pair["prefix"])) == *of);
        let said: Vec<&str> = said.map(|pair| text(&pair["state"])).collect();
        if !state.split(" or ").any(|state| said == [state]) {
            wrong.push(format!("{of} is {said:?}, not {state}."));
        }
    }
    for part in sweep.says.iter().filter(|part| !text(&report["summary"]).contains(part.as_str())) {
        wrong.push(format!("The summary says nothing of: {part}"));
    }
    // What it says then depends on how fast this computer is.
    if text(&report["summary"]).contains("time for tracing ran out") {
        wrong.push("The time for tracing ran out.".to_owned());
    }
    let seconds = expect.seconds.unwrap_or(SECONDS);
    if outcome.seconds > seconds {
        wrong.push(format!("It took {:.1} s, more than {seconds}.", outcome.seconds));
    }
    if !wrong.is_empty() {
        wrong.push(format!("{}\n{}", serde_json::to_string_pretty(report).unwrap(), outcome.stderr));
    }
    wrong
}

fn missing(of: &Value) -> String {
    let list = |of: &Value| of.as_array().into_iter().flatten().map(text).collect::<Vec<_>>().join(", ");
    format!("{} to {}{}", list(&of["ports"]), list(&of["prefixes"]), place(&of["location"]))
}

fn word(of: &Value) -> String {
    format!("{} {}-{}{}", text(&of["state"]), text(&of["from"]), text(&of["to"]), place(&of["location"]))
}

fn place(place: &Value) -> String {
    let hop = place["hop"].as_u64().map(|hop| format!(" at hop {hop}")).unwrap_or_default();
    let address = place["address"].as_str().map(|address| format!(", {address}")).unwrap_or_default();
    format!("{hop}{address}")
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A few dozen targets are traced within this, where a router says one word a second; no scenario takes much more than half of it.
const SECONDS: f64 = 250.0;
