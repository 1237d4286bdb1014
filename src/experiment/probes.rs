//! The shapes of the probes that plans are made of.

use std::net::{IpAddr, SocketAddr};

use why5003_probes::model::{
    Dialect, DnsTransport, Expect, Fetch, Method, Probe, ProbeName, Proxy, RecordType, Role, Settings, Sni, Target,
    Transport, Via,
};

/// A name, as the system's own library resolves it: both families at once.
pub fn by_system(name: &str, role: Role) -> Probe {
    Probe::new(ProbeName::Dns, role, Target::name(name)).by(Via::System)
}

/// A name, asked of a resolver by plain UDP.
pub fn by_udp(name: &str, role: Role, server: SocketAddr, record: RecordType) -> Probe {
    let via = Via::Dns { transport: DnsTransport::Udp, server, name: None };
    // A is the baseline, and stays unset.
    let record = (record != RecordType::A).then_some(record);
    Probe::new(ProbeName::Dns, role, Target::name(name)).by(via).with(Settings { record, ..Settings::default() })
}

/// A name, asked of an independent resolver.
///
/// A box on the way may answer first with a forgery. So a second answer is waited for, as long as one takes across an ocean.
pub fn by_udp_twice(name: &str, role: Role, server: SocketAddr) -> Probe {
    let probe = by_udp(name, role, server, RecordType::A);
    probe.with(Settings { second_answer_ms: Some(300), ..Settings::default() })
}

/// A name, asked where no resolver can be: whoever forges answers does so at once, and silence is what is expected.
pub fn of_nobody(name: &str, role: Role, server: SocketAddr) -> Probe {
    let probe = by_udp(name, role, server, RecordType::A);
    probe.with(Settings { tries: Some(2), wait_ms: Some(400), ..Settings::default() })
}

/// A name, asked of a resolver by an encrypted transport.
pub fn encrypted(name: &str, role: Role, transport: DnsTransport, server: SocketAddr, certificate: &str) -> Probe {
    let via = Via::Dns { transport, server, name: Some(certificate.to_owned()) };
    Probe::new(ProbeName::Dns, role, Target::name(name)).by(via)
}

/// A TLS service at an address, with the page that tells that it is alive.
pub fn web(host: &str, role: Role, to: SocketAddr) -> Probe {
    Probe::new(ProbeName::Tls, role, Target::tcp(to).called(host))
        .with(Settings { fetch: Some(head("/")), ..Settings::default() })
}

/// A TLS service at an address, handshake only.
pub fn handshake(host: &str, role: Role, to: SocketAddr) -> Probe {
    Probe::new(ProbeName::Tls, role, Target::tcp(to).called(host))
}

/// A TLS service through a proxy.
pub fn web_through(host: &str, role: Role, port: u16, proxy: &Proxy) -> Probe {
    Probe::new(ProbeName::Tls, role, Target::name(host).at_port(port, Transport::Tcp))
        .by(Via::Proxy(proxy.clone()))
        .with(Settings { fetch: Some(head("/")), ..Settings::default() })
}

/// A tunnel through a proxy, and nothing in it.
pub fn tunnel(host: &str, role: Role, port: u16, proxy: &Proxy) -> Probe {
    Probe::new(ProbeName::Proxy, role, Target::name(host).at_port(port, Transport::Tcp)).by(Via::Proxy(proxy.clone()))
}

/// A TLS handshake with nobody: whoever takes it stands on the way, and how he goes on tells what he is. He is near: what
/// he does he does within half a second.
pub fn of_nobody_at_all(name: &str, to: SocketAddr) -> Probe {
    Probe::new(ProbeName::Tls, Role::Canary, Target::tcp(to).called(name))
        .with(Settings { wait_ms: Some(500), ..Settings::default() })
}

/// A proxy script.
pub fn script(host: &str, port: u16, path: &str) -> Probe {
    let fetch = Fetch { method: Method::Get, path: path.to_owned(), expect: None };
    let target = match host.parse() {
        Ok(address) => Target::address(address),
        Err(_) => Target::name(host),
    };
    Probe::new(ProbeName::Proxy, Role::Host, target.at_port(port, Transport::Tcp))
        .with(Settings { fetch: Some(fetch), ..Settings::default() })
}

/// A plain-HTTP page whose content is known.
pub fn page(target: Target, path: &str, expect: Expect) -> Probe {
    let fetch = Fetch { method: Method::Get, path: path.to_owned(), expect: Some(expect) };
    Probe::new(ProbeName::Http, Role::Portal, target).with(Settings { fetch: Some(fetch), ..Settings::default() })
}

/// A status page.
pub fn status(host: &str, to: SocketAddr, path: &str) -> Probe {
    let fetch = Fetch { method: Method::Get, path: path.to_owned(), expect: Some(Expect::StatusPage) };
    Probe::new(ProbeName::Tls, Role::Status, Target::tcp(to).called(host))
        .with(Settings { fetch: Some(fetch), ..Settings::default() })
}

