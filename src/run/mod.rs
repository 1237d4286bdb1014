//! Carries out a plan: the only layer that starts tasks.

mod diagnose;
mod schedule;
mod sweep;
#[cfg(test)]
mod testing;
mod trace;

pub use diagnose::{Event, Gathered, Standing, diagnose};
pub use schedule::{Finish, Limits, Schedule, Tools};
pub use sweep::{Sweep, SweepEvent, Swept, sweep};
pub use trace::trace;
