//! Systems whose sockets keep no ICMP errors: a socket tells no more than its own error.
//!
//! A packet whose TTL is limited dies unseen there, which would read as silence: [`visible`] says that it cannot be looked at.

use std::io::Read;
use std::net::IpAddr;

use socket2::SockRef;

use crate::model::{CannotProbe, IcmpError, IcmpMeaning};

/// Says that ICMP errors cannot be seen.
///
/// # Errors
/// Always [`CannotProbe::Unsupported`].
pub(crate) fn visible() -> Result<(), CannotProbe> {
    Err(CannotProbe::Unsupported {
        what: "the router at which a packet's TTL expires",
        why: "why5003 reads ICMP errors on Linux only",
    })
}

/// Does nothing: a plain connection does without.
///
/// # Errors
/// None.
#[expect(clippy::unnecessary_wraps, reason = "the signature is that of Linux")]
pub(crate) fn enable<S>(_: &S, _: IpAddr) -> std::io::Result<()> {
    Ok(())
}

/// Does nothing: the TTL of what comes stays unknown.
///
/// # Errors
/// None.
#[expect(clippy::unnecessary_wraps, reason = "the signature is that of Linux")]
pub(crate) fn enable_ttl<S>(_: &S, _: IpAddr) -> std::io::Result<()> {
    Ok(())
}

/// Takes one datagram without waiting; its TTL is not told.
///
/// # Errors
/// The socket's, which may be that nothing is there.
pub(crate) fn receive(socket: &tokio::net::UdpSocket, bytes: &mut [u8]) -> std::io::Result<(usize, Option<u8>)> {
    (&*SockRef::from(socket)).read(bytes).map(|length| (length, None))
}

/// None can be seen; [`visible`] says so before anything is sent that needs them.
pub(crate) fn drain<S>(_: &S) -> Vec<IcmpError> {
    Vec::new()
}

/// As [`drain`].
pub(crate) fn newest<S>(_: &S) -> Option<(IcmpMeaning, Option<IpAddr>)> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_seen_is_said_not_read_as_silence() {
        assert!(matches!(visible(), Err(CannotProbe::Unsupported { .. })));
    }
}
