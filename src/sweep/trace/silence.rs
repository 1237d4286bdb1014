//! Makes sure that targets stay silent while a neutral flow goes on, and while what answered the sweep still answers.
//!
//! An intrusion prevention system may take a sweep for an attack: what is silent since then says nothing of rules.

use why5003_probes::model::{HopAnswer, Transport};

use super::super::reach::Reach;
use super::ask_end::AskEnd;
use super::knowledge::{Knowledge, Turn};
use super::neutral::{FRESH, NEUTRAL_TRIES, neutral_answers};
use super::pacing::{ALIVE, BESIDE, LOSSY_TRIES};
use super::probe::Depth;

/// Silent targets that are asked again; the result is those that surely are, or `None` where nothing can be told of any.
pub(super) struct ConfirmSilence {
    transport: Transport,
    stage: Stage,
    silent: Vec<u64>,
}

enum Stage {
    Neutral,
    Again(AskEnd),
    Alive,
}

/// How often targets are asked again, after a neutral flow was seen to go on.
pub(super) const TRIES_AGAIN: u8 = 2;

impl ConfirmSilence {
    pub(super) fn new(transport: Transport, silent: Vec<u64>) -> Self {
        Self { transport, stage: Stage::Neutral, silent }
    }

    pub(super) fn advance(&mut self, known: &mut Knowledge<'_>) -> Turn<Option<Vec<u64>>> {
        loop {
            self.stage = match &mut self.stage {
                Stage::Neutral => {
                    if !is_fresh(known, self.transport) {
                        let answers = neutral_answers(known, self.transport, NEUTRAL_TRIES)?;
                        if answers == 0 {
                            return self.unknown(known);
                        }
                        known.of.heard.insert(self.transport, known.now);
                        known.of.lossy |= answers < NEUTRAL_TRIES;
                    }
                    // The neutral flow may go on since a moment ago.
                    let tries = if known.of.lossy { LOSSY_TRIES } else { TRIES_AGAIN };
                    Stage::Again(AskEnd::new(self.transport, std::mem::take(&mut self.silent), tries))
                }
                Stage::Again(end) => {
                    self.silent = end.advance(known)?;
                    if self.silent.is_empty() {
                        return Turn::Continue(Some(Vec::new()));
                    }
                    Stage::Alive
                }
                Stage::Alive => {
                    if is_shut_off(known)? {
                        known.result.shut_off = true;
                        return self.unknown(known);
                    }
                    return Turn::Continue(Some(std::mem::take(&mut self.silent)));
                }
            };
        }
    }

    fn unknown(&mut self, known: &mut Knowledge<'_>) -> Turn<Option<Vec<u64>>> {
        known.note_all(std::mem::take(&mut self.silent), Reach::Unknown);
        Turn::Continue(None)
    }
}

/// Whether the end of the common path was heard a moment ago.
fn is_fresh(known: &Knowledge<'_>, transport: Transport) -> bool {
    let is_recent = |at: &std::time::Duration| known.now.saturating_sub(*at) < FRESH;
    known.of.heard.get(&transport).is_some_and(is_recent)
}

/// Whether none of a few targets answers now that answered the sweep.
fn is_shut_off(known: &mut Knowledge<'_>) -> Turn<bool> {
    let came = known.send(|known| {
        let targets = known.open_targets(None, ALIVE);
        (known.requests(&targets, Depth::Whole), known.at_least(BESIDE, 3))
    })?;
    let is_answered = came.iter().any(|heard| heard.reply().came == HopAnswer::Answered);
    Turn::Continue(!came.is_empty() && !is_answered)
}
