//! "Don't fragment" on systems where it is not set: what needs it is said to be unsupported.

use std::io;
use std::net::IpAddr;

use socket2::Socket;

/// Refuses.
///
/// # Errors
/// Always [`io::ErrorKind::Unsupported`].
pub(crate) fn enable(_: &Socket, _: IpAddr) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
