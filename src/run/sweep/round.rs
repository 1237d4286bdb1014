//! One round of a sweep: what is due, what is next, when to wake, and whether packets still get through.
//!
//! It is told what came and when, and sends and waits for nothing. Times are durations since the sweep began.

use std::net::SocketAddr;
use std::time::Duration;

use why5003_probes::engines::{Cost, Response, Returned};
use why5003_probes::model::Transport;

use super::model::{SweepEvent, Swept};
use super::rounds::RoundPlan;
use super::way_out::WayOut;
use crate::sweep::{LivenessChecks, Load, RateLimit, Results, Sequence, TargetSpace};

/// What a sweep knows and may do, through all of its rounds.
pub(super) struct State<'a> {
    space: &'a TargetSpace,
    /// How many packets may go.
    pub(super) rate_limit: RateLimit,
    way_out: WayOut,
    /// What came so far.
    pub(super) swept: Swept,
    events: &'a mut dyn FnMut(SweepEvent),
}

impl<'a> State<'a> {
    /// Nothing was asked yet; `known` is what an earlier run has found.
    pub(super) fn new(
        space: &'a TargetSpace,
        rate_limit: RateLimit,
        known: Results,
        events: &'a mut dyn FnMut(SweepEvent),
    ) -> Self {
        let swept = Swept { results: known, asked: 0, late: 0, incomplete: false, no_way: false };
        Self { space, rate_limit, way_out: WayOut::default(), swept, events }
    }

    /// Halves the rate.
    fn back_off(&mut self, now: Duration) {
        let rate = self.rate_limit.back_off(u32::try_from(self.swept.asked).unwrap_or(u32::MAX), now);
        (self.events)(SweepEvent::BackedOff(rate));
    }
}

/// What the engine of a round is like.
#[derive(Clone, Copy, Debug)]
pub(super) struct Means {
    pub(super) transport: Transport,
    /// Packets for a target.
    pub(super) cost: Cost,
    /// What has not answered by then is silent.
    pub(super) wait: Duration,
    /// Targets under way at once, at most; liveness checks come beside them.
    pub(super) max_inflight: usize,
}

/// A round under way.
pub(super) struct Round<'r, 'a> {
    state: &'r mut State<'a>,
    means: Means,
    attempt: u8,
    /// The number of the first target of the transport.
    first: u64,
    sequence: Sequence,
    /// All targets have been handed out.
    exhausted: bool,
    /// Handed out, and not yet taken by the engine.
    batch: Vec<SocketAddr>,
    /// Targets that were asked, and neither came back nor are due.
    in_flight: usize,
    liveness: LivenessChecks,
}

impl<'r, 'a> Round<'r, 'a> {
    /// Begins a round.
    pub(super) fn begin(plan: RoundPlan, means: Means, state: &'r mut State<'a>) -> Self {
        let RoundPlan { attempt, targets, first, sequence, rate: _ } = plan;
        (state.events)(SweepEvent::Round { transport: means.transport, attempt, targets });
        let (batch, liveness) = (Vec::with_capacity(BATCH), LivenessChecks::default());
        Self { state, means, attempt, first, sequence, exhausted: false, batch, in_flight: 0, liveness }
    }

    /// Notes what came for a target.
    pub(super) fn on_response(&mut self, came: &Returned) {
        let Some(number) = self.state.space.number(came.to, self.means.transport) else { return };
        match self.state.swept.results.response(number) {
            None => self.conclude(number, came),
            // It is asked again if late ones are many; a response in time stands.
            Some(Response::Silent) => self.state.swept.late += 1,
            Some(_) => {
                if self.liveness.heard(came.to) {
                    (self.state.events)(SweepEvent::LivenessCheck(true));
                    self.give_back(came.response);
                }
            }
        }
    }

    fn conclude(&mut self, number: u64, &Returned { to, response, rtt }: &Returned) {
        if !self.state.swept.results.note(number, response) {
            return;
        }
        self.in_flight = self.in_flight.saturating_sub(1);
        self.state.way_out.note(response);
        if matches!(response, Response::Open | Response::Closed { .. }) {
            self.liveness.know(to);
        }
        self.give_back(response);
        (self.state.events)(SweepEvent::Responded { number, attempt: self.attempt, response, rtt });
    }

