//! What Zoom says of itself: its status page.

use why5003_probes::model::{Fact, Role};

use crate::evidence::Evidence;

/// Whether Zoom's status page reports a major outage.
pub(in crate::verdict) fn admits_trouble(evidence: &Evidence) -> bool {
    status_page(evidence).is_some_and(|(_, indicator)| matches!(indicator, "major" | "critical"))
}

/// What Zoom's status page says: the observation, and its indicator.
pub(in crate::verdict) fn status_page(evidence: &Evidence) -> Option<(u32, &str)> {
    evidence.observations().iter().filter(|o| o.probe.role == Role::Status).find_map(|o| {
        o.facts
            .iter()
            .find_map(|f| if let Fact::StatusPage(page) = f { Some((o.id, page.indicator.as_str())) } else { None })
    })
}
