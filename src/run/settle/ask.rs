//! Somebody on the way is asked about many targets, as fast as he answers.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};
use why5003_probes::model::{HopAnswer, Look, Transport};

use super::super::schedule::{Finish, Limits, Schedule, Tools};
use super::SLOWEST;
use super::look::brought;
use crate::sweep::{Brought, Space};

/// What is asked.
#[derive(Clone, Copy)]
pub(super) struct Asking<'a> {
    /// About which targets.
    pub(super) open: &'a [u64],
    /// How often about each, at most; a try that another's answer may have spoilt does not count.
    pub(super) tries: u8,
    /// None is begun after that.
    pub(super) end: Instant,
    /// Between two packets, at the least.
    pub(super) spacing: Duration,
}

/// Asks somebody on the way by packets to these targets, as fast as he answers; returns those that brought nothing each time they were
/// asked.
///
/// Those that stayed silent are asked again a few together, when he has a word to say for sure: what dies on the way costs him none.
/// Where one of them is answered, that may have cost the others theirs, and the try does not count.
pub(super) async fn ask<T>(
    tools: &Tools,
    space: &Space,
    asking: Asking<'_>,
    look: impl Fn(SocketAddr, Transport) -> Look,
    tells: impl Fn(Brought) -> Option<T>,
    note: &mut dyn FnMut(u64, T),
) -> Vec<u64> {
    let Asking { open, tries: most, end, spacing } = asking;
    let mut air = Air { schedule: Schedule::new(tools.clone(), Limits::default()), flying: BTreeMap::new(), id: 0 };
    let mut speaker = Speaker { free: Instant::now(), gap: QUICKEST, answered: None, asked: None };
    let mut fresh: VecDeque<u64> = open.iter().copied().collect();
    let mut again: VecDeque<(u64, u8)> = VecDeque::new();
    let (mut mute, mut in_vain) = (Vec::new(), false);
    let mut told = |came: Came, speaker: &mut Speaker| {
        let told = tells(came.brought);
        speaker.heard(told.is_some());
        told.map(|told| note(came.number, told)).is_some()
    };
    loop {
        while Instant::now() < end && again.len() < TOGETHER && !(fresh.is_empty() && air.flying.is_empty()) {
            tokio::select! {
                biased;
                came = air.next(), if !air.flying.is_empty() => {
                    let number = came.number;
                    if !told(came, &mut speaker) {
                        again.push_back((number, 1));
                    }
                }
                () = sleep_until(speaker.free), if !fresh.is_empty() => {
                    air.send(fresh.pop_front(), space, &look);
                    speaker.free = Instant::now() + spacing;
                }
            }
        }
        while !air.flying.is_empty() {
            let came = air.next().await;
            let number = came.number;
            if !told(came, &mut speaker) {
                again.push_back((number, 1));
            }
        }
        if again.is_empty() || Instant::now() >= end {
            return mute;
        }
        let few: Vec<(u64, u8)> = again.drain(..again.len().min(TOGETHER)).collect();
        sleep_until(speaker.free_for_sure(in_vain)).await;
        for (number, _) in &few {
            air.send(Some(*number), space, &look);
            sleep(spacing).await;
        }
        speaker.asked = Some(Instant::now());
        let mut silent = BTreeSet::new();
        let mut answered = false;
        while !air.flying.is_empty() {
            let came = air.next().await;
            let number = came.number;
            if told(came, &mut speaker) {
                answered = true;
            } else {
                silent.insert(number);
            }
        }
        in_vain = !answered;
        for (number, tries) in few.into_iter().filter(|(number, _)| silent.contains(number)) {
            if answered {
                again.push_back((number, tries));
            } else if tries + 1 < most {
                again.push_back((number, tries + 1));
            } else {
                mute.push(number);
            }
        }
    }
}

/// Packets on their way.
struct Air {
    schedule: Schedule,
    flying: BTreeMap<u32, u64>,
    id: u32,
}

/// What came for a target; silence, too.
struct Came {
    number: u64,
    brought: Brought,
}

impl Air {
    fn send(&mut self, number: Option<u64>, space: &Space, look: impl Fn(SocketAddr, Transport) -> Look) {
        let Some((number, (to, transport))) = number.and_then(|number| Some((number, space.target(number)?))) else {
            return;
        };
        self.schedule.push(self.id, look(to, transport));
        self.flying.insert(self.id, number);
        self.id += 1;
    }

    /// The next that comes back. Never called while nothing flies.
    async fn next(&mut self) -> Came {
        const NOTHING: Brought = Brought { came: HopAnswer::Silent, from: None };
        loop {
            let seen = match self.schedule.next().await {
                Some(Finish::Seen(seen)) => Some((seen.id, brought(&seen))),
                Some(Finish::NotLooked(_)) | None => None,
            };
            // What this computer would not look at brings nothing: whichever it was, it is one of those that fly.
            let (id, brought) = match seen {
                Some(seen) => seen,
                None => (self.flying.keys().next().copied().unwrap_or_default(), NOTHING),
            };
            if let Some(number) = self.flying.remove(&id) {
                return Came { number, brought };
            }
        }
    }
}

/// How fast somebody on the way answers.
struct Speaker {
    /// When he may be asked next.
    free: Instant,
    /// From an answer to the next question.
    gap: Duration,
    /// When he answered last.
    answered: Option<Instant>,
    /// When several were asked about together last.
    asked: Option<Instant>,
}

impl Speaker {
    fn heard(&mut self, answered: bool) {
        let gap = if answered { self.gap.mul_f64(0.9) } else { self.gap.mul_f64(1.5) };
        self.gap = gap.clamp(QUICKEST, SLOWEST);
        if answered {
            let now = Instant::now();
            self.answered = Some(now);
            self.free = self.free.max(now + self.gap);
        }
    }

    /// When he has a word to say, however few he says. A try in vain may have cost him one all the same: Linux counts an error for want of
    /// a route twice, and the first time before it is kept back (`ip_error` and `icmp_ratelimit`).
    fn free_for_sure(&self, in_vain: bool) -> Instant {
        let wait = if in_vain { SLOWEST * 2 } else { SLOWEST };
        let last = self.answered.max(self.asked);
        last.map_or(self.free, |at| self.free.max(at + wait))
    }
}

/// From an answer to the next packet, while he answers all.
const QUICKEST: Duration = Duration::from_millis(25);
/// How many silent ones are asked again together.
const TOGETHER: usize = 8;
