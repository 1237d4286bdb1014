//! A claim as a finding: the cause's record with the claim's particulars filled in.

use std::collections::BTreeMap;

use super::cause::Cause;
use super::claim::Claim;
use super::model::{Finding, FindingRole, Location, Remedy};

/// The finding that a claim of this cause is.
pub(super) fn finding(cause: &Cause, claim: &Claim, role: FindingRole) -> Finding {
    let fill = Filling::of(claim);
    let remedies = cause
        .remedies
        .iter()
        .map(|mend| Remedy {
            os: mend.os.to_owned(),
            who: mend.who,
            text: fill.fill(mend.text),
            command: (!mend.command.is_empty()).then(|| fill.fill(mend.command)),
        })
        .collect();
    Finding {
        id: cause.id.to_owned(),
        title: cause.title.to_owned(),
        confidence: claim.confidence.value(),
        owner: claim.owner.unwrap_or(cause.owner),
        role,
        location: claim.location.filter(|l| *l != Location::default()),
        scope: claim.scope.clone(),
        details: claim.details.clone(),
        because: cited(&claim.because),
        against: cited(&claim.against),
        remedies,
    }
}

/// What stands in for `{…}` in a remedy: the claim's details by their names, and its place and scope.
struct Filling(BTreeMap<String, String>);

impl Filling {
    fn of(claim: &Claim) -> Self {
        let mut words: BTreeMap<String, String> = claim.details.clone();
        if let Some(address) = claim.location.as_ref().and_then(|l| l.address) {
            words.insert("address".to_owned(), address.to_string());
        }
        if let Some(host) = claim.scope.hosts.first() {
            words.insert("host".to_owned(), host.clone());
        }
        if let Some(port) = claim.scope.ports.first() {
            words.insert("port".to_owned(), port.clone());
        }
        Self(words)
    }

    fn fill(&self, text: &str) -> String {
        let mut filled = text.to_owned();
        for (name, word) in &self.0 {
            filled = filled.replace(&format!("{{{name}}}"), word);
        }
        for (name, unknown) in UNKNOWN {
            filled = filled.replace(name, unknown);
        }
        filled
    }
}

/// What a remedy says where the evidence does not tell.
const UNKNOWN: &[(&str, &str)] = &[
    (" at {address} or just behind it", " that does this (not located)"),
    (" {address}", ""),
    ("{host}", "zoom.us"),
    ("{mtu}", "1400"),
    ("{issuer}", "see the issuer"),
    ("{proxy}", "PROXY"),
    ("{source}", "see the settings"),
];

/// The observations to cite: all, or the first and the last of many. Rules name what fails first, and what it is held against
/// (neutral hosts, traceroutes, experiments) last.
pub(super) fn cited(ids: &[u32]) -> Vec<u32> {
    if ids.len() <= CITED {
        return ids.to_vec();
    }
    let half = CITED / 2;
    let last = ids.len() - half;
    ids.iter().enumerate().filter(|(at, _)| *at < half || *at >= last).map(|(_, id)| *id).collect()
}

/// Observations that a verdict cites for one thing at most: enough to check it, few enough to read.
const CITED: usize = 12;
