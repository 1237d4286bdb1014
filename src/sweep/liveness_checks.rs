//! Whether what a sweep sends still arrives: targets that answered once are asked again beside it, one a second.
//!
//! A target that answered and no longer does, among others like it, shows that this computer, or the way, carries less than is
//! sent. Where nothing answers there is nothing to ask.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

/// Targets that answered, asked again beside a sweep.
#[derive(Clone, Debug, Default)]
pub struct LivenessChecks {
    known: VecDeque<SocketAddr>,
    under_way: BTreeMap<SocketAddr, Duration>,
    /// Whether each of the last ones was heard.
    lately: VecDeque<bool>,
    next: Duration,
}

/// What the last ones tell.
///
/// Closed on purpose: a sweep goes slower, or faster again, or on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Load {
    /// Too many are lost.
    TooMuch,
    /// All of the last ones were heard.
    Light,
    /// Too few were asked, or a few were lost.
    Unclear,
}

impl LivenessChecks {
    /// Notes a target that answered.
    pub fn know(&mut self, to: SocketAddr) {
        if self.known.len() < MANY {
            self.known.push_back(to);
        }
    }

    /// The one to ask now, if it is time.
    pub fn due(&self, now: Duration) -> Option<SocketAddr> {
        self.known.front().copied().filter(|to| now >= self.next && !self.under_way.contains_key(to))
    }

    /// Notes that the one that was due was asked; the next is due a second later, or after so long, if that is longer.
    pub fn asked(&mut self, now: Duration, pause: Duration) {
        self.next = now + EACH.max(pause);
        if let Some(to) = self.known.pop_front() {
            self.known.push_back(to);
            self.under_way.insert(to, now);
        }
    }

    /// Notes an answer; `true` where it is a liveness check's.
    pub fn heard(&mut self, to: SocketAddr) -> bool {
        let liveness_check = self.under_way.remove(&to).is_some();
        if liveness_check {
            self.note(true);
        }
        liveness_check
    }

    /// Gives up those whose time is up, and says how many.
    pub fn give_up(&mut self, now: Duration, wait: Duration) -> usize {
        let before = self.under_way.len();
        self.under_way.retain(|_, asked| *asked + wait > now);
        let lost = before - self.under_way.len();
        (0..lost).for_each(|_| self.note(false));
        lost
    }

    /// What they tell; what was told is forgotten.
    pub fn load(&mut self) -> Load {
        let lost = self.lately.iter().filter(|heard| !**heard).count();
        if lost >= TOO_MANY {
            self.lately.clear();
            return Load::TooMuch;
        }
        if lost == 0 && self.lately.len() == LATELY {
            self.lately.clear();
            return Load::Light;
        }
        Load::Unclear
    }

    fn note(&mut self, heard: bool) {
        if self.lately.len() == LATELY {
            self.lately.pop_front();
        }
        self.lately.push_back(heard);
    }
}

/// Targets kept: enough that one which went silent by itself does not matter.
const MANY: usize = 32;
/// One a second is no load.
const EACH: Duration = Duration::from_secs(1);
/// So many are looked back on.
const LATELY: usize = 8;
/// Of these, so many lost are no accident on a way that loses a packet in a hundred (one run of eight in twenty thousand).
const TOO_MANY: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    const WAIT: Duration = Duration::from_millis(900);

    fn at(second: u64) -> Duration {
        Duration::from_secs(second)
    }

    /// One liveness check a second, heard or not.
    fn after(heard: &[bool]) -> Load {
        let mut liveness_checks = LivenessChecks::default();
        for last in 1..=4 {
            liveness_checks.know(SocketAddr::from(([192, 0, 2, last], 443)));
        }
        for (second, heard) in (0..).zip(heard) {
            let to = liveness_checks.due(at(second)).unwrap();
            liveness_checks.asked(at(second), Duration::ZERO);
            assert_eq!(liveness_checks.due(at(second)), None);
            if *heard {
                assert!(liveness_checks.heard(to));
            }
            assert_eq!(liveness_checks.give_up(at(second) + WAIT, WAIT), usize::from(!*heard));
        }
        liveness_checks.load()
    }

    #[test]
    fn liveness_checks_that_fall_silent_say_that_it_is_too_much() {
        assert_eq!(after(&[true, false, true, false, false]), Load::TooMuch);
    }

    #[test]
    fn one_lost_packet_says_nothing() {
        assert_eq!(after(&[true, false, true, true, true, true, true, true]), Load::Unclear);
    }

    #[test]
    fn eight_heard_in_a_row_say_that_more_would_go() {
        assert_eq!(after(&[true; 8]), Load::Light);
    }

    #[test]
    fn an_answer_that_nobody_asked_for_is_no_liveness_check() {
        let mut liveness_checks = LivenessChecks::default();
        assert!(!liveness_checks.heard(SocketAddr::from(([192, 0, 2, 1], 443))));
        assert_eq!(liveness_checks.due(at(9)), None);
    }
}
