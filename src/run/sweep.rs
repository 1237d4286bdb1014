//! A sweep under way: asks at the pace that was set, hears, and repeats slowly what stayed silent before it is believed.

use std::collections::BTreeSet;
use std::future::{Future, ready};
use std::net::SocketAddr;
use std::ops::Range;
use std::pin::Pin;
use std::time::Duration;

use fixedbitset::FixedBitSet;
use tokio::time::{Instant, sleep_until};
use why5003_probes::engines::{Engine, Response, Returned};
use why5003_probes::model::{CannotLook, Transport};

use super::way_out::WayOut;
use crate::sweep::{Beacons, Ledger, Load, Order, Pace, Pass, Shard, Space};

/// What a sweep is run with.
pub struct Sweep<'a> {
    /// All that is asked.
    pub space: &'a Space,
    /// Which part of it.
    pub shard: Shard,
    /// The seed of the order.
    pub seed: u64,
    /// Packets a second, kept.
    pub pace: Pace,
    /// Targets under way at once, at most.
    pub max_inflight: usize,
    /// Asked before all others: who is known to answer is a witness, should something shut this computer off meanwhile.
    pub first: BTreeSet<u64>,
    /// What is known of an earlier run that was cut off.
    pub known: Ledger,
}

/// What happens while a sweep runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SweepEvent {
    /// A target came back, or its time is up.
    Settled {
        /// Its number in the space.
        number: u64,
        /// The first time it was asked, or a later one.
        attempt: u8,
        /// What came.
        response: Response,
        /// From the packet to what came, where the engine kept the time.
        rtt: Option<Duration>,
    },
    /// A pass begins.
    Pass {
        /// Of which transport.
        transport: Transport,
        /// The first, or a repetition.
        attempt: u8,
        /// How many targets it asks.
        targets: u64,
    },
    /// A target that had answered was asked again to see whether packets still get through: whether it was heard.
    Beacon(bool),
    /// The pace was halved: this computer, or the way, does not carry more. Packets a second.
    BackedOff(f64),
}

/// What a sweep brought back.
#[derive(Clone, Debug)]
pub struct Swept {
    /// One response for each target that was asked.
    pub ledger: Ledger,
    /// Targets asked, repetitions included.
    pub asked: u64,
    /// Responses that came after their time, and count as none.
    pub late: u64,
    /// It was stopped before its end.
    pub incomplete: bool,
    /// That was because this computer could send nothing to any of the first that were asked.
    pub no_way: bool,
}

/// Asks all targets of a transport by its engine: TCP first, then UDP.
///
/// # Errors
/// [`CannotLook`] when an engine can no longer ask or hear.
pub async fn sweep(
    sweep: Sweep<'_>,
    engines: &mut [(Transport, Box<dyn Engine>)],
    events: &mut dyn FnMut(SweepEvent),
    stop: impl Future<Output = ()>,
) -> Result<Swept, CannotLook> {
    let swept = Swept { ledger: sweep.known, asked: 0, late: 0, incomplete: false, no_way: false };
    let mut run = Run {
        space: sweep.space,
        shard: sweep.shard,
        seed: sweep.seed,
        pace: sweep.pace,
        max_inflight: sweep.max_inflight,
        first: sweep.first,
        began: Instant::now(),
        way: WayOut::Unseen { errors: 0 },
        swept,
        events,
        stop: Box::pin(stop),
    };
    for (transport, engine) in engines {
        run.all_of(*transport, engine.as_mut()).await?;
    }
    Ok(run.swept)
}

/// The one owner of a sweep's state.
struct Run<'a, S> {
    space: &'a Space,
    shard: Shard,
    seed: u64,
    pace: Pace,
    max_inflight: usize,
    first: BTreeSet<u64>,
    began: Instant,
    way: WayOut,
    swept: Swept,
    events: &'a mut dyn FnMut(SweepEvent),
    stop: Pin<Box<S>>,
}

/// A pass's own counts.
struct Under {
    transport: Transport,
    attempt: u8,
    /// Targets that were asked, and neither came back nor are due.
    inflight: usize,
    beacons: Beacons,
}

