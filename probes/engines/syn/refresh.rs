//! When to look again at routes and neighbours: often, and at the cost of a hundredth of the time at most.

use std::time::{Duration, Instant};

/// When it was looked, and how long that took.
#[derive(Clone, Copy)]
pub(super) struct Refresh {
    ended: Instant,
    took: Duration,
    /// When gateways were called that the kernel is not sure of.
    called: Instant,
}

impl Refresh {
    /// The first probe, of which nothing is known yet but when it began.
    pub(super) fn begin(now: Instant) -> Self {
        Self { ended: now, took: Duration::ZERO, called: now }
    }

    /// Whether it is time; sooner where there is a reason to doubt what is known.
    pub(super) fn are_due(&self, now: Instant, doubt: bool) -> bool {
        let since = now.saturating_duration_since(self.ended);
        if doubt { since > self.took * 10 } else { since >= OFTEN.max(self.took * 100) }
    }

    /// Notes one.
    pub(super) fn probed(&mut self, from: Instant, to: Instant) {
        self.ended = to;
        self.took = to.saturating_duration_since(from);
    }

    /// Whether gateways may be called again; if so, that is noted.
    pub(super) fn call(&mut self, now: Instant) -> bool {
        let due = now.saturating_duration_since(self.called) >= BETWEEN_CALLS;
        if due {
            self.called = now;
        }
        due
    }
}

/// At the default rate of 200 a second, fifty targets leave meanwhile.
const OFTEN: Duration = Duration::from_millis(250);
/// As long as the kernel waits before it asks a neighbour that it is not sure of (`delay_first_probe_time`).
const BETWEEN_CALLS: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn what_takes_long_is_done_seldom() {
        let began = Instant::now();
        let mut probes = Refresh::begin(began);
        assert!(!probes.are_due(began + ms(249), false) && probes.are_due(began + ms(250), false));
        probes.probed(began, began + ms(10));
        assert!(!probes.are_due(began + ms(1_009), false) && probes.are_due(began + ms(1_010), false));
        assert!(!probes.are_due(began + ms(110), true) && probes.are_due(began + ms(111), true));
    }

    #[test]
    fn gateways_are_called_every_five_seconds() {
        let began = Instant::now();
        let mut probes = Refresh::begin(began);
        assert_eq!([4_999, 5_000, 9_999, 10_000].map(|at| probes.call(began + ms(at))), [false, true, false, true]);
    }
}
