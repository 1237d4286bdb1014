//! Renders a finished run: for people, for programs, for tickets.

mod explain;
mod human;
mod json;
mod markdown;
mod model;
mod plain;
mod redact;
mod remedies;
mod result_line;
mod schema;
mod sweep;
mod words;

pub use explain::{causes_by_layer, causes_table, explain};
pub use human::{Style, human};
pub use json::{ParseReportError, json, json_line, parse};
pub use markdown::markdown;
pub use model::{CatalogueStamp, Report, SCHEMA, StoppedBy, Tool, Vantage};
pub use redact::Redaction;
pub use result_line::result_line;
pub use schema::{schema, sweep_schema};
pub use sweep::{
    SWEEP_SCHEMA, SweepPair, SweepReport, missing_rules, sweep_human, sweep_json, sweep_markdown, sweep_pairs,
    sweep_summary,
};
