//! Where on the way a flow dies: its TTL ladder held against that of a flow that passes.

use std::net::SocketAddr;

use why5003_probes::kit::Transport;

use super::model::Location;
use crate::evidence::{Evidence, Ladder};

/// What two ladders tell of a flow.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Place {
    /// The last hop that answers for the flow, and the next one that answers for a passing flow alone.
    pub(super) location: Location,
    /// The flow's packets reach as far as anything can be seen to reach: nothing on the way stops them.
    pub(super) open_to_the_end: bool,
    /// The ladders held against each other.
    pub(super) ids: Vec<u32>,
}

/// Where the flow to `to` dies; `None` while the ladders that would tell are not there, or no router answers.
pub(super) fn place_of(evidence: &Evidence, to: SocketAddr, transport: Transport) -> Option<Place> {
    let affected = evidence.ladders().find(|l| l.to() == to && l.transport() == transport)?;
    let neutral = evidence
        .ladders()
        .filter(|l| l.id() != affected.id() && passes(*l))
        // The same address by another port shares the way to its end; any other destination only its beginning.
        .max_by_key(|l| (l.to().ip() == to.ip(), l.reach()))?;
    let ids = vec![affected.id(), neutral.id()];
    if let Some(hop) = affected.answered_at() {
        let location = Location { hop: Some(hop), address: Some(to.ip()), next: None };
        return Some(Place { location, open_to_the_end: true, ids });
    }
    let (hop, address) = match affected.last_router() {
        Some((hop, address)) => (hop, Some(address)),
        // Not even the first hop answers for it: this computer, or its own link, if the first hop does answer others.
        None => (0, None),
    };
    match neutral.router_after(hop) {
        Some((_, next)) => Some(Place {
            location: Location { hop: Some(hop), address, next: Some(next) },
            open_to_the_end: false,
            ids,
        }),
        // The neutral flow shows no router beyond either. If it ends at this same distance, the way was open to its last router.
        None if neutral.to().ip() == to.ip() && hop > 0 => {
            let location = Location { hop: Some(hop), address, next: None };
            Some(Place { location, open_to_the_end: true, ids })
        }
        None => None,
    }
}

/// A ladder whose destination answered, or which shows at least one router.
fn passes(ladder: Ladder<'_>) -> bool {
    ladder.answered_at().is_some()
}
