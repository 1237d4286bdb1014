//! What a socket call's error says of the network or of this computer.
//!
//! An error that it does not know stays unknown: the caller then says that it could not look.

use std::io;

use super::How;

/// What the error means, with the name that `errno(3)` gives it; `None` for one that says nothing of the network.
#[cfg(target_os = "linux")]
pub(crate) fn read(error: &io::Error) -> Option<(How, &'static str)> {
    use nix::errno::Errno;

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

/// What the error means, as far as the standard library tells on this system.
#[cfg(not(target_os = "linux"))]
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

/// What an error means that the kernel gave at once, before anything was sent: EHOSTUNREACH is then a route that
/// refuses (`ip-route(8)`, type `unreachable`), EINVAL one that swallows (type `blackhole`).
pub(crate) fn read_at_once(error: &io::Error) -> Option<(How, &'static str)> {
    match (read(error), error.kind()) {
        (Some((How::Unreachable, name)), _) => Some((How::NoRoute, name)),
        (None, io::ErrorKind::InvalidInput) => Some((How::NoRoute, "EINVAL")),
        (known, _) => known,
    }
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
