//! The seam between a probe and the rest: a constant record that describes it, and a trait of one method.

use std::fmt;

use super::trust::Trust;
use super::{Clock, Fact, Failure, Look, Network, Pending, System};

/// A probe kind, as a constant record.
#[derive(Clone, Copy)]
pub struct Kind {
    /// Its name on the command line and in reports.
    pub name: &'static str,
    /// What it looks at, in one sentence.
    pub summary: &'static str,
    /// The layer of the way that it looks at.
    pub layer: Layer,
    /// Where its protocol or numbers are described.
    pub sources: &'static [&'static str],
    /// Turns a look into a probe that is ready to go, or says why the look makes no sense.
    pub prepare: fn(&Look) -> Result<Box<dyn Probe>, BadLook>,
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kind").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A layer of the way from this computer to Zoom, nearest first.
///
/// Closed on purpose: the order is that of masking, and every rule knows all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// This computer.
    Host,
    /// Its own link and gateway.
    Link,
    /// The path beyond the gateway, whatever the port.
    Path,
    /// Names.
    Dns,
    /// The way through a proxy.
    Proxy,
    /// What lets packets pass or not, by address, port or content.
    Filter,
    /// TLS and certificates.
    Tls,
    /// Zoom's own side.
    Zoom,
    /// The installed client.
    Client,
}

/// Looks once.
///
/// Safe to drop at any await: nothing is left behind but what the kernel cleans up.
pub trait Probe: Send + Sync {
    /// Takes the look.
    ///
    /// # Errors
    /// [`CannotLook`] when this computer could not look at all; whatever the network did is in [`Seen`].
    fn look<'a>(&'a self, means: &'a Means<'a>) -> Pending<'a, Result<Seen, CannotLook>>;
}

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

/// What a look saw.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    /// Facts in the order they were seen.
    pub facts: Vec<Fact>,
    /// How it ended short of its answer, if it did.
    pub failure: Option<Failure>,
}

impl Seen {
    /// Only facts.
    pub fn facts(facts: Vec<Fact>) -> Self {
        Self { facts, failure: None }
    }

    /// Facts up to a failure.
    pub fn failed(facts: Vec<Fact>, failure: Failure) -> Self {
        Self { facts, failure: Some(failure) }
    }
}

/// The look makes no sense for its probe kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("prepare a {probe} look at {target}: {reason}")]
pub struct BadLook {
    /// The probe kind.
    pub probe: &'static str,
    /// The target as written.
    pub target: String,
    /// What is missing or impossible, and how to write it.
    pub reason: &'static str,
}

/// This computer could not look.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CannotLook {
    /// The system offers no way to see this.
    #[error("see {what} on this system ({why})")]
    Unsupported {
        /// What was to be seen.
        what: &'static str,
        /// Why not, and who could.
        why: &'static str,
    },
    /// More rights are needed.
    #[error("see {what} without more rights ({needs})")]
    Unprivileged {
        /// What was to be seen.
        what: &'static str,
        /// What is needed.
        needs: &'static str,
    },
    /// What could be sent to before can't be sent to any more.
    #[error("send to {to} any more ({why})")]
    Lost {
        /// A target.
        to: std::net::IpAddr,
        /// What this computer lacks.
        why: &'static str,
    },
    /// A local operation failed for a reason that says nothing of the network.
    #[error("{operation}")]
    Io {
        /// What was tried.
        operation: &'static str,
        /// The system's error.
        source: std::io::Error,
    },
}
