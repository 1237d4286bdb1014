//! Finds diverging paths: a prefix may leave the common path before its end, and come by a router that is mute there.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use why5003_probes::model::Transport;

use super::super::common_path::Farther;
use super::super::reach::Reach;
use super::ask::Answers;
use super::ask_end::AskEnd;
use super::diverging_path::PrefixTransport;
use super::knowledge::{Knowledge, Turn};
use super::pacing::TRIES;

/// Silent targets of which a few are asked behind the end of the common path; the result is those that come by no diverging path.
pub(super) struct FindDivergingPaths {
    transport: Transport,
    silent: Vec<u64>,
    /// The few that are asked.
    few: Vec<u64>,
    stage: Stage,
}

enum Stage {
    Behind,
    Again(AskEnd),
}

impl FindDivergingPaths {
    pub(super) fn new(known: &Knowledge<'_>, transport: Transport, silent: Vec<u64>) -> Self {
        let few = of_unknown_paths(known, &silent);
        Self { transport, silent, few, stage: Stage::Behind }
    }

    pub(super) fn advance(&mut self, known: &mut Knowledge<'_>) -> Turn<Vec<u64>> {
        loop {
            match &mut self.stage {
                Stage::Behind => {
                    let end = known.path().end();
                    let hops = (0..BEHIND).map(|more| end.saturating_add(more));
                    let came =
                        known.ask_all(|known| hops.map(|hop| known.asking_router(self.few.clone(), hop)).collect())?;
                    let new = self.compare(known, &came);
                    if new.is_empty() {
                        return Turn::Continue(std::mem::take(&mut self.silent));
                    }
                    let again = self.to_ask_again(known, &new);
                    self.stage = Stage::Again(AskEnd::new(self.transport, again, TRIES));
                }
                Stage::Again(end) => {
                    let still = end.advance(known)?;
                    let passes = |target: &u64| end.targets().contains(target) && !still.contains(target);
                    end.targets().iter().filter(|target| passes(target)).for_each(|target| {
                        known.of.searches.forget(*target);
                    });
                    self.silent.retain(|target| !passes(target));
                    return Turn::Continue(std::mem::take(&mut self.silent));
                }
            }
        }
    }

    /// Which prefixes and transports have a diverging path. Where it is not clear whether they do, their targets are not told of.
    fn compare(&mut self, known: &mut Knowledge<'_>, came: &[Answers]) -> BTreeSet<PrefixTransport> {
        let end = known.path().end();
        let router = |answers: &Answers, target: u64| -> Option<IpAddr> {
            answers.heard.iter().find(|(other, _)| *other == target).and_then(|(_, reply)| reply.from)
        };
        let (mut new, mut unclear) = (BTreeSet::new(), BTreeSet::new());
        for target in &self.few {
            let routers: Vec<_> = (end..).zip(came.iter().map(|answers| router(answers, *target))).collect();
            let farther = known.path().comes_farther(&routers);
            let Some(of) = known.prefix_transport(*target) else { continue };
            let path = known.of.diverging.entry(of).or_default();
            path.asked += 1;
            match farther {
                Farther::No => {}
                Farther::To(hop) => {
                    // At the end of the common path it is heard now, where it was not before.
                    path.hop = path.hop.or(Some(hop).filter(|hop| *hop > end));
                    new.insert(of);
                }
                Farther::Unclear => {
                    unclear.insert(of);
                }
            }
        }
        let is_unclear = |target: &u64| known.prefix_transport(*target).is_some_and(|of| unclear.contains(&of));
        let (unknown, silent) = self.silent.iter().copied().partition(is_unclear);
        self.silent = silent;
        known.note_all(unknown, Reach::Unknown);
        new
    }

    /// The silent ones of these, and those that were found to die before that was known, or of which it could not be told.
    fn to_ask_again(&self, known: &Knowledge<'_>, new: &BTreeSet<PrefixTransport>) -> Vec<u64> {
        let before = known.result.reaches.within(0..known.space.count());
        let before = before.filter(|(_, reach)| matches!(reach, Reach::Dies { .. } | Reach::Unknown));
        let before = before.map(|(target, _)| target).filter(|target| !known.is_open(*target));
        let is_new = |target: &u64| known.prefix_transport(*target).is_some_and(|of| new.contains(&of));
        let again: BTreeSet<u64> = self.silent.iter().copied().chain(before).filter(is_new).collect();
        again.into_iter().collect()
    }
}

/// A few targets of each prefix whose path is not known, spread: a part of it may die, and another come by a diverging path.
///
/// None of those of which enough were asked before, or of which others come to the end of the common path.
fn of_unknown_paths(known: &Knowledge<'_>, silent: &[u64]) -> Vec<u64> {
    let mut by_path: BTreeMap<PrefixTransport, Vec<u64>> = BTreeMap::new();
    for target in silent {
        if let Some(of) = known.prefix_transport(*target) {
            by_path.entry(of).or_default().push(*target);
        }
    }
    by_path.retain(|of, _| match known.of.diverging.get(of) {
        None => true,
        Some(path) => path.hop.is_none() && path.asked < MOST && !comes_to_the_end(known, *of),
    });
    by_path.values().flat_map(|targets| targets.iter().copied().step_by(targets.len().div_ceil(FEW))).collect()
}

/// Whether a target of a prefix comes to the end of the common path.
fn comes_to_the_end(known: &Knowledge<'_>, of: PrefixTransport) -> bool {
    let pairs = known.space.pairs().iter().enumerate();
    let mut pairs = pairs.filter(|(_, pair)| (pair.prefix, pair.port.transport) == (of.prefix, of.transport));
    let end = known.path().end();
    pairs.any(|(at, _)| {
        let mut reaches = known.result.reaches.within(known.space.numbers(at));
        reaches.any(|(_, reach)| matches!(reach, Reach::Passes { hop, router: Some(_) } if hop == end))
    })
}

/// At how many hops from the end of the common path on it is asked who answers.
const BEHIND: u8 = 4;
/// Of how many targets of a prefix that is asked in a round.
const FEW: usize = 4;
/// And of how many in all.
const MOST: usize = 12;
