//! One TLS handshake whose every variable is chosen, and which records instead of refusing.
//!
//! It accepts whatever certificate comes: nothing that matters may ever be sent over such a connection.

mod first_segment;
mod hello;
mod recorder;
mod shake;
mod told;

pub(crate) use first_segment::first_segment;
pub(crate) use hello::ClientHello;
pub(crate) use recorder::Recorder;
pub(crate) use shake::{Ended, Progress, Wire, shake};
#[cfg(test)]
pub(crate) use told::Told;
pub(crate) use told::{finished, told};
