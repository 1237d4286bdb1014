//! Which looks would answer a rule's question.

use std::net::{IpAddr, SocketAddr};

use ipnet::Ipv6Net;
use why5003_probes::model::{
    Dialect, DnsTransport, Family, Hello, Look, RecordType, Role, Settings, Sni, Target, TlsVersions, Transport,
};
use why5003_probes::wire::nat64;

use super::first::{DNS, DOT};
use super::{Plan, first, looks, prefixes, proxies};
use crate::evidence::{Question, Telling};

/// The first UDP port that traceroute(8) walks to: nobody listens there, and firewalls that know names of ports have none for it.
pub(super) const TRACEROUTE: u16 = 33_434;

/// How many neutral hosts are tried by way of a NAT64.
const TRANSLATED: usize = 2;

/// Zoom's web hosts answer there too, with a redirect.
const HTTP: u16 = 80;

/// How often a name that got lost is asked for again: where a fifth of all packets is lost each way, one lookup in three fails.
const NAME_TRIES: u8 = 5;

/// How often a handshake that got lost is tried again.
const MORE_TRIES: u8 = 3;

/// How many routers are sent fragments to.
const ROUTERS: usize = 8;

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
        Question::NamesFrom { .. } => names_again(plan),
        Question::NameAgain { name } => name_again(plan, name),
        Question::AsAClient { host, to } => {
            let once = looks::web(host, role_of(plan, host), *to);
            // As clients try: a few side by side, told apart by the number of tries alone.
            (2..2 + MORE_TRIES)
                .map(|nth| once.clone().with(Settings { tries: Some(nth), ..once.settings.clone() }))
                .collect()
        }
        Question::Loss { to, role, syns } => {
            let settings = Settings { tries: *syns, ..Settings::default() };
            vec![Look::new("loss", *role, Target::tcp(*to)).with(settings)]
        }
        Question::Flow { host, to, role, turns, at_once } => {
            let settings = Settings { tries: *turns, exchange: *at_once, ..Settings::default() };
            vec![Look::new("flow", *role, Target::tcp(*to).called(host)).with(settings)]
        }
        Question::Where { to, transport, passing } => {
            let role = if *transport == Transport::Udp { Role::Media } else { Role::Range };
            vec![looks::ladder(role, *to, *transport), looks::ladder(Role::Control, *passing, Transport::Tcp)]
        }
        Question::Beside { to, transport, port, by } => {
            let beside = SocketAddr::new(to.ip(), *port);
            vec![looks::ladder(Role::Media, *to, *transport), looks::ladder(Role::Media, beside, *by)]
        }
        Question::Prefixes { beyond, suspect } => prefixes::looks(plan, *beyond, *suspect),
        Question::Burst { to } => vec![looks::burst(Role::Range, *to)],
        Question::Sustained { host, to } => sustained(plan, host, *to),
        Question::OnOneFlow { to } => {
            let again = looks::on_one_flow(Role::Media, Target::udp(*to), Dialect::Zoom);
            let twice = Settings { tries: Some(2), ..again.settings.clone() };
            vec![again.with(twice)]
        }
        Question::HowFar { to } | Question::NeutralWay { to } => {
            vec![looks::ladder(Role::Control, *to, Transport::Tcp)]
        }
        Question::Everything { address } => vec![
            looks::ladder(Role::Range, SocketAddr::new(*address, HTTP), Transport::Tcp),
            looks::ladder(Role::Range, SocketAddr::new(*address, TRACEROUTE), Transport::Udp),
        ],
        Question::Nat64Prefix => vec![looks::by_system(nat64::WELL_KNOWN_NAME, Role::Host)],
        Question::ThroughNat64 { prefix } => through_nat64(plan, *prefix),
        Question::WalkAgain { to, transport } => {
            let role = if *transport == Transport::Udp { Role::Media } else { Role::Range };
            vec![looks::ladder_again(role, *to, *transport)]
        }
        Question::Way { to } => vec![looks::ladder(Role::Range, *to, Transport::Tcp)],
        Question::WhereHello { host, to, telling, distance } => where_hello(plan, host, *to, (*telling, *distance)),
        Question::AnotherPort { to } => {
            vec![looks::ladder(Role::Range, SocketAddr::new(to.ip(), HTTP), Transport::Tcp)]
        }
        Question::Passage { to, neutral, before } => {
            vec![looks::passage(if *neutral { Role::Control } else { Role::Range }, *to, *before)]
        }
        Question::OtherNames { host, to } => other_names(plan, host, *to),
        Question::OtherHello { host, to } => other_hellos(plan, host, *to),
        Question::Size { host, to } => {
            vec![Look::new("mtu", role_of(plan, host), Target::tcp(*to).called(host))]
        }
        Question::Fragments => another_stun_server(plan),
        Question::RoutersTo { to } => vec![looks::stun_ladder(*to)],
        Question::FragmentsAt { routers } => routers.iter().take(ROUTERS).map(|router| at_a_router(*router)).collect(),
        Question::OtherPrefixes => other_prefixes(plan),
        Question::StatusPage => {
            plan.catalogue.status.iter().map(|page| looks::by_system(&page.host, Role::Status)).collect()
        }
        Question::Gateway { address } => vec![looks::gateway(*address)],
        Question::NeutralTunnel { proxy } => proxies::neutral(plan, proxy).into_iter().collect(),
        Question::OtherPorts { proxy } => proxies::other_ports(plan, proxy),
        Question::OfferedProxies => proxies::offered(plan),
        Question::Nobody { like } => nobody(plan, *like),
        Question::Approach { to } => vec![looks::ladder(owner(plan, to.ip()), *to, Transport::Tcp)],
        Question::Routers { address, hop } => routers(plan, *address, *hop),
        Question::KnownPages | Question::Time => {
            let pages = plan.catalogue.portals.iter();
            pages
                .filter_map(|page| page.target.host.as_deref())
                .map(|name| looks::by_system(name, Role::Portal))
                .collect()
        }
    }
}

