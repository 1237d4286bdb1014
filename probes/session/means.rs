//! What probes and sessions are handed: a network, a clock, the system and root certificates.
//!
//! Nothing below this opens a socket or reads the clock by itself, so a test can hand in others.

use crate::net::Network;
use crate::os::{Clock, System, Trust};

/// What a probe is handed: it dials nothing by itself.
#[derive(Clone, Copy)]
pub struct Means<'a> {
    /// Sends and receives.
    pub network: &'a dyn Network,
    /// Tells the time.
    pub clock: &'a dyn Clock,
    /// Tells what only the operating system knows.
    pub system: &'a dyn System,
    /// The root certificates that count as public, and those of the system's store.
    pub trust: &'a Trust,
}