impl<S: Future<Output = ()>> Run<'_, S> {
    async fn all_of(&mut self, transport: Transport, engine: &mut dyn Engine) -> Result<(), CannotLook> {
        let numbers = self.space.numbers_of(transport);
        let order = Order::new(numbers.end - numbers.start, self.seed);
        let late_before = self.swept.late;
        let known = |ledger: &Ledger, number| ledger.response(number).is_some();
        if self.shard != Shard::WHOLE {
            // Every part needs the canaries: without them it would believe what answers for everybody.
            let canaries: BTreeSet<u64> = self.space.canaries().collect();
            let others = self.those(&numbers, |ledger, number| known(ledger, number) || !canaries.contains(&number));
            self.pass((transport, 1), engine, (order, Shard::WHOLE), &numbers, others).await?;
        }
        let others = self.those(&numbers, |ledger, number| known(ledger, number) || !self.first.contains(&number));
        self.pass((transport, 1), engine, (order, self.shard), &numbers, others).await?;
        let known = self.those(&numbers, known);
        self.pass((transport, 1), engine, (order, self.shard), &numbers, known).await?;
        // Silence may be ours: a few are asked again, and all of them if one of those answers now.
        for attempt in 2..=ATTEMPTS {
            let asked_again = self.those(&numbers, |ledger, number| ledger.tries(number) >= attempt);
            let left_out = self.those(&numbers, |ledger, number| {
                ledger.tries(number) >= attempt || !is_unanswered(ledger.response(number))
            });
            let few = SAMPLE.saturating_sub(asked_again.count_ones(..));
            let sample: Vec<u64> = Pass::new(order, self.shard, left_out.clone()).take(few).collect();
            let mut all_but = FixedBitSet::with_capacity(left_out.len());
            all_but.insert_range(..);
            for number in &sample {
                all_but.set(bit(*number), false);
            }
            let before = self.pace;
            self.pace = before.at_most(SLOW, self.began.elapsed());
            self.pass((transport, attempt), engine, (order, self.shard), &numbers, all_but).await?;
            self.pace = self.pace.as_before(before);
            // An ICMP error that comes now says nothing of the others: its sender's limit lets one through a second.
            let answers_now = self.those(&numbers, |ledger, number| {
                ledger.tries(number) >= attempt
                    && matches!(ledger.response(number), Some(Response::Open | Response::Closed { .. }))
            });
            if answers_now.is_clear() && self.swept.late == late_before {
                break;
            }
            let mut rest = left_out;
            rest.extend(sample.iter().map(|number| bit(*number)));
            // It was too fast for this computer, or the way.
            self.pace = before.at_most(SLOWER, self.began.elapsed());
            self.pass((transport, attempt), engine, (order, self.shard), &numbers, rest).await?;
            self.pace = self.pace.as_before(before);
        }
        Ok(())
    }

    /// The numbers of a range, from 0, that are such.
    fn those(&self, numbers: &Range<u64>, such: impl Fn(&Ledger, u64) -> bool) -> FixedBitSet {
        let mut set = FixedBitSet::with_capacity(bit(numbers.end - numbers.start));
        for number in numbers.clone().filter(|number| such(&self.swept.ledger, *number)) {
            set.insert(bit(number - numbers.start));
        }
        set
    }

    /// Asks what is not left out, once.
    async fn pass(
        &mut self,
        (transport, attempt): (Transport, u8),
        engine: &mut dyn Engine,
        (order, shard): (Order, Shard),
        numbers: &Range<u64>,
        left_out: FixedBitSet,
    ) -> Result<(), CannotLook> {
        let targets = share(order, shard, &left_out);
        if targets == 0 || self.swept.incomplete {
            return Ok(());
        }
        (self.events)(SweepEvent::Pass { transport, attempt, targets });
        let mut pass = Pass::new(order, shard, left_out);
        let mut under = Under { transport, attempt, inflight: 0, beacons: Beacons::default() };
        let (cost, wait) = (engine.cost(), engine.wait() + GRACE);
        let (mut waiting, mut returned, mut ended) = (Vec::<SocketAddr>::new(), Vec::new(), false);
        loop {
            engine.hear(&mut returned)?;
            for came in returned.drain(..) {
                self.came(&came, &mut under, engine);
            }
            let now = self.began.elapsed();
            let Self { swept, pace, events, way, .. } = self;
            pass.due(now, wait, |number| {
                let number = number + numbers.start;
                if swept.ledger.note(number, Response::Silent) {
                    under.inflight = under.inflight.saturating_sub(1);
                    way.note(Response::Silent);
                    pace.give_back(cost.open - cost.otherwise);
                    events(SweepEvent::Settled { number, attempt, response: Response::Silent, rtt: None });
                }
            });
            // None is under way that could tell otherwise.
            if self.way.is_none() && under.inflight == 0 && waiting.is_empty() {
                (self.swept.incomplete, self.swept.no_way) = (true, true);
                return Ok(());
            }
            self.tend(&mut under.beacons, now, engine)?;
            if waiting.is_empty() && !ended {
                let room = self.max_inflight.saturating_sub(under.inflight).min(engine.room()).min(BATCH);
                let startable = self.pace.take(now, cost.open, room);
                while waiting.len() < startable {
                    let Some(number) = pass.next() else {
                        ended = true;
                        break;
                    };
                    let number = number + numbers.start;
                    self.swept.ledger.ask(number);
                    waiting.extend(self.space.target(number).map(|(to, _)| to));
                }
            }
            if !waiting.is_empty() {
                let asked = engine.ask(&waiting)?;
                pass.asked(self.began.elapsed(), asked as u64);
                self.swept.asked += asked as u64;
                under.inflight += asked;
                if asked < waiting.len() && engine.room() > 0 {
                    let rate =
                        self.pace.back_off(u32::try_from(self.swept.asked).unwrap_or(u32::MAX), self.began.elapsed());
                    (self.events)(SweepEvent::BackedOff(rate));
                }
                waiting.drain(..asked);
            }
            let due = pass.next_due(wait);
            if ended && waiting.is_empty() && due.is_none() {
                return Ok(());
            }
            let room = under.inflight < self.max_inflight && engine.room() > 0;
            let next = (!ended && room).then(|| self.pace.next(cost.open));
            let wake = [due, next].into_iter().flatten().min().unwrap_or(now + wait);
            if self.stopped(engine, wake).await? {
                self.swept.incomplete = true;
                return Ok(());
            }
        }
    }

    /// Notes what came for a target.
    fn came(&mut self, came: &Returned, under: &mut Under, engine: &dyn Engine) {
        let Some(number) = self.space.number(came.to, under.transport) else { return };
        match self.swept.ledger.response(number) {
            None => {}
            // It is asked again if late ones are many; a response in time stands.
            Some(Response::Silent) => {
                self.swept.late += 1;
                return;
            }
            Some(_) => {
                if under.beacons.heard(came.to) {
                    (self.events)(SweepEvent::Beacon(true));
                    self.pace.give_back(engine.cost().open - engine.cost().of(came.response));
                }
                return;
            }
        }
        if self.swept.ledger.note(number, came.response) {
            under.inflight = under.inflight.saturating_sub(1);
            self.way.note(came.response);
            if matches!(came.response, Response::Open | Response::Closed { .. }) {
                under.beacons.know(came.to);
            }
            let cost = engine.cost();
            self.pace.give_back(cost.open - cost.of(came.response));
            let Returned { response, rtt, .. } = *came;
            (self.events)(SweepEvent::Settled { number, attempt: under.attempt, response, rtt });
        }
    }

    /// Asks the beacon that is due, and goes slower or faster by what they tell.
    fn tend(&mut self, beacons: &mut Beacons, now: Duration, engine: &mut dyn Engine) -> Result<(), CannotLook> {
        let cost = engine.cost();
        for _ in 0..beacons.give_up(now, engine.wait() + GRACE) {
            (self.events)(SweepEvent::Beacon(false));
            self.pace.give_back(cost.open - cost.otherwise);
        }
        match beacons.load() {
            Load::TooMuch => {
                let rate = self.pace.back_off(u32::try_from(self.swept.asked).unwrap_or(u32::MAX), now);
                (self.events)(SweepEvent::BackedOff(rate));
            }
            Load::Light => self.pace.recover(),
            Load::Unclear => {}
        }
        if let Some(to) = beacons.due(now)
            && engine.room() > 0
            && self.pace.take(now, cost.open, 1) == 1
            && engine.ask(&[to])? == 1
        {
            // Of a slow sweep they take no more than a tenth of its packets.
            let tenth = self
                .pace
                .rate()
                .map_or(Duration::ZERO, |rate| Duration::from_secs_f64(10.0 * f64::from(cost.open) / rate));
            beacons.asked(now, tenth);
        }
        Ok(())
    }

    /// Waits until something may have come or it is time; `true` where the sweep is to stop.
    async fn stopped(&mut self, engine: &mut dyn Engine, wake: Duration) -> Result<bool, CannotLook> {
        if wake <= self.began.elapsed() {
            return Ok(tokio::select! {
                biased;
                () = &mut self.stop => true,
                () = ready(()) => false,
            });
        }
        tokio::select! {
            biased;
            () = &mut self.stop => Ok(true),
            ready = engine.ready() => ready.map(|()| false),
            () = sleep_until(self.began + wake) => Ok(false),
        }
    }
}

