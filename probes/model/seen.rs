//! What a probe hands back: facts, and how it ended short of its answer.
//!
//! It carries no number and no time: whoever runs the probe adds them.

use super::{Fact, Failure};

/// What a probe saw.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    /// Facts in the order they were seen.
    pub facts: Vec<Fact>,
    /// How it ended short of its answer, if it did.
    pub failure: Option<Failure>,
}

impl Seen {
    /// Only facts.
    pub fn facts(facts: Vec<Fact>) -> Self {
        Self { facts, failure: None }
    }

    /// Facts up to a failure.
    pub fn failed(facts: Vec<Fact>, failure: Failure) -> Self {
        Self { facts, failure: Some(failure) }
    }
}
