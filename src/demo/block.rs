//! The block of loopback addresses that one world lives in, and how its ports are shifted.
//!
//! It only names addresses; whether they are free shows when they are bound.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::atomic::{AtomicU32, Ordering};

use ipnet::{IpNet, Ipv4Net};

/// A block 127.A.B.0/24; A is never 0, so that it meets no stub resolver of this computer (127.0.0.53).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Block(u16);

impl Block {
    /// The next block of this process; two processes begin at different ones.
    pub(super) fn next() -> Self {
        static TAKEN: AtomicU32 = AtomicU32::new(0);
        let taken = TAKEN.fetch_add(1, Ordering::Relaxed);
        let place = std::process::id().wrapping_mul(SPREAD).wrapping_add(taken) % BLOCKS;
        Self(u16::try_from(place + FIRST).unwrap_or(u16::MAX))
    }

    /// The address with this last octet.
    pub(super) fn at(self, last: u8) -> Ipv4Addr {
        let [a, b] = self.0.to_be_bytes();
        Ipv4Addr::new(127, a, b, last)
    }

    /// The prefix of this length that begins at this last octet; lengths beyond 32 are 32.
    pub(super) fn prefix(self, first: u8, length: u8) -> IpNet {
        let net = Ipv4Net::new(self.at(first), length).unwrap_or_else(|_| Ipv4Net::from(self.at(first)));
        IpNet::V4(net.trunc())
    }

    /// The address with this last octet, and the block as the link it is on.
    pub(super) fn address_on_link(self, last: u8) -> IpNet {
        let address = self.at(last);
        IpNet::V4(Ipv4Net::new(address, 24).unwrap_or_else(|_| Ipv4Net::from(address)))
    }
}

/// Where a logical port is really served: 20 000 above, since ports below 1024 need rights that the demo does not ask for.
/// Ports that would fall off the end keep their number.
pub(super) fn real(address: Ipv4Addr, port: u16) -> SocketAddr {
    let shifted = port.checked_add(SHIFT).unwrap_or(port);
    SocketAddr::V4(SocketAddrV4::new(address, shifted))
}

/// Where a logical port is served on the proxy's side of a filter, 10 000 above.
pub(super) fn behind(address: Ipv4Addr, port: u16) -> SocketAddr {
    SocketAddr::V4(SocketAddrV4::new(address, port.checked_add(BEHIND).unwrap_or(port)))
}

const SHIFT: u16 = 20_000;
const BEHIND: u16 = 10_000;

/// 127.1.0.0/24, the first block in use, counted from 127.0.0.0/24.
const FIRST: u32 = 256;
/// Up to 127.254.255.0/24.
const BLOCKS: u32 = 254 * 256;
/// Leaves this many blocks to each process before it meets its neighbour by process id.
const SPREAD: u32 = 61;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_blocks_of_a_process_differ_and_lie_in_loopback() {
        let (one, two) = (Block::next(), Block::next());
        assert_ne!(one, two);
        assert!(one.at(1).is_loopback() && one.at(1).octets()[1] != 0);
        assert_eq!(one.address_on_link(1).to_string(), format!("{}/24", one.at(1)));
    }

    #[test]
    fn privileged_ports_are_served_where_no_rights_are_needed() {
        assert_eq!(real(Ipv4Addr::new(127, 1, 2, 3), 443).to_string(), "127.1.2.3:20443");
        assert_eq!(real(Ipv4Addr::new(127, 1, 2, 3), 60_000).port(), 60_000);
    }
}
