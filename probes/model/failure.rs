//! How and at which stage a probe did not get what it asked for.
//!
//! These are the network's answers, not our errors: a probe that fails has still probed.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The step of the way at which a probe ended.
///
/// The order is the order of the way: a later stage means that the earlier ones passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Name to address.
    Resolve,
    /// Asking a proxy for a tunnel, its own connection included.
    Proxy,
    /// TCP three-way handshake, or the first datagram's way out.
    Connect,
    /// ClientHello sent, not one byte came back.
    Hello,
    /// TLS handshake under way, some bytes came back.
    Handshake,
    /// HTTP request sent.
    Http,
    /// Anything after the first response, or a datagram's answer.
    Data,
}

/// What happened instead of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// Nothing came back in the time given.
    Silent,
    /// A RST answered the SYN, or ICMP port unreachable the datagram (ECONNREFUSED).
    Refused,
    /// A RST ended a connection that stood (ECONNRESET).
    Reset,
    /// The peer closed the connection early (EOF, FIN).
    Closed,
    /// No route, said by this host's own kernel at once (ENETUNREACH).
    NoRoute,
    /// Host or network unreachable, said by ICMP or after the neighbour search (EHOSTUNREACH).
    Unreachable,
    /// ICMP "administratively prohibited" (RFC 792 type 3 codes 9, 10, 13; RFC 4443 type 1 codes 1, 5, 6).
    Prohibited,
    /// The packet's TTL ended on the way (ICMP time exceeded).
    Expired,
    /// This host's own kernel or firewall refused to send (EPERM, EACCES).
    NotPermitted,
    /// This host ran out of something of its own (EMFILE, EADDRNOTAVAIL, ENOBUFS, ENOMEM).
    Exhausted,
    /// A datagram was larger than the known path MTU (EMSGSIZE).
    TooBig,
    /// A TLS alert came from the peer.
    Alert,
    /// The peer's bytes are not of the protocol (no TLS, broken DNS message, …).
    Malformed,
    /// The peer understood and said no: a DNS rcode, an HTTP status, a proxy's refusal.
    Denied,
    /// The name does not resolve, as far as the asked source tells.
    NotFound,
    /// The system's library could not tell now (`EAI_AGAIN`): its resolvers were silent, or failed.
    TryAgain,
}

/// How a probe ended short of its answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Failure {
    /// The step at which it ended.
    pub stage: Stage,
    /// What happened there.
    pub how: How,
    /// How long it was waited for, in milliseconds, where waiting was the point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waited_ms: Option<u32>,
    /// The peer's or the kernel's own words (errno name, alert name, reason phrase), control characters escaped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl Failure {
    /// A failure without further detail.
    pub fn new(stage: Stage, how: How) -> Self {
        Self { stage, how, waited_ms: None, detail: None }
    }

    /// The same failure, with how long was waited.
    #[must_use]
    pub fn after(mut self, waited: std::time::Duration) -> Self {
        self.waited_ms = Some(u32::try_from(waited.as_millis()).unwrap_or(u32::MAX));
        self
    }

    /// The same failure, in the other side's own words.
    #[must_use]
    pub fn saying(self, detail: impl Into<String>) -> Self {
        self.saying_any(Some(detail))
    }

    /// The same failure, in the other side's own words where there are any.
    #[must_use]
    pub fn saying_any(mut self, detail: Option<impl Into<String>>) -> Self {
        self.detail = detail.map(Into::into);
        self
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Resolve => "resolve",
            Self::Proxy => "proxy",
            Self::Connect => "connect",
            Self::Hello => "hello",
            Self::Handshake => "handshake",
            Self::Http => "http",
            Self::Data => "data",
        })
    }
}

impl fmt::Display for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Silent => "silent",
            Self::Refused => "refused",
            Self::Reset => "reset",
            Self::Closed => "closed",
            Self::NoRoute => "no route",
            Self::Unreachable => "unreachable",
            Self::Prohibited => "prohibited",
            Self::Expired => "TTL expired",
            Self::NotPermitted => "not permitted",
            Self::Exhausted => "out of resources",
            Self::TooBig => "too big",
            Self::Alert => "TLS alert",
            Self::Malformed => "malformed",
            Self::Denied => "denied",
            Self::NotFound => "not found",
            Self::TryAgain => "temporary failure",
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.how, self.stage)?;
        if let Some(waited) = self.waited_ms {
            write!(f, " after {waited} ms")?;
        }
        if let Some(detail) = &self.detail {
            write!(f, " ({detail})")?;
        }
        Ok(())
    }
}
