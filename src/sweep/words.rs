//! The last word on every target: how it fares, after all was asked and settled.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::fare::{Faring, fares};
use super::found::Found;
use super::survey::{Survey, is_withdrawn};
use super::target_state::TargetState;

/// The last word on targets in a row that fare alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastWord {
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

/// The last word on all targets that came back, prefix by prefix and port by port.
pub fn last_words<'a>(found: Found<'a>, survey: &'a Survey) -> impl Iterator<Item = LastWord> + 'a {
    let lanes = (0..).zip(found.space.lanes()).filter(|(_, lane)| !lane.canary);
    lanes.zip(&survey.lanes).flat_map(move |((at, lane), judged)| {
        let fares = fares(found, at, is_withdrawn(&survey.forged, lane.port));
        in_rows(&fares, &lane.port.to_string(), judged.inferred)
    })
}

fn in_rows(fares: &[Faring], port: &str, passes_by_kin: bool) -> Vec<LastWord> {
    let mut words: Vec<LastWord> = Vec::new();
    for one in fares {
        let state = match one.state {
            TargetState::Unknown if passes_by_kin => TargetState::Passes,
            TargetState::Refused | TargetState::Prohibited { location: None } if passes_by_kin => TargetState::Closed,
            other => other.without_next(),
        };
        let told = u64::from(one.own && one.state.passes().is_some());
        match words.last_mut() {
            Some(word) if word.state == state => {
                word.to = one.ip;
                word.targets += 1;
                word.told += told;
            }
            _ => words.push(LastWord { from: one.ip, to: one.ip, port: port.to_owned(), targets: 1, told, state }),
        }
    }
    words
}
