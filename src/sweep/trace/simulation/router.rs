//! One router of the simulated network.

use std::net::IpAddr;
use std::time::Duration;

use super::Flows;

/// A router, which answers an expired TTL before it filters what it forwards.
#[derive(Debug)]
pub(in crate::sweep::trace) struct Router {
    pub(in crate::sweep::trace) address: IpAddr,
    /// It sends no ICMP errors.
    pub(in crate::sweep::trace) mute: bool,
    /// It says of these flows nothing when their TTL ends.
    pub(in crate::sweep::trace) mute_for: Vec<Flows>,
    /// Between two of its ICMP errors.
    pub(in crate::sweep::trace) icmp_gap: Duration,
    pub(in crate::sweep::trace) filters: Vec<Filter>,
    /// When it sent an ICMP error last.
    last_error: Option<Duration>,
}

/// What a router does to some flows.
#[derive(Clone, Debug)]
pub(in crate::sweep::trace) struct Filter {
    pub(in crate::sweep::trace) flows: Flows,
    pub(in crate::sweep::trace) action: Action,
    pub(in crate::sweep::trace) when: When,
    /// When it let packets pass, as far as a limit counts them.
    passed: Vec<Duration>,
    seen: u32,
}

/// How it stops them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sweep::trace) enum Action {
    Drop,
    /// By ICMP, as prohibited.
    Prohibit,
    /// By ICMP, as there is no route.
    NoRoute,
    /// By a RST, if it is TCP.
    Reset,
    /// It answers in the target's place, if it is TCP.
    Answer,
}

/// When it does so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sweep::trace) enum When {
    Always,
    /// From that time on.
    From(Duration),
    /// In the first part of every period.
    Flapping {
        down: Duration,
        of: Duration,
    },
    /// Beyond so many packets a second.
    Above(usize),
    /// For the first so many packets.
    First(u32),
    /// Once so many packets a second were seen, and from then on.
    OnceAbove(usize),
    /// To so many packets in a thousand, at random.
    PerMille(u32),
}

impl Filter {
    pub(in crate::sweep::trace) fn new(action: Action, flows: &str) -> Self {
        Self { flows: flows.parse().unwrap(), action, when: When::Always, passed: Vec::new(), seen: 0 }
    }

    pub(in crate::sweep::trace) fn when(mut self, when: When) -> Self {
        self.when = when;
        self
    }

    /// Whether it stops a packet of its flows, now.
    pub(super) fn stops(&mut self, now: Duration, random: &mut fastrand::Rng) -> bool {
        self.seen += 1;
        let second = Duration::from_secs(1);
        match self.when {
            When::Always => true,
            When::From(begin) => now >= begin,
            When::Flapping { down, of } => now.as_millis() % of.as_millis() < down.as_millis(),
            When::First(count) => self.seen <= count,
            When::PerMille(share) => random.u32(0..1000) < share,
            When::Above(most) => {
                self.passed.retain(|at| now < *at + second);
                let is_over = self.passed.len() >= most;
                if !is_over {
                    self.passed.push(now);
                }
                is_over
            }
            When::OnceAbove(most) => {
                if self.passed.len() <= most {
                    self.passed.retain(|at| now < *at + second);
                    self.passed.push(now);
                }
                self.passed.len() > most
            }
        }
    }
}

impl Router {
    pub(super) fn new(address: IpAddr) -> Self {
        let (mute_for, filters) = (Vec::new(), Vec::new());
        Self { address, mute: false, mute_for, icmp_gap: Duration::ZERO, filters, last_error: None }
    }

    /// Whether it sends an ICMP error now.
    pub(super) fn can_say(&mut self, now: Duration) -> bool {
        let is_free = self.last_error.is_none_or(|last| now >= last + self.icmp_gap);
        if self.mute || !is_free {
            return false;
        }
        self.last_error = Some(now);
        true
    }
}
