//! What a rule may ask for, and the probes that would answer it. Pure: it gives probes and sends none.
//!
//! A rule names an experiment and its subject; the plan takes the probes from it, and gives none of them twice. Neither
//! knows the other. An experiment that one cause alone asks for stands in that cause's file; the shared ones stand here.

pub mod names;
pub mod pages;
pub mod prefixes;
pub mod probes;
pub mod proxies;
mod question;
mod setup;
pub mod tries;
pub mod walks;

pub use question::{Beside, Experiment, Question};
pub use setup::{DNS, Setup, role};
