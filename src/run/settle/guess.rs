//! What is concluded of a prefix from others is checked at one target of it: a second filter may stand elsewhere on the way.

use std::collections::{BTreeMap, BTreeSet};

use tokio::time::Instant;

use super::{Way, Work};
use crate::sweep::{Reach, Searches};

impl Work<'_, '_> {
    /// Of those that are concluded to die somewhere, asks the first of each prefix for which it was not searched whether it does; then that
    /// counts as a search.
    pub(super) async fn check(&self, way: &mut Way, concluded: &[(u64, Reach)], end: Instant) {
        let mut guesses: Vec<(u64, Reach)> = Vec::new();
        for (number, reach) in concluded {
            let found = self.found();
            let is_guessed = guesses.iter().any(|(other, _)| Searches::are_of_one_prefix(found, *number, *other));
            if !is_guessed && !way.searches.is_of_known_prefix(found, *number) {
                guesses.push((*number, *reach));
            }
        }
        let mut at: BTreeMap<u8, Vec<(u64, Reach)>> = BTreeMap::new();
        for (number, reach) in guesses {
            // Of the others it is searched for each: silence does not confirm a refusal.
            if let Reach::Dies { hop, .. } = reach {
                at.entry(hop).or_default().push((number, reach));
            }
        }
        for (hop, guesses) in at {
            let numbers: Vec<u64> = guesses.iter().map(|(number, _)| *number).collect();
            // Nobody is at hop 0.
            let asked = if hop > 0 { numbers.as_slice() } else { &[] };
            let (here, goes_on) =
                tokio::join!(self.who_is_at(way, asked, hop, end), self.go_on(way, (hop, &numbers), end));
            for (number, reach) in guesses {
                let Reach::Dies { address, .. } = reach else { continue };
                if here.get(&number).copied() == address && !goes_on.contains(&number) {
                    way.searches.note(number, reach);
                }
            }
        }
    }

    /// Those that somebody has behind such a hop.
    async fn go_on(&self, way: &Way, (hop, numbers): (u8, &[u64]), end: Instant) -> BTreeSet<u64> {
        let mut goes_on = BTreeSet::new();
        let mut at = hop;
        while let Some(next) = way.trunk.next_hop(at) {
            let came = self.who_is_at(way, numbers, next, end).await;
            let farther = came.into_iter().filter(|(_, from)| !way.trunk.is_astray(Some(*from), next));
            goes_on.extend(farther.map(|(number, _)| number));
            at = next;
        }
        goes_on
    }
}