/// How many a pass will ask.
fn share(order: Order, shard: Shard, left_out: &FixedBitSet) -> u64 {
    if shard == Shard::WHOLE {
        return order.count() - left_out.count_ones(..) as u64;
    }
    shard.positions(order.count()).filter(|at| !left_out.contains(bit(order.at(*at)))).count() as u64
}

/// Whether nobody at the far end said anything, as far as is known.
fn is_unanswered(response: Option<Response>) -> bool {
    matches!(response, Some(Response::Silent | Response::Unreachable { .. }))
}

/// A number as the index of a bit; a space is far smaller than memory.
fn bit(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// Handed to an engine at once: enough to send in one call, few enough that what comes is heard meanwhile.
const BATCH: usize = 256;
/// A response that is under way in this computer when its time is up still counts.
const GRACE: Duration = Duration::from_millis(20);
/// Silent targets that are asked again to see whether silence can be believed.
const SAMPLE: usize = 32;
/// Packets a second in which those are asked: few enough for a limit on new connections, enough that it takes no time.
const SLOW: u32 = 400;
/// Packets a second in which all silent ones are asked again, where silence could not be believed.
const SLOWER: u32 = 2_000;
/// How often a target is asked at most.
const ATTEMPTS: u8 = 3;

#[cfg(test)]
mod tests;
