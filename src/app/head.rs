//! What the heads of all reports have in common: the program, times as they are written, the system's name.

use std::time::Duration;

use crate::report::Tool;

/// This program and its version.
pub(super) fn this_program() -> Tool {
    Tool { name: "why5003".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() }
}

/// The system's name as remedies and minimum versions use it.
pub(super) fn remedy_os(name: &str) -> &str {
    match name {
        "macos" | "windows" => name,
        _ => "linux",
    }
}

/// A time since 1970 as RFC 3339, UTC, to the second.
pub(super) fn rfc3339(since_1970: Duration) -> String {
    let seconds = i64::try_from(since_1970.as_secs()).unwrap_or(i64::MAX);
    jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::UNIX_EPOCH).to_string()
}

/// Whole milliseconds.
pub(super) fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_as_rfc_3339_says() {
        assert_eq!(rfc3339(Duration::from_millis(1_782_863_999_900)), "2026-06-30T23:59:59Z");
    }
}
