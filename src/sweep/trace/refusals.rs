//! Asks slowly about a few targets that a router of the common path refused, by packets that end behind it.
//!
//! A limit on new connections refuses at a sweep's rate what it lets pass otherwise.

use why5003_probes::engines::Response;

use super::ask::{Asking, Wanted};
use super::knowledge::{Knowledge, Turn};
use super::pacing::UNLIMITED;
use super::probe::Depth;

/// The refused targets that are asked again.
pub(super) struct VerifyRefusals {
    targets: Vec<u64>,
}

impl VerifyRefusals {
    pub(super) fn new(known: &Knowledge<'_>) -> Self {
        Self { targets: refused_by_routers(known) }
    }

    pub(super) fn advance(&mut self, known: &mut Knowledge<'_>) -> Turn<()> {
        if self.targets.is_empty() {
            return Turn::Continue(());
        }
        // What its answers tell is noted as they come.
        known.ask(|known| {
            known.stage("asking again what was refused", self.targets.len());
            Asking {
                targets: self.targets.clone(),
                depth: Depth::Hop(known.path().end()),
                wanted: Wanted::Limit,
                tries: 1,
                until: known.of.until,
                spacing: known.at_least(UNLIMITED, 1),
            }
        })?;
        Turn::Continue(())
    }
}

/// A few targets of different pairs that were refused by a router of the common path, but not by its last. A router
/// answers an expired TTL before it filters, and behind the last one there is no router to probe.
fn refused_by_routers(known: &Knowledge<'_>) -> Vec<u64> {
    let path = known.path();
    if !path.is_proven() {
        return Vec::new();
    }
    let is_nearer = |by| path.last_hop_of(by).is_some_and(|hop| hop < path.end());
    let is_refused = |target: &u64| match known.results.response(*target) {
        Some(Response::Prohibited { by }) => by.is_some_and(is_nearer),
        _ => false,
    };
    let pairs = (0..known.space.pairs().len()).filter(|pair| known.is_of_family(*pair));
    let of_pairs = pairs.map(|pair| known.space.numbers(pair));
    let refused = of_pairs.filter(|numbers| known.results.tally(numbers.clone()).prohibited > 0);
    let refused: Vec<u64> = refused.filter_map(|mut numbers| numbers.find(is_refused)).collect();
    let mut targets: Vec<u64> = refused.iter().copied().step_by(refused.len().div_ceil(MOST).max(1)).collect();
    targets.retain(|target| known.result.reaches.reach(*target).is_none());
    targets
}

/// Refused targets, asked again at most.
const MOST: usize = 12;
