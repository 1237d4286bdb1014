//! Looks at this computer: interfaces, limits, resolvers, proxies, the Zoom client, the hosts file, routes, gateways.
//!
//! What it looks at: what the operating system tells, without sending a packet. What a bad result means: a cause that
//! no probe of the network can show. Examples are a pinned name, a route into a dead tunnel, a gateway that answers no
//! ARP, and limits that our own probes would run into. What to do: the facts name the file, line, interface or route
//! to mend. Example: `why5003 probe host this-host`, or `why5003 probe host 192.0.2.1` for one route.
//!
//! A part that can't be probed is told as a fact; it never hides the others and never counts as healthy.

use std::error::Error;
use std::net::IpAddr;

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::block_in_place;

use crate::model::{BadProbe, CannotProbe, Fact, Layer, Pending, Probe, ProbeName, Route, Seen, Via};
use crate::os::System;
use crate::prober::{ProbeKind, Prober, Subject};
use crate::session::Means;

/// The kind `host`.
pub(crate) const KIND: ProbeKind = ProbeKind {
    name: ProbeName::Host,
    summary: "what this computer's own system tells: interfaces, routes, resolvers, hosts file, proxies, limits, Zoom client",
    layer: Layer::Host,
    subject: Subject::ThisComputer,
    default_port: None,
    sources: &["rtnetlink(7)", "hosts(5)", "resolv.conf(5)", "proc(5)", "ip(7)"],
    prepare,
};

fn prepare(probe: &Probe) -> Result<Box<dyn Prober>, BadProbe> {
    let bad = |reason| BadProbe { probe: KIND.name, target: probe.target.to_string(), reason };
    if probe.via != Via::Direct {
        return Err(bad("this computer is looked at directly; leave out --via"));
    }
    match (&probe.target.host, probe.target.address) {
        (_, Some(address)) => Ok(Box::new(OneWay { address })),
        (None, None) => Ok(Box::new(Host {
            names: probe.settings.names.clone().unwrap_or_default(),
            addresses: probe.settings.addresses.clone().unwrap_or_default(),
        })),
        (Some(_), None) => Err(bad("a name has no route; write this-host, or an address")),
    }
}

/// The whole computer.
struct Host {
    names: Vec<String>,
    addresses: Vec<IpAddr>,
}

/// The route to one address.
struct OneWay {
    address: IpAddr,
}

impl Prober for Host {
    fn probe<'a>(&'a self, means: &'a Means<'a>) -> Pending<'a, Result<Seen, CannotProbe>> {
        Box::pin(async { Ok(Seen::facts(aside(|| self.facts(means.system)))) })
    }
}

impl Prober for OneWay {
    fn probe<'a>(&'a self, means: &'a Means<'a>) -> Pending<'a, Result<Seen, CannotProbe>> {
        Box::pin(async { Ok(Seen::facts(aside(|| ways(means.system, &[self.address], Neighbours::TargetsToo)))) })
    }
}

impl Host {
    fn facts(&self, system: &dyn System) -> Vec<Fact> {
        let mut facts = part("interfaces", system.interfaces(), Fact::Interface);
        facts.extend(part("limits", system.limits(), Fact::Limit));
        facts.extend(part("resolvers", system.resolvers(), Fact::Resolver));
        facts.extend(part("proxies", system.proxies(), Fact::ProxySetting));
        facts.extend(part("client", system.clients(), Fact::Client));
        if !self.names.is_empty() {
            facts.extend(part("hosts file", system.hosts_lines(&self.names), Fact::HostsLine));
        }
        facts.extend(ways(system, &self.addresses, Neighbours::Gateways));
        facts
    }
}

/// Runs what may take milliseconds of a processor or of a child process without holding up other probes, where the
/// runtime has another thread to hand them to.
fn aside<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => block_in_place(work),
        _ => work(),
    }
}

fn part<T>(what: &str, told: Result<Vec<T>, CannotProbe>, fact: fn(T) -> Fact) -> Vec<Fact> {
    match told {
        Ok(all) => all.into_iter().map(fact).collect(),
        Err(error) => vec![not_probed(what, &error)],
    }
}

fn not_probed(what: &str, error: &CannotProbe) -> Fact {
    let mut why = error.to_string();
    if let Some(source) = error.source() {
        why.push_str(": ");
        why.push_str(&source.to_string());
    }
    Fact::NotProbed { what: what.to_owned(), why }
}

/// Whose neighbour entries are read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Neighbours {
    /// The gateways'.
    Gateways,
    /// The gateways', and those of targets on the link itself.
    TargetsToo,
}

/// The routes, then the neighbour entry of each next hop.
///
/// One error is enough: a kernel that does not tell one route tells none.
fn ways(system: &dyn System, addresses: &[IpAddr], whose: Neighbours) -> Vec<Fact> {
    let mut facts = Vec::new();
    let mut hops: Vec<IpAddr> = Vec::new();
    for &address in addresses {
        match system.route(address) {
            Ok(route) => {
                if let Some(hop) = next_hop(&route, whose).filter(|hop| !hops.contains(hop)) {
                    hops.push(hop);
                }
                facts.push(Fact::Route(route));
            }
            Err(error) => {
                facts.push(not_probed("routes", &error));
                break;
            }
        }
    }
    for hop in hops {
        match system.neighbour(hop) {
            Ok(entry) => facts.extend(entry.map(Fact::Neighbour)),
            Err(error) => {
                facts.push(not_probed("neighbours", &error));
                break;
            }
        }
    }
    facts
}

