//! The traceroute: which router of a flow's way answers last, asked hop by hop.
//!
//! [`Traceroute`] decides alone, without I/O or clock; [`climb`] asks for it. A router answers an expired TTL before it
//! filters what it forwards, so a blocked flow's last answering hop stands before the filter or is it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::concurrent::first_of;
use crate::model::{CannotProbe, Hop, HopAnswer, How, Pending};

/// What one step saw; `Err` where this computer itself would not send.
pub(crate) type Step = Result<Hop, How>;

/// Asks hop by hop from TTL 1, and returns what came in the order of the hops, with what stopped it early if this
/// computer did. Each step is told how long to wait for its answer.
///
/// Steps have a source port each, since two at once cannot share one. So a router that spreads its load by ports may
/// show siblings.
///
/// # Errors
/// Whatever a step could not look for.
pub(crate) async fn climb<'a>(
    top: u8,
    ask: impl Fn(u8, Duration) -> Pending<'a, Result<Step, CannotProbe>>,
) -> Result<(Vec<Hop>, Option<How>), CannotProbe> {
    let mut traceroute = Traceroute::new(top);
    let mut flying = Vec::new();
    let mut free = Instant::now();
    let mut asked_at: BTreeMap<u8, Instant> = BTreeMap::new();
    loop {
        while let Some(ttl) = traceroute.next() {
            let again = asked_at.get(&ttl).map(|before| *before + AGAIN);
            let begin = again.unwrap_or(free).max(Instant::now());
            // Only what leaves now holds up what comes after it.
            if again.is_none() {
                free = begin + GAP;
            }
            asked_at.insert(ttl, begin);
            let step = ask(ttl, if again.is_some() { traceroute.patience() } else { WAIT });
            flying.push(Box::pin(async move {
                sleep_until(begin).await;
                step.await
            }));
        }
        if traceroute.is_done() {
            return Ok((traceroute.hops(), None));
        }
        match first_of(&mut flying).await? {
            Ok(hop) => traceroute.came(hop),
            Err(how) => return Ok((traceroute.hops(), Some(how))),
        }
    }
}

/// What a step's end means for the traceroute; `Err` where it says nothing of a hop.
pub(crate) fn step_answer(how: How) -> Result<HopAnswer, How> {
    match how {
        How::Silent => Ok(HopAnswer::Silent),
        How::Refused | How::Reset | How::Closed => Ok(HopAnswer::Refused),
        How::Unreachable => Ok(HopAnswer::Unreachable),
        How::Prohibited => Ok(HopAnswer::Prohibited),
        How::Expired => Ok(HopAnswer::Expired),
        How::NoRoute | How::NotPermitted | How::Exhausted | How::TooBig => Err(how),
        How::Alert | How::Malformed | How::Denied | How::NotFound | How::TryAgain => Ok(HopAnswer::Answered),
    }
}

/// How a traceroute's look ends: not short of its answer only where the target itself answered.
pub(crate) fn ended(hops: &[Hop]) -> Option<How> {
    match hops.last().map_or(HopAnswer::Silent, |hop| hop.came) {
        HopAnswer::Answered => None,
        HopAnswer::Refused => Some(How::Refused),
        HopAnswer::Prohibited => Some(How::Prohibited),
        HopAnswer::Unreachable => Some(How::Unreachable),
        HopAnswer::Expired => Some(How::Expired),
        HopAnswer::Silent => Some(How::Silent),
    }
}

/// Which TTL to ask next, and when enough was heard.
#[derive(Debug)]
struct Traceroute {
    top: u8,
    next: Option<u8>,
    asked: BTreeMap<u8, u8>,
    flying: BTreeSet<u8>,
    hops: BTreeMap<u8, Hop>,
}

impl Traceroute {
    fn new(top: u8) -> Self {
        Self { top, next: Some(1), asked: BTreeMap::new(), flying: BTreeSet::new(), hops: BTreeMap::new() }
    }

    /// The TTL to ask now, if one may be asked while the others fly.
    fn next(&mut self) -> Option<u8> {
        let ttl = self.to_ask()?;
        if self.next == Some(ttl) {
            self.next = ttl.checked_add(1);
        }
        *self.asked.entry(ttl).or_default() += 1;
        self.flying.insert(ttl);
        Some(ttl)
    }

