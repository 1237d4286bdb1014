//! Whether the packets of a sweep leave this computer at all.

use why5003_probes::engines::Response;

/// Whether this computer has a way out.
#[derive(Debug)]
pub(super) enum WayOut {
    /// All that came so far are errors of this computer's own: so many.
    Unseen {
        /// Errors.
        errors: u32,
    },
    /// A packet has left: something else came, or nothing did.
    Seen,
}

impl Default for WayOut {
    fn default() -> Self {
        Self::Unseen { errors: 0 }
    }
}

impl WayOut {
    /// Notes what came for a target.
    pub(super) fn note(&mut self, response: Response) {
        *self = match (&self, response) {
            (Self::Unseen { errors }, Response::Unreachable { by: None }) => Self::Unseen { errors: errors + 1 },
            _ => Self::Seen,
        };
    }

    /// Whether so many errors came, and nothing else, that there is none.
    pub(super) fn is_none(&self) -> bool {
        matches!(self, Self::Unseen { errors } if *errors >= NO_WAY_OUT)
    }
}

/// So many errors of this computer's own, and nothing else, mean that it has no way out. A computer with a
/// route to only one of some fifty prefixes is mistaken for one without once in a hundred sweeps.
const NO_WAY_OUT: u32 = 256;
