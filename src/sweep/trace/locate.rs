//! Finds out where flows to silent targets die, and where those that a RST comes for end.
//!
//! For each target it is searched until it is clear that its flow ends where others do. A death counts only while a neutral flow goes
//! on, and only if the paths to what answers show a router behind it.

use why5003_probes::model::{Hop, HopAnswer, Transport};

use super::super::reach::Reach;
use super::answering::trace_answering;
use super::ask_end::AskEnd;
use super::knowledge::{Knowledge, Turn};
use super::last_hops::FindLastHops;
use super::neutral::NeutralGoesOn;
use super::pacing::LOSSY_TRIES;
use super::silence::TRIES_AGAIN;
use super::spot_check::SpotCheck;

/// Silent targets whose flows' ends are searched.
pub(super) struct Locate {
    transport: Transport,
    silent: Vec<u64>,
    /// Concluded from other searches.
    inferred: Vec<(u64, Reach)>,
    /// For which it is searched now.
    chosen: Vec<u64>,
    found: Vec<(u64, Reach)>,
    /// A neutral flow was seen to go on since the search began.
    goes_on: bool,
    stage: Stage,
}

enum Stage {
    Infer,
    /// A line that fails meanwhile is silent to every flow.
    BeforeInferring(NeutralGoesOn),
    SpotCheck(SpotCheck),
    Search(FindLastHops),
    Again(AskEnd),
    AfterSearching(NeutralGoesOn),
    Answering,
}

impl Locate {
    pub(super) fn new(transport: Transport, silent: Vec<u64>) -> Self {
        let (inferred, chosen, found) = (Vec::new(), Vec::new(), Vec::new());
        Self { transport, silent, inferred, chosen, found, goes_on: false, stage: Stage::Infer }
    }

    pub(super) fn advance(&mut self, known: &mut Knowledge<'_>) -> Turn<()> {
        loop {
            self.stage = match &mut self.stage {
                Stage::Infer => self.infer(known),
                Stage::BeforeInferring(neutral) => {
                    if !neutral.advance(known)? {
                        self.silent.extend(self.inferred.iter().map(|(target, _)| *target));
                        return self.unknown(known);
                    }
                    Stage::SpotCheck(SpotCheck::new(known, &self.inferred))
                }
                Stage::SpotCheck(check) => {
                    check.advance(known)?;
                    self.note_inferred(known);
                    if self.silent.is_empty() || known.now >= known.of.until {
                        return self.unknown(known);
                    }
                    known.stage("searching where silent flows end", self.silent.len());
                    self.chosen = known.of.searches.next(known.found(), &self.silent, SEARCHES);
                    Stage::Search(FindLastHops::new(known, &self.chosen))
                }
                Stage::Search(search) => {
                    self.found = search.advance(known)?;
                    // Meanwhile a line may have come back.
                    let is_first = self.chosen.iter().any(|target| is_first_death_of_its_pair(known, *target));
                    let tries = if is_first { LOSSY_TRIES } else { TRIES_AGAIN };
                    Stage::Again(AskEnd::new(self.transport, self.chosen.clone(), tries))
                }
                Stage::Again(end) => {
                    let still = end.advance(known)?;
                    self.silent.retain(|target| still.contains(target) || !self.chosen.contains(target));
                    self.found.retain(|(target, _)| still.contains(target));
                    Stage::AfterSearching(NeutralGoesOn::new(self.transport))
                }
                Stage::AfterSearching(neutral) => {
                    if !neutral.advance(known)? {
                        return self.unknown(known);
                    }
                    self.goes_on = true;
                    known.of.heard.insert(self.transport, known.now);
                    Stage::Answering
                }
                Stage::Answering => {
                    let answering = trace_answering(known)?;
                    for (target, reach) in self.found.drain(..) {
                        let reach = if is_proven(known, &answering, reach) { reach } else { Reach::Unknown };
                        known.of.searches.note(target, reach);
                    }
                    Stage::Infer
                }
            };
        }
    }

    /// What other searches tell of the silent targets.
    fn infer(&mut self, known: &Knowledge<'_>) -> Stage {
        let (found, searches) = (known.found(), &known.of.searches);
        let inferred = &mut self.inferred;
        inferred.clear();
        self.silent.retain(|target| match searches.reach(found, *target) {
            Some(reach) => {
                inferred.push((*target, reach));
                false
            }
            None => true,
        });
        if inferred.is_empty() || self.goes_on {
            Stage::SpotCheck(SpotCheck::new(known, inferred))
        } else {
            Stage::BeforeInferring(NeutralGoesOn::new(self.transport))
        }
    }

    /// Notes what was inferred, but no death in a prefix for which no search confirmed it.
    fn note_inferred(&mut self, known: &mut Knowledge<'_>) {
        for (target, reach) in std::mem::take(&mut self.inferred) {
            let is_confirmed = known.of.searches.is_of_known_prefix(known.found(), target);
            if is_confirmed || reach.passes() != Some(false) {
                known.note(target, reach);
            } else {
                self.silent.push(target);
            }
        }
    }

    fn unknown(&mut self, known: &mut Knowledge<'_>) -> Turn<()> {
        known.note_all(std::mem::take(&mut self.silent), Reach::Unknown);
        Turn::Continue(())
    }
}

/// Whether a search proves what it found: where routers are as silent to what answers, their silence proves nothing.
fn is_proven(known: &Knowledge<'_>, answering: &[Vec<Hop>], reach: Reach) -> bool {
    let end = known.path().end();
    let is_router = |at: &Hop| at.came == HopAnswer::Expired && at.ttl <= end;
    match reach {
        Reach::Dies { hop, .. } => answering.iter().all(|hops| hops.iter().any(|at| at.ttl > hop && is_router(at))),
        _ => true,
    }
}

/// Whether others of its pair pass, and none was found yet that does not: chance may have lost its packets.
fn is_first_death_of_its_pair(known: &Knowledge<'_>, target: u64) -> bool {
    let pair = known.space.numbers(known.space.pair_of(target));
    let reaches = known.result.reaches.within(pair.clone());
    let passes: Vec<bool> = reaches.filter_map(|(_, reach)| reach.passes()).collect();
    (passes.contains(&true) || known.results.tally(pair).open > 0) && !passes.contains(&false)
}

/// Targets for which the last hop is searched side by side.
const SEARCHES: usize = 6;
