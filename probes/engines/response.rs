//! What one packet of a sweep brought back.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::IcmpMeaning;

/// What came for one address and port.
///
/// Closed on purpose: each is one byte in the results and, as it is serialised, the words of a line of a sweep's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "came", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Response {
    /// A SYN-ACK, or a datagram.
    Open,
    /// A RST with its IP TTL where it was read, or a port unreachable from the address itself.
    Closed {
        /// TTL or hop limit on arrival.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ttl: Option<u8>,
    },
    /// An ICMP error that says "administratively prohibited", or a port unreachable from somebody else (RFC 1812, 5.2.7.1).
    Prohibited {
        /// Who sent it, where that is known.
        #[serde(rename = "from", default, skip_serializing_if = "Option::is_none")]
        by: Option<IpAddr>,
    },
    /// Any other ICMP error: no route, no such host.
    Unreachable {
        /// Who sent it; `None` is this computer itself, which has no way there or may not send.
        #[serde(rename = "from", default, skip_serializing_if = "Option::is_none")]
        by: Option<IpAddr>,
    },
    /// Nothing in the time given.
    Silent,
}

impl Response {
    /// What an ICMP error says of a target, by who sent it.
    pub(super) fn of_icmp(meaning: IcmpMeaning, by: Option<IpAddr>, target: IpAddr) -> Self {
        match meaning {
            // A port that is closed is the host's to say; who else says it is a filter that rejects so.
            IcmpMeaning::PortUnreachable if by == Some(target) => Self::Closed { ttl: None },
            IcmpMeaning::Prohibited | IcmpMeaning::PortUnreachable => Self::Prohibited { by },
            _ => Self::Unreachable { by },
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_port_is_the_hosts_own_to_say() {
        let of = "192.0.2.7".parse().unwrap();
        let near = "10.0.1.1".parse().ok();
        let cases = [
            (IcmpMeaning::PortUnreachable, Some(of), Response::Closed { ttl: None }),
            (IcmpMeaning::PortUnreachable, near, Response::Prohibited { by: near }),
            (IcmpMeaning::Prohibited, near, Response::Prohibited { by: near }),
            (IcmpMeaning::HostUnreachable, near, Response::Unreachable { by: near }),
            (IcmpMeaning::TimeExceeded, near, Response::Unreachable { by: near }),
        ];
        for (meaning, by, wanted) in cases {
            assert_eq!(Response::of_icmp(meaning, by, of), wanted, "{meaning:?}");
        }
    }
}
