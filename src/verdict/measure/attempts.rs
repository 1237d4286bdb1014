//! The tries that rules weigh: those aimed at Zoom, and neutral ones to hold them against.

use std::net::SocketAddr;

use why5003_probes::model::{Family, Role};

use super::names::{right_addresses, zoom_names};
use crate::evidence::{Attempt, Evidence};

/// Direct, unvaried tries of Zoom's web hosts at addresses that are right, by host.
pub(in crate::verdict) fn aimed(evidence: &Evidence) -> Vec<Attempt<'_>> {
    let mut tries = Vec::new();
    for host in zoom_names(evidence) {
        let right = right_addresses(evidence, host);
        tries.extend(
            evidence
                .attempts_at(host)
                .filter(|a| a.baseline() && !a.proxied() && a.is_tls() && right.contains(&a.to().ip())),
        );
    }
    tries
}

/// Whether a role is Zoom's.
pub(in crate::verdict) fn is_zoom(role: Role) -> bool {
    matches!(role, Role::SignIn | Role::Side | Role::Range | Role::Media)
}

/// Direct, unvaried tries of neutral hosts.
pub(in crate::verdict) fn controls(evidence: &Evidence) -> impl Iterator<Item = Attempt<'_>> {
    evidence.attempts().filter(|a| a.role() == Role::Control && !a.proxied() && a.baseline())
}

/// Neutral hosts whose TCP connections stood, by observation.
pub(in crate::verdict) fn controls_that_connect(evidence: &Evidence) -> Vec<u32> {
    controls(evidence).filter(|a| a.connected().is_some()).map(Attempt::id).collect()
}

/// Neutral hosts that spoke TLS back, by observation.
pub(in crate::verdict) fn controls_that_speak_tls(evidence: &Evidence) -> Vec<u32> {
    controls(evidence).filter(|a| a.server_spoke_tls()).map(Attempt::id).collect()
}

/// Where a neutral TCP connection of the same address family passes.
pub(in crate::verdict) fn a_passing_control(evidence: &Evidence, like: SocketAddr) -> Option<SocketAddr> {
    controls(evidence)
        .find(|a| a.connected().is_some() && Family::of(a.to().ip()) == Family::of(like.ip()))
        .map(Attempt::to)
}

/// Whether neutral connections of the try's address family stand: where none does, a failure says nothing of Zoom.
pub(in crate::verdict) fn family_works(evidence: &Evidence, attempt: Attempt<'_>) -> bool {
    a_passing_control(evidence, attempt.to()).is_some()
}

/// Three SYNs over two seconds is the floor of a drop; the kernel sends its third within 3 s (RFC 6298, 2.1 and 5.5).
pub(in crate::verdict) const DROP_FLOOR_MS: u32 = 2_900;
