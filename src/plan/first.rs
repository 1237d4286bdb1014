//! The first probes: what every diagnosis takes, whatever is wrong.

use std::net::{IpAddr, SocketAddr};

use why5003_probes::model::{Dialect, DnsTransport, Probe, ProbeName, RecordType, Role, Settings, Target, Transport};

use super::{Plan, proxies};
use crate::catalogue::{Catalogue, Host, Portal};
use crate::experiment::names::DOT;
use crate::experiment::{probes, role};

/// How many side hosts a first round looks at: enough to see a filter of names, few enough to stay polite.
const SIDE_HOSTS: usize = 8;

/// How many neutral hosts of each kind are looked at.
const CONTROLS: usize = 2;

/// This computer: its hosts-file lines for the catalogue's names, its routes to the catalogue's addresses.
pub(super) fn this_computer(catalogue: &Catalogue) -> Probe {
    let names = catalogue.hosts.iter().map(|host| host.name.clone()).collect();
    let known = catalogue.hosts.iter().flat_map(|host| host.known_addresses.iter().copied());
    let controls = catalogue.controls.iter().flat_map(|control| control.addresses.iter().copied());
    let media = catalogue.media.servers.iter().map(SocketAddr::ip);
    let mut addresses: Vec<IpAddr> = known.chain(controls).chain(media).collect();
    addresses.sort_unstable();
    addresses.dedup();
    let settings = Settings { names: Some(names), addresses: Some(addresses), ..Settings::default() };
    Probe::new(ProbeName::Host, Role::Host, Target::this_host()).with(settings)
}

/// The first probes beyond this computer.
pub(super) fn probes(plan: &Plan<'_>) -> Vec<Probe> {
    let catalogue = plan.catalogue;
    let mut first = Vec::new();
    for host in web_hosts(catalogue) {
        first.push(probes::by_system(&host.name, role(host)));
    }
    first.extend(names_by_wire(plan));
    first.extend(neutral(plan));
    first.extend(udp(plan));
    first.extend(proxies::set(plan));
    first
}

/// The web hosts of a first round: all of sign-in, some of the others.
pub(super) fn web_hosts(catalogue: &Catalogue) -> impl Iterator<Item = &Host> {
    let is_web = |host: &&Host| matches!(host.role, Role::SignIn | Role::Side);
    let others = catalogue.hosts.iter().filter(is_web).filter(|host| !host.decisive).take(SIDE_HOSTS);
    catalogue.hosts.iter().filter(|host| host.decisive).chain(others)
}

fn names_by_wire(plan: &Plan<'_>) -> Vec<Probe> {
    let catalogue = plan.catalogue;
    let mut asked = Vec::new();
    let servers = plan.setup().independent_resolvers();
    for host in catalogue.hosts.iter().filter(|host| host.decisive) {
        for server in &plan.here.resolvers {
            asked.push(probes::by_udp(&host.name, Role::SignIn, *server, RecordType::A));
        }
        for server in &servers {
            asked.push(probes::by_udp_twice(&host.name, Role::SignIn, *server));
        }
        if let Some(resolver) = catalogue.resolvers.iter().find(|r| r.addresses.iter().any(|a| plan.may_use(*a)))
            && let Some(address) = resolver.addresses.iter().copied().find(|a| plan.may_use(*a))
        {
            let to = SocketAddr::new(address, DOT);
            asked.push(probes::encrypted(&host.name, Role::SignIn, DnsTransport::Dot, to, &resolver.dot));
        }
    }
    if let Some(control) = catalogue.controls.iter().find(|control| control.addresses.is_empty()) {
        for server in &plan.here.resolvers {
            asked.push(probes::by_udp(&control.name, Role::Control, *server, RecordType::A));
        }
    }
    asked
}

/// Neutral hosts by name and by address, and pages whose content is known.
fn neutral(plan: &Plan<'_>) -> Vec<Probe> {
    let catalogue = plan.catalogue;
    let mut neutral = Vec::new();
    for control in catalogue.controls.iter().filter(|control| control.addresses.is_empty()).take(CONTROLS) {
        neutral.push(probes::by_system(&control.name, Role::Control));
    }
    for control in catalogue.controls.iter().filter(|control| !control.addresses.is_empty()).take(CONTROLS) {
        if let Some(address) = control.addresses.iter().copied().find(|a| plan.may_use(*a)) {
            neutral.push(probes::handshake(&control.name, Role::Control, SocketAddr::new(address, control.port)));
        }
    }
    let (by_address, by_name): (Vec<_>, Vec<_>) =
        catalogue.portals.iter().partition(|portal| portal.target.address.is_some());
    if let Some(portal) = by_address.first() {
        neutral.push(probes::page(portal.target.clone(), &portal.path, portal.expect.clone()));
    }
    // Of another operator: two pages rewritten alike are no accident of one.
    let other = |portal: &&&Portal| by_address.first().is_none_or(|first| first.operator != portal.operator);
    if let Some(portal) = by_name.iter().find(other).or(by_name.first())
        && let Some(name) = &portal.target.host
    {
        neutral.push(probes::by_system(name, Role::Portal));
    }
    neutral
}

fn udp(plan: &Plan<'_>) -> Vec<Probe> {
    let catalogue = plan.catalogue;
    let media = catalogue.media.servers.iter().take(2);
    let mut udp: Vec<Probe> = media.map(|to| probes::datagram(Role::Media, Target::udp(*to), Dialect::Zoom)).collect();
    let another = catalogue.media.servers.get(2).or(catalogue.media.servers.first());
    udp.extend(another.map(|to| probes::on_one_flow(Role::Media, Target::udp(*to), Dialect::Zoom)));
    if let Some(stun) = catalogue.stun.first() {
        match (&stun.target.host, stun.target.address) {
            (Some(name), None) => udp.push(probes::by_system(name, Role::Resolver)),
            _ => udp.push(probes::datagram(Role::Control, stun.target.clone(), Dialect::Stun)),
        }
    }
    udp
}

/// The neutral STUN server of that name, at an address.
pub(super) fn stun_at(catalogue: &Catalogue, name: &str, address: IpAddr) -> Option<Probe> {
    let stun = catalogue.stun.iter().find(|stun| stun.target.host.as_deref() == Some(name))?;
    let (port, _) = stun.target.port?;
    let target = Target::address(address).called(name).at_port(port, Transport::Udp);
    Some(probes::datagram(Role::Control, target, Dialect::Stun))
}
