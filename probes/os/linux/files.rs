//! Reads a file of this computer within a limit; never waits for one, never follows more than it was told.

use std::fs::OpenOptions;
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::fcntl::OFlag;

use crate::model::CannotProbe;

/// Configuration files of a few lines: resolv.conf, kioslaverc, zoomus.conf and the like, in bytes.
pub(super) const SMALL: u64 = 1 << 20;

/// The file's bytes, `None` where there is no such file.
///
/// Opened without blocking, so that a FIFO in a file's place ends at once.
///
/// # Errors
/// The system's own, and [`ErrorKind::FileTooLarge`] beyond the limit: half a file would pass for the whole.
pub(super) fn bytes(path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
    let opened = OpenOptions::new().read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(path);
    let file = match opened {
        Ok(file) => file,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut read = Vec::new();
    file.take(limit.saturating_add(1)).read_to_end(&mut read)?;
    if u64::try_from(read.len()).unwrap_or(u64::MAX) > limit {
        return Err(io::Error::new(ErrorKind::FileTooLarge, format!("larger than {limit} bytes")));
    }
    Ok(Some(read))
}

/// The file as text, with what is no UTF-8 replaced; `None` where there is no such file.
///
/// # Errors
/// [`CannotProbe::Io`] with that operation.
pub(super) fn text(path: &Path, limit: u64, operation: &'static str) -> Result<Option<String>, CannotProbe> {
    let read = bytes(path, limit).map_err(|source| CannotProbe::Io { operation, source })?;
    Ok(read.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use nix::sys::stat::Mode;
    use nix::unistd::mkfifo;

    use super::*;

    #[test]
    fn a_missing_file_is_none_and_a_large_one_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        assert_eq!(bytes(&path, 4).unwrap(), None);
        fs::write(&path, "1234").unwrap();
        assert_eq!(bytes(&path, 4).unwrap(), Some(b"1234".to_vec()));
        fs::write(&path, "12345").unwrap();
        assert_eq!(bytes(&path, 4).unwrap_err().kind(), ErrorKind::FileTooLarge);
    }

    #[test]
    fn a_fifo_is_an_empty_file_and_not_a_wait() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fifo");
        mkfifo(&path, Mode::S_IRWXU).unwrap();
        assert_eq!(bytes(&path, 4).unwrap(), Some(Vec::new()));
    }
}
