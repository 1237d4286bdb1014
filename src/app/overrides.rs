//! What a user sets in the place of what the system says: resolvers, a proxy, the address to send from.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use why5003_probes::model::{
    CannotProbe, Client, HostsLine, Interface, Limit, Neighbour, Pending, Proxy, ProxySays, ProxySetting,
    ResolverSetting, Route,
};
use why5003_probes::net::{Datagram, DatagramOptions, Dial, Dialled, Network, SegmentTtl};
use why5003_probes::os::{Counters, Egress, System, SystemLookup};

use crate::run::Tools;

/// What a user sets in the place of what the system says; what is left empty stays the system's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// Resolvers, in the order of use.
    pub resolvers: Vec<SocketAddr>,
    /// The proxy to go through.
    pub proxy: Option<Proxy>,
    /// The address of this computer to send from.
    pub source: Option<IpAddr>,
}

impl Overrides {
    /// The tools, with these in the place of their own.
    pub(crate) fn over(&self, tools: Tools) -> Tools {
        let network = match self.source {
            Some(source) => Arc::new(SentFrom { network: tools.network, source }),
            None => tools.network,
        };
        let system = if self.resolvers.is_empty() && self.proxy.is_none() {
            tools.system
        } else {
            Arc::new(Overridden { system: tools.system, resolvers: self.resolvers.clone(), proxy: self.proxy.clone() })
        };
        Tools { network, system, ..tools }
    }
}

/// A system of whose settings some are overridden.
struct Overridden {
    system: Arc<dyn System>,
    resolvers: Vec<SocketAddr>,
    proxy: Option<Proxy>,
}

impl System for Overridden {
    fn name(&self) -> &'static str {
        self.system.name()
    }

    fn privileged(&self) -> bool {
        self.system.privileged()
    }

    fn interfaces(&self) -> Result<Vec<Interface>, CannotProbe> {
        self.system.interfaces()
    }

    fn route(&self, to: IpAddr) -> Result<Route, CannotProbe> {
        self.system.route(to)
    }

    fn neighbour(&self, address: IpAddr) -> Result<Option<Neighbour>, CannotProbe> {
        self.system.neighbour(address)
    }

    fn egress(&self) -> Result<&dyn Egress, CannotProbe> {
        self.system.egress()
    }

    fn hosts_lines(&self, names: &[String]) -> Result<Vec<HostsLine>, CannotProbe> {
        self.system.hosts_lines(names)
    }

    fn resolvers(&self) -> Result<Vec<ResolverSetting>, CannotProbe> {
        if self.resolvers.is_empty() {
            return self.system.resolvers();
        }
        let given = |server: &SocketAddr| ResolverSetting {
            server: *server,
            source: "--resolver".to_owned(),
            stub: false,
            timeout_s: None,
        };
        Ok(self.resolvers.iter().map(given).collect())
    }

    fn proxies(&self) -> Result<Vec<ProxySetting>, CannotProbe> {
        match &self.proxy {
            Some(proxy) => Ok(vec![ProxySetting {
                source: "--proxy".to_owned(),
                says: ProxySays::Use(proxy.to_string()),
                exempt: Vec::new(),
            }]),
            None => self.system.proxies(),
        }
    }

    fn limits(&self) -> Result<Vec<Limit>, CannotProbe> {
        self.system.limits()
    }

    fn clients(&self) -> Result<Vec<Client>, CannotProbe> {
        self.system.clients()
    }

    fn counters(&self, of: IpAddr) -> Result<Counters, CannotProbe> {
        self.system.counters(of)
    }

    fn unacknowledged(&self, local: SocketAddr, peer: SocketAddr) -> Result<Option<u32>, CannotProbe> {
        self.system.unacknowledged(local, peer)
    }

    fn lookup<'a>(&'a self, name: &'a str, wait: Duration) -> Pending<'a, Result<SystemLookup, CannotProbe>> {
        self.system.lookup(name, wait)
    }
}

/// A network that sends from one address of this computer, whatever a probe leaves open.
struct SentFrom {
    network: Arc<dyn Network>,
    source: IpAddr,
}

impl Network for SentFrom {
    fn dial(&self, dial: Dial) -> Pending<'_, Result<Dialled, CannotProbe>> {
        self.network.dial(Dial { source: dial.source.or(Some(self.source)), ..dial })
    }

    fn datagram(
        &self,
        to: SocketAddr,
        options: DatagramOptions,
    ) -> Pending<'_, Result<Box<dyn Datagram>, CannotProbe>> {
        let source = options.source.or(Some(self.source));
        self.network.datagram(to, DatagramOptions { source, ..options })
    }

    fn segment_ttls(&self, dial: Dial) -> Pending<'_, Result<Vec<SegmentTtl>, CannotProbe>> {
        self.network.segment_ttls(Dial { source: dial.source.or(Some(self.source)), ..dial })
    }
}

#[cfg(test)]
mod tests {
    use why5003_probes::net::Sockets;
    use why5003_probes::os::{Clock, Trust, this_system};

    use super::*;

    struct Stopped;

    impl Clock for Stopped {
        fn wall(&self) -> Duration {
            Duration::ZERO
        }

        fn elapsed(&self) -> Duration {
            Duration::ZERO
        }
    }

    fn overridden(overrides: &Overrides) -> Tools {
        overrides.over(Tools {
            network: Arc::new(Sockets::new()),
            clock: Arc::new(Stopped),
            system: Arc::from(this_system()),
            trust: Arc::new(Trust::load(None).unwrap()),
        })
    }

    #[test]
    fn what_is_set_takes_the_place_of_the_system_s_own() {
        let proxy: Proxy = "http://192.0.2.1:3128".parse().unwrap();
        let resolvers = vec!["192.0.2.53:53".parse().unwrap()];
        let tools = overridden(&Overrides { resolvers: resolvers.clone(), proxy: Some(proxy.clone()), source: None });
        let servers: Vec<SocketAddr> = tools.system.resolvers().unwrap().iter().map(|one| one.server).collect();
        assert_eq!(servers, resolvers);
        let says: Vec<ProxySays> = tools.system.proxies().unwrap().into_iter().map(|one| one.says).collect();
        assert_eq!(says, [ProxySays::Use(proxy.to_string())]);
    }

    /// What a sweep reads of routes and counters must come from the system, whatever stands before it.
    #[test]
    fn all_else_is_asked_of_the_system() {
        let resolvers = vec!["192.0.2.53:53".parse().unwrap()];
        let tools = overridden(&Overrides { resolvers, ..Overrides::default() });
        let (own, of) = (this_system(), IpAddr::from([127, 0, 0, 1]));
        assert_eq!(tools.system.name(), own.name());
        assert_eq!(tools.system.egress().is_ok(), own.egress().is_ok());
        assert_eq!(tools.system.counters(of).is_ok(), own.counters(of).is_ok());
        let (local, peer) = ("127.0.0.1:1".parse().unwrap(), "127.0.0.1:2".parse().unwrap());
        assert_eq!(tools.system.unacknowledged(local, peer).is_ok(), own.unacknowledged(local, peer).is_ok());
    }
}
