//! The errno names of Linux (`errno(3)`), and what each says of the network or of this computer.
//!
//! An error that it does not know stays unknown.

use std::io;

use nix::errno::Errno;

use crate::model::How;

/// What the error means, with the name that `errno(3)` gives it; `None` for one that says nothing of the network.
pub(crate) fn read(error: &io::Error) -> Option<(How, &'static str)> {
    Some(match Errno::from_raw(error.raw_os_error()?) {
        Errno::ECONNREFUSED => (How::Refused, "ECONNREFUSED"),
        Errno::ECONNRESET => (How::Reset, "ECONNRESET"),
        Errno::ENETUNREACH => (How::NoRoute, "ENETUNREACH"),
        Errno::EHOSTUNREACH => (How::Unreachable, "EHOSTUNREACH"),
        Errno::ETIMEDOUT => (How::Silent, "ETIMEDOUT"),
        Errno::EMSGSIZE => (How::TooBig, "EMSGSIZE"),
        Errno::EPERM => (How::NotPermitted, "EPERM"),
        Errno::EACCES => (How::NotPermitted, "EACCES"),
        Errno::EMFILE => (How::Exhausted, "EMFILE"),
        Errno::ENFILE => (How::Exhausted, "ENFILE"),
        Errno::EADDRNOTAVAIL => (How::Exhausted, "EADDRNOTAVAIL"),
        Errno::EADDRINUSE => (How::Exhausted, "EADDRINUSE"),
        Errno::EAGAIN => (How::Exhausted, "EAGAIN"),
        Errno::ENOBUFS => (How::Exhausted, "ENOBUFS"),
        Errno::ENOMEM => (How::Exhausted, "ENOMEM"),
        _ => return None,
    })
}

/// A connection that began and has not ended.
pub(crate) const EINPROGRESS: i32 = nix::libc::EINPROGRESS;
