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
    /// The passing flow went to the same address, so the two share their way to its end.
    pub(super) by_the_same_address: bool,
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
    let by_the_same_address = neutral.to().ip() == to.ip();
    if let Some(hop) = affected.answered_at() {
        let location = Location { hop: Some(hop), address: Some(to.ip()), next: None };
        return Some(Place { location, open_to_the_end: true, by_the_same_address, ids });
    }
    let (hop, address) = match affected.last_router() {
        Some((hop, address)) => (hop, Some(address)),
        // Not even the first hop answers for it: this computer, or its own link, if the first hop does answer others.
        None => (0, None),
    };
    // Beyond the hop at which two ways part, what one shows says nothing of the other.
    let shared = by_the_same_address || hop == 0 || neutral.router_at(hop) == address;
    let place = |next, open_to_the_end| Place {
        location: Location { hop: Some(hop), address, next },
        open_to_the_end,
        by_the_same_address,
        ids: ids.clone(),
    };
    match neutral.router_after(hop) {
        Some((_, next)) if shared => Some(place(Some(next), false)),
        Some(_) => Some(place(None, false)),
        // The passing flow shows no router beyond either. If it ends at this same distance, the way was open to its last router.
        None if by_the_same_address && hop > 0 => Some(place(None, true)),
        None => None,
    }
}

/// A ladder whose destination answered, or which shows at least one router.
fn passes(ladder: Ladder<'_>) -> bool {
    ladder.answered_at().is_some()
}
