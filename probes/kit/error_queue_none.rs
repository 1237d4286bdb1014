//! Systems whose sockets keep no ICMP errors: a look sees only the socket's own error.
//!
//! It stands in for `error_queue.rs` elsewhere than on Linux.

use std::net::IpAddr;

use super::{IcmpError, IcmpMeaning};

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

/// Nothing.
pub(crate) fn newest<S>(_: &S) -> Option<(IcmpMeaning, Option<IpAddr>)> {
    None
}

/// Does nothing.
///
/// # Errors
/// None.
#[expect(clippy::unnecessary_wraps, reason = "the signature is that of Linux")]
pub(super) fn enable_ttl<S>(_: &S, _: IpAddr) -> std::io::Result<()> {
    Ok(())
}
