//! Puts the parts of a sweep together that was shared out among several computers.

use why5003_probes::model::Family;

use super::plan::is_of;
use super::{JoinError, SweepPlan};
use crate::sweep::{LogHead, LogLine, ReachLine, SharedLine};

impl SweepPlan {
    /// Takes over what another part of the same sweep brought, and gives the lines that its log needs for that.
    ///
    /// What was traced by way of other routers is left out, and traced anew. Where this part has no common path, it
    /// takes the other's. Results that were traced without one are forgotten when such a line is read, so they are
    /// written again.
    ///
    /// # Errors
    /// [`JoinError`] when it is a part of another sweep, or there already.
    pub fn join(&mut self, other: Self) -> Result<Vec<LogLine>, JoinError> {
        if !is_of_one_sweep(&self.head, &other.head) {
            return Err(JoinError::OtherSweep);
        }
        if let Some(twice) = other.parts.each().iter().find(|part| self.parts.each().contains(part)) {
            return Err(JoinError::Twice(*twice));
        }
        self.own.get_or_insert_with(|| self.traced.reaches.clone());
        self.parts.append(&other.parts);
        self.join_responses(&other);
        let adopted = self.join_traced(other);
        Ok(adopted.into_iter().flat_map(|family| self.lines_of(family)).collect())
    }

    fn join_responses(&mut self, other: &Self) {
        for number in 0..self.space.count() {
            match (self.results.response(number), other.results.response(number)) {
                (_, None) => {}
                (None, Some(response)) => self.results.restore(number, other.results.tries(number), response),
                // Every part asks those that nobody can own: who answers for one in any of them answers.
                (Some(_), Some(response)) => _ = self.results.note(number, response),
            }
        }
    }

    /// Takes over what was traced; gives the families whose common path is the other's.
    fn join_traced(&mut self, mut other: Self) -> Vec<Family> {
        let mut adopted = Vec::new();
        for family in Family::BOTH {
            let (own, others) = (self.traced.common_paths.family(family), other.traced.common_paths.family(family));
            if own.end() == 0 {
                if own != others {
                    adopted.push(family);
                }
                *own = others.clone();
            } else if !own.agrees(others) {
                other.traced.reaches.keep(|number| !is_of(&self.space, number, family));
            }
        }
        for (number, reach) in other.traced.reaches.within(0..self.space.count()) {
            self.traced.reaches.note(number, reach);
        }
        self.traced.unheard.append(&mut other.traced.unheard);
        adopted
    }

    /// The common path of a family, and all that this part's own log says was traced of it.
    fn lines_of(&mut self, family: Family) -> Vec<LogLine> {
        let shared = self.traced.common_paths.family(family).clone();
        let space = &self.space;
        let own = self.own.iter().flat_map(|own| own.within(0..space.count()));
        let own = own.filter(|(number, _)| is_of(space, *number, family));
        let reaches = own.filter_map(|(number, reach)| ReachLine::of(space, number, reach).map(LogLine::Reach));
        std::iter::once(LogLine::Shared(SharedLine { family, shared })).chain(reaches).collect()
    }
}

/// Whether two logs are parts of one sweep: they differ in the part and the time at most.
fn is_of_one_sweep(one: &LogHead, other: &LogHead) -> bool {
    let like = LogHead { started: one.started.clone(), shard: one.shard, ..other.clone() };
    like == *one && one.shard.of == other.shard.of
}