fn next_hop(route: &Route, whose: Neighbours) -> Option<IpAddr> {
    match whose {
        Neighbours::Gateways => route.gateway,
        Neighbours::TargetsToo => route.gateway.or_else(|| route.interface.is_some().then_some(route.to)),
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::net::SocketAddr;
    use std::time::Duration;

    use super::*;
    use crate::model::{Client, HostsLine, Interface, Limit, Neighbour, ProxySetting, ResolverSetting, Role, Target};
    use crate::os::{Counters, Egress, SystemLookup, this_system};

    const GATEWAY: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 254));

    /// A system that knows one default route and nothing else.
    struct Sparse;

    fn closed<T>() -> Result<T, CannotProbe> {
        Err(CannotProbe::Io { operation: "read it", source: io::Error::other("closed") })
    }

    impl System for Sparse {
        fn name(&self) -> &'static str {
            "sparse"
        }
        fn privileged(&self) -> bool {
            false
        }
        fn interfaces(&self) -> Result<Vec<Interface>, CannotProbe> {
            closed()
        }
        fn route(&self, to: IpAddr) -> Result<Route, CannotProbe> {
            Ok(route(to))
        }
        fn neighbour(&self, address: IpAddr) -> Result<Option<Neighbour>, CannotProbe> {
            Ok((address == GATEWAY).then(neighbour))
        }
        fn egress(&self) -> Result<&dyn Egress, CannotProbe> {
            closed()
        }
        fn hosts_lines(&self, _names: &[String]) -> Result<Vec<HostsLine>, CannotProbe> {
            closed()
        }
        fn resolvers(&self) -> Result<Vec<ResolverSetting>, CannotProbe> {
            Ok(Vec::new())
        }
        fn proxies(&self) -> Result<Vec<ProxySetting>, CannotProbe> {
            Ok(Vec::new())
        }
        fn limits(&self) -> Result<Vec<Limit>, CannotProbe> {
            Ok(vec![limit()])
        }
        fn clients(&self) -> Result<Vec<Client>, CannotProbe> {
            Ok(Vec::new())
        }
        fn counters(&self, _of: IpAddr) -> Result<Counters, CannotProbe> {
            closed()
        }
        fn unacknowledged(&self, _: SocketAddr, _: SocketAddr) -> Result<Option<u32>, CannotProbe> {
            closed()
        }
        fn lookup<'a>(&'a self, _name: &'a str, _wait: Duration) -> Pending<'a, Result<SystemLookup, CannotProbe>> {
            Box::pin(async { closed() })
        }
    }

    fn route(to: IpAddr) -> Route {
        Route { to, interface: Some("eth0".into()), gateway: Some(GATEWAY), source: None, refuses: None }
    }

    fn neighbour() -> Neighbour {
        Neighbour { address: GATEWAY, interface: "eth0".into(), state: "reachable".into() }
    }

    fn limit() -> Limit {
        Limit { of: "descriptors".into(), limit: 1024, used: None }
    }

    fn far(n: u8) -> IpAddr {
        IpAddr::from([198, 51, 100, n])
    }

    #[test]
    fn a_part_that_cannot_be_probed_at_is_told_and_does_not_hide_the_others() {
        let host = Host { names: vec!["zoom.us".into()], addresses: vec![far(1), far(2)] };
        let not_probed = |what: &str| Fact::NotProbed { what: what.into(), why: "read it: closed".into() };
        assert_eq!(
            host.facts(&Sparse),
            [
                not_probed("interfaces"),
                Fact::Limit(limit()),
                not_probed("hosts file"),
                Fact::Route(route(far(1))),
                Fact::Route(route(far(2))),
                Fact::Neighbour(neighbour()),
            ]
        );
    }

    #[test]
    fn an_address_is_probed_at_for_its_way_alone() {
        assert_eq!(
            ways(&Sparse, &[far(1)], Neighbours::TargetsToo),
            [Fact::Route(route(far(1))), Fact::Neighbour(neighbour())]
        );
    }

    #[test]
    fn a_name_alone_makes_no_sense() {
        assert!(prepare(&Probe::new(KIND.name, Role::Host, Target::name("zoom.us"))).is_err());
        assert!(prepare(&Probe::new(KIND.name, Role::Host, Target::this_host())).is_ok());
        assert!(prepare(&Probe::new(KIND.name, Role::Host, Target::address(far(1)))).is_ok());
    }

    #[test]
    fn this_very_computer_tells_its_interfaces_and_limits() {
        let facts = Host { names: vec![], addresses: vec![] }.facts(&*this_system());
        assert!(facts.iter().any(|fact| matches!(fact, Fact::Interface(_))), "{facts:?}");
        assert!(facts.iter().any(|fact| matches!(fact, Fact::Limit(_))), "{facts:?}");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn work_is_handed_aside_where_other_threads_can_go_on() {
        assert_eq!(aside(|| 5003), 5003);
    }

    #[tokio::test]
    async fn work_is_done_in_place_where_there_is_one_thread_alone() {
        assert_eq!(aside(|| 5003), 5003);
    }
}