/// A UDP request.
pub fn datagram(role: Role, target: Target, dialect: Dialect) -> Probe {
    // Zoom's dialect is the baseline, and stays unset.
    let dialect = (dialect != Dialect::Zoom).then_some(dialect);
    Probe::new(ProbeName::Udp, role, target).with(Settings { dialect, ..Settings::default() })
}

/// A request in fragments beside a whole one, where a plain one was answered.
pub fn in_fragments(answered: &Probe) -> Probe {
    let settings = Settings { dialect: answered.settings.dialect, ..Settings::default() };
    Probe::new(ProbeName::Fragments, answered.role, answered.target.clone()).with(settings)
}

/// Many requests on one UDP flow.
pub fn on_one_flow(role: Role, target: Target, dialect: Dialect) -> Probe {
    let probe = datagram(role, target, dialect);
    let settings = Settings { exchange: Some(DATAGRAMS), ..probe.settings.clone() };
    probe.with(settings)
}

/// More than any firewall that lets a first exchange pass (STUN, DNS) and no stream would allow.
const DATAGRAMS: u16 = 16;

/// Many requests on one connection that stands; short of patience, since the handshake has shown how quick the server is.
pub fn on_one_connection(host: &str, role: Role, to: SocketAddr) -> Probe {
    let settings =
        Settings { fetch: Some(head("/")), exchange: Some(REQUESTS), wait_ms: Some(1_300), ..Settings::default() };
    Probe::new(ProbeName::Tls, role, Target::tcp(to).called(host)).with(settings)
}

/// Heads of about 1 kB each: more than a login's own exchanges.
const REQUESTS: u16 = 24;

/// Many connections at once, then one by one.
pub fn burst(role: Role, to: SocketAddr) -> Probe {
    Probe::new(ProbeName::Burst, role, Target::tcp(to))
}

/// A packet of a flow that must die at this hop, if it comes so far: whoever is there says so.
pub fn up_to(role: Role, to: SocketAddr, transport: Transport, ttl: u8) -> Probe {
    let (probe, target) = match transport {
        Transport::Tcp => (ProbeName::Tcp, Target::tcp(to)),
        Transport::Udp => (ProbeName::Udp, Target::udp(to)),
    };
    Probe::new(probe, role, target).with(Settings { ttl: Some(ttl), ..Settings::default() })
}

/// The hops of a walk that no path of today's internet outruns by much: public measurements see 10 to 20.
const HOPS: u8 = 24;

/// A traceroute.
pub fn traceroute(role: Role, to: SocketAddr, transport: Transport) -> Probe {
    let (probe, target) = match transport {
        Transport::Tcp => (ProbeName::Tcp, Target::tcp(to)),
        Transport::Udp => (ProbeName::Udp, Target::udp(to)),
    };
    Probe::new(probe, role, target).with(Settings { traceroute: Some(HOPS), ..Settings::default() })
}

/// A traceroute that a STUN server answers at its end.
pub fn stun_traceroute(to: SocketAddr) -> Probe {
    let probe = traceroute(Role::Control, to, Transport::Udp);
    let settings = Settings { dialect: Some(Dialect::Stun), ..probe.settings.clone() };
    probe.with(settings)
}

/// What of a flow leaves this computer, and what of its answers is let in; it was counted so often before.
pub fn passage(role: Role, to: SocketAddr, before: u8) -> Probe {
    Probe::new(ProbeName::Passage, role, Target::tcp(to)).repeated(before.into())
}

/// A datagram whose TTL ends at this hop: the router there says so, and the destination does not.
pub fn ending_at(role: Role, to: SocketAddr, ttl: u8) -> Probe {
    let settings = Settings { ttl: Some(ttl), tries: Some(1), wait_ms: Some(400), ..Settings::default() };
    Probe::new(ProbeName::Udp, role, Target::udp(to)).with(settings)
}

/// The same traceroute once more.
pub fn traceroute_again(role: Role, to: SocketAddr, transport: Transport) -> Probe {
    traceroute(role, to, transport).repeated(1)
}

/// The first UDP port that traceroute(8) walks to: nobody listens there, and firewalls that know names of ports have none for it.
pub const TRACEROUTE: u16 = 33_434;

/// Port of plain HTTP (RFC 9110, section 4.2.1).
pub const HTTP: u16 = 80;

/// The same handshake under another server name.
pub fn named(host: &str, role: Role, to: SocketAddr, sni: Sni) -> Probe {
    Probe::new(ProbeName::Tls, role, Target::tcp(to).called(host))
        .with(Settings { sni: Some(sni), ..Settings::default() })
}

/// The state of a gateway.
pub fn gateway(address: IpAddr) -> Probe {
    Probe::new(ProbeName::Host, Role::Host, Target::address(address))
}

fn head(path: &str) -> Fetch {
    Fetch { method: Method::Head, path: path.to_owned(), expect: None }
}
