//! What people, tickets and programs get of a report.
//!
//! A new case is a new JSON file; `SNAPSHOTS=overwrite cargo test --test reports` writes the texts beside it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod diagnoses;
mod samples;
mod sweeps;
