//! What a trace sends, and what it is told of it.

use std::net::SocketAddr;

use why5003_probes::model::{Hop, Transport};

use super::super::common_path::Reply;

/// How far a packet goes.
///
/// Closed on purpose: whoever sends it must know each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Its TTL ends at this hop.
    Hop(u8),
    /// To its target.
    Whole,
    /// A traceroute: one packet for each hop, up to the target.
    EveryHop,
}

/// What is asked of whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// The target.
    pub to: SocketAddr,
    /// Its transport.
    pub transport: Transport,
    /// How far it goes.
    pub depth: Depth,
}

/// Tells one probe from the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProbeId(pub u32);

/// A probe that is to be sent now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceProbe {
    /// By which its reply is told.
    pub id: ProbeId,
    /// What it asks.
    pub request: Request,
}

/// What a probe brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A packet's reply, or silence.
    Reply(Reply),
    /// A traceroute's hops; none where it could not be made.
    Hops(Vec<Hop>),
}

impl Heard {
    /// The reply to a packet; a traceroute has none.
    pub(super) fn reply(&self) -> Reply {
        match self {
            Self::Reply(reply) => *reply,
            Self::Hops(_) => Reply::SILENCE,
        }
    }

    /// The hops of a traceroute; a packet has none.
    pub(super) fn into_hops(self) -> Vec<Hop> {
        match self {
            Self::Hops(hops) => hops,
            Self::Reply(_) => Vec::new(),
        }
    }
}
