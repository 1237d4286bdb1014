//! Judges evidence: pure, without I/O, clock or tasks.

mod cause;
mod model;
mod ruling;

pub use crate::evidence::NotLooked;
pub use cause::{Cause, Mend};
pub use model::{Finding, Location, Open, Owner, Part, Remedy, RuledOut, Scope, Status, Verdict};
pub use ruling::{Claim, Doubt, Ruling};

/// Every cause, nearest layer first.
pub const CAUSES: &[Cause] = &[];
