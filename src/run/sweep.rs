//! A sweep under way: it asks at the rate that was set, hears, and asks again slowly what stayed silent before that is believed.
//!
//! Here the engine is driven and waited for. Which targets a round asks is said in `rounds`; what is due, what is next and when to
//! wake, in `round`. Neither waits or sends.

mod model;
mod round;
mod rounds;
mod way_out;

use std::future::{Future, ready};
use std::pin::Pin;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use why5003_probes::engines::Engine;
use why5003_probes::model::{CannotProbe, Transport};

use round::{Means, Round, State};
use rounds::{RoundPlan, Rounds};

pub use model::{Sweep, SweepEvent, Swept};

/// Asks all targets of a transport by its engine: TCP first, then UDP.
///
/// # Errors
/// [`CannotProbe`] when an engine can no longer ask or hear.
pub async fn sweep(
    sweep: Sweep<'_>,
    engines: &mut [(Transport, Box<dyn Engine>)],
    events: &mut dyn FnMut(SweepEvent),
    stop: impl Future<Output = ()>,
) -> Result<Swept, CannotProbe> {
    let Sweep { space, shard, seed, rate_limit, max_inflight, first, known } = sweep;
    let mut state = State::new(space, rate_limit, known, events);
    let mut driver = Driver { began: Instant::now(), stop: Box::pin(stop) };
    for (transport, engine) in engines {
        let mut rounds = Rounds::new(space, *transport, shard, seed, state.swept.late);
        while !state.swept.incomplete
            && let Some(plan) = rounds.next(&first, &state.swept.results, state.swept.late)
        {
            let means = Means { transport: *transport, cost: engine.cost(), wait: engine.wait() + GRACE, max_inflight };
            driver.carry_out(plan, means, &mut state, engine.as_mut()).await?;
        }
    }
    Ok(state.swept)
}

/// Waits for what an engine brings, for the next thing to do, and for the end.
struct Driver<S> {
    began: Instant,
    stop: Pin<Box<S>>,
}

impl<S: Future<Output = ()>> Driver<S> {
    /// Carries out one round, at the rate of its own if it has one.
    async fn carry_out(
        &mut self,
        plan: RoundPlan,
        means: Means,
        state: &mut State<'_>,
        engine: &mut dyn Engine,
    ) -> Result<(), CannotProbe> {
        let before = state.rate_limit;
        if let Some(rate) = plan.rate {
            state.rate_limit = before.at_most(rate, self.began.elapsed());
        }
        let slowed = plan.rate.is_some();
        self.drive(Round::begin(plan, means, state), engine).await?;
        if slowed {
            state.rate_limit = state.rate_limit.as_before(before);
        }
        Ok(())
    }

    async fn drive(&mut self, mut round: Round<'_, '_>, engine: &mut dyn Engine) -> Result<(), CannotProbe> {
        let mut returned = Vec::new();
        loop {
            engine.hear(&mut returned)?;
            for came in returned.drain(..) {
                round.on_response(&came);
            }
            let now = self.began.elapsed();
            round.on_time(now);
            if round.has_no_way_out() {
                return Ok(());
            }
            if let Some(to) = round.next_check(now, engine.room())
                && engine.ask(&[to])? == 1
            {
                round.on_checked(now);
            }
            let batch = round.next_batch(now, engine.room());
            if !batch.is_empty() {
                let taken = engine.ask(batch)?;
                round.on_asked(self.began.elapsed(), taken, engine.room());
            }
            let Some(wake) = round.wake(now, engine.room()) else { return Ok(()) };
            if self.is_stopped(engine, wake).await? {
                round.stop();
                return Ok(());
            }
        }
    }

    /// Waits until something may have come or it is time; `true` where the sweep is to stop.
    async fn is_stopped(&mut self, engine: &mut dyn Engine, wake: Duration) -> Result<bool, CannotProbe> {
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

/// A response that is under way in this computer when its time is up still counts.
const GRACE: Duration = Duration::from_millis(20);

#[cfg(test)]
mod tests;
