//! What experiments are made of: the catalogue, and what the plan knows of this computer and network so far.

use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};

use why5003_probes::model::{Family, Probe, Proxy, Role};

use crate::catalogue::{Catalogue, Host};

/// What experiments are made of.
#[derive(Clone, Copy, Debug)]
pub struct Setup<'a> {
    /// The catalogue.
    pub catalogue: &'a Catalogue,
    /// Configured resolvers, in order.
    pub resolvers: &'a [SocketAddr],
    /// Proxies that this computer is set to use, in order.
    pub proxies: &'a [Proxy],
    /// Proxies that it is set to use for plain HTTP alone.
    pub for_http: &'a [Proxy],
    /// The next hops of its routes.
    pub gateways: &'a [IpAddr],
    /// IPv4 leads beyond the link, and the user does not exclude it.
    pub ipv4: bool,
    /// The same of IPv6.
    pub ipv6: bool,
    /// Addresses of each host that probes were given for.
    pub addresses: &'a HashSet<(String, IpAddr)>,
    /// Every probe that was given.
    pub given: &'a HashSet<Probe>,
}

impl Setup<'_> {
    /// Whether an address is of a family that this run uses.
    pub fn may_use(&self, address: IpAddr) -> bool {
        match Family::of(address) {
            Family::V4 => self.ipv4,
            Family::V6 => self.ipv6,
        }
    }

    /// What a host is to the diagnosis.
    pub fn role_of(&self, host: &str) -> Role {
        self.catalogue.host(host).map_or(Role::Side, role)
    }

    /// What a flow to an address is: one to nobody, or one of Zoom's.
    pub fn role_of_address(&self, address: IpAddr) -> Role {
        if self.catalogue.canary.addresses.contains(&address) { Role::Canary } else { Role::Range }
    }

    /// The name of the first neutral host.
    pub fn neutral_name(&self) -> Option<&str> {
        self.catalogue.controls.first().map(|control| control.name.as_str())
    }

    /// Independent resolvers that are not this computer's own, one address each.
    pub fn independent_resolvers(&self) -> Vec<SocketAddr> {
        let own = |address: &IpAddr| self.resolvers.iter().any(|server| server.ip() == *address);
        self.catalogue
            .resolvers
            .iter()
            .filter(|resolver| !resolver.addresses.iter().any(own))
            .filter_map(|resolver| resolver.addresses.iter().copied().find(|a| self.may_use(*a)))
            .take(RESOLVERS)
            .map(|address| SocketAddr::new(address, DNS))
            .collect()
    }
}

/// What a host is to the diagnosis: only a decisive one stands for sign-in.
pub fn role(host: &Host) -> Role {
    if host.decisive { Role::SignIn } else { Role::Side }
}

/// Port of plain DNS (RFC 1035).
pub const DNS: u16 = 53;

/// How many independent resolvers are asked.
const RESOLVERS: usize = 2;
