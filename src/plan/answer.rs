//! Which looks would answer a rule's question.

use std::net::SocketAddr;

use why5003_probes::kit::{DnsTransport, Hello, Look, RecordType, Role, Settings, Sni, Target, TlsVersions, Transport};

use super::first::{DNS, DOT};
use super::{Plan, first, looks};
use crate::evidence::Question;

/// How many addresses of other prefixes are tried.
const PREFIXES: usize = 4;

/// The looks that would answer a question.
pub(super) fn looks(plan: &Plan<'_>, question: &Question) -> Vec<Look> {
    match question {
        Question::Independently { name } => independently(plan, name),
        Question::WithoutChecking { name, server } => {
            let look = looks::by_udp(name, role_of(plan, name), *server, RecordType::A);
            vec![look.with(Settings { checking_disabled: Some(true), ..Settings::default() })]
        }
        Question::Neutral { server } => {
            let controls = plan.catalogue.controls.iter().filter(|control| control.addresses.is_empty());
            controls.map(|control| looks::by_udp(&control.name, Role::Control, *server, RecordType::A)).collect()
        }
        Question::NoResolver { name } => {
            let nobody = plan.catalogue.canary.without_dns.iter().copied().map(|address| SocketAddr::new(address, DNS));
            nobody.take(1).map(|server| looks::of_nobody(name, role_of(plan, name), server)).collect()
        }
        Question::KnownAddresses { name } => known_addresses(plan, name),
        Question::Again { host, to } => {
            let again = looks::web(host, role_of(plan, host), *to);
            // The same look, told apart by its number of tries alone.
            let settings = Settings { tries: Some(1), ..again.settings.clone() };
            vec![again.with(settings)]
        }
        Question::NameAgain { name } => {
            let again = looks::by_system(name, role_of(plan, name));
            // Thrice, side by side; told apart from the first one by the number of tries alone.
            // The library asks a second time after five seconds; what is lost then too is lost.
            let settings = |nth| Settings { tries: Some(nth), wait_ms: Some(5500), ..Settings::default() };
            [1, 2, 3].map(|nth| again.clone().with(settings(nth))).into()
        }
        Question::Loss { to, role } => vec![Look::new("loss", *role, Target::tcp(*to))],
        Question::Hold { to } => vec![Look::new("hold", Role::Control, Target::tcp(*to))],
        Question::Flow { host, to, role, turns } => {
            let settings = Settings { tries: *turns, ..Settings::default() };
            vec![Look::new("flow", *role, Target::tcp(*to).called(host)).with(settings)]
        }
        Question::Where { to, transport, passing } => {
            let role = if *transport == Transport::Udp { Role::Media } else { Role::Range };
            vec![looks::ladder(role, *to, *transport), looks::ladder(Role::Control, *passing, Transport::Tcp)]
        }
        Question::OtherNames { host, to } => other_names(plan, host, *to),
        Question::OtherHello { host, to } => {
            let role = role_of(plan, host);
            let vary = |settings: Settings| looks::handshake(host, role, *to).with(settings);
            vec![
                vary(Settings { hello: Some(Hello::Small), ..Settings::default() }),
                vary(Settings { tls: Some(TlsVersions::Only12), ..Settings::default() }),
            ]
        }
        Question::Size { host, to } => {
            vec![Look::new("mtu", role_of(plan, host), Target::tcp(*to).called(host))]
        }
        Question::OtherPrefixes => other_prefixes(plan),
        Question::StatusPage => {
            plan.catalogue.status.iter().map(|page| looks::by_system(&page.host, Role::Status)).collect()
        }
        Question::Gateway { address } => vec![looks::gateway(*address)],
        Question::NeutralTunnel { proxy } => {
            let control = plan.catalogue.controls.iter().take(1);
            control.map(|control| looks::tunnel(&control.name, Role::Control, control.port, proxy)).collect()
        }
        Question::KnownPages | Question::Time => {
            let pages = plan.catalogue.portals.iter();
            pages
                .filter_map(|page| page.target.host.as_deref())
                .map(|name| looks::by_system(name, Role::Portal))
                .collect()
        }
    }
}

fn role_of(plan: &Plan<'_>, host: &str) -> Role {
    plan.catalogue.host(host).map_or(Role::Side, first::role)
}

fn independently(plan: &Plan<'_>, name: &str) -> Vec<Look> {
    let role = role_of(plan, name);
    let mut asked = Vec::new();
    for server in first::independents(plan) {
        asked.push(looks::by_udp_twice(name, role, server));
    }
    // An answer that cannot be forged costs a TLS handshake each: only the way to sign-in is worth it.
    for resolver in plan.catalogue.resolvers.iter().filter(|_| role == Role::SignIn) {
        if let Some(address) = resolver.addresses.iter().copied().find(|a| first::usable(plan, *a)) {
            asked.push(looks::encrypted(name, role, DnsTransport::Dot, SocketAddr::new(address, DOT), &resolver.dot));
            asked.push(looks::encrypted(
                name,
                role,
                DnsTransport::Doh,
                SocketAddr::new(address, 443),
                &resolver.doh.name,
            ));
        }
    }
    asked
}

fn known_addresses(plan: &Plan<'_>, name: &str) -> Vec<Look> {
    let Some(host) = plan.catalogue.host(name) else { return Vec::new() };
    host.known_addresses
        .iter()
        .map(|address| looks::web(name, first::role(host), SocketAddr::new(*address, host.port)))
        .collect()
}

/// The same address under a neutral name and none; a neutral address under this one.
fn other_names(plan: &Plan<'_>, host: &str, to: SocketAddr) -> Vec<Look> {
    let role = role_of(plan, host);
    let neutral_name = plan.catalogue.controls.first().map(|control| control.name.clone());
    let mut tried = vec![looks::named(host, role, to, Sni::Absent)];
    tried.extend(neutral_name.map(|name| looks::named(host, role, to, Sni::Name(name))));
    let by_address = plan.catalogue.controls.iter().filter(|control| !control.addresses.is_empty());
    for control in by_address.take(1) {
        if let Some(address) = control.addresses.iter().copied().find(|a| first::usable(plan, *a)) {
            let to = SocketAddr::new(address, control.port);
            tried.push(looks::named(&control.name, Role::Control, to, Sni::Name(host.to_owned())));
        }
    }
    tried
}

/// Addresses of Zoom's published prefixes that are known to be used, as far apart as the catalogue knows them.
fn other_prefixes(plan: &Plan<'_>) -> Vec<Look> {
    let known = plan.catalogue.hosts.iter().flat_map(|host| {
        host.known_addresses.iter().map(|address| (host.name.as_str(), SocketAddr::new(*address, host.port)))
    });
    let mut prefixes = std::collections::BTreeSet::new();
    known
        .filter(|(_, to)| plan.may_use(to.ip()))
        .filter(|(_, to)| prefixes.insert(plan.catalogue.prefix_of(to.ip()).map_or(to.ip(), |p| p.addr())))
        .take(PREFIXES)
        .map(|(name, to)| looks::handshake(name, role_of(plan, name), to))
        .collect()
}
