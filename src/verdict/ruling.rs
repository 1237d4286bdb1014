//! What one rule says of the evidence.

use super::claim::Claim;
use crate::experiment::Question;

/// What a rule says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ruling {
    /// It is so: each claim is one finding.
    pub claims: Vec<Claim>,
    /// It is not so, by these observations.
    pub excluded_by: Vec<u32>,
    /// It may be so: what would settle it.
    pub open: Option<Doubt>,
}

/// A suspicion below the floor.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Doubt {
    /// What would settle it, for a person.
    pub next_test: String,
    /// What would settle it, for the plan; empty where the program can't.
    pub questions: Vec<Question>,
}

impl Ruling {
    /// The evidence says nothing either way.
    pub fn silent() -> Self {
        Self::default()
    }

    /// It is so.
    pub fn claim(claim: Claim) -> Self {
        Self { claims: vec![claim], ..Self::default() }
    }

    /// It is not so.
    pub fn excluded(by: Vec<u32>) -> Self {
        Self { excluded_by: by, ..Self::default() }
    }

    /// It may be so.
    pub fn doubt(next_test: impl Into<String>, questions: Vec<Question>) -> Self {
        Self { open: Some(Doubt { next_test: next_test.into(), questions }), ..Self::default() }
    }
}
