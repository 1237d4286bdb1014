//! The probes that trace what a sweep left silent.

use std::net::SocketAddr;

use why5003_probes::model::{Probe, Role, Settings, Transport};

use crate::experiment::probes;

/// A traceroute to a target, or to a neutral host.
pub fn walk(to: SocketAddr, transport: Transport) -> Probe {
    probes::traceroute(Role::Range, to, transport)
}

/// A packet to a target that ends at such a hop, if it comes so far.
pub fn up_to(to: SocketAddr, transport: Transport, ttl: u8) -> Probe {
    let probe = probes::up_to(Role::Range, to, transport, ttl);
    // One packet, before the kernel's second SYN (RFC 6298, 2.1).
    let settings = Settings { wait_ms: Some(900), tries: Some(1), ..probe.settings.clone() };
    probe.with(settings)
}

/// A packet to a target that goes as far as it can.
pub fn all_the_way(to: SocketAddr, transport: Transport) -> Probe {
    up_to(to, transport, FARTHEST)
}

/// What Linux begins with, and twice what any path of today's internet takes.
const FARTHEST: u8 = 64;
