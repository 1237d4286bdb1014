//! A path MTU black hole, as the search for a passing segment size shows it.

use why5003_probes::model::{Fact, MtuMethod, Observation, PathMtu, ProbeName};

use crate::evidence::Evidence;

/// A handshake that stalled and finished at a smaller segment size, while no router told of a small MTU: the search, and
/// what it found.
pub(in crate::verdict) fn black_hole(evidence: &Evidence) -> Option<(&Observation, &PathMtu)> {
    evidence.observations().iter().filter(|o| o.probe.kind == ProbeName::Mtu && o.failure.is_some()).find_map(|seen| {
        let found = seen.facts.iter().find_map(|f| if let Fact::PathMtu(m) = f { Some(m) } else { None })?;
        (found.by == MtuMethod::Handshake && found.announced_by.is_none()).then_some((seen, found))
    })
}
