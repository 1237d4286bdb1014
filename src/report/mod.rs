//! Renders a finished run: for people, for programs, for tickets.

mod model;

pub use model::{CatalogueStamp, Report, SCHEMA, Tool, Vantage};
