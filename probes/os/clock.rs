//! The clock a probe is handed, so that tests and the demo can hand it another.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Tells the time of day and the time since the run began.
pub trait Clock: Send + Sync {
    /// Time of day as this computer believes it, since 1970-01-01 00:00 UTC.
    fn wall(&self) -> Duration;
    /// Time since the run began; never goes back.
    fn elapsed(&self) -> Duration;
}

/// The computer's own clock.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    began: Instant,
}

impl SystemClock {
    /// A clock whose run begins now.
    pub fn start() -> Self {
        Self { began: Instant::now() }
    }
}

impl Clock for SystemClock {
    fn wall(&self) -> Duration {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
    }

    fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }
}
