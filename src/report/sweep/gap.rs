//! What a network does not let through, in as few prefixes and port ranges as say it.

use std::collections::BTreeMap;

use ipnet::IpNet;
use why5003_probes::kit::Transport;

use super::model::{Missing, location};
use crate::catalogue::PortRange;
use crate::sweep::{Place, Port, Survey};

/// Groups what is blocked: ports with the same prefixes at the same place are one, and ports in a row are a range.
pub fn missing(survey: &Survey) -> Vec<Missing> {
    let mut by_port: BTreeMap<(Option<Place>, Port), Vec<IpNet>> = BTreeMap::new();
    for lane in &survey.lanes {
        // The router that would come next differs from flow to flow, and is no place of its own.
        let place = lane.place.map(|place| Place { next: None, ..place });
        if !lane.blocked.is_empty() {
            by_port.entry((place, lane.lane.port)).or_default().extend(&lane.blocked);
        }
    }
    let mut by_prefixes: BTreeMap<(Option<Place>, Vec<IpNet>), Vec<Port>> = BTreeMap::new();
    for ((place, port), prefixes) in by_port {
        by_prefixes.entry((place, IpNet::aggregate(&prefixes))).or_default().push(port);
    }
    by_prefixes
        .into_iter()
        .map(|((place, prefixes), ports)| Missing {
            prefixes,
            ports: ranges(&ports).iter().map(ToString::to_string).collect(),
            location: place.map(location),
        })
        .collect()
}

/// Ports in their order, those in a row as one range.
pub(super) fn ranges(ports: &[Port]) -> Vec<PortRange> {
    let mut ranges: Vec<PortRange> = Vec::new();
    for Port { transport, number } in ports.iter().copied() {
        match ranges.last_mut() {
            Some(range) if range.transport == transport && range.last.checked_add(1) == Some(number) => {
                range.last = number;
            }
            _ => ranges.push(range(transport, number)),
        }
    }
    ranges
}

fn range(transport: Transport, number: u16) -> PortRange {
    PortRange { transport, first: number, last: number }
}