    fn to_ask(&self) -> Option<u8> {
        let near = self.last_answering().saturating_add(NEAR);
        let end = self.end();
        let fly = |far: bool| self.flying.iter().filter(|&&ttl| (ttl > near) == far).count();
        let next = self.next.filter(|&ttl| ttl <= end);
        if fly(false) < AT_ONCE {
            let again = self.hops.values().find(|hop| {
                let asked = self.asked.get(&hop.ttl).copied().unwrap_or(0);
                let fresh = hop.came == HopAnswer::Silent && !self.flying.contains(&hop.ttl);
                fresh && hop.ttl <= end && asked < self.asks_of(hop.ttl)
            });
            if let Some(ttl) = again.map(|hop| hop.ttl).or(next.filter(|&ttl| ttl <= near)) {
                return Some(ttl);
            }
        }
        // Beyond four mute routers there may be one that answers; but a flow that passes must not be asked far beyond its end.
        let near_is_mute = (1..=near.min(end)).all(|ttl| self.hops.contains_key(&ttl));
        next.filter(|&ttl| ttl > near && near_is_mute && fly(true) < FAR_AT_ONCE)
    }

    /// How often a silent hop is asked: a router that sends one ICMP error a second, to all flows that ask, must be heard
    /// once where it decides.
    fn asks_of(&self, ttl: u8) -> u8 {
        match ttl.checked_sub(self.last_answering()) {
            Some(1 | 2) => 3,
            // One of few on a way that is known to its end: where it stands may be all that is to be told.
            None if self.end() < self.top && self.mute() <= FEW => 3,
            None | Some(0 | 3..=NEAR) => 2,
            Some(_) => 1,
        }
    }

    fn came(&mut self, hop: Hop) {
        self.flying.remove(&hop.ttl);
        self.hops.insert(hop.ttl, hop);
    }

    /// Whether nothing is left to ask or to wait for, short of where the flow ends.
    fn is_done(&self) -> bool {
        self.to_ask().is_none() && self.flying.range(..=self.end()).next().is_none()
    }

    /// How long an answer to a hop asked again is waited for: long enough for a router farther than those heard.
    fn patience(&self) -> Duration {
        let slowest = self.hops.values().filter_map(|hop| hop.rtt_us).max();
        slowest.map_or(NEARBY, |us| (Duration::from_micros(us) * 4).clamp(SHORTEST, WAIT))
    }

    /// The hops up to the one that ends the flow.
    fn hops(self) -> Vec<Hop> {
        let end = self.end();
        self.hops.into_values().filter(|hop| hop.ttl <= end).collect()
    }

    /// The lowest TTL at which the flow was answered for good: higher ones would hear the same.
    fn end(&self) -> u8 {
        let ends = |hop: &&Hop| !matches!(hop.came, HopAnswer::Expired | HopAnswer::Silent);
        self.hops.values().find(ends).map_or(self.top, |hop| hop.ttl)
    }

    /// How many hops that were asked keep silent so far.
    fn mute(&self) -> usize {
        self.hops.values().filter(|hop| hop.came == HopAnswer::Silent && hop.ttl < self.end()).count()
    }

    fn last_answering(&self) -> u8 {
        self.hops.values().rev().find(|hop| hop.came != HopAnswer::Silent).map_or(0, |hop| hop.ttl)
    }
}

