//! The looks that why5003 takes at a network: one file a probe kind, and in `kit` what they share.
//!
//! A probe sees and tells; it never judges, never starts a task, and dials nothing but what it is handed.

mod burst;
mod dns;
pub mod engines;
mod flow;
mod fragments;
mod host;
mod http;
pub mod kit;
mod loss;
mod mtu;
mod passage;
mod proxy;
mod tcp;
mod tls;
mod udp;

use kit::Kind;

/// Every probe kind.
pub const KINDS: &[Kind] = &[
    burst::KIND,
    dns::KIND,
    flow::KIND,
    fragments::KIND,
    host::KIND,
    http::KIND,
    loss::KIND,
    mtu::KIND,
    passage::KIND,
    proxy::KIND,
    tcp::KIND,
    tls::KIND,
    udp::KIND,
];

/// The probe kind of that name.
pub fn kind(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}
