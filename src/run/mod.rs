//! Carries out a plan: the only layer that starts tasks.

mod diagnose;
mod schedule;
mod settle;
mod sweep;
#[cfg(test)]
mod testing;

pub use diagnose::{Event, Gathered, Standing, diagnose};
pub use schedule::{Finish, Limits, Schedule, Tools};
pub use settle::{Settle, SettleEvent, Settlement, settle};
pub use sweep::{Sweep, SweepEvent, Swept, sweep};
