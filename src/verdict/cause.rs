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
    /// What else follows while it stands, beside what it masks.
    pub effects: &'static [Effect],
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

/// What a cause says of the rest of a judgement. Closed: the judge heeds every one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// No resolver of this computer answers any name.
    NamesLost,
    /// The system's library tells names late, if it has told none yet.
    NamesLate,
    /// It makes silence doubtful: its rule counts silence and does not merely rest on it.
    SilenceDoubtful,
    /// Nothing that this program sees excludes it, so it stays open where nothing else is found.
    CannotBeExcluded,
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

impl Cause {
    /// Whether this effect follows from it.
    pub fn has(&self, effect: Effect) -> bool {
        self.effects.contains(&effect)
    }

    /// Whether it explains the cause of this id; in its masks `dns.*` names a layer.
    pub fn masks(&self, id: &str) -> bool {
        self.id != id
            && self.masks.iter().any(|pattern| match pattern.strip_suffix('*') {
                Some(prefix) => id.starts_with(prefix),
                None => *pattern == id,
            })
    }
}

impl std::fmt::Debug for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cause").field("id", &self.id).finish_non_exhaustive()
    }
}
