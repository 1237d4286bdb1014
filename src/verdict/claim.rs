//! What a rule claims, and how claims are made of tries.

use std::collections::{BTreeMap, HashSet};
use std::hash::Hash;

use super::confidence::Confidence;
use super::measure::names::any_decisive;
use super::measure::sign_in::sign_in_fails;
use super::model::{Location, Owner, Scope};
use crate::evidence::{Attempt, Evidence};

/// A claim that the evidence's floor allows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Claim {
    /// How sure it is.
    pub confidence: Confidence,
    /// Who mends it, where the evidence names another than the record.
    pub owner: Option<Owner>,
    /// Where it sits.
    pub location: Option<Location>,
    /// How much it covers.
    pub scope: Scope,
    /// What is particular to it.
    pub details: BTreeMap<String, String>,
    /// Observations for it.
    pub because: Vec<u32>,
    /// Observations against it.
    pub against: Vec<u32>,
    /// It breaks the sign-in path, else it only impairs something.
    pub blocks: bool,
}

impl Claim {
    /// A claim that leaves everything but its ground open.
    pub(super) fn of(confidence: Confidence, because: Vec<u32>) -> Self {
        Self { confidence, because: distinct(because), ..Self::default() }
    }

    /// A claim about these tries: it covers them, and blocks if sign-in fails and one of their hosts stands on its way.
    pub(super) fn about(evidence: &Evidence, tries: &[Attempt<'_>], confidence: Confidence, because: Vec<u32>) -> Self {
        let hosts = tries.iter().filter_map(|a| a.host());
        Self {
            scope: scope_of(tries.iter().copied()),
            blocks: any_decisive(evidence, hosts) && sign_in_fails(evidence),
            ..Self::of(confidence, because)
        }
    }
}

/// Each value once, where it first stood: what a rule names first says most.
pub(super) fn distinct<T: Clone + Eq + Hash>(mut values: Vec<T>) -> Vec<T> {
    let mut seen = HashSet::new();
    values.retain(|value| seen.insert(value.clone()));
    values
}

/// The scope of these tries: their ports, names and published prefixes.
pub(super) fn scope_of<'a>(attempts: impl IntoIterator<Item = Attempt<'a>>) -> Scope {
    let mut scope = Scope::default();
    for attempt in attempts {
        scope.ports.push(format!("tcp/{}", attempt.to().port()));
        scope.prefixes.extend(attempt.settings().prefix);
        scope.hosts.extend(attempt.host().map(str::to_owned));
    }
    Scope { ports: distinct(scope.ports), prefixes: distinct(scope.prefixes), hosts: distinct(scope.hosts) }
}

/// The scope that is only these names.
pub(super) fn scope_of_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Scope {
    Scope { hosts: names.into_iter().map(str::to_owned).collect(), ..Scope::default() }
}
