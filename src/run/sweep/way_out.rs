//! Whether a sweep leaves this computer at all.

use why5003_probes::engines::Response;

/// Whether this computer has a way to anywhere.
pub(super) enum WayOut {
    /// All that came so far are its own errors: so many.
    Unseen { errors: u32 },
    /// Something else came, or nothing did: a packet has left.
    Seen,
}

impl WayOut {
    /// Notes what came.
    pub(super) fn note(&mut self, response: Response) {
        *self = match (&self, response) {
            (Self::Unseen { errors }, Response::Unreachable { by: None }) => Self::Unseen { errors: errors + 1 },
            _ => Self::Seen,
        };
    }

    /// Whether so many errors came, and nothing else, that there is none.
    pub(super) fn is_none(&self) -> bool {
        matches!(self, Self::Unseen { errors } if *errors >= NO_WAY)
    }
}

/// So many errors of this computer's own, and nothing else, mean that it has no way to anywhere. Where it has one to but one of some fifty
/// prefixes, as many miss that once in a hundred times.
const NO_WAY: u32 = 256;
