//! Finds the last hop of a few flows, asking about those together whose next packets end at one router.

use std::collections::BTreeMap;

use why5003_probes::engines::Response;

use super::super::common_path::Reply;
use super::super::reach::Reach;
use super::ask::{Asking, Wanted};
use super::knowledge::{Knowledge, Turn};
use super::last_hop::LastHopSearch;
use super::pacing::{LOSSY_TRIES, SPACING, TRIES};
use super::probe::Depth;

/// The searches for the last hops of a few targets' flows.
pub(super) struct FindLastHops {
    searches: BTreeMap<u64, LastHopSearch>,
}

impl FindLastHops {
    pub(super) fn new(known: &Knowledge<'_>, targets: &[u64]) -> Self {
        let is_reset = |target| matches!(known.results.response(target), Some(Response::Closed { .. }));
        let search = |target: &u64| (*target, LastHopSearch::new(known.path(), is_reset(*target)));
        Self { searches: targets.iter().map(search).collect() }
    }

    pub(super) fn advance(&mut self, known: &mut Knowledge<'_>) -> Turn<Vec<(u64, Reach)>> {
        while let Some((hop, targets)) = self.nearest(known) {
            let answers = known.ask(|known| Asking {
                targets,
                depth: Depth::Hop(hop),
                wanted: Wanted::Any,
                tries: if known.of.lossy { LOSSY_TRIES } else { TRIES },
                until: known.of.until,
                spacing: known.at_least(SPACING, 1),
            })?;
            if answers.heard.is_empty() && answers.silent.is_empty() {
                break;
            }
            let silent = answers.silent.into_iter().map(|target| (target, Reply::SILENCE));
            for (target, reply) in answers.heard.into_iter().chain(silent) {
                if let Some(search) = self.searches.get_mut(&target) {
                    search.note(hop, reply);
                }
            }
        }
        let path = known.path();
        Turn::Continue(self.searches.iter().map(|(target, search)| (*target, search.reach(path))).collect())
    }

    /// The nearest hop that is to be asked next, and the targets whose packets are to end there.
    fn nearest(&self, known: &Knowledge<'_>) -> Option<(u8, Vec<u64>)> {
        let path = known.path();
        let mut at: BTreeMap<u8, Vec<u64>> = BTreeMap::new();
        for (target, search) in &self.searches {
            if let Some(hop) = search.next(path).or_else(|| search.beyond(path)) {
                at.entry(hop).or_default().push(*target);
            }
        }
        at.pop_first()
    }
}
