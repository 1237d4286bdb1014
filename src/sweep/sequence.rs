//! One pass over the numbers of a sweep: which come next, and which are due.
//!
//! Two walks through the same order: one asks, the other follows it when the time of what was asked is up. So nothing needs to be
//! kept of what is under way but when so many were asked.

use std::collections::VecDeque;
use std::time::Duration;

use fixedbitset::FixedBitSet;

use super::permutation::{Permutation, Shard};

/// A pass under way.
#[derive(Debug)]
pub struct Sequence {
    permutation: Permutation,
    /// Numbers that this pass leaves out.
    left_out: FixedBitSet,
    asking: Walk,
    following: Walk,
    /// When so many were asked, oldest first, since the sweep began.
    asked: VecDeque<(Duration, u64)>,
}

/// Where a walk through the shard's positions stands.
#[derive(Clone, Copy, Debug)]
struct Walk {
    position: u64,
    step: u64,
}

impl Walk {
    fn next(&mut self, permutation: &Permutation, left_out: &FixedBitSet) -> Option<u64> {
        while self.position < permutation.count() {
            let number = permutation.at(self.position);
            self.position = self.position.saturating_add(self.step);
            if !usize::try_from(number).is_ok_and(|number| left_out.contains(number)) {
                return Some(number);
            }
        }
        None
    }
}

impl Sequence {
    /// A pass over a shard of the order, without those left out.
    pub fn new(permutation: Permutation, shard: Shard, left_out: FixedBitSet) -> Self {
        let walk = Walk { position: u64::from(shard.part.get() - 1), step: u64::from(shard.of.get()) };
        Self { permutation, left_out, asking: walk, following: walk, asked: VecDeque::new() }
    }

    /// Notes that so many of those that came next were asked now.
    pub fn asked(&mut self, now: Duration, count: u64) {
        if count > 0 {
            self.asked.push_back((now, count));
        }
    }

    /// Hands over the numbers whose time was up at `now`, in the order they were asked.
    pub fn due(&mut self, now: Duration, wait: Duration, mut each: impl FnMut(u64)) {
        while let Some(&(at, count)) = self.asked.front() {
            if at + wait > now {
                return;
            }
            self.asked.pop_front();
            for _ in 0..count {
                let Some(number) = self.following.next(&self.permutation, &self.left_out) else { return };
                each(number);
            }
        }
    }

    /// The numbers that it left out.
    pub fn into_left_out(self) -> FixedBitSet {
        self.left_out
    }

    /// When the oldest that was asked is due.
    pub fn next_due(&self, wait: Duration) -> Option<Duration> {
        self.asked.front().map(|(at, _)| *at + wait)
    }
}

/// The numbers to ask, in their order.
impl Iterator for Sequence {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        self.asking.next(&self.permutation, &self.left_out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAIT: Duration = Duration::from_secs(1);

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn left_out(numbers: &[usize]) -> FixedBitSet {
        let mut set = FixedBitSet::with_capacity(10);
        set.extend(numbers.iter().copied());
        set
    }

    #[test]
    fn what_was_asked_is_due_in_the_same_order_when_its_time_is_up() {
        let mut sequence = Sequence::new(Permutation::new(10, 1), Shard::WHOLE, left_out(&[3, 4]));
        let asked: Vec<u64> = sequence.by_ref().collect();
        assert_eq!((asked.len(), asked.contains(&3)), (8, false));
        sequence.asked(ms(0), 3);
        sequence.asked(ms(10), 5);
        let mut due = Vec::new();
        sequence.due(ms(999), WAIT, |number| due.push(number));
        assert!(due.is_empty());
        sequence.due(ms(1_000), WAIT, |number| due.push(number));
        assert_eq!((due.as_slice(), sequence.next_due(WAIT)), (&asked[..3], Some(ms(1_010))));
        sequence.due(ms(2_000), WAIT, |number| due.push(number));
        assert_eq!((due, sequence.next_due(WAIT)), (asked, None));
    }
}
