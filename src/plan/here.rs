//! What a plan needs to know of this computer, taken from the first look.

use std::net::{IpAddr, SocketAddr};

use why5003_probes::kit::{Fact, Interface, InterfaceKind, Observation, Proxy, ProxySays};

use super::Wishes;

/// What a plan needs to know of this computer.
#[derive(Clone, Debug, Default)]
pub(super) struct Here {
    /// Configured resolvers, in order.
    pub(super) resolvers: Vec<SocketAddr>,
    /// Proxies that this computer is set to use, in order.
    pub(super) proxies: Vec<Proxy>,
    /// Where it is set to fetch a proxy script.
    pub(super) scripts: Vec<Script>,
    /// An interface can carry IPv4 beyond its link.
    pub(super) v4: bool,
    /// An interface can carry IPv6 beyond its link.
    pub(super) v6: bool,
}

/// Where a proxy script is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Script {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) path: String,
}

impl Here {
    /// What the first look showed, as far as the user's wishes leave it.
    pub(super) fn of(seen: &Observation, wishes: &Wishes) -> Self {
        let mut here = Self { proxies: wishes.proxy.clone().into_iter().collect(), ..Self::default() };
        let mut knows_interfaces = false;
        for fact in &seen.facts {
            match fact {
                Fact::Resolver(resolver) => here.resolvers.push(resolver.server),
                Fact::ProxySetting(setting) if wishes.proxy.is_none() => here.heed(&setting.says),
                Fact::Interface(interface) => {
                    knows_interfaces = true;
                    here.v4 |= carries(interface, IpAddr::is_ipv4);
                    here.v6 |= carries(interface, IpAddr::is_ipv6);
                }
                _ => {}
            }
        }
        if !knows_interfaces {
            (here.v4, here.v6) = (true, true);
        }
        here
    }

    fn heed(&mut self, says: &ProxySays) {
        match says {
            ProxySays::Use(proxy) => {
                if let Ok(proxy) = proxy.parse()
                    && !self.proxies.contains(&proxy)
                {
                    self.proxies.push(proxy);
                }
            }
            ProxySays::Script(url) => {
                self.scripts.extend(Script::of(url).filter(|script| !self.scripts.contains(script)));
            }
            // The name that browsers ask for below the search domain, which the system's library adds.
            ProxySays::Discover => {
                self.scripts.push(Script { host: "wpad".to_owned(), port: 80, path: "/wpad.dat".to_owned() });
            }
            ProxySays::Unreadable(_) => {}
        }
    }
}

impl Script {
    /// The script at a plain-HTTP address; `None` for any other scheme, which a look cannot fetch.
    fn of(url: &str) -> Option<Self> {
        let rest = url.strip_prefix("http://")?;
        let (authority, path) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, "/"),
        };
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) => (host, port.parse().ok()?),
            None => (authority, 80),
        };
        Some(Self { host: host.to_owned(), port, path: path.to_owned() })
    }
}

/// Whether an interface can carry packets of a family beyond its own link.
fn carries(interface: &Interface, family: impl Fn(&IpAddr) -> bool) -> bool {
    let beyond = |address: IpAddr| match address {
        IpAddr::V4(v4) => !v4.is_link_local(),
        IpAddr::V6(v6) => !v6.is_unicast_link_local(),
    };
    interface.kind != InterfaceKind::Loopback
        && interface.up
        && interface.addresses.iter().map(ipnet::IpNet::addr).any(|a| family(&a) && beyond(a))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_fetched_from_the_place_its_url_names() {
        let script = |host: &str, port, path: &str| Some(Script { host: host.to_owned(), port, path: path.to_owned() });
        assert_eq!(Script::of("http://proxy.example/a.pac"), script("proxy.example", 80, "/a.pac"));
        assert_eq!(Script::of("http://192.0.2.1:8080"), script("192.0.2.1", 8080, "/"));
        assert_eq!(Script::of("https://proxy.example/a.pac"), None);
        assert_eq!(Script::of("file:///etc/proxy.pac"), None);
    }
}