/// A handshake with an address that nobody can own, of the family and port of this one.
fn nobody(plan: &Plan<'_>, like: SocketAddr) -> Vec<Look> {
    let name = plan.catalogue.controls.first().map_or("example.com", |control| control.name.as_str());
    let addresses = &plan.catalogue.canary.addresses;
    let nobody = addresses.iter().copied().find(|address| Family::of(*address) == Family::of(like.ip()));
    nobody.map(|address| looks::of_nobody_at_all(name, SocketAddr::new(address, like.port()))).into_iter().collect()
}

/// What a flow to an address is: nobody's, or of Zoom's.
fn owner(plan: &Plan<'_>, address: IpAddr) -> Role {
    if plan.catalogue.canary.addresses.contains(&address) { Role::Canary } else { Role::Range }
}

/// Datagrams that end at this hop and the next: a ladder would use up the routers' errors, which ladders of others need.
fn routers(plan: &Plan<'_>, address: IpAddr, hop: u8) -> Vec<Look> {
    let role = owner(plan, address);
    [hop, hop.saturating_add(1)].map(|ttl| looks::ending_at(role, SocketAddr::new(address, TRACEROUTE), ttl)).into()
}

/// All that the system's library was asked for, in the order of the names.
fn names_again(plan: &Plan<'_>) -> Vec<Look> {
    let mut asked: Vec<Look> =
        plan.given.iter().filter(|look| Plan::asks_the_system_for_a_name(look)).cloned().collect();
    asked.sort_by_cached_key(|look| look.target.host.clone());
    asked
}