/// Steps that fly at once: a Linux router sends six ICMP errors in a burst to one destination (`icmp_ratelimit`,
/// XRLIM_BURST_FACTOR), and all of them may fall to one router.
const AT_ONCE: usize = 4;
/// Mute hops that are asked a third time on a way whose end answered: each costs a second.
const FEW: usize = 2;
/// Beyond four silent hops: hardly anything answers there.
const FAR_AT_ONCE: usize = 24;
/// Hops beyond the last that answered which are asked more than once.
const NEAR: u8 = 4;
/// Between two steps, so that no burst of them looks like a scan.
const GAP: Duration = Duration::from_millis(25);
/// From one question to a silent hop to the next: routers that limit their ICMP errors mostly send one a second.
const AGAIN: Duration = Duration::from_millis(1100);
/// For an answer, from a hop of which nothing is known.
const WAIT: Duration = Duration::from_secs(1);
/// For an answer to a hop asked again, where none answered yet: the first router is seldom far.
const NEARBY: Duration = Duration::from_millis(600);
/// A router takes its time over an ICMP error, however near it is.
const SHORTEST: Duration = Duration::from_millis(400);

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    fn hop(ttl: u8, came: HopAnswer) -> Hop {
        Hop { ttl, came, from: None, rtt_us: None }
    }

    /// Climbs a way whose hops answer so, one step at a time; returns the steps asked and what was found.
    fn walk(top: u8, way: impl Fn(u8, usize) -> HopAnswer) -> (Vec<u8>, Vec<HopAnswer>) {
        let mut traceroute = Traceroute::new(top);
        let (mut asked, mut flying) = (Vec::new(), VecDeque::new());
        while !traceroute.is_done() || asked.is_empty() {
            while let Some(ttl) = traceroute.next() {
                let before = asked.iter().map(|&before| usize::from(before == ttl)).sum();
                flying.push_back((ttl, before));
                asked.push(ttl);
            }
            let Some((ttl, before)) = flying.pop_front() else { break };
            traceroute.came(hop(ttl, way(ttl, before)));
        }
        (asked, traceroute.hops().into_iter().map(|hop| hop.came).collect())
    }

    #[test]
    fn a_flow_that_passes_ends_at_the_target() {
        let (asked, came) = walk(30, |ttl, _| if ttl < 3 { HopAnswer::Expired } else { HopAnswer::Answered });
        assert_eq!(came, [HopAnswer::Expired, HopAnswer::Expired, HopAnswer::Answered]);
        assert!(asked.len() <= 6, "{asked:?}");
    }

    #[test]
    fn a_flow_that_dies_is_followed_to_the_top_and_asked_most_often_where_it_dies() {
        let (asked, came) = walk(12, |ttl, _| if ttl < 3 { HopAnswer::Expired } else { HopAnswer::Silent });
        assert_eq!(came, [&[HopAnswer::Expired; 2][..], &[HopAnswer::Silent; 10]].concat());
        let mut asked = asked;
        asked.sort_unstable();
        assert_eq!(asked, [1, 2, 3, 3, 3, 4, 4, 4, 5, 5, 6, 6, 7, 8, 9, 10, 11, 12]);
    }

    #[test]
    fn mute_routers_in_a_row_hide_neither_those_behind_them_nor_the_target() {
        let (asked, came) = walk(24, |ttl, _| match ttl {
            1 | 8 => HopAnswer::Expired,
            9.. => HopAnswer::Answered,
            _ => HopAnswer::Silent,
        });
        assert_eq!((came[7], came.last()), (HopAnswer::Expired, Some(&HopAnswer::Answered)));
        assert_eq!(came.len(), 9);
        assert!(asked.len() <= 40, "{asked:?}");
    }

    #[test]
    fn a_router_heard_only_the_third_time_lets_the_traceroute_go_on() {
        let (_, came) = walk(9, |ttl, before| match (ttl, before) {
            (9, _) => HopAnswer::Answered,
            (3, 0 | 1) | (4.., 0) => HopAnswer::Silent,
            _ => HopAnswer::Expired,
        });
        assert_eq!(came.last(), Some(&HopAnswer::Answered));
    }

    #[test]
    fn a_hop_that_was_only_rate_limited_lets_the_traceroute_go_on() {
        let (_, came) = walk(9, |ttl, before| match (ttl, before) {
            (9, _) => HopAnswer::Answered,
            (3.., 0) => HopAnswer::Silent,
            _ => HopAnswer::Expired,
        });
        assert_eq!(came, [&[HopAnswer::Expired; 8][..], &[HopAnswer::Answered]].concat());
    }

    #[test]
    fn a_router_heard_only_the_third_time_is_found_on_a_way_whose_end_answered() {
        let (asked, came) = walk(9, |ttl, before| match (ttl, before) {
            (4, _) => HopAnswer::Answered,
            (2, 0 | 1) => HopAnswer::Silent,
            _ => HopAnswer::Expired,
        });
        assert_eq!(came, [&[HopAnswer::Expired; 3][..], &[HopAnswer::Answered]].concat());
        let of_the_second: Vec<u8> = asked.iter().copied().filter(|ttl| *ttl == 2).collect();
        assert_eq!(of_the_second, [2; 3], "{asked:?}");
    }

    #[test]
    fn a_prohibition_ends_the_traceroute_where_it_first_came() {
        let (_, came) = walk(30, |ttl, _| if ttl == 1 { HopAnswer::Expired } else { HopAnswer::Prohibited });
        assert_eq!(came, [HopAnswer::Expired, HopAnswer::Prohibited]);
    }

    #[test]
    fn no_traceroute_goes_higher_than_asked() {
        let (asked, came) = walk(2, |_, _| HopAnswer::Expired);
        assert_eq!((asked, came), (vec![1, 2], vec![HopAnswer::Expired; 2]));
        assert_eq!(walk(255, |_, _| HopAnswer::Expired).0.len(), 255);
    }
}
