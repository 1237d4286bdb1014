//! Whether the sign-in path works from here: the question that the status answers.

use std::net::IpAddr;

use why5003_probes::model::How;

use super::resolvers::told_in_the_end;
use crate::evidence::{Attempt, Evidence, Lookup, Named, Source};

/// How the way to sign-in stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::verdict) enum SignIn {
    /// Every decisive host works, by these observations.
    Works(Vec<u32>),
    /// A decisive host does not work, by these observations.
    Fails(Vec<u32>),
    /// It was not seen to the end.
    Unknown,
}

/// How the way to sign-in stands, as a client on this computer would go it.
pub(in crate::verdict) fn sign_in(evidence: &Evidence) -> SignIn {
    let ways: Vec<SignIn> = evidence.background().decisive_hosts().map(|host| sign_in_at(evidence, host)).collect();
    let mut works = Vec::new();
    for way in &ways {
        match way {
            SignIn::Fails(ids) => return SignIn::Fails(ids.clone()),
            SignIn::Works(ids) => works.extend(ids),
            SignIn::Unknown => {}
        }
    }
    if ways.is_empty() || ways.contains(&SignIn::Unknown) { SignIn::Unknown } else { SignIn::Works(works) }
}

/// How one host stands, by the proxy where the computer is set to one, else directly at the addresses the system gives.
pub(in crate::verdict) fn sign_in_at(evidence: &Evidence, host: &str) -> SignIn {
    if evidence.host().has_link() == Some(false) {
        return SignIn::Fails(evidence.host().ids());
    }
    if evidence.uses_proxy_for(host) {
        let addresses = system_addresses(evidence, host);
        let sent = |a: &Attempt<'_>| a.baseline() && a.proxied() && evidence.is_sent(*a);
        let mut tried: Vec<_> = evidence.attempts_at(host).filter(sent).collect();
        if !tried.is_empty() {
            if evidence.falls_back_to_direct(host) {
                tried.extend(client_attempts(evidence, host, &addresses));
            }
            return standing(&tried);
        }
    }
    let Some(lookup) = by_system(evidence, host) else {
        return resolvers_are_silent(evidence, host);
    };
    match lookup.named() {
        Named::Addresses(addresses) => {
            let tried: Vec<_> = client_attempts(evidence, host, &addresses).collect();
            match standing(&tried) {
                _ if tried.is_empty() => SignIn::Unknown,
                SignIn::Fails(ids) => got_through(evidence, host, &tried).map_or(SignIn::Fails(ids), SignIn::Works),
                stands => stands,
            }
        }
        Named::NoData | Named::NoName | Named::Rcode(_) | Named::Failed(_) => SignIn::Fails(vec![lookup.id()]),
    }
}

/// Where every try fell silent, and one more connection was made to count what a flow loses: did that one finish its handshake
/// and get answers? A client tries again as well.
fn got_through(evidence: &Evidence, host: &str, tried: &[Attempt<'_>]) -> Option<Vec<u32>> {
    let silent = |a: &Attempt<'_>| a.failure().is_some_and(|failure| failure.how == How::Silent);
    let mut flows = evidence.flows_at(host).filter(|flow| flow.made > flow.waited);
    let flow = flows.find(|flow| tried.iter().any(|a| a.to() == flow.to))?;
    tried.iter().all(silent).then(|| vec![flow.id])
}

/// Whether sign-in works, and by a proxy: then what becomes of direct connections is nothing to a client.
pub(in crate::verdict) fn signs_in_by_proxy(evidence: &Evidence) -> bool {
    let SignIn::Works(ids) = sign_in(evidence) else { return false };
    evidence.attempts().filter(|a| ids.contains(&a.id())).all(Attempt::proxied)
}

/// Where the system's library has not come back yet: what it asks told us nothing either.
fn resolvers_are_silent(evidence: &Evidence, host: &str) -> SignIn {
    let asked: Vec<_> = evidence.lookups_of(host).filter(|l| matches!(l.source(), Source::Configured(_))).collect();
    let silent = asked.iter().all(|l| matches!(l.named(), Named::Failed(_)));
    if silent && !asked.is_empty() { SignIn::Fails(asked.iter().map(|l| l.id()).collect()) } else { SignIn::Unknown }
}

/// Tries that a client on this computer would make for this host: direct, unvaried, at the addresses the system gives.
pub(in crate::verdict) fn client_attempts<'a>(
    evidence: &'a Evidence,
    host: &'a str,
    addresses: &'a [IpAddr],
) -> impl Iterator<Item = Attempt<'a>> {
    evidence
        .attempts_at(host)
        .filter(|a| !a.proxied() && a.baseline() && a.is_tls())
        .filter(move |a| addresses.contains(&a.to().ip()))
}

/// The addresses that the system gives for a name.
pub(in crate::verdict) fn system_addresses(evidence: &Evidence, host: &str) -> Vec<IpAddr> {
    by_system(evidence, host).map(Lookup::addresses).unwrap_or_default()
}

/// What the system says of a name.
///
/// Of several lookups the first that gave addresses counts, since a client asks again too. Where a lookup was not waited for
/// to its end, what it will be told counts.
fn by_system<'a>(evidence: &'a Evidence, host: &str) -> Option<Lookup<'a>> {
    let mut asked = evidence.lookups_of(host).filter(|l| l.source() == Source::System);
    let first = asked.next();
    let gives = |l: &Lookup<'_>| matches!(l.named(), Named::Addresses(_));
    if let Some(told) = first.filter(gives).or_else(|| asked.find(gives)) {
        return Some(told);
    }
    match first {
        Some(first) if first.named() != Named::Failed(How::Silent) => Some(first),
        _ => told_in_the_end(evidence, host).or(first),
    }
}

/// Whether the sign-in path fails.
pub(in crate::verdict) fn sign_in_fails(evidence: &Evidence) -> bool {
    matches!(sign_in(evidence), SignIn::Fails(_))
}

fn standing(tried: &[Attempt<'_>]) -> SignIn {
    let working: Vec<u32> = tried.iter().filter(|a| a.works()).map(|a| a.id()).collect();
    if working.is_empty() { SignIn::Fails(tried.iter().map(|a| a.id()).collect()) } else { SignIn::Works(working) }
}
