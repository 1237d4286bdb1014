//! The errors that the standard library names on every system, and what each says of the network or of this computer.
//!
//! An error that it does not know stays unknown.

use std::io;

use crate::model::How;

/// What the error means, as far as the standard library tells on this system.
pub(crate) fn read(error: &io::Error) -> Option<(How, &'static str)> {
    Some(match error.kind() {
        io::ErrorKind::ConnectionRefused => (How::Refused, "ECONNREFUSED"),
        io::ErrorKind::ConnectionReset => (How::Reset, "ECONNRESET"),
        io::ErrorKind::NetworkUnreachable => (How::NoRoute, "ENETUNREACH"),
        io::ErrorKind::HostUnreachable => (How::Unreachable, "EHOSTUNREACH"),
        io::ErrorKind::TimedOut => (How::Silent, "ETIMEDOUT"),
        io::ErrorKind::PermissionDenied => (How::NotPermitted, "EACCES"),
        io::ErrorKind::AddrNotAvailable => (How::Exhausted, "EADDRNOTAVAIL"),
        io::ErrorKind::AddrInUse => (How::Exhausted, "EADDRINUSE"),
        _ => return None,
    })
}

/// A connection that began and has not ended, as macOS and the BSDs have it (`intro(2)`).
pub(crate) const EINPROGRESS: i32 = 36;
