//! Socket options that TCP and UDP share.
//!
//! It sets; what an option brings back is read where the socket is.

use std::io;
use std::net::IpAddr;

use socket2::Socket;

/// Sets the IP time to live, or hop limit, of what the socket sends from now on.
pub(super) fn set_ttl(socket: &Socket, to: IpAddr, ttl: u8) -> io::Result<()> {
    match to {
        IpAddr::V4(_) => socket.set_ttl_v4(ttl.into()),
        IpAddr::V6(_) => socket.set_unicast_hops_v6(ttl.into()),
    }
}
