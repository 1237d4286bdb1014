//! Somebody on the way is asked about many targets, as fast as he answers.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use why5003_probes::kit::{Look, Transport};

use super::super::schedule::{Finish, Limits, Schedule, Tools};
use super::SLOWEST;
use super::look::brought;
use crate::sweep::{Brought, Reach, Space};

/// What is asked.
#[derive(Clone, Copy)]
pub(super) struct Asking<'a> {
    /// About which targets.
    pub(super) open: &'a [u64],
    /// How often about each, at most.
    pub(super) tries: u8,
    /// None is begun after that.
    pub(super) end: Instant,
}

/// Asks somebody on the way by packets to these targets, as fast as he answers; returns those that brought nothing each time they
/// were asked, a second or more apart.
pub(super) async fn ask(
    tools: &Tools,
    space: &Space,
    asking: Asking<'_>,
    look: impl Fn(SocketAddr, Transport) -> Look,
    tells: impl Fn(Brought) -> Option<Reach>,
    note: &mut dyn FnMut(u64, Reach),
) -> Vec<u64> {
    let Asking { open, tries: most, end } = asking;
    let mut schedule = Schedule::new(tools.clone(), Limits::default());
    let mut speaker = Speaker { free: Instant::now(), gap: QUICKEST, answered: None };
    let mut fresh: VecDeque<u64> = open.iter().copied().collect();
    let mut again: VecDeque<(u64, u8)> = VecDeque::new();
    let mut again_now = false;
    let mut flying: BTreeMap<u32, (u64, u8)> = BTreeMap::new();
    let (mut mute, mut id) = (Vec::new(), 0);
    loop {
        let now = Instant::now();
        if now >= end {
            fresh.clear();
        }
        if flying.is_empty() && fresh.is_empty() && again.is_empty() {
            return mute;
        }
        // Those that stayed silent are asked again a few at a time: what dies on the way costs the speaker no word, so that all of
        // them together wait for one. A try that is to count meets one who could speak.
        again_now = if again_now { !again.is_empty() } else { again.len() >= TOGETHER || fresh.is_empty() };
        let at = if again_now { again.front().map(|_| speaker.free_for_sure()) } else { Some(speaker.free) };
        tokio::select! {
            biased;
            finish = schedule.next(), if !flying.is_empty() => match finish {
                Some(Finish::Seen(seen)) => {
                    let Some((number, tries)) = flying.remove(&seen.id) else { continue };
                    let reach = tells(brought(&seen));
                    speaker.heard(reach.is_some());
                    match reach {
                        Some(reach) => note(number, reach),
                        None if tries < most => again.push_back((number, tries + 1)),
                        None => mute.push(number),
                    }
                }
                // What this computer would not look at stays untold.
                Some(Finish::NotLooked(_)) | None => {
                    for (number, _) in std::mem::take(&mut flying).into_values() {
                        note(number, Reach::Untold);
                    }
                }
            },
            () = sleep_until(at.unwrap_or(now)), if at.is_some() => {
                let next = if again_now { again.pop_front() } else { fresh.pop_front().map(|number| (number, 1)) };
                let Some((number, tries)) = next else { continue };
                if let Some((to, transport)) = space.target(number) {
                    schedule.push(id, look(to, transport));
                    speaker.free = Instant::now() + SPACING;
                    flying.insert(id, (number, tries));
                    id += 1;
                }
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

    /// When he has a word to say, however few he says: what he was silent to costs him none.
    fn free_for_sure(&self) -> Instant {
        self.answered.map_or(self.free, |at| self.free.max(at + SLOWEST))
    }
}

/// Between two packets in any case: an answer to the one is mostly there before the other leaves.
const SPACING: Duration = Duration::from_millis(60);
/// From an answer to the next packet, while he answers all.
const QUICKEST: Duration = Duration::from_millis(25);
/// How many silent ones are asked again together.
const TOGETHER: usize = 8;
