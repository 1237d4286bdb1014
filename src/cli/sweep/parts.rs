//! Which parts of a sweep there are, and what they come to together.

use std::collections::BTreeSet;

use anyhow::anyhow;
use why5003_probes::model::{Family, Transport};

use super::wanted::Wanted;
use crate::sweep::{Order, Shard};

impl Wanted {
    /// Takes over what another part of the same sweep brought; says of which family its shared routers, too. What was settled by way of
    /// other routers is left out, and settled anew.
    ///
    /// # Errors
    /// When that part is here already.
    pub(super) fn join(&mut self, mut other: Self) -> anyhow::Result<Vec<Family>> {
        if let Some(twice) = other.parts.iter().find(|part| self.parts.contains(part)) {
            return Err(anyhow!("part {twice} is here already"));
        }
        self.parts.append(&mut other.parts);
        for number in 0..self.space.count() {
            match (self.known.response(number), other.known.response(number)) {
                (_, None) => {}
                (None, Some(response)) => self.known.restore(number, other.known.tries(number), response),
                // Every part asks those that nobody can own: who answers for one in any of them answers.
                (Some(_), Some(response)) => _ = self.known.note(number, response),
            }
        }
        let mut adopted = Vec::new();
        for family in Family::BOTH {
            let (own, others) = (self.settled.trunks.family(family), other.settled.trunks.family(family));
            if own.end() == 0 {
                if own != others {
                    adopted.push(family);
                }
                *own = others.clone();
            } else if !own.agrees(others) {
                other
                    .settled
                    .settled
                    .keep(|number| self.space.target(number).is_some_and(|(to, _)| Family::of(to.ip()) != family));
            }
        }
        for (number, reach) in other.settled.settled.within(0..self.space.count()) {
            self.settled.settled.note(number, reach);
        }
        self.settled.unheard.append(&mut other.settled.unheard);
        Ok(adopted)
    }

    /// Which part the sweep proper asks: the one that there is, or the whole where they are all of it; several that are not all of it
    /// are only put together.
    pub(super) fn asks(&self) -> Option<Shard> {
        match self.parts.as_slice() {
            [one] => Some(*one),
            _ => self.is_whole().then_some(Shard::WHOLE),
        }
    }

    /// Whether these parts are all of it.
    pub(super) fn is_whole(&self) -> bool {
        self.parts.first().is_some_and(|one| u64::from(one.of.get()) == self.parts.len() as u64)
    }

    /// The parts, spelled `1/8, 3/8`; the whole is `1/1`.
    pub(super) fn spelled(&self) -> String {
        if self.is_whole() {
            return Shard::WHOLE.to_string();
        }
        self.parts.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    }

    /// How many targets of these parts, and of the canaries, are not known yet.
    pub(super) fn left(&self) -> u64 {
        let all = self.space.count();
        if self.is_whole() {
            return all - self.known.tally(0..all).known();
        }
        let canaries: BTreeSet<u64> = self.space.canaries().collect();
        let unknown = |number: &u64| self.known.response(*number).is_none();
        let mut left = canaries.iter().filter(|number| unknown(number)).count() as u64;
        for transport in [Transport::Tcp, Transport::Udp] {
            let numbers = self.space.numbers_of(transport);
            let order = Order::new(numbers.end - numbers.start, self.seed);
            let positions = self.parts.iter().flat_map(|part| part.positions(order.count()));
            let own = positions.map(|at| order.at(at) + numbers.start);
            left += own.filter(|number| unknown(number) && !canaries.contains(number)).count() as u64;
        }
        left
    }

    /// How many targets there are in these parts, canaries included.
    pub(super) fn targets(&self) -> u64 {
        self.left() + self.known.tally(0..self.space.count()).known()
    }
}
