//! Asks the last router of the common path by packets to targets, and the router of a diverging path first where one is known.
//!
//! Nearer routers would answer sooner, and say nothing of what filters behind them. Where a router outside the common
//! path answers, the path diverges, and may lead through filters that no neutral flow meets. Its answer counts if the
//! path to a target that answered leads by it.

use std::collections::BTreeMap;

use why5003_probes::model::Transport;

use super::super::reach::Reach;
use super::answering::{BesideThePath, LedToAnswers};
use super::ask::{Asking, Wanted};
use super::knowledge::{Knowledge, Turn};
use super::neutral::NeutralGoesOn;
use super::probe::Depth;

/// Targets asked at the end of their paths; the result is those that stayed silent.
pub(super) struct AskEnd {
    transport: Transport,
    targets: Vec<u64>,
    tries: u8,
    stage: Stage,
    silent: Vec<u64>,
    no_route: Vec<(u64, Reach)>,
    beside: Vec<BesideThePath>,
}

enum Stage {
    Begin,
    /// The hops that are left to be asked, each about these targets.
    Hops(BTreeMap<u8, Vec<u64>>),
    Beside(LedToAnswers),
    NoRoute(NeutralGoesOn),
}

impl AskEnd {
    pub(super) fn new(transport: Transport, targets: Vec<u64>, tries: u8) -> Self {
        let (silent, no_route, beside) = (Vec::new(), Vec::new(), Vec::new());
        Self { transport, targets, tries, stage: Stage::Begin, silent, no_route, beside }
    }

    pub(super) fn targets(&self) -> &[u64] {
        &self.targets
    }

    pub(super) fn advance(&mut self, known: &mut Knowledge<'_>) -> Turn<Vec<u64>> {
        loop {
            self.stage = match &mut self.stage {
                Stage::Begin => {
                    let mut hops = BTreeMap::from([(known.path().end(), Vec::new())]);
                    for target in &self.targets {
                        hops.entry(end_hop(known, *target)).or_insert_with(Vec::new).push(*target);
                    }
                    Stage::Hops(hops)
                }
                Stage::Hops(hops) => {
                    // The farthest first: a part of a prefix may come by the common path, and is asked for there in the end.
                    if let Some((hop, targets)) = hops.last_key_value() {
                        let (hop, tries) = (*hop, self.tries);
                        let targets = targets.iter().chain(&self.silent).copied().collect();
                        let answers = known.ask(|known| Asking {
                            targets,
                            depth: Depth::Hop(hop),
                            wanted: Wanted::Reach,
                            tries,
                            until: known.of.until,
                            spacing: known.spacing_at_the_end(),
                        })?;
                        hops.pop_last();
                        self.silent = answers.silent;
                        for (target, reply) in answers.heard {
                            match reply.at_the_end(known.path(), hop) {
                                Some(reach @ Reach::NoRoute { .. }) => self.no_route.push((target, reach)),
                                Some(reach) => self.beside.extend(BesideThePath::of(known, target, reach)),
                                None => {}
                            }
                        }
                        continue;
                    }
                    Stage::Beside(LedToAnswers::new(self.beside.clone()))
                }
                Stage::Beside(led) => {
                    let led = led.advance(known)?;
                    for one in &self.beside {
                        known.note(one.target, if led.contains(&one.target) { one.reach } else { Reach::Unknown });
                    }
                    Stage::NoRoute(NeutralGoesOn::new(self.transport))
                }
                Stage::NoRoute(neutral) => {
                    // What a failing line says, it says to every flow: it counts while a neutral flow goes on.
                    let goes_on = self.no_route.is_empty() || neutral.advance(known)?;
                    for (target, reach) in &self.no_route {
                        known.note(*target, if goes_on { *reach } else { Reach::Unknown });
                    }
                    return Turn::Continue(std::mem::take(&mut self.silent));
                }
            };
        }
    }
}

/// The hop at which packets to a target are to end: of the last router of the common path, or of one that answered behind it.
fn end_hop(known: &Knowledge<'_>, target: u64) -> u8 {
    let diverging = known.prefix_transport(target).and_then(|of| known.of.diverging.get(&of)?.hop);
    diverging.unwrap_or(known.path().end())
}
