//! Judges evidence: pure, without I/O, clock or tasks.

mod answers_early;
mod cause;
mod causes;
mod chance;
mod judge;
mod limit;
mod loss;
mod media;
mod model;
mod place;
mod place_of_hello;
mod rate;
mod reach;
mod ruling;
mod summary;
mod sweep;
mod weigh;

pub use cause::{Cause, Mend};
pub use causes::{CAUSES, cause};
pub use judge::{Judgement, judge};
pub use model::{Finding, Location, Open, Owner, Part, Remedy, RuledOut, Scope, Status, Verdict};
pub use ruling::{Claim, Doubt, Ruling};
pub use sweep::conclude;

pub use crate::evidence::NotLooked;
