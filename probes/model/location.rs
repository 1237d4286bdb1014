//! Where on the way something happens: the one word for it, from the trace to the report.

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where on the way a cause sits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Location {
    /// Hops from this computer; 0 is this computer itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hop: Option<u8>,
    /// The last address that answers for the affected flow, or the address that refuses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
    /// The first address that answers for a passing flow alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<IpAddr>,
}

impl Location {
    /// The same without the address that would come next, which differs from flow to flow.
    #[must_use]
    pub fn without_next(self) -> Self {
        Self { next: None, ..self }
    }
}
