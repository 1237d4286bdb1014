//! Judges evidence: pure, without I/O, clock or tasks.

mod cause;
mod causes;
mod judge;
mod measure;
mod model;
mod ruling;
mod summary;
mod sweep;

pub use cause::{Cause, Mend};
pub use causes::{CAUSES, cause};
pub use judge::{Judgement, judge};
pub use model::{Finding, Location, Open, Owner, Part, Remedy, RuledOut, Scope, Status, Verdict};
pub use ruling::{Claim, Doubt, Ruling};
pub use sweep::{Circumstance, Missing, PairCounts, Replies, Sampled, SweepVerdict, conclude, missing};

pub use crate::evidence::NotLooked;
