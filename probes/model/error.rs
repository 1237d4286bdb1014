//! Why a probe could not be taken: it makes no sense, or this computer cannot.
//!
//! What the network did never stands here; that is a [`super::Failure`].

use super::ProbeName;

/// The probe makes no sense for its probe kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("prepare a {probe} look at {target}: {reason}")]
pub struct BadProbe {
    /// The probe kind.
    pub probe: ProbeName,
    /// The target as written.
    pub target: String,
    /// What is missing or impossible, and how to write it.
    pub reason: &'static str,
}

/// This computer could not probe.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CannotProbe {
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
