//! A cause as a constant record: what it is, what it masks, how to prove and mend it, and the rule that finds it.

use why5003_probes::model::Layer;

use super::model::Owner;
use super::ruling::Ruling;
use crate::evidence::Evidence;

/// A named root cause.
#[derive(Clone, Copy)]
pub struct Cause {
    /// Its id, which never changes its meaning.
    pub id: &'static str,
    /// Its title: what is wrong, in a few words.
    pub title: &'static str,
    /// The layer it sits on.
    pub layer: Layer,
    /// Who mends it, unless the evidence names another.
    pub owner: Owner,
    /// Ids that it explains while it stands: those are folded under it, not reported beside it.
    pub masks: &'static [&'static str],
    /// What it means, for a network engineer, in two to four sentences; says how it differs from its neighbours.
    pub meaning: &'static str,
    /// How to prove it by hand: commands, one a line.
    pub proof: &'static str,
    /// How to mend it.
    pub remedies: &'static [Mend],
    /// RFCs, kernel documents, vendor pages.
    pub sources: &'static [&'static str],
    /// Finds it in the evidence.
    pub rule: fn(&Evidence) -> Ruling,
}

/// One way to mend a cause, as written down; `{host}`, `{port}`, `{address}`, `{proxy}` and `{prefix}` are filled in from the finding.
#[derive(Clone, Copy, Debug)]
pub struct Mend {
    /// On which system: `any`, `linux`, `macos`, `windows`.
    pub os: &'static str,
    /// Who does it.
    pub who: Owner,
    /// What to do, in one or two sentences.
    pub text: &'static str,
    /// A command to copy, or empty.
    pub command: &'static str,
}

impl std::fmt::Debug for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cause").field("id", &self.id).finish_non_exhaustive()
    }
}
