//! Judges evidence: pure, without I/O, clock or tasks.

mod cause;
mod model;
mod ruling;

pub use cause::{Cause, Mend};
pub use model::{Finding, Location, NotLooked, Open, Owner, Part, Remedy, RuledOut, Scope, Status, Verdict};
pub use ruling::{Claim, Doubt, Ruling};

/// Every cause, nearest layer first.
pub const CAUSES: &[Cause] = &[];
