//! What a socket call's error says of the network or of this computer.
//!
//! An error that it does not know stays unknown: the caller then says that it could not probe.

use std::io;

use super::system_errno::EINPROGRESS;
pub(crate) use super::system_errno::read;
use crate::model::{CannotProbe, How};

/// What an error means that the kernel gave at once, before anything was sent: EHOSTUNREACH is then a route that
/// refuses (`ip-route(8)`, type `unreachable`), EINVAL one that swallows (type `blackhole`).
pub(crate) fn read_at_once(error: &io::Error) -> Option<(How, &'static str)> {
    match (read(error), error.kind()) {
        (Some((How::Unreachable, name)), _) => Some((How::NoRoute, name)),
        (None, io::ErrorKind::InvalidInput) => Some((How::NoRoute, "EINVAL")),
        (known, _) => known,
    }
}

/// Tells running out of something of ours from an error that says nothing.
pub(crate) fn ours(operation: &'static str, source: io::Error) -> Result<(How, &'static str), CannotProbe> {
    match read(&source) {
        Some(known @ (How::Exhausted, _)) => Ok(known),
        _ => Err(CannotProbe::Io { operation, source }),
    }
}

/// A source address that is not this computer's is a wrong wish, not a lack of ports.
pub(crate) fn bind_failed(source: io::Error) -> Result<(How, &'static str), CannotProbe> {
    let operation = "bind a socket to the source address";
    if source.kind() == io::ErrorKind::AddrNotAvailable {
        return Err(CannotProbe::Io { operation, source });
    }
    ours(operation, source)
}

/// Says what was tried when the system refused.
pub(crate) fn io_error(operation: &'static str) -> impl Fn(io::Error) -> CannotProbe {
    move |source| CannotProbe::Io { operation, source }
}

/// EINPROGRESS, which the standard library has no stable name for; Windows says "would block".
pub(crate) fn is_under_way(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock || error.raw_os_error() == Some(EINPROGRESS)
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use nix::errno::Errno;

    use super::*;

    fn error(errno: Errno) -> io::Error {
        io::Error::from_raw_os_error(errno as i32)
    }

    #[test]
    fn our_own_limits_are_told_from_the_networks_answers() {
        let read = |errno| read(&error(errno)).map(|(how, _)| how);
        assert_eq!([Errno::EMFILE, Errno::ENOBUFS, Errno::EADDRNOTAVAIL].map(read), [Some(How::Exhausted); 3]);
        assert_eq!(
            [Errno::ECONNREFUSED, Errno::EPERM, Errno::EBADF].map(read),
            [Some(How::Refused), Some(How::NotPermitted), None]
        );
    }

    #[test]
    fn a_route_that_refuses_or_swallows_is_no_route() {
        for errno in [Errno::ENETUNREACH, Errno::EHOSTUNREACH, Errno::EINVAL] {
            assert_eq!(read_at_once(&error(errno)).map(|(how, _)| how), Some(How::NoRoute));
        }
    }
}
