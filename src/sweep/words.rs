//! The last word on every target: how it fares, after all was asked and settled.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::fare::{Fare, Faring, Place, Stop, fares};
use super::found::Found;
use super::survey::{Survey, is_withdrawn};

/// The last word on targets in a row that fare alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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
    /// How they fare.
    pub state: Standing,
    /// Where they are stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Place>,
}

/// How a target fares, in one word.
///
/// Closed on purpose: it is the file's form of a fare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It answers.
    Open,
    /// The far end refuses.
    Closed,
    /// Nobody answers, and packets come as far as anybody can tell.
    Passes,
    /// Packets die on the way.
    Blocked,
    /// Somebody on the way resets the connections.
    Reset,
    /// Somebody refuses by ICMP: on the way, where there is a location.
    Prohibited,
    /// It is refused by a RST, and it could not be told whose.
    Refused,
    /// It could not be told.
    Unknown,
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
        let (state, location) = match one.fare {
            Fare::Unknown if passes_by_kin => (Standing::Passes, None),
            Fare::Refused { .. } if passes_by_kin => (Standing::Closed, None),
            other => spelled(other),
        };
        let told = u64::from(one.own && one.fare.passes().is_some());
        match words.last_mut() {
            Some(word) if (word.state, word.location) == (state, location) => {
                word.to = one.ip;
                word.targets += 1;
                word.told += told;
            }
            _ => words.push(LastWord {
                from: one.ip,
                to: one.ip,
                port: port.to_owned(),
                targets: 1,
                told,
                state,
                location,
            }),
        }
    }
    words
}

/// The router that would come next differs from flow to flow, and makes no difference.
fn spelled(fare: Fare) -> (Standing, Option<Place>) {
    match fare {
        Fare::Open => (Standing::Open, None),
        Fare::Closed => (Standing::Closed, None),
        Fare::Passes => (Standing::Passes, None),
        Fare::Refused { icmp: false } => (Standing::Refused, None),
        Fare::Refused { icmp: true } => (Standing::Prohibited, None),
        Fare::Unknown => (Standing::Unknown, None),
        Fare::Stopped(stop, place) => {
            let state = match stop {
                Stop::Blocked => Standing::Blocked,
                Stop::Reset => Standing::Reset,
                Stop::Prohibited => Standing::Prohibited,
            };
            (state, Some(Place { next: None, ..place }))
        }
    }
}
