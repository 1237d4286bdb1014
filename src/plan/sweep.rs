//! The looks that settle what a sweep left silent.

use std::net::SocketAddr;

use why5003_probes::kit::{Family, Look, Role, Settings, Transport};

use crate::catalogue::Catalogue;
use crate::experiment::looks;

/// Walks to neutral hosts of different operators, of one family: what their ways share is this network's. At each of [`NEUTRAL_PORTS`]
/// there are such; a network that lets its users go to few places may let only one of them through.
pub fn neutral_walks(catalogue: &Catalogue, family: Family, port: u16) -> Vec<Look> {
    let mut operators: Vec<&str> = Vec::new();
    let mut walks = Vec::new();
    for resolver in &catalogue.resolvers {
        let address = resolver.addresses.iter().find(|address| Family::of(**address) == family);
        let Some(address) = address.filter(|_| !operators.contains(&resolver.operator.as_str())) else { continue };
        operators.push(&resolver.operator);
        walks.push(looks::ladder(Role::Control, SocketAddr::new(*address, port), Transport::Tcp));
        if walks.len() == WALKS {
            break;
        }
    }
    walks
}

/// HTTPS, DNS and DNS over TLS (RFC 7858): every independent resolver answers a connection at each.
pub const NEUTRAL_PORTS: [u16; 3] = [443, 53, 853];

/// A walk towards a target that answered.
pub fn walk(to: SocketAddr, transport: Transport) -> Look {
    looks::ladder(Role::Range, to, transport)
}

/// A packet to a target that ends at such a hop, if it comes so far.
pub fn up_to(to: SocketAddr, transport: Transport, ttl: u8) -> Look {
    let look = looks::up_to(Role::Range, to, transport, ttl);
    // One packet, before the kernel's second SYN (RFC 6298, 2.1).
    let settings = Settings { wait_ms: Some(900), tries: Some(1), ..look.settings.clone() };
    look.with(settings)
}

/// A packet to a target that goes as far as it can.
pub fn all_the_way(to: SocketAddr, transport: Transport) -> Look {
    up_to(to, transport, FARTHEST)
}

/// What Linux begins with, and twice what any path of today's internet takes.
const FARTHEST: u8 = 64;
/// Two agree by chance on a router of their own more often than three.
const WALKS: usize = 3;
