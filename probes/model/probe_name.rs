//! The names of the probe kinds, as command line and records spell them.
//!
//! It knows names alone: what a kind does stands in its own file.

/// Every name. A test of the package compares it with [`crate::KINDS`].
const NAMES: [&str; 13] =
    ["burst", "dns", "flow", "fragments", "host", "http", "loss", "mtu", "passage", "proxy", "tcp", "tls", "udp"];

/// The constant that spells this name.
pub(super) fn probe_name(name: &str) -> Option<&'static str> {
    NAMES.into_iter().find(|known| *known == name)
}