    /// Notes the targets whose time is up: they are silent.
    pub(super) fn on_time(&mut self, now: Duration) {
        let Self { state: State { swept, rate_limit, way_out, events, .. }, means, in_flight, .. } = self;
        let unsent = means.cost.open - means.cost.otherwise;
        let (first, attempt, response) = (self.first, self.attempt, Response::Silent);
        self.sequence.due(now, means.wait, |number| {
            let number = number + first;
            if swept.results.note(number, response) {
                *in_flight = in_flight.saturating_sub(1);
                way_out.note(response);
                rate_limit.give_back(unsent);
                events(SweepEvent::Responded { number, attempt, response, rtt: None });
            }
        });
    }

    /// Whether this computer has no way out, and nothing is under way that could tell otherwise; then the sweep has ended.
    pub(super) fn has_no_way_out(&mut self) -> bool {
        let none = self.state.way_out.is_none() && self.in_flight == 0 && self.batch.is_empty();
        if none {
            (self.state.swept.incomplete, self.state.swept.no_way) = (true, true);
        }
        none
    }

    /// Goes slower or faster by what the liveness checks tell. The target to check next, if one is due, the rate allows it, and the
    /// engine has room; it is paid for with this.
    pub(super) fn next_check(&mut self, now: Duration, room: usize) -> Option<SocketAddr> {
        for _ in 0..self.liveness.give_up(now, self.means.wait) {
            (self.state.events)(SweepEvent::LivenessCheck(false));
            self.give_back(Response::Silent);
        }
        match self.liveness.load() {
            Load::TooMuch => self.state.back_off(now),
            Load::Light => self.state.rate_limit.recover(),
            Load::Unclear => {}
        }
        let due = self.liveness.due(now).filter(|_| room > 0)?;
        (self.state.rate_limit.take(now, self.means.cost.open, 1) == 1).then_some(due)
    }

    /// Notes that the engine took the target that was to be checked.
    pub(super) fn on_checked(&mut self, now: Duration) {
        // Of a slow sweep the checks take no more than a tenth of the packets.
        let packets = 10.0 * f64::from(self.means.cost.open);
        let tenth = self.state.rate_limit.rate().map_or(Duration::ZERO, |rate| Duration::from_secs_f64(packets / rate));
        self.liveness.asked(now, tenth);
    }

    /// The targets to hand to the engine now: what it did not take before, or else as many as rate, room and limits allow.
    pub(super) fn next_batch(&mut self, now: Duration, room: usize) -> &[SocketAddr] {
        if self.batch.is_empty() && !self.exhausted {
            let room = self.means.max_inflight.saturating_sub(self.in_flight).min(room).min(BATCH);
            let startable = self.state.rate_limit.take(now, self.means.cost.open, room);
            while self.batch.len() < startable {
                let Some(number) = self.sequence.next() else {
                    self.exhausted = true;
                    break;
                };
                let number = number + self.first;
                self.state.swept.results.ask(number);
                self.batch.extend(self.state.space.target(number).map(|(to, _)| to));
            }
        }
        &self.batch
    }

    /// Notes that the engine took so many of the batch. If it had room for more, this computer is too slow for the rate.
    pub(super) fn on_asked(&mut self, now: Duration, taken: usize, room: usize) {
        self.sequence.asked(now, taken as u64);
        self.state.swept.asked += taken as u64;
        self.in_flight += taken;
        if taken < self.batch.len() && room > 0 {
            self.state.back_off(now);
        }
        self.batch.drain(..taken);
    }

    /// When there is something to do again, unless something comes before; `None` where the round has ended.
    pub(super) fn wake(&self, now: Duration, room: usize) -> Option<Duration> {
        let due = self.sequence.next_due(self.means.wait);
        if self.exhausted && self.batch.is_empty() && due.is_none() {
            return None;
        }
        let room = self.in_flight < self.means.max_inflight && room > 0;
        let next = (!self.exhausted && room).then(|| self.state.rate_limit.next(self.means.cost.open));
        Some([due, next].into_iter().flatten().min().unwrap_or(now + self.means.wait))
    }

    /// Ends the round, and the sweep with it.
    pub(super) fn stop(self) {
        self.state.swept.incomplete = true;
    }

    /// Gives back to the rate what was paid for a target and not sent, given what came.
    fn give_back(&mut self, response: Response) {
        let cost = self.means.cost;
        self.state.rate_limit.give_back(cost.open - cost.of(response));
    }
}

/// Handed to an engine at once: enough to send in one call, few enough that what comes is heard meanwhile.
const BATCH: usize = 256;

#[cfg(test)]
mod tests;
