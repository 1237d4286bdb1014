//! One way of the line: when a packet that enters comes out, if it does.

use std::time::{Duration, Instant};

use fastrand::Rng;
use libtest_mimic::Trial;

/// The most that waits for a slow line, in bytes: twenty whole packets, as a small router's queue.
const QUEUE: f64 = 30_000.0;

/// Delay, loss and rate of one way.
pub(super) struct Direction {
    delay: Duration,
    /// Of a hundred packets.
    loss: f64,
    /// Bytes a second.
    rate: Option<f64>,
    chance: Rng,
    /// When the last bit that was taken leaves.
    free: Option<Instant>,
}

impl Direction {
    /// `rate` is in kbit/s.
    pub(super) fn new(delay: Duration, loss: f64, rate: Option<u32>, seed: u64) -> Self {
        let rate = rate.map(|kbit| f64::from(kbit) * 1000.0 / 8.0);
        Self { delay, loss, rate, chance: Rng::with_seed(seed), free: None }
    }

    /// When a packet of `size` bytes that enters at `now` comes out; none if it is lost or the queue is full.
    pub(super) fn due(&mut self, now: Instant, size: usize) -> Option<Instant> {
        if self.chance.f64() * 100.0 < self.loss {
            return None;
        }
        let Some(rate) = self.rate else { return Some(now + self.delay) };
        let starts = self.free.map_or(now, |free| free.max(now));
        let size = f64::from(u32::try_from(size).unwrap());
        if (starts - now).as_secs_f64() * rate + size > QUEUE {
            return None;
        }
        let ends = starts + Duration::from_secs_f64(size / rate);
        self.free = Some(ends);
        Some(ends + self.delay)
    }
}

/// The same number for the same text, in every run (FNV-1a).
pub(super) fn seed(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

pub(super) fn tests() -> Vec<Trial> {
    vec![
        Trial::test("line: a packet comes out after the delay", || {
            let now = Instant::now();
            let mut direction = Direction::new(Duration::from_millis(150), 0.0, None, 0);
            assert_eq!(direction.due(now, 1500), Some(now + Duration::from_millis(150)));
            assert_eq!(direction.due(now, 1500), Some(now + Duration::from_millis(150)));
            Ok(())
        }),
        Trial::test("line: a slow line takes packets one after the other, and no more than its queue holds", || {
            let now = Instant::now();
            // 1,000 bytes a second.
            let mut direction = Direction::new(Duration::ZERO, 0.0, Some(8), 0);
            assert_eq!(direction.due(now, 1000), Some(now + Duration::from_secs(1)));
            assert_eq!(direction.due(now, 1000), Some(now + Duration::from_secs(2)));
            assert_eq!((0..100).filter_map(|_| direction.due(now, 1000)).count(), 28);
            let later = now + Duration::from_secs(60);
            assert_eq!(direction.due(later, 1000), Some(later + Duration::from_secs(1)));
            Ok(())
        }),
        Trial::test("line: what is lost is the share asked for, and the same in every run", || {
            let lost = |name| {
                let mut direction = Direction::new(Duration::ZERO, 20.0, None, seed(name));
                let now = Instant::now();
                (0..10_000).map(|_| direction.due(now, 100).is_none()).collect::<Vec<_>>()
            };
            let share = lost("one up").iter().filter(|lost| **lost).count();
            assert!((1_800..2_200).contains(&share), "{share}");
            assert_eq!(lost("one up"), lost("one up"));
            assert_ne!(lost("one up"), lost("one down"));
            Ok(())
        }),
    ]
}
