//! Why does a Zoom client on this network show error 5003? Which one thing is to blame, where is it, who must change what?
//!
//! Error 5003 is the client's HTTPS request to Zoom's web service timing out. The function [`diagnose`] probes the
//! path to that service (names, proxies, TCP, TLS, HTTP, path MTU, media), many at once, and judges what it observed:
//! the [`Report`] names the root cause with its place, its evidence and its remedies. [`sweep()`] asks Zoom's
//! published prefixes and ports which of them this network lets through, and where the others are stopped. [`replay`]
//! judges a recorded report with today's rules.
//!
//! Each of the three takes plain values (settings, tools, a catalogue), tells what happens meanwhile, and gives a value back.
//! What the network did is part of that value and never an error. They read no arguments, files or environment, and print
//! nothing: the `why5003` program does. They need a tokio runtime with time and input/output.
//!
//! # Diagnose the look-alike of Zoom on loopback
//!
//! [`demonstrate`] runs the real diagnosis on an embedded look-alike of Zoom, with one of [`FAULTS`] laid on it. No packet
//! leaves this computer. On the real network it is [`diagnose`] with the tools of [`this_computer`].
//!
//! ```
//! use why5003::{DiagnosisSettings, FAULTS, Status, demonstrate};
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let fault = FAULTS.iter().find(|fault| fault.name == "sni-reset").ok_or("no such fault")?;
//! let mut probes = 0;
//! let report = demonstrate(
//!     fault,
//!     &DiagnosisSettings::default(),
//!     &mut |_event| probes += 1,
//!     std::future::pending(), // nobody interrupts it
//! )
//! .await?;
//! assert_eq!(report.verdict.status, Status::Blocked);
//! assert_eq!(report.verdict.causes[0].id, "filter.sni");
//! assert!(report.complete && probes > 0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Judge a recorded report
//!
//! ```
//! use std::sync::Arc;
//!
//! use why5003::{Catalogue, parse_report, replay};
//!
//! # let file = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/drop.json");
//! let text = std::fs::read_to_string(file)?;
//! let report = replay(parse_report(&text)?, &Arc::new(Catalogue::embedded()));
//! for cause in &report.verdict.causes {
//!     println!("{}: {} (who must change it: {:?})", cause.id, cause.title, cause.owner);
//! }
//! assert_eq!(report.verdict.causes[0].id, "filter.drop");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub use app::{
    Diagnosis, DiagnosisSettings, EngineChoice, Engines, LoadedCatalogue, Overrides, Sweep, SweepError, SweepListeners,
    SweepLog, SweepPart, SweepPlan, SweepProgress, SweepScope, SweepSettings, demonstrate, diagnose, replay, sweep,
    this_computer,
};
pub use catalogue::Catalogue;
pub use demo::FAULTS;
pub use report::{Report, SweepReport, parse as parse_report};
pub use run::Tools;
pub use verdict::{Status, SweepVerdict, Verdict};

// The rooms behind the front door are public for this package's own program, tests and benches alone: nothing in them is
// promised to stay as it is.
#[doc(hidden)]
pub mod app;
#[doc(hidden)]
pub mod catalogue;
#[doc(hidden)]
pub mod cli;
#[doc(hidden)]
pub mod demo;
#[doc(hidden)]
pub mod evidence;
#[doc(hidden)]
pub mod experiment;
#[doc(hidden)]
pub mod plan;
#[doc(hidden)]
pub mod report;
#[doc(hidden)]
pub mod rules;
#[doc(hidden)]
pub mod run;
#[doc(hidden)]
pub mod sweep;
#[doc(hidden)]
pub mod verdict;
