//! A descriptor that the runtime watches, whatever it is: the one place where that is said to be sound.

use std::io;
use std::os::fd::OwnedFd;

use tokio::io::unix::AsyncFd;

/// Hands a descriptor to the runtime, which reports when it can be read. Dropping this closes it.
///
/// # Errors
/// The system's, when the descriptor is of a kind that cannot be waited on.
#[expect(unsafe_code, reason = "tokio asks for a promise that the type of the argument keeps")]
pub(crate) fn watched(fd: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: an `OwnedFd` is open, is the same descriptor for as long as it lives, and nobody else may close it; the
    // `AsyncFd` owns it and hands it out by shared reference alone.
    unsafe { AsyncFd::register(fd) }.map_err(Into::into)
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::net::UnixStream;

    use super::*;

    #[tokio::test]
    async fn it_is_ready_once_there_is_something_to_read() {
        let (mut near, far) = UnixStream::pair().unwrap();
        far.set_nonblocking(true).unwrap();
        let far = watched(far.into()).unwrap();
        near.write_all(b"x").unwrap();
        assert!(far.readable().await.unwrap().ready().is_readable());
    }
}
