//! Checks what is inferred of a prefix at one target of it: a second filter may stand elsewhere on the path.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::super::reach::Reach;
use super::ask::Answers;
use super::hop_searches::HopSearches;
use super::knowledge::{Knowledge, Turn};

/// Inferred deaths, one of each prefix in which no search was made. If its packets end where that was inferred, that counts as a search.
pub(super) struct SpotCheck {
    /// By the hop at which they are inferred to die.
    left: BTreeMap<u8, Vec<Inferred>>,
    /// The hop of a router behind it, which is asked now; `None` before the first.
    behind: Option<u8>,
    /// Who answered at the hop itself.
    here: BTreeMap<u64, IpAddr>,
    /// Those whose packets a router has behind that hop.
    goes_on: BTreeSet<u64>,
}

/// One target, and where its packets are inferred to end.
#[derive(Clone, Copy, Debug)]
struct Inferred {
    target: u64,
    reach: Reach,
    address: Option<IpAddr>,
}

impl SpotCheck {
    pub(super) fn new(known: &Knowledge<'_>, inferred: &[(u64, Reach)]) -> Self {
        let found = known.found();
        let mut first: Vec<(u64, Reach)> = Vec::new();
        for (target, reach) in inferred {
            let is_checked = first.iter().any(|(other, _)| HopSearches::are_of_one_prefix(found, *target, *other));
            if !is_checked && !known.of.searches.is_of_known_prefix(found, *target) {
                first.push((*target, *reach));
            }
        }
        let mut left: BTreeMap<u8, Vec<Inferred>> = BTreeMap::new();
        for (target, reach) in first {
            // Of the others it is searched for each: silence does not confirm a refusal.
            if let Reach::Dies { hop, address, .. } = reach {
                left.entry(hop).or_default().push(Inferred { target, reach, address });
            }
        }
        Self { left, behind: None, here: BTreeMap::new(), goes_on: BTreeSet::new() }
    }

    pub(super) fn advance(&mut self, known: &mut Knowledge<'_>) -> Turn<()> {
        while let Some((hop, inferred)) = self.left.first_key_value() {
            let targets: Vec<u64> = inferred.iter().map(|one| one.target).collect();
            let hop = *hop;
            let next = known.path().next_hop(self.behind.unwrap_or(hop));
            let is_first = self.behind.is_none();
            if is_first || next.is_some() {
                let came = known.ask_all(|known| {
                    // No router is at hop 0.
                    let here = (is_first && hop > 0).then_some(hop);
                    [here, next].into_iter().flatten().map(|hop| known.asking_router(targets.clone(), hop)).collect()
                })?;
                self.compare(known, (is_first && hop > 0).then_some(hop), next, &came);
                self.behind = next.or(Some(known.path().end()));
                continue;
            }
            self.conclude(known);
        }
        Turn::Continue(())
    }

    fn compare(&mut self, known: &Knowledge<'_>, here: Option<u8>, next: Option<u8>, came: &[Answers]) {
        let mut came = came.iter();
        if here.is_some()
            && let Some(answers) = came.next()
        {
            self.here = answers.heard.iter().filter_map(|(target, reply)| Some((*target, reply.from?))).collect();
        }
        if let Some((next, answers)) = next.zip(came.next()) {
            let farther = answers.heard.iter().filter(|(_, reply)| !known.path().is_astray(reply.from, next));
            self.goes_on.extend(farther.map(|(target, _)| *target));
        }
    }

    /// Notes those that end where it was inferred, and goes on to the next hop.
    fn conclude(&mut self, known: &mut Knowledge<'_>) {
        for Inferred { target, reach, address } in self.left.pop_first().map(|(_, all)| all).unwrap_or_default() {
            if self.here.get(&target).copied() == address && !self.goes_on.contains(&target) {
                known.of.searches.note(target, reach);
            }
        }
        self.behind = None;
        self.here.clear();
        self.goes_on.clear();
    }
}
