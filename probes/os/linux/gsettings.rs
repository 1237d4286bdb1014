//! Runs `gsettings` for GNOME's proxy settings: reads what it prints, and ends it when the time is over.
//!
//! It never sets anything. GNOME's own library may create its cache mark below `$XDG_RUNTIME_DIR`, as at any reading.

use std::io::{self, ErrorKind, Read};
use std::os::fd::AsFd;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// Bytes read of its output; the whole schema prints some 1 kB.
const LIMIT: usize = 64 << 10;

/// What it prints, `None` where there is no such program.
///
/// A computer without GNOME's schema gets an empty text: the program then prints on stderr alone.
///
/// # Errors [`ErrorKind::TimedOut`] when its output does not end in time. It is [`ErrorKind::FileTooLarge`] when it
/// prints too much, else the system's own error.
pub(super) fn proxy_settings(program: &Path, wait: Duration) -> io::Result<Option<String>> {
    printed(program, &["list-recursively", "org.gnome.system.proxy"], wait)
}

fn printed(program: &Path, arguments: &[&str], wait: Duration) -> io::Result<Option<String>> {
    let started =
        Command::new(program).args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let mut child = match started {
        Ok(child) => child,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let printed = match child.stdout.take() {
        Some(output) => read(output, Instant::now() + wait),
        None => Ok(Vec::new()),
    };
    end(&mut child)?;
    Ok(Some(String::from_utf8_lossy(&printed?).into_owned()))
}

fn read(mut output: ChildStdout, deadline: Instant) -> io::Result<Vec<u8>> {
    let mut printed = Vec::new();
    let mut part = [0; 4096];
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let left = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
        let ready = match poll(&mut [PollFd::new(output.as_fd(), PollFlags::POLLIN)], left) {
            Err(nix::errno::Errno::EINTR) => continue,
            ready => ready?,
        };
        if ready == 0 {
            return Err(ErrorKind::TimedOut.into());
        }
        let bytes = output.read(&mut part)?;
        if bytes == 0 {
            return Ok(printed);
        }
        printed.extend_from_slice(part.get(..bytes).unwrap_or_default());
        if printed.len() > LIMIT {
            return Err(ErrorKind::FileTooLarge.into());
        }
    }
}

/// Killed before it is waited for, so that a program which closed its output and lives on is no wait either.
fn end(child: &mut Child) -> io::Result<()> {
    child.kill()?;
    child.wait().map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_millis(50);
    const LONG: Duration = Duration::from_secs(10);

    fn shell(script: &str, wait: Duration) -> Result<Option<String>, ErrorKind> {
        printed(Path::new("/bin/sh"), &["-c", script], wait).map_err(|error| error.kind())
    }

    #[test]
    fn its_output_is_read() {
        assert_eq!(shell("echo one; echo two >&2", LONG), Ok(Some("one\n".to_owned())));
    }

    #[test]
    fn one_that_hangs_is_ended() {
        let began = Instant::now();
        assert_eq!(shell("exec sleep 600", SHORT), Err(ErrorKind::TimedOut));
        assert!(began.elapsed() < LONG);
    }

    #[test]
    fn one_that_closes_its_output_and_lives_on_is_ended() {
        let began = Instant::now();
        assert_eq!(shell("echo one; exec sleep 600 >&-", LONG), Ok(Some("one\n".to_owned())));
        assert!(began.elapsed() < LONG);
    }

    #[test]
    fn one_that_prints_without_end_is_ended() {
        assert_eq!(shell("exec yes", LONG), Err(ErrorKind::FileTooLarge));
    }

    #[test]
    fn a_computer_without_it_has_no_such_settings() {
        assert_eq!(proxy_settings(Path::new("/nonexistent/gsettings"), LONG).unwrap(), None);
    }
}
