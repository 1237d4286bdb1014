//! Firewall rules that let Zoom out, as text in the syntax of each firewall: pure.
//!
//! [`published()`] is what a catalogue says must be let out. [`gap()`] is what a sweep found closed. [`Ruleset`] makes either
//! canonical, and each of [`FORMATS`] writes it. It applies no rule, and writes none that closes anything.

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
