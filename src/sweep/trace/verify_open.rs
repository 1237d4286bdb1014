//! Asks targets that answered the sweep once more, in two ways.
//!
//! A box that answers a packet whose TTL ends on the way stands on the way. And a target that does not answer this computer's own
//! connections is not known to be reachable: the sweep's raw packets do not meet this computer's own firewall.

use std::collections::BTreeSet;

use why5003_probes::model::{Family, HopAnswer};

use super::super::reach::Reach;
use super::knowledge::{Knowledge, Turn};
use super::pacing::{BESIDE, TRIES};
use super::probe::{Depth, Heard};

/// The targets asked again.
pub(super) struct VerifyOpen {
    targets: Vec<u64>,
    heard: BTreeSet<u64>,
    tries: u8,
}

impl VerifyOpen {
    pub(super) fn new(known: &mut Knowledge<'_>) -> Self {
        let targets = unverified(known);
        known.stage("asking again what answered", targets.len());
        Self { targets, heard: BTreeSet::new(), tries: 0 }
    }

    pub(super) fn advance(&mut self, known: &mut Knowledge<'_>) -> Turn<()> {
        while self.tries < TRIES {
            let silent: Vec<u64> = self.targets.iter().copied().filter(|one| !self.heard.contains(one)).collect();
            let came = known.send(|known| (known.requests(&silent, Depth::Whole), known.at_least(BESIDE, 3)))?;
            self.tries += 1;
            self.heard.extend(silent.iter().zip(&came).filter(|(_, heard)| is_answered(heard)).map(|(one, _)| *one));
        }
        let end = known.path().end();
        let ends = if known.path().is_proven() { self.targets.as_slice() } else { &[] };
        let came = known.send(|known| (known.requests(ends, Depth::Hop(end)), known.at_least(BESIDE, 3)))?;
        let forged: BTreeSet<u64> =
            ends.iter().zip(&came).filter(|(_, heard)| is_answered(heard)).map(|(one, _)| *one).collect();
        for target in &self.targets {
            // A box that stands in for Zoom answers for every address; where most are silent, this one may be Zoom's own, near by.
            let tally = known.results.tally(known.space.numbers(known.space.pair_of(*target)));
            let reach = if forged.contains(target) && tally.open == tally.known() {
                Reach::Forged
            } else if self.heard.contains(target) {
                Reach::Passes { hop: end, router: None }
            } else {
                // It speaks for all that are open in its pair.
                Reach::Unknown
            };
            known.note(*target, reach);
        }
        Turn::Continue(())
    }
}

fn is_answered(heard: &Heard) -> bool {
    heard.reply().came == HopAnswer::Answered
}

/// The targets that answered the sweep and are to be asked again.
pub(super) fn unverified(known: &Knowledge<'_>) -> Vec<u64> {
    let mut targets = known.open_targets(Some(known.of.family), MOST);
    // Those of another part of the sweep as well, and all that did not answer before when they were asked again.
    let unknown = known.result.reaches.within(0..known.space.count()).filter(|(_, reach)| *reach == Reach::Unknown);
    let of_family =
        |target: &u64| known.space.target(*target).is_some_and(|(to, _)| Family::of(to.ip()) == known.of.family);
    let more = unknown.map(|(target, _)| target).filter(|target| known.is_open(*target)).filter(of_family);
    let more: Vec<u64> = more.filter(|target| !targets.contains(target)).collect();
    targets.extend(more);
    targets.retain(|target| matches!(known.result.reaches.reach(*target), None | Some(Reach::Unknown)));
    targets
}

/// Targets that answered the sweep, asked again at most.
const MOST: usize = 12;
