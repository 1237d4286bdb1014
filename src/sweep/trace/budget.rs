//! How fast one router answers: few routers send more than a handful of ICMP errors a second.

use std::time::Duration;

/// Linux sends one ICMP error a second to one host (`icmp_ratelimit`), and many routers are set likewise.
pub(super) const SLOWEST: Duration = Duration::from_millis(1_100);
/// From an answer to the next packet, while the router answers all.
const QUICKEST: Duration = Duration::from_millis(25);

/// The budget of ICMP errors of one router, as far as its answers show it.
#[derive(Clone, Debug)]
pub(super) struct IcmpBudget {
    /// When the next packet may leave.
    free: Duration,
    /// From an answer to the next packet.
    gap: Duration,
    /// When it answered last.
    answered: Option<Duration>,
    /// When several targets were asked about together last.
    asked: Option<Duration>,
}

impl IcmpBudget {
    /// Of a router of which nothing is known.
    pub(super) fn new(now: Duration) -> Self {
        Self { free: now, gap: QUICKEST, answered: None, asked: None }
    }

    /// When the next packet may leave.
    pub(super) fn free(&self) -> Duration {
        self.free
    }

    /// A packet left; the next one keeps this distance.
    pub(super) fn sent(&mut self, now: Duration, spacing: Duration) {
        self.free = now + spacing;
    }

    /// An answer came, or none did.
    pub(super) fn heard(&mut self, now: Duration, is_answer: bool) {
        let gap = if is_answer { self.gap.mul_f64(0.9) } else { self.gap.mul_f64(1.5) };
        self.gap = gap.clamp(QUICKEST, SLOWEST);
        if is_answer {
            self.answered = Some(now);
            self.free = self.free.max(now + self.gap);
        }
    }

    /// Several targets were asked about together.
    pub(super) fn asked_together(&mut self, now: Duration) {
        self.asked = Some(now);
    }

    /// When the router can surely answer once, however slow it is.
    ///
    /// Packets without an answer may have cost the router an answer all the same. Linux counts an error for a missing
    /// route twice, the first time before the error is kept back (`ip_error` and `icmp_ratelimit`).
    pub(super) fn surely_free(&self, in_vain: bool) -> Duration {
        let wait = if in_vain { SLOWEST * 2 } else { SLOWEST };
        self.answered.max(self.asked).map_or(self.free, |at| self.free.max(at + wait))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Duration = Duration::from_secs(10);

    #[test]
    fn a_router_that_answers_all_is_asked_after_each_answer() {
        let mut budget = IcmpBudget::new(AT);
        budget.sent(AT, Duration::ZERO);
        budget.heard(AT, true);
        assert_eq!(budget.free(), AT + QUICKEST);
    }

    #[test]
    fn a_router_that_answers_seldom_is_asked_ever_more_slowly_and_never_more_slowly_than_linux_answers() {
        let mut budget = IcmpBudget::new(AT);
        (0..20).for_each(|_| budget.heard(AT, false));
        budget.heard(AT, true);
        assert_eq!(budget.free(), AT + SLOWEST.mul_f64(0.9));
    }

    #[test]
    fn a_silent_packet_costs_no_waiting_and_one_asked_in_vain_costs_twice() {
        let mut budget = IcmpBudget::new(AT);
        budget.heard(AT, false);
        assert_eq!(budget.surely_free(false), AT);
        budget.asked_together(AT);
        assert_eq!((budget.surely_free(false), budget.surely_free(true)), (AT + SLOWEST, AT + SLOWEST * 2));
    }
}
