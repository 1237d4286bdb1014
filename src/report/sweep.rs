//! The report of a sweep: for programs in the form of the schema `why5003.sweep/1`, for people as a matrix, for tickets in
//! Markdown, for firewalls as the rules that are missing.

mod grid;
mod human;
mod markdown;
mod matrix;
mod missing_rules;
mod model;
mod summary;
mod words;

pub use human::human as sweep_human;
pub use markdown::markdown as sweep_markdown;
pub use missing_rules::missing_rules;
pub use model::{SWEEP_SCHEMA, SweepPair, SweepReport, sweep_pairs};
pub use summary::summary as sweep_summary;

/// The report as indented JSON, ending with a line break.
pub fn sweep_json(report: &SweepReport) -> String {
    let mut text = serde_json::to_string_pretty(report).expect("its keys are words");
    text.push('\n');
    text
}
