//! What a sweep covers, and how it is made.

use std::net::IpAddr;
use std::time::Duration;

use crate::sweep::{Amount, Selection, Shard};

/// What a new sweep covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SweepScope {
    /// Which of Zoom's prefixes and ports.
    pub selection: Selection,
    /// How many addresses of each prefix.
    pub amount: Amount,
    /// All of it or a part, and in which order.
    pub part: SweepPart,
}

/// All of a sweep or a part of it, and the seed of its order.
///
/// Closed on purpose: the parts of a sweep need one order, so a part without a seed can't be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SweepPart {
    /// All of it; in another order each time where no seed is given.
    Whole {
        /// The seed of the order.
        seed: Option<u64>,
    },
    /// One part.
    Shard {
        /// Which.
        shard: Shard,
        /// The seed of the order, the same for each part.
        seed: u64,
    },
}

impl SweepPart {
    pub(super) fn shard(self) -> Shard {
        match self {
            Self::Whole { .. } => Shard::WHOLE,
            Self::Shard { shard, .. } => shard,
        }
    }

    pub(super) fn seed(self) -> Option<u64> {
        match self {
            Self::Whole { seed } => seed,
            Self::Shard { seed, .. } => Some(seed),
        }
    }
}

/// How a sweep is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SweepSettings {
    /// Packets a second at most; `None` is as fast as it goes.
    pub rate: Option<u32>,
    /// Targets under way at once, at most; `None` is as many as this computer can.
    pub max_inflight: Option<usize>,
    /// How TCP is asked.
    pub engine: EngineChoice,
    /// For so long at most, silent targets are traced by the routers on the way; zero is not at all.
    pub trace: Duration,
    /// The sweep ends after so long, and what was found by then is judged.
    pub deadline: Option<Duration>,
    /// The address of this computer to send from.
    pub source: Option<IpAddr>,
}

/// How TCP is asked.
///
/// Closed on purpose: these are the engines there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EngineChoice {
    /// The fastest that this user may use.
    Fastest,
    /// Connections of the kernel's.
    Connect,
    /// SYN packets of this program's own.
    Syn,
}
