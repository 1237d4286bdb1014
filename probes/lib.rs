//! The probes that why5003 takes at a network: one file a probe kind, and rooms by what they may touch.
//!
//! From the ground up: `model` (values), `wire` (bytes to values), `net` (sockets), `os` (what the system knows),
//! `session` (what needs both), `prober` (what a kind is). Beside the kinds, `engines` send many targets a packet or
//! two each.
//!
//! A probe sees and tells; it never judges, never starts a task, and dials nothing but what it is handed.

mod burst;
mod dns;
pub mod engines;
mod flow;
mod fragments;
mod host;
mod http;
mod loss;
pub mod model;
mod mtu;
pub mod net;
pub mod os;
mod passage;
pub mod prober;
mod proxy;
pub mod session;
mod tcp;
#[cfg(test)]
mod testing;
mod tls;
mod udp;
pub mod wire;

use model::ProbeName;
use prober::ProbeKind;

/// The record of a probe kind.
pub const fn kind(name: ProbeName) -> &'static ProbeKind {
    match name {
        ProbeName::Burst => &burst::KIND,
        ProbeName::Dns => &dns::KIND,
        ProbeName::Flow => &flow::KIND,
        ProbeName::Fragments => &fragments::KIND,
        ProbeName::Host => &host::KIND,
        ProbeName::Http => &http::KIND,
        ProbeName::Loss => &loss::KIND,
        ProbeName::Mtu => &mtu::KIND,
        ProbeName::Passage => &passage::KIND,
        ProbeName::Proxy => &proxy::KIND,
        ProbeName::Tcp => &tcp::KIND,
        ProbeName::Tls => &tls::KIND,
        ProbeName::Udp => &udp::KIND,
    }
}

/// Every probe kind, in the order of their names.
pub fn kinds() -> impl Iterator<Item = &'static ProbeKind> {
    ProbeName::ALL.iter().map(|name| kind(*name))
}

#[cfg(test)]
mod tests {
    use super::model::{Fetch, Method, Probe, Role, Settings, Target, Transport};
    use super::prober::Subject;
    use super::{ProbeKind, kinds};

    /// Whether the kind probes this target, at its own port where it names one.
    fn takes(kind: &ProbeKind, target: Target) -> bool {
        let (port, transport) = kind.default_port.unwrap_or((443, Transport::Tcp));
        // Without a proxy on the way a proxy probe fetches a script.
        let fetch = Some(Fetch { method: Method::Get, path: "/wpad.dat".to_owned(), expect: None });
        let probe = Probe::new(kind.name, Role::Control, target.at_port(port, transport));
        (kind.prepare)(&probe.with(Settings { fetch, ..Settings::default() })).is_ok()
    }

    #[test]
    fn a_kind_takes_an_address_at_the_port_of_its_record() {
        let address = || Target::address("192.0.2.1".parse().unwrap());
        let refusing: Vec<_> = kinds()
            .filter(|kind| kind.subject == Subject::Address && !takes(kind, address()))
            .map(|kind| kind.name)
            .collect();
        assert_eq!(refusing, []);
    }

    #[test]
    fn a_record_stands_under_its_own_name() {
        for kind in kinds() {
            assert_eq!(super::kind(kind.name).summary, kind.summary);
        }
        assert!(kinds().map(|kind| kind.name).is_sorted());
    }
}
