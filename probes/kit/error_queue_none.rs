//! Systems whose sockets keep no ICMP errors: a look sees only the socket's own error.
//!
//! It stands in for `error_queue.rs` elsewhere than on Linux.

use std::net::IpAddr;

use super::IcmpError;

/// Does nothing.
///
/// # Errors
/// None.
#[expect(clippy::unnecessary_wraps, reason = "the signature is that of Linux")]
pub(super) fn enable<S>(_: &S, _: IpAddr) -> std::io::Result<()> {
    Ok(())
}

/// Nothing.
pub(super) fn drain<S>(_: &S) -> Vec<IcmpError> {
    Vec::new()
}

/// Does nothing.
///
/// # Errors
/// None.
#[expect(clippy::unnecessary_wraps, reason = "the signature is that of Linux")]
pub(super) fn enable_ttl<S>(_: &S, _: IpAddr) -> std::io::Result<()> {
    Ok(())
}

/// Takes one datagram without waiting: its length; its TTL is not told.
///
/// # Errors
/// The socket's, which may be that nothing is there.
pub(super) fn receive(socket: &tokio::net::UdpSocket, bytes: &mut [u8]) -> std::io::Result<(usize, Option<u8>)> {
    socket.try_recv(bytes).map(|length| (length, None))
}
