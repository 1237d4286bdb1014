//! What a name's question was answered.

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::is_false;

/// A DNS answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Answer {
    /// The response code's name (`NOERROR`, `NXDOMAIN`, `SERVFAIL`, `REFUSED`, …); from the system's library only
    /// `NOERROR` where there are addresses.
    pub rcode: String,
    /// The addresses, in the order given.
    pub addresses: Vec<IpAddr>,
    /// The CNAME chain, in order, without the name asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// The smallest TTL of the answer, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl_s: Option<u32>,
    /// The answer was truncated (TC).
    #[serde(default, skip_serializing_if = "is_false")]
    pub truncated: bool,
    /// The resolver says that DNSSEC proved it (AD).
    #[serde(default, skip_serializing_if = "is_false")]
    pub authentic: bool,
    /// 1 for the first answer to the query, 2 for a second one that came later.
    pub nth: u8,
    /// From the query to this answer, in microseconds.
    pub rtt_us: u64,
}
