//! One TLS handshake whose every variable is chosen, and which records instead of refusing.
//!
//! It accepts whatever certificate comes: nothing that matters may ever be sent over such a connection. What roots say of the
//! chain is asked apart, by [`verify()`].

mod client_hello;
mod first_segment;
mod handshake;
mod outcome;
mod recorder;
mod verify;

/// A name that a certificate can be for; the probes' one word of rustls.
pub(crate) use rustls::pki_types::ServerName;

pub(crate) use client_hello::ClientHello;
pub(crate) use first_segment::first_segment;
pub(crate) use handshake::{Ended, Progress, Wire, handshake};
#[cfg(test)]
pub(crate) use outcome::Told;
pub(crate) use outcome::{finished, told};
pub(crate) use recorder::Recorder;
pub(crate) use verify::{verify, within_its_time};
