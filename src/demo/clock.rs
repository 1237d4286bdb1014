//! A clock that can be wrong, for the fault in which this computer's clock is.
//!
//! Only the time of day is moved; the time since the run began stays true.

use std::time::Duration;

use why5003_probes::os::{Clock, SystemClock};

/// The computer's clock, set ahead.
#[derive(Clone, Copy, Debug)]
pub struct DemoClock {
    clock: SystemClock,
    ahead: Duration,
}

impl DemoClock {
    /// A clock that is ahead by this much and whose run begins now.
    pub fn start(ahead: Duration) -> Self {
        Self { clock: SystemClock::start(), ahead }
    }
}

impl Clock for DemoClock {
    fn wall(&self) -> Duration {
        self.clock.wall() + self.ahead
    }

    fn elapsed(&self) -> Duration {
        self.clock.elapsed()
    }
}
