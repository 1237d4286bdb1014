//! The looks that why5003 takes at a network: one file a probe kind, and rooms by what they may touch.
//!
//! From the ground up: `model` (values), `wire` (bytes to values), `net` (sockets), `os` (what the system knows), `session` (what needs
//! both), `prober` (what a kind is); beside the kinds, `engines` ask many targets a packet or two each.
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

use prober::Kind;

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
