//! What this computer tells of itself, as the rules see it.

use std::net::{IpAddr, SocketAddr};

use why5003_probes::model::{
    AddressScope, Client, Fact, HostsLine, Interface, InterfaceKind, Limit, Neighbour, Observation, ProxySetting,
    ResolverSetting, Route,
};

/// What this computer tells of itself.
#[derive(Clone, Copy, Debug)]
pub struct HostState<'a> {
    observations: &'a [Observation],
    /// Which of them are looks at this computer.
    probes: &'a [usize],
}

impl<'a> HostState<'a> {
    pub(super) fn of(observations: &'a [Observation], probes: &'a [usize]) -> Self {
        Self { observations, probes }
    }

    /// The observations of this computer.
    pub fn ids(self) -> Vec<u32> {
        self.probes().map(|o| o.id).collect()
    }

    /// Its interfaces, or `None` where they were not probed.
    pub fn interfaces(self) -> Option<Vec<&'a Interface>> {
        let found: Vec<_> =
            self.facts().filter_map(|f| if let Fact::Interface(i) = f { Some(i) } else { None }).collect();
        (!found.is_empty()).then_some(found)
    }

    /// Whether an interface besides loopback is up and has an address; `None` where that was not probed.
    pub fn has_link(self) -> Option<bool> {
        Some(
            self.interfaces()?
                .iter()
                .any(|i| i.kind != InterfaceKind::Loopback && i.up && i.addresses.iter().any(usable)),
        )
    }

    /// What an interface is.
    pub fn interface_kind(self, name: &str) -> Option<InterfaceKind> {
        self.interfaces()?.iter().find(|i| i.name == name).map(|i| i.kind)
    }

    /// The routes looked up, each with its observation.
    pub fn routes(self) -> impl Iterator<Item = (u32, &'a Route)> {
        self.numbered(|f| if let Fact::Route(route) = f { Some(route) } else { None })
    }

    /// The route to an address.
    pub fn route(self, to: IpAddr) -> Option<(u32, &'a Route)> {
        self.routes().find(|(_, route)| route.to == to)
    }

    /// The latest state of each neighbour looked at.
    pub fn neighbours(self) -> impl Iterator<Item = (u32, &'a Neighbour)> {
        self.numbered(|f| if let Fact::Neighbour(n) = f { Some(n) } else { None })
    }

    /// Lines of the hosts file that pin this name.
    pub fn hosts_lines(self, name: &'a str) -> impl Iterator<Item = (u32, &'a HostsLine)> {
        self.numbered(|f| if let Fact::HostsLine(line) = f { Some(line) } else { None })
            .filter(move |(_, line)| line.names.iter().any(|n| n.eq_ignore_ascii_case(name)))
    }

    /// The configured resolvers, in order.
    pub fn resolvers(self) -> impl Iterator<Item = SocketAddr> {
        self.resolver_settings().map(|setting| setting.server)
    }

    /// The same, with what is set of them.
    pub fn resolver_settings(self) -> impl Iterator<Item = &'a ResolverSetting> {
        self.facts().filter_map(|f| if let Fact::Resolver(setting) = f { Some(setting) } else { None })
    }

    /// Proxy settings found, in order of precedence.
    pub fn proxies(self) -> impl Iterator<Item = (u32, &'a ProxySetting)> {
        self.numbered(|f| if let Fact::ProxySetting(p) = f { Some(p) } else { None })
    }

    /// Limits of this process and computer.
    pub fn limits(self) -> impl Iterator<Item = (u32, &'a Limit)> {
        self.numbered(|f| if let Fact::Limit(limit) = f { Some(limit) } else { None })
    }

    /// Installed Zoom clients.
    pub fn clients(self) -> impl Iterator<Item = (u32, &'a Client)> {
        self.numbered(|f| if let Fact::Client(client) = f { Some(client) } else { None })
    }

    fn probes(self) -> impl Iterator<Item = &'a Observation> {
        self.probes.iter().filter_map(|&at| self.observations.get(at))
    }

    fn facts(self) -> impl Iterator<Item = &'a Fact> {
        self.probes().flat_map(|o| &o.facts)
    }

    fn numbered<T: 'a>(self, pick: impl Fn(&'a Fact) -> Option<&'a T>) -> impl Iterator<Item = (u32, &'a T)> {
        self.probes()
            .flat_map(|o| o.facts.iter().map(move |f| (o.id, f)))
            .filter_map(move |(id, f)| Some((id, pick(f)?)))
    }
}

/// Whether an address can be used beyond the link: link-local ones (RFC 3927, RFC 4291) can't.
fn usable(address: &ipnet::IpNet) -> bool {
    AddressScope::of(address.addr()) != AddressScope::Link && !address.addr().is_unspecified()
}