/// The system's lookup of a name, again.
fn name_again(plan: &Plan<'_>, name: &str) -> Vec<Look> {
    let again = looks::by_system(name, role_of(plan, name));
    // Several times, side by side; told apart from the first one by the number of tries alone.
    // The library asks a second time after five seconds; what is lost then too is lost.
    let settings = |nth| Settings { tries: Some(nth), wait_ms: Some(5500), ..Settings::default() };
    (1..=NAME_TRIES).map(|nth| again.clone().with(settings(nth))).collect()
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

/// Neutral hosts at the IPv4 addresses that the catalogue knows, as this network's translator wants them.
fn through_nat64(plan: &Plan<'_>, prefix: Ipv6Net) -> Vec<Look> {
    let controls = plan.catalogue.controls.iter().filter_map(|control| {
        let four =
            control.addresses.iter().find_map(|address| if let IpAddr::V4(v4) = address { Some(*v4) } else { None })?;
        let to = SocketAddr::new(nat64::embed(prefix, four).into(), control.port);
        Some(looks::handshake(&control.name, Role::Control, to))
    });
    controls.take(TRANSLATED).collect()
}

fn known_addresses(plan: &Plan<'_>, name: &str) -> Vec<Look> {
    let Some(host) = plan.catalogue.host(name) else { return Vec::new() };
    host.known_addresses
        .iter()
        .map(|address| looks::web(name, first::role(host), SocketAddr::new(*address, host.port)))
        .collect()
}

/// The connection twice, once more with a hello that is shorter by a kilobyte, and a neutral one.
fn sustained(plan: &Plan<'_>, host: &str, to: SocketAddr) -> Vec<Look> {
    let look = looks::on_one_connection(host, role_of(plan, host), to);
    let vary = |settings: Settings| look.clone().with(settings);
    let mut asked = vec![
        vary(Settings { tries: Some(2), ..look.settings.clone() }),
        vary(Settings { hello: Some(Hello::Small), ..look.settings.clone() }),
    ];
    // A web site rather than a resolver, which may close what asks for no name.
    let known =
        |name: &str| plan.addresses.iter().filter(|(known, _)| known == name).map(|(_, address)| *address).min();
    let control = plan.catalogue.controls.iter().find_map(|control| {
        let address = known(&control.name)?;
        Some(looks::on_one_connection(&control.name, Role::Control, SocketAddr::new(address, control.port)))
    });
    asked.extend(control);
    asked
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

/// The same handshake with a hello of one segment, and with TLS 1.2 alone.
fn other_hellos(plan: &Plan<'_>, host: &str, to: SocketAddr) -> Vec<Look> {
    let forms = [
        Settings { hello: Some(Hello::Small), ..Settings::default() },
        Settings { tls: Some(TlsVersions::Only12), ..Settings::default() },
    ];
    forms.map(|form| looks::handshake(host, role_of(plan, host), to).with(form)).into()
}

/// The hello that dies, and one that differs from it in what kills it alone; each in one segment.
fn where_hello(plan: &Plan<'_>, host: &str, to: SocketAddr, (telling, distance): (Telling, u8)) -> Vec<Look> {
    let role = role_of(plan, host);
    let small = Settings { hello: Some(Hello::Small), ..Settings::default() };
    let neutral_name = plan.catalogue.controls.first().map(|control| Sni::Name(control.name.clone()));
    let forms = match telling {
        Telling::Name => vec![small.clone(), Settings { sni: neutral_name, ..small }],
        Telling::Size => vec![Settings::default(), small],
        Telling::Presence => vec![small],
    };
    let walk = |form: Settings| looks::handshake(host, role, to).with(Settings { ladder: Some(distance), ..form });
    forms.into_iter().map(walk).collect()
}

/// The second neutral STUN server, by name: its addresses lead to a datagram, and that to one in fragments.
fn another_stun_server(plan: &Plan<'_>) -> Vec<Look> {
    let others = plan.catalogue.stun.iter().skip(1).filter_map(|stun| stun.target.host.as_deref());
    others.take(1).map(|name| looks::by_system(name, Role::Resolver)).collect()
}

/// Nobody listens there: a router that has both fragments says so.
fn at_a_router(router: IpAddr) -> Look {
    Look::new("fragments", Role::Control, Target::udp(SocketAddr::new(router, TRACEROUTE)))
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
