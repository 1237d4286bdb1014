//! Systems other than Linux: says what it can't see and why, so that "not looked" never reads as healthy.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use ipnet::IpNet;
use pnet::datalink;

use super::{Counters, Egress, System, SystemLookup, lookup};
use crate::model::{
    CannotProbe, Client, HostsLine, Interface, InterfaceKind, Limit, Neighbour, Pending, ProxySetting, ResolverSetting,
    Route,
};

/// A system of which this program knows only what is the same everywhere.
#[derive(Clone, Copy, Debug)]
pub struct Elsewhere;

const NOT_WRITTEN: &str = "why5003 reads it on Linux only";

fn unsupported<T>(what: &'static str) -> Result<T, CannotProbe> {
    Err(CannotProbe::Unsupported { what, why: NOT_WRITTEN })
}

impl System for Elsewhere {
    fn name(&self) -> &'static str {
        std::env::consts::OS
    }

    fn privileged(&self) -> bool {
        super::may_open_raw_sockets()
    }

    fn interfaces(&self) -> Result<Vec<Interface>, CannotProbe> {
        Ok(datalink::interfaces().into_iter().map(interface).collect())
    }

    fn route(&self, _to: IpAddr) -> Result<Route, CannotProbe> {
        unsupported("the kernel's routes")
    }

    fn neighbour(&self, _address: IpAddr) -> Result<Option<Neighbour>, CannotProbe> {
        unsupported("the neighbour table")
    }

    fn egress(&self) -> Result<&dyn Egress, CannotProbe> {
        unsupported("how packets leave")
    }

    fn hosts_lines(&self, _names: &[String]) -> Result<Vec<HostsLine>, CannotProbe> {
        unsupported("the hosts file")
    }

    fn resolvers(&self) -> Result<Vec<ResolverSetting>, CannotProbe> {
        unsupported("the configured resolvers")
    }

    fn proxies(&self) -> Result<Vec<ProxySetting>, CannotProbe> {
        unsupported("the proxy settings")
    }

    fn limits(&self) -> Result<Vec<Limit>, CannotProbe> {
        unsupported("the limits of this process")
    }

    fn clients(&self) -> Result<Vec<Client>, CannotProbe> {
        unsupported("the installed Zoom client")
    }

    fn counters(&self, _of: IpAddr) -> Result<Counters, CannotProbe> {
        unsupported("the kernel's packet counters")
    }

    fn unacknowledged(&self, _local: SocketAddr, _peer: SocketAddr) -> Result<Option<u32>, CannotProbe> {
        unsupported("what a connection has sent in vain")
    }

    fn lookup<'a>(&'a self, name: &'a str, wait: Duration) -> Pending<'a, Result<SystemLookup, CannotProbe>> {
        Box::pin(lookup::lookup(name, wait))
    }
}

fn interface(seen: datalink::NetworkInterface) -> Interface {
    let kind = if seen.is_loopback() {
        InterfaceKind::Loopback
    } else if seen.is_point_to_point() {
        InterfaceKind::Tunnel
    } else {
        InterfaceKind::Link
    };
    Interface {
        up: seen.is_up(),
        kind,
        addresses: seen.ips.iter().filter_map(|ip| IpNet::new(ip.ip(), ip.prefix()).ok()).collect(),
        mtu_bytes: None,
        name: seen.name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_cannot_see_is_an_error_with_its_reason() {
        let error = Elsewhere.resolvers().unwrap_err();
        assert_eq!(error.to_string(), "see the configured resolvers on this system (why5003 reads it on Linux only)");
    }
}
