//! How many packets may go now: a bucket of tokens that takes the time as an argument.
//!
//! What a probe may come to send at most is paid before it starts, and what it did not send is given back when it ends. So the
//! wire never carries more than the rate, whatever the answers are.

use std::time::Duration;

/// A rate of packets, kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RateLimit {
    /// Packets a second; `None` is as fast as it goes.
    rate: Option<f64>,
    /// What the user allowed: backing off never leads above it.
    ceiling: Option<f64>,
    /// Packets that may go now.
    tokens: f64,
    /// Up to when tokens were counted, since the sweep began.
    counted: Duration,
}

impl RateLimit {
    /// So many packets a second; `None` is as fast as it goes.
    pub fn new(rate: Option<u32>) -> Self {
        let rate = rate.map(f64::from);
        Self { rate, ceiling: rate, tokens: 0.0, counted: Duration::ZERO }
    }

    /// How many probes of so many packets each may start now, and at most `most`; they are paid for with this.
    pub fn take(&mut self, now: Duration, packets: u32, most: usize) -> usize {
        let Some(rate) = self.rate else { return most };
        let passed = now.saturating_sub(self.counted);
        self.counted = self.counted.max(now);
        let burst = (rate * BURST.as_secs_f64()).max(f64::from(packets));
        self.tokens = (self.tokens + passed.as_secs_f64() * rate).min(burst);
        let each = f64::from(packets.max(1));
        let mut started = 0;
        while started < most && self.tokens >= each {
            self.tokens -= each;
            started += 1;
        }
        started
    }

    /// Packets that were paid for and not sent.
    pub fn give_back(&mut self, packets: u32) {
        if self.rate.is_some() {
            self.tokens += f64::from(packets);
        }
    }

    /// When the next probe of so many packets may start, since the sweep began.
    pub fn next(&self, packets: u32) -> Duration {
        let Some(rate) = self.rate else { return self.counted };
        let lacking = f64::from(packets.max(1)) - self.tokens;
        if lacking <= 0.0 {
            return self.counted;
        }
        // A remainder of the floating point arithmetic is less than a nanosecond: the time returned must lie ahead even so.
        self.counted + Duration::from_secs_f64(lacking / rate).max(Duration::from_nanos(1))
    }

    /// Halves the rate, down to one packet a second, and says what it is now; where there was none, what was sent so far in such
    /// a time is taken for it.
    pub fn back_off(&mut self, sent: u32, within: Duration) -> f64 {
        let measured = f64::from(sent) / within.as_secs_f64().max(0.001);
        let rate = (self.rate.unwrap_or(measured) / 2.0).max(1.0);
        self.rate = Some(rate);
        self.tokens = self.tokens.min(0.0);
        rate
    }

    /// Takes a tenth more, up to what the user allowed.
    pub fn recover(&mut self) {
        let faster = self.rate.map(|rate| rate * 1.1);
        self.rate = match (faster, self.ceiling) {
            (Some(faster), Some(ceiling)) => Some(faster.min(ceiling)),
            (faster, None) => faster,
            (None, ceiling) => ceiling,
        };
    }

    /// The same at most so fast, from now on; nothing is saved up for it.
    #[must_use]
    pub fn at_most(self, rate: u32, now: Duration) -> Self {
        let most = |own: Option<f64>| Some(own.map_or(f64::from(rate), |own| own.min(f64::from(rate))));
        let (rate, ceiling) = (most(self.rate), most(self.ceiling));
        Self { rate, ceiling, tokens: self.tokens.min(0.0), counted: self.counted.max(now) }
    }

    /// As fast as before, from now on.
    #[must_use]
    pub fn as_before(self, before: Self) -> Self {
        Self { tokens: self.tokens.min(0.0), counted: self.counted, ..before }
    }

    /// Packets a second, now.
    pub fn rate(&self) -> Option<f64> {
        self.rate
    }
}

/// What may go at once after a pause: enough for a timer that wakes late, too little to be a burst.
const BURST: Duration = Duration::from_millis(10);

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn no_second_holds_more_than_the_rate_whenever_it_is_asked() {
        let mut rate_limit = RateLimit::new(Some(200));
        let sent: Vec<(u64, usize)> = (0..10_000).step_by(3).map(|at| (at, rate_limit.take(ms(at), 1, 50))).collect();
        for from in (0..9_000).step_by(250) {
            let within: usize = sent.iter().filter(|(at, _)| (from..from + 1_000).contains(at)).map(|(_, n)| n).sum();
            assert!((190..=202).contains(&within), "{within} from {from} ms on");
        }
    }

    #[test]
    fn a_pause_is_not_made_up_for() {
        let mut rate_limit = RateLimit::new(Some(1_000));
        assert_eq!(rate_limit.take(ms(60_000), 1, usize::MAX), 10);
    }

    #[test]
    fn a_probe_is_paid_in_full_before_it_starts_and_gives_back_what_it_did_not_send() {
        let mut rate_limit = RateLimit::new(Some(100));
        assert_eq!(rate_limit.take(ms(20), 3, 9), 0);
        assert_eq!(rate_limit.next(3), ms(30));
        assert_eq!(rate_limit.take(ms(40), 3, 9), 1);
        rate_limit.give_back(2);
        assert_eq!(rate_limit.take(ms(50), 3, 9), 1);
    }

    #[test]
    fn without_a_rate_all_goes_at_once_until_it_backs_off() {
        let mut rate_limit = RateLimit::new(None);
        assert_eq!(rate_limit.take(ms(0), 2, 4_096), 4_096);
        assert!((3_999.0..4_001.0).contains(&rate_limit.back_off(80_000, Duration::from_secs(10))));
    }

    #[test]
    fn after_backing_off_it_recovers_and_no_further_than_was_allowed() {
        let mut rate_limit = RateLimit::new(Some(100));
        assert!((49.9..50.1).contains(&rate_limit.back_off(0, ms(1))));
        for _ in 0..20 {
            rate_limit.recover();
        }
        assert_eq!(rate_limit.rate(), Some(100.0));
    }

    #[test]
    fn what_was_slowed_down_for_a_while_begins_with_nothing_saved_up() {
        let before = RateLimit::new(Some(1_000));
        let mut slow = before.at_most(10, ms(5_000));
        assert_eq!((slow.take(ms(5_000), 1, 50), slow.take(ms(5_100), 1, 50)), (0, 1));
        let mut again = slow.as_before(before);
        assert_eq!((again.rate(), again.take(ms(5_101), 1, 50)), (Some(1_000.0), 1));
        assert_eq!(RateLimit::new(None).at_most(10, ms(0)).rate(), Some(10.0));
    }
}
