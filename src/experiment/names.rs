//! Shared experiments with names: who gives which addresses for one.

use std::net::SocketAddr;

use why5003_probes::model::{DnsTransport, Probe, RecordType, Role, Settings};

use super::setup::role;
use super::{Experiment, Setup, probes};

/// What do independent resolvers say of this name, by transports that are harder to forge too?
pub const INDEPENDENTLY: Experiment<String> =
    Experiment::new("independently", |setup, name| independently(setup, name));

/// Does this resolver answer for neutral names?
pub const NEUTRAL_NAMES: Experiment<SocketAddr> = Experiment::new("neutral-names", neutral_names);

/// Do the catalogue's own addresses of this host work?
pub const KNOWN_ADDRESSES: Experiment<String> =
    Experiment::new("known-addresses", |setup, name| known_addresses(setup, name));

/// Does the system's library resolve the name when it is asked again?
pub const NAME_AGAIN: Experiment<String> = Experiment::new("name-again", |setup, name| name_again(setup, name));

fn independently(setup: &Setup<'_>, name: &str) -> Vec<Probe> {
    let role = setup.role_of(name);
    let mut asked = Vec::new();
    for server in setup.independent_resolvers() {
        asked.push(probes::by_udp_twice(name, role, server));
    }
    // An answer that cannot be forged costs a TLS handshake each: only the way to sign-in is worth it.
    for resolver in setup.catalogue.resolvers.iter().filter(|_| role == Role::SignIn) {
        if let Some(address) = resolver.addresses.iter().copied().find(|a| setup.may_use(*a)) {
            let by = |transport, port, certificate| {
                probes::encrypted(name, role, transport, SocketAddr::new(address, port), certificate)
            };
            asked.push(by(DnsTransport::Dot, DOT, &resolver.dot));
            asked.push(by(DnsTransport::Doh, HTTPS, &resolver.doh.name));
        }
    }
    asked
}

fn neutral_names(setup: &Setup<'_>, server: &SocketAddr) -> Vec<Probe> {
    let controls = setup.catalogue.controls.iter().filter(|control| control.addresses.is_empty());
    controls.map(|control| probes::by_udp(&control.name, Role::Control, *server, RecordType::A)).collect()
}

fn known_addresses(setup: &Setup<'_>, name: &str) -> Vec<Probe> {
    let Some(host) = setup.catalogue.host(name) else { return Vec::new() };
    host.known_addresses
        .iter()
        .map(|address| probes::web(name, role(host), SocketAddr::new(*address, host.port)))
        .collect()
}

fn name_again(setup: &Setup<'_>, name: &str) -> Vec<Probe> {
    let again = probes::by_system(name, setup.role_of(name));
    // Several times, side by side. The library asks a second time after five seconds; what is lost then too is lost.
    let patient = again.with(Settings { wait_ms: Some(5500), ..Settings::default() });
    (1..=NAME_TRIES).map(|nth| patient.clone().repeated(nth)).collect()
}

/// Port of DNS over TLS (RFC 7858).
pub const DOT: u16 = 853;

/// Port of DNS over HTTPS (RFC 8484).
const HTTPS: u16 = 443;

/// How often a name that got lost is asked for again: where a fifth of all packets is lost each way, one lookup in three fails.
const NAME_TRIES: u16 = 5;
