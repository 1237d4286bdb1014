//! What a network does not let through, in as few prefixes and port ranges as say it, and where it is stopped.

use std::collections::BTreeMap;

use super::model::{Missing, location};
use crate::rules::{Tested, gap};
use crate::sweep::{LaneSurvey, Place, Survey};

/// What is blocked, place by place.
pub fn missing(survey: &Survey) -> Vec<Missing> {
    let mut places: BTreeMap<Option<Place>, Vec<Tested>> = BTreeMap::new();
    for lane in &survey.lanes {
        // The router that would come next differs from flow to flow, and is no place of its own.
        let place = lane.place.map(|place| Place { next: None, ..place });
        places.entry(place).or_default().extend(blocked(lane));
    }
    let of_place = |(place, tested): (Option<Place>, Vec<Tested>)| {
        let missing = |missing: crate::rules::Missing| Missing {
            prefixes: missing.prefixes,
            ports: missing.ports,
            location: place.map(location),
        };
        gap(&tested).into_iter().map(missing).collect::<Vec<_>>()
    };
    places.into_iter().flat_map(of_place).collect()
}

fn blocked(lane: &LaneSurvey) -> impl Iterator<Item = Tested> {
    let ports = lane.lane.port.into();
    lane.blocked.iter().map(move |prefix| Tested { prefix: *prefix, ports, blocked: true })
}
