//! What the causes of closed media ports share: packets that were to die at the last router before Zoom, and where they did.

use std::net::SocketAddr;

use why5003_probes::model::{Fact, How, Observation, Transport};

use super::locate_flow::locate_flow;
use super::sign_in::{SignIn, sign_in};
use crate::evidence::Evidence;
use crate::verdict::model::{Location, Scope};

/// A packet came to the last router before the server, which said so.
pub(in crate::verdict) fn came_to_the_last_router(seen: &Observation) -> bool {
    seen.probe.settings.ttl.is_some() && seen.failure.as_ref().is_some_and(|failure| failure.how == How::Expired)
}

/// Packets did not come so far: nothing came back of several over two seconds, or somebody who is not the server refused
/// them. This computer's own refusal is another matter.
pub(in crate::verdict) fn stopped_short(seen: &Observation) -> bool {
    let Some(failure) = seen.failure.as_ref().filter(|_| seen.probe.settings.ttl.is_some()) else { return false };
    let own = seen.facts.iter().any(|f| matches!(f, Fact::Icmp(icmp) if icmp.own));
    match failure.how {
        How::Silent => failure.waited_ms.is_some_and(|ms| ms >= FLOOR_MS),
        How::Refused | How::Prohibited | How::Unreachable => !own,
        _ => false,
    }
}

/// Sign-in works, so that media may be walked: many walks at once use up what routers say of ICMP, and what stops a sign-in needs
/// that first.
pub(in crate::verdict) fn may_walk(evidence: &Evidence) -> bool {
    matches!(sign_in(evidence), SignIn::Works(_))
}

/// Where a flow ends that another one to the same address outruns; `None` where it is not known, or nowhere on the way.
///
/// A refusal that comes back from nearer than the server is somebody else's.
pub(in crate::verdict) fn place_beside(evidence: &Evidence, to: SocketAddr, transport: Transport) -> Option<Location> {
    let flow = evidence.traceroutes().find(|l| l.to() == to && l.transport() == transport)?;
    let refused = flow.answered_at().or(flow.prohibited_at());
    if let Some(at) = refused {
        let beside = evidence
            .traceroutes()
            .find(|l| l.id() != flow.id() && l.to().ip() == to.ip() && l.router_at(at).is_some())?;
        let hop = at.checked_sub(1)?;
        return Some(Location { hop: Some(hop), address: flow.router_at(hop), next: beside.router_at(at) });
    }
    let place = locate_flow(evidence, to, transport)?;
    let ends = !place.open_to_the_end && !place.past_the_shared_way && place.by_the_same_address;
    (ends && place.location.next.is_some()).then_some(place.location)
}

/// The ports and prefixes of these probes.
pub(in crate::verdict) fn ports_of(probes: &[&Observation]) -> Scope {
    let mut scope = Scope::default();
    for probe in probes {
        if let Some((port, transport)) = probe.probe.target.port {
            let port = format!("{transport}/{port}");
            if !scope.ports.contains(&port) {
                scope.ports.push(port);
            }
        }
        if let Some(prefix) = probe.probe.settings.prefix
            && !scope.prefixes.contains(&prefix)
        {
            scope.prefixes.push(prefix);
        }
    }
    scope
}

/// Three datagrams, or three SYNs: two seconds is the floor of a drop.
const FLOOR_MS: u32 = 2_000;
