//! Carries out a plan: the only layer that starts tasks.

mod diagnose;
mod schedule;

pub use diagnose::{Event, Gathered, Standing, diagnose};
pub use schedule::{Finish, Limits, Schedule, Tools};
