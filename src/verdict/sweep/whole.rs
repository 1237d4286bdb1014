//! Where a wide range of ports is stopped as a whole: in the parts of prefixes that are stopped at each port of it that was asked.
//!
//! That is a conclusion from a few ports to all between, and the one that a firewall's rule needs: whoever shows it says so.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;
use why5003_probes::model::Location;

use crate::sweep::{Port, PrefixPort, WideRange};

/// A part of a prefix that is stopped at a port.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stopped {
    pub(super) port: Port,
    pub(super) prefix: IpNet,
    pub(super) location: Location,
}

/// A part of a prefix that is stopped at each port of a wide range that was asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Whole {
    pub(super) range: WideRange,
    pub(super) prefix: IpNet,
    /// Where most of its ports are stopped.
    pub(super) location: Location,
}

/// Where all of a range is stopped, no part in another.
pub(super) fn wholes(range: WideRange, asked: &[PrefixPort], stopped: &[Stopped]) -> Vec<Whole> {
    let ports: BTreeSet<Port> = range.asked().collect();
    let is_within = |port: Port| range.range().holds(port.into());
    // Ports within that were asked on their own account have a say where they were asked.
    let others: Vec<&PrefixPort> =
        asked.iter().filter(|pair| is_within(pair.port) && !ports.contains(&pair.port)).collect();
    let at = |port: Port, prefix: IpNet| {
        stopped.iter().find(|part| part.port == port && part.prefix.contains(&prefix)).map(|part| part.location)
    };
    // What is common to several prefixes is the narrowest of them, so it is one of these; wider ones come first.
    let mut prefixes: Vec<IpNet> = stopped.iter().filter(|part| is_within(part.port)).map(|part| part.prefix).collect();
    prefixes.sort_by_key(|prefix| (prefix.prefix_len(), *prefix));
    let mut wholes: Vec<Whole> = Vec::new();
    for prefix in prefixes {
        let mut around = others.iter().filter(|pair| pair.prefix.contains(&prefix) || prefix.contains(&pair.prefix));
        let known = wholes.iter().any(|whole| whole.prefix.contains(&prefix));
        if known || around.any(|pair| at(pair.port, prefix).is_none()) {
            continue;
        }
        let locations: Option<Vec<Location>> = ports.iter().map(|port| at(*port, prefix)).collect();
        wholes.extend(locations.map(|locations| Whole { range, prefix, location: commonest(&locations) }));
    }
    wholes
}

/// The place that most have; of several, the one that tells most.
fn commonest(locations: &[Location]) -> Location {
    let mut count: BTreeMap<Location, usize> = BTreeMap::new();
    for location in locations {
        *count.entry(*location).or_default() += 1;
    }
    let tells = |location: &Location| (location.hop.is_some(), location.address.is_some());
    let most = count.into_iter().max_by_key(|(location, count)| (*count, tells(location)));
    most.map_or(Location::default(), |(location, _)| location)
}
