//! The final state on every target: its state, after the sweep and the trace.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::assessment::{Assessment, is_withdrawn};
use super::found::Found;
use super::judged_targets::{JudgedTarget, target_states};
use super::target_state::TargetState;

/// The final state on targets in a row that are in the same state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FinalState {
    /// The first of them.
    pub from: IpAddr,
    /// The last.
    pub to: IpAddr,
    /// At this port: `tcp/443`.
    pub port: String,
    /// How many there are: all addresses from the first to the last, unless a sample of the prefix was asked.
    pub targets: u64,
    /// Of how many it was told by themselves: the others lie between those, or beside them.
    pub told: u64,
    /// Their state, and where they are stopped: `"state":"blocked","location":{"hop":2}`.
    #[serde(flatten)]
    pub state: TargetState,
}

/// The final state on all targets that came back, prefix by prefix and port by port.
pub fn final_states<'a>(found: Found<'a>, assessment: &'a Assessment) -> impl Iterator<Item = FinalState> + 'a {
    let pairs = (0..).zip(found.space.pairs()).filter(|(_, pair)| !pair.canary);
    pairs.zip(&assessment.pairs).flat_map(move |((at, pair), judged)| {
        let target_states = target_states(found, at, is_withdrawn(&assessment.forged, pair.port));
        in_rows(&target_states, &pair.port.to_string(), judged.inferred)
    })
}

fn in_rows(target_states: &[JudgedTarget], port: &str, passes_by_port_classes: bool) -> Vec<FinalState> {
    let mut words: Vec<FinalState> = Vec::new();
    for one in target_states {
        let state = match one.state {
            TargetState::Unknown if passes_by_port_classes => TargetState::Passes,
            TargetState::Refused | TargetState::Prohibited { location: None } if passes_by_port_classes => {
                TargetState::Closed
            }
            other => other.without_next(),
        };
        let told = u64::from(one.own && one.state.passes().is_some());
        match words.last_mut() {
            Some(word) if word.state == state => {
                word.to = one.ip;
                word.targets += 1;
                word.told += told;
            }
            _ => words.push(FinalState { from: one.ip, to: one.ip, port: port.to_owned(), targets: 1, told, state }),
        }
    }
    words
}
