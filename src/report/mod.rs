//! Renders a finished run: for people, for programs, for tickets.

mod model;
mod plain;
mod result_line;
mod words;

pub use model::{CatalogueStamp, Report, SCHEMA, Tool, Vantage};
pub use result_line::result_line;
