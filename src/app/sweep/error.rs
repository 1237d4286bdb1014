//! Why a sweep could not be made, gone on with, or put together.

use why5003_probes::model::{CannotProbe, Family};

use crate::sweep::{NothingSelected, Shard};

/// A sweep could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SweepError {
    /// The scope covers nothing.
    #[error(transparent)]
    NothingSelected(#[from] NothingSelected),
    /// The scope has more targets than can be numbered: every address of an IPv6 prefix.
    #[error("sweep so much: IPv6 prefixes have more addresses than can be asked")]
    TooManyTargets {
        /// The one family that was chosen.
        family: Option<Family>,
    },
    /// The engine for SYN packets of this program's own may not be used.
    #[error("begin the sweep with the syn engine")]
    Syn {
        /// Why.
        source: CannotProbe,
    },
    /// This computer gives no sockets.
    #[error("begin the sweep")]
    Begin {
        /// Why.
        source: CannotProbe,
    },
    /// An engine can no longer send or hear.
    #[error("go on with the sweep")]
    GoOn {
        /// Why.
        source: CannotProbe,
    },
}

/// Two recorded sweeps could not be put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JoinError {
    /// They differ in their targets, order or catalogue.
    #[error("they are not parts of one sweep: their first lines differ in more than the part and the time")]
    OtherSweep,
    /// That part is there.
    #[error("part {0} is here already")]
    Twice(Shard),
}
