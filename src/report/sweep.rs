//! The report of a sweep: for programs in the form of the schema `why5003.sweep/1`, for people as a matrix.

mod asked;
mod gap;
mod grid;
mod human;
mod model;
mod whole;

pub use asked::how_asked;
pub use gap::missing;
pub use human::human as sweep_human;
pub use model::{Counts, Missing, SWEEP_SCHEMA, Sampled, SweepLane, SweepReport, sweep_lanes};

/// The report as indented JSON, ending with a line break.
pub fn sweep_json(report: &SweepReport) -> String {
    let mut text = serde_json::to_string_pretty(report).expect("its keys are words");
    text.push('\n');
    text
}
