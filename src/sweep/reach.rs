//! How far packets to targets come, as a trace finds it.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// How far packets to a target come.
///
/// Closed on purpose: it is a word of the sweep's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Reach {
    /// To the end of the common path, or behind it: nothing on this side of it stops them.
    Passes {
        /// The hop.
        hop: u8,
        /// The router that answered there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        router: Option<IpAddr>,
    },
    /// No farther than here, while a neutral flow goes on.
    Dies {
        /// The last hop that answers for them; 0 where not even the first does.
        hop: u8,
        /// The router that answered there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        address: Option<IpAddr>,
        /// The first router that answers for the neutral flow alone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next: Option<IpAddr>,
    },
    /// A RST comes back though the packet's TTL ended before the target. A router answers an expired TTL before it filters, so the RST's
    /// sender is the router before, or stands behind it.
    Reset {
        /// The last hop before that; 0 where it came from this computer or its link.
        hop: u8,
        /// The router there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        address: Option<IpAddr>,
    },
    /// A router on the way says that they may not pass.
    Prohibited {
        /// Who.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<IpAddr>,
    },
    /// A router on the way says that it has no route for them.
    NoRoute {
        /// Which.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<IpAddr>,
    },
    /// A box on the way answers in the target's place.
    Forged,
    /// Unknown: routers do not answer, or answer too seldom.
    Unknown,
}

impl Reach {
    /// Whether packets pass; `None` where that is not known.
    pub fn passes(self) -> Option<bool> {
        match self {
            Self::Passes { .. } => Some(true),
            Self::Dies { .. } | Self::Reset { .. } | Self::Prohibited { .. } | Self::NoRoute { .. } => Some(false),
            Self::Forged | Self::Unknown => None,
        }
    }

    /// Whether packets are stopped in the same manner at the same place; the first router beyond differs from flow to flow.
    pub fn ends_where(self, other: Self) -> bool {
        let plain = |reach| match reach {
            Self::Dies { hop, address, .. } => Self::Dies { hop, address, next: None },
            reach => reach,
        };
        plain(self) == plain(other)
    }
}

/// How far packets come, by target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reaches {
    reaches: BTreeMap<u64, Reach>,
}

impl Reaches {
    /// Notes how far packets to a target come.
    pub fn note(&mut self, number: u64, reach: Reach) {
        self.reaches.insert(number, reach);
    }

    /// How far packets to a target come, if that is known.
    pub fn reach(&self, number: u64) -> Option<Reach> {
        self.reaches.get(&number).copied()
    }

    /// Forgets all others.
    pub fn keep(&mut self, wanted: impl Fn(u64) -> bool) {
        self.reaches.retain(|number, _| wanted(*number));
    }

    /// What is known within a range of targets.
    pub fn within(&self, numbers: std::ops::Range<u64>) -> impl Iterator<Item = (u64, Reach)> + '_ {
        self.reaches.range(numbers).map(|(number, reach)| (*number, *reach))
    }
}
