//! What a result leads to by itself: from a name's addresses to the services there.

use std::net::{IpAddr, SocketAddr};

use why5003_probes::model::{Fact, Family, Observation, Probe, ProbeName, Role};

use super::{Plan, first, proxies};
use crate::experiment::probes;

/// How many addresses of a name are tried for each family.
const ADDRESSES_EACH_FAMILY: usize = 2;

/// The probes that a result leads to.
pub(super) fn probes(plan: &mut Plan<'_>, seen: &Observation) -> Vec<Probe> {
    if seen.probe.kind == ProbeName::Proxy {
        return proxies::chosen(plan, seen);
    }
    if seen.probe.kind == ProbeName::Udp && answers_neutrally(seen) {
        return vec![probes::in_fragments(&seen.probe)];
    }
    if seen.probe.kind != ProbeName::Dns {
        return Vec::new();
    }
    let Some(name) = seen.probe.target.host.clone() else { return Vec::new() };
    let given = seen.facts.iter().filter_map(|f| if let Fact::Answer(answer) = f { Some(answer) } else { None });
    let given: Vec<IpAddr> = given.flat_map(|answer| answer.addresses.iter().copied()).collect();
    let mut addresses = Vec::new();
    for family in Family::BOTH {
        let usable = given.iter().copied().filter(|a| Family::of(*a) == family && plan.may_use(*a));
        addresses.extend(usable.take(ADDRESSES_EACH_FAMILY));
    }
    addresses.retain(|address| plan.addresses.insert((name.clone(), *address)));
    addresses.iter().filter_map(|address| service(plan, &name, seen.probe.role, *address)).collect()
}

/// A neutral server answered a datagram over IPv4. (Over IPv6 a lost fragment and a lost "packet too big" look alike.)
fn answers_neutrally(seen: &Observation) -> bool {
    let four = seen.probe.target.address.is_some_and(|address| address.is_ipv4());
    let well_formed = seen.facts.iter().any(|f| matches!(f, Fact::Reply(reply) if reply.well_formed));
    seen.probe.role == Role::Control && seen.probe.settings.ttl.is_none() && four && well_formed
}

fn service(plan: &Plan<'_>, name: &str, role: Role, address: IpAddr) -> Option<Probe> {
    let catalogue = plan.catalogue;
    match role {
        Role::SignIn => {
            let port = catalogue.host(name)?.port;
            Some(probes::web(name, role, SocketAddr::new(address, port)))
        }
        Role::Side => {
            let port = catalogue.host(name)?.port;
            Some(probes::handshake(name, role, SocketAddr::new(address, port)))
        }
        Role::Control => {
            let control = catalogue.controls.iter().find(|control| control.name == name)?;
            Some(probes::web(name, role, SocketAddr::new(address, control.port)))
        }
        Role::Portal => {
            let portal = catalogue.portals.iter().find(|portal| portal.target.host.as_deref() == Some(name))?;
            let mut target = portal.target.clone();
            target.address = Some(address);
            Some(probes::page(target, &portal.path, portal.expect.clone()))
        }
        Role::Status => {
            let page = catalogue.status.iter().find(|page| page.host == name)?;
            Some(probes::status(name, SocketAddr::new(address, 443), &page.path))
        }
        Role::Resolver => first::stun_at(catalogue, name, address),
        Role::Range | Role::Media | Role::Certificate | Role::Canary | Role::Host => None,
    }
}
