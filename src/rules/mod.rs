//! Firewall rules that let Zoom out, as text in the syntax of each firewall: pure.
//!
//! The function [`published()`] gives what a catalogue says must be let out, and [`gap()`] what a sweep found closed.
//! A [`Ruleset`] makes either canonical, and each of [`FORMATS`] writes it. It applies no rule, and writes none that
//! closes anything.

mod formats;
mod gap;
mod ports;
mod published;
mod ruleset;
mod scrub;

pub use formats::{FORMATS, Format, format};
pub use gap::{Missing, Tested, gap};
pub use published::{NoService, Published, published};
pub use ruleset::{Allow, Ruleset};
