//! Carries out a plan: the only layer that starts tasks.

mod diagnose;
mod schedule;

pub use diagnose::{Event, Gathered, diagnose};
pub use schedule::{Finish, Limits, Schedule, Tools};
