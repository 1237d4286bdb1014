//! The hosts that a trace asks beside the targets of the sweep.

use std::net::IpAddr;

use why5003_probes::model::Family;

use crate::catalogue::Catalogue;

/// Hosts beside the targets of the sweep, and this computer's own addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hosts {
    /// Neutral hosts, each of another operator, of both families.
    pub neutral: Vec<IpAddr>,
    /// Reference targets: Zoom's hosts whose addresses are known to answer at TCP 443.
    pub reference: Vec<IpAddr>,
    /// This computer's own addresses.
    pub own: Vec<IpAddr>,
}

impl Hosts {
    /// The catalogue's. Its neutral hosts are the independent resolvers, which answer at each of the ports that are traced.
    pub fn of(catalogue: &Catalogue, own: Vec<IpAddr>) -> Self {
        let reference = catalogue.hosts.iter().flat_map(|host| host.known_addresses.iter().copied()).collect();
        let neutral = Family::BOTH.into_iter().flat_map(|family| neutral(catalogue, family)).collect();
        Self { neutral, reference, own }
    }
}

fn neutral(catalogue: &Catalogue, family: Family) -> Vec<IpAddr> {
    let mut operators: Vec<&str> = Vec::new();
    let mut neutral = Vec::new();
    for resolver in &catalogue.resolvers {
        let address = resolver.addresses.iter().find(|address| Family::of(**address) == family);
        if let Some(address) = address.filter(|_| !operators.contains(&resolver.operator.as_str())) {
            operators.push(&resolver.operator);
            neutral.push(*address);
        }
    }
    neutral.truncate(OPERATORS);
    neutral
}

/// Two agree by chance on a router of their own more often than three.
const OPERATORS: usize = 3;
