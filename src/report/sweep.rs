//! The report of a sweep: for programs in the form of the schema `why5003.sweep/1`, for people as a matrix, for tickets in Markdown.

mod gap;
mod grid;
mod human;
mod markdown;
mod matrix;
mod model;
mod whole;
mod words;

pub use gap::missing;
pub use human::human as sweep_human;
pub use markdown::markdown as sweep_markdown;
pub use model::{Missing, SWEEP_SCHEMA, Sampled, SweepLane, SweepReport, sweep_lanes};
pub use words::how_asked;

/// The report as indented JSON, ending with a line break.
pub fn sweep_json(report: &SweepReport) -> String {
    let mut text = serde_json::to_string_pretty(report).expect("its keys are words");
    text.push('\n');
    text
}
