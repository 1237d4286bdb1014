//! What must be known beside a sweep's pairs to believe what they tell: values, for programs as much as for the report's sentences.

use std::net::{IpAddr, SocketAddr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::sweep::Shard;

/// Something that bears on what a sweep concludes.
///
/// Closed on purpose: each must say what it takes away, and has a sentence of its own in the report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Circumstance {
    /// An address that nobody can own answered, so no open port is believed.
    ForgedReplies {
        /// The first such address.
        address: SocketAddr,
    },
    /// This computer has no route to any target.
    NoRoute,
    /// Of no pair it is known whether it passes.
    NothingKnown {
        /// The best that came.
        replies: Replies,
    },
    /// To the pairs that are unknown this computer has no route.
    NoRouteToUnknown,
    /// Zoom is known to answer at this address, and did not: replies may be dropped on the way back.
    ReferenceSilent {
        /// The first such address.
        target: SocketAddr,
    },
    /// This router refused some of what it let pass later: it limits a rate, or its rules were changed meanwhile.
    RateLimited {
        /// The router.
        router: IpAddr,
    },
    /// Not every target was probed, or not every silent one traced.
    Unfinished,
    /// The sweep was ended because this computer could send nothing.
    NothingSent,
    /// The sweep was ended by its deadline.
    DeadlineReached,
    /// Silent targets were not traced, by the user's wish, and some are unknown.
    NotTraced,
    /// The time for tracing ran out.
    TraceTimedOut,
    /// What had answered at first did not answer any more: something shut this computer off meanwhile.
    ShutOff,
    /// These are parts of a sweep that was shared out, and say nothing of the others.
    Parts {
        /// Which, spelled `3/8`.
        #[schemars(with = "Vec<String>")]
        parts: Vec<Shard>,
    },
}

/// The best that came from any target of a sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Replies {
    /// Nothing.
    None,
    /// Refusals, which may come from anywhere on the way.
    Refusals,
    /// Something that reads as open, and could not be confirmed.
    Open,
}

impl Circumstance {
    /// Whether the pairs themselves show it, and how the sweep went has no part in it.
    pub fn is_shown_by_pairs(&self) -> bool {
        matches!(self, Self::ForgedReplies { .. } | Self::NoRoute | Self::NothingKnown { .. } | Self::NoRouteToUnknown)
    }

    /// Whether it takes health away from a sweep all of whose pairs pass.
    pub(super) fn takes_health_away(&self) -> bool {
        matches!(self, Self::ReferenceSilent { .. } | Self::Unfinished)
    }
}
