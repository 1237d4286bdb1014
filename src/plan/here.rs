//! What a plan needs to know of this computer, taken from the first probe.

use std::net::{IpAddr, SocketAddr};

use why5003_probes::model::{
    AddressScope, Fact, Family, Interface, InterfaceKind, Observation, Proxy, ProxySays, Route,
};
use why5003_probes::wire::proxy_settings::Script;

use super::Wishes;

/// What a plan needs to know of this computer.
#[derive(Clone, Debug, Default)]
pub(super) struct Here {
    /// Configured resolvers, in order.
    pub(super) resolvers: Vec<SocketAddr>,
    /// Proxies that this computer is set to use, in order.
    pub(super) proxies: Vec<Proxy>,
    /// Proxies that it is set to use for plain HTTP alone.
    pub(super) for_http: Vec<Proxy>,
    /// Where it is set to fetch a proxy script.
    pub(super) scripts: Vec<Script>,
    /// It is set to a script that no probe can fetch.
    pub(super) unfetchable: bool,
    /// The next hops of its routes.
    pub(super) gateways: Vec<IpAddr>,
    /// An interface can carry IPv4 beyond its link.
    pub(super) v4: bool,
    /// An interface can carry IPv6 beyond its link.
    pub(super) v6: bool,
}

impl Here {
    /// What the first probe showed, as far as the user's wishes leave it.
    pub(super) fn of(seen: &Observation, wishes: &Wishes) -> Self {
        let mut here = Self { proxies: wishes.proxy.clone().into_iter().collect(), ..Self::default() };
        let mut knows_interfaces = false;
        for fact in &seen.facts {
            match fact {
                Fact::Resolver(resolver) => here.resolvers.push(resolver.server),
                Fact::ProxySetting(setting) if wishes.proxy.is_none() => here.note_proxy(&setting.says),
                Fact::Route(Route { gateway: Some(gateway), .. }) if !here.gateways.contains(gateway) => {
                    here.gateways.push(*gateway);
                }
                Fact::Interface(interface) => {
                    knows_interfaces = true;
                    here.v4 |= carries(interface, Family::V4);
                    here.v6 |= carries(interface, Family::V6);
                }
                _ => {}
            }
        }
        if !knows_interfaces {
            (here.v4, here.v6) = (true, true);
        }
        here
    }

    /// It is set to a proxy, or to a script that chooses one.
    pub(super) fn goes_by_proxy(&self) -> bool {
        !self.proxies.is_empty() || !self.scripts.is_empty()
    }

    fn note_proxy(&mut self, says: &ProxySays) {
        match says {
            ProxySays::Use(proxy) => {
                if let Ok(proxy) = proxy.parse()
                    && !self.proxies.contains(&proxy)
                {
                    self.proxies.push(proxy);
                }
            }
            ProxySays::ForHttp(proxy) => self.for_http.extend(proxy.parse()),
            ProxySays::Script(_) | ProxySays::Discover => match Script::of(says) {
                Some(script) if self.scripts.contains(&script) => {}
                Some(script) => self.scripts.push(script),
                None => self.unfetchable = true,
            },
            ProxySays::Unreadable(_) => {}
        }
    }
}

/// Whether an interface can carry packets of a family beyond its own link.
fn carries(interface: &Interface, family: Family) -> bool {
    let beyond = |address: IpAddr| Family::of(address) == family && AddressScope::of(address) != AddressScope::Link;
    interface.kind != InterfaceKind::Loopback
        && interface.up
        && interface.addresses.iter().map(ipnet::IpNet::addr).any(beyond)
}
