//! What is concluded of a prefix from others is checked at one target of it: a second filter may stand elsewhere on the way.

use std::collections::BTreeMap;

use tokio::time::Instant;

use super::{Way, Work};
use crate::sweep::{Reach, Searches, Trunk};

impl Work<'_, '_> {
    /// Of those that are concluded to end somewhere, asks the first of each prefix for which it was not searched whether it does; then that
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
            match last_hop(&way.trunk, reach) {
                Some(hop) => at.entry(hop).or_default().push((number, reach)),
                None => way.searches.note(number, reach),
            }
        }
        for (hop, guesses) in at {
            let numbers: Vec<u64> = guesses.iter().map(|(number, _)| *number).collect();
            let next = way.trunk.next_hop(hop);
            // Nobody is at hop 0, and nobody to be asked behind the last.
            let asked = |hop: u8| if hop > 0 { numbers.as_slice() } else { &[] };
            let (here, beyond) = tokio::join!(
                self.who_is_at(way, asked(hop), hop, end),
                self.who_is_at(way, asked(next.unwrap_or_default()), next.unwrap_or_default(), end)
            );
            let goes_on = |number: &u64| {
                let from = beyond.get(number).copied();
                from.is_some() && !way.trunk.is_astray(from, next.unwrap_or_default())
            };
            let as_guessed: Vec<(u64, Reach)> = guesses
                .into_iter()
                .filter(|(number, _)| (hop == 0 || here.contains_key(number)) && !goes_on(number))
                .collect();
            for (number, reach) in as_guessed {
                way.searches.note(number, reach);
            }
        }
    }
}

/// The last hop at which a packet's TTL can end, where packets end so.
fn last_hop(trunk: &Trunk, reach: Reach) -> Option<u8> {
    match reach {
        Reach::Dies { hop, .. } | Reach::Reset { hop, .. } => Some(hop),
        Reach::Prohibited { by: Some(by) } | Reach::NoRoute { by: Some(by) } => trunk.hop_of(by),
        _ => None,
    }
}
