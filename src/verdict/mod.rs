//! Judges evidence: pure, without I/O, clock or tasks.

mod cause;
mod causes;
mod claim;
mod confidence;
mod finding;
mod judge;
mod measure;
mod model;
mod ruling;
mod summary;
mod sweep;

pub use cause::{Cause, Effect, Mend};
pub use causes::{CAUSES, cause};
pub use claim::Claim;
pub use confidence::Confidence;
pub use judge::{Judgement, judge};
pub use model::{Finding, FindingRole, Location, Open, Owner, Remedy, RuledOut, Scope, Status, Verdict};
pub use ruling::{Doubt, Ruling};
pub use sweep::{Circumstance, Missing, PairCounts, Replies, Sampled, SweepVerdict, conclude, missing};

pub use crate::evidence::NotProbed;
