//! What one packet of a sweep brought back.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// What came for one address and port.
///
/// Closed on purpose: each is one byte in the ledger and one word in a sweep's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Response {
    /// A SYN-ACK, or a datagram.
    Open,
    /// A RST with its IP TTL where it was read, or a port unreachable from the address itself.
    Closed {
        /// TTL or hop limit on arrival.
        ttl: Option<u8>,
    },
    /// An ICMP error that says "administratively prohibited", or a port unreachable from somebody else (RFC 1812, 5.2.7.1).
    Prohibited {
        /// Who sent it, where that is known.
        by: Option<IpAddr>,
    },
    /// Any other ICMP error: no route, no such host.
    Unreachable {
        /// Who sent it, where that is known.
        by: Option<IpAddr>,
    },
    /// Nothing in the time given.
    Silent,
}

/// A response, and whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Returned {
    /// What was asked.
    pub to: SocketAddr,
    /// What came.
    pub response: Response,
    /// From the packet to its answer, where the engine keeps the time.
    pub rtt: Option<Duration>,
}
