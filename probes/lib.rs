//! The looks that why5003 takes at a network: one file a probe kind, and in `kit` what they share.
//!
//! A probe sees and tells; it never judges, never starts a task, and dials nothing but what it is handed.

pub mod kit;
mod mtu;
mod tcp;
mod udp;

use kit::Kind;

/// Every probe kind.
pub const KINDS: &[Kind] = &[mtu::KIND, tcp::KIND, udp::KIND];

/// The probe kind of that name.
pub fn kind(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}
