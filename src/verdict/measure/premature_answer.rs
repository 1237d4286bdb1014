//! Who answers in Zoom's place: the hop from which the answer to a SYN comes, where other flows meet a router.

use std::net::SocketAddr;

use why5003_probes::model::{HopAnswer, Transport};

use super::locate_hello::HelloLocation;
use crate::evidence::Evidence;
use crate::experiment::walks::{WHERE, Where};
use crate::verdict::model::Location;

/// Where what answers at `to` sits, if it answers from nearer than other packets to the same address get.
///
/// A router that answers in another's place does so before it would have counted the TTL down, so at the hop that is its own.
pub(in crate::verdict) fn premature_answer(evidence: &Evidence, to: SocketAddr) -> HelloLocation {
    let of_flow = evidence.traceroutes().find(|l| l.to() == to && l.transport() == Transport::Tcp);
    let mut beside = evidence.traceroutes().filter(|l| l.to().ip() == to.ip() && l.to() != to);
    let Some(flow) = of_flow else {
        // By plain HTTP to the same address: what takes TLS alone lets it pass.
        let passing = SocketAddr::new(to.ip(), HTTP);
        return HelloLocation::Ask(WHERE.of(Where::tcp(to, passing)));
    };
    let Some(at) = flow.hops().find(|h| h.came == HopAnswer::Answered).map(|h| h.ttl) else {
        return HelloLocation::Unknown;
    };
    let met = beside.find_map(|l| Some((l.id(), l.router_at(at)?)));
    match met {
        // This computer's own redirection is answered at the same TTL as one of the gateway.
        Some((id, router)) if at == 1 => {
            HelloLocation::Found(Location { hop: Some(0), address: None, next: Some(router) }, vec![flow.id(), id])
        }
        Some((id, router)) => {
            HelloLocation::Found(Location { hop: Some(at), address: Some(router), next: None }, vec![flow.id(), id])
        }
        None => HelloLocation::Unknown,
    }
}

/// RFC 9110, section 4.2.1.
const HTTP: u16 = 80;
