//! Zoom's names: which stand on the way to sign-in, who was asked for them, and which of their addresses are right.

use std::collections::BTreeSet;
use std::net::IpAddr;

use why5003_probes::model::Role;

use super::certificates::shows_a_stranger;
use crate::evidence::{Evidence, Lookup, Named, Source};

/// Zoom's names in the evidence: those of sign-in first.
pub(in crate::verdict) fn zoom_names(evidence: &Evidence) -> Vec<&str> {
    let mut names = evidence.hosts(Role::SignIn);
    names.extend(evidence.hosts(Role::Side));
    names
}

/// Whether this host stands on the way to sign-in.
pub(in crate::verdict) fn decisive(evidence: &Evidence, host: &str) -> bool {
    evidence.background().is_decisive(host)
}

/// Whether any of these names stands on the way to sign-in.
pub(in crate::verdict) fn any_decisive<'a>(evidence: &Evidence, hosts: impl IntoIterator<Item = &'a str>) -> bool {
    hosts.into_iter().any(|host| decisive(evidence, host))
}

/// Lookups of this name by this computer's own means.
pub(in crate::verdict) fn own_lookups<'a>(evidence: &'a Evidence, name: &str) -> Vec<Lookup<'a>> {
    evidence
        .lookups_of(name)
        .filter(|l| matches!(l.source(), Source::System | Source::Configured(_)) && !l.unchecked())
        .collect()
}

/// Lookups of this name by others than this computer's own resolvers, which gave addresses; those that could have been
/// forged too, but none that shows signs of it.
pub(in crate::verdict) fn independent<'a>(evidence: &'a Evidence, name: &str) -> Vec<Lookup<'a>> {
    evidence
        .lookups_of(name)
        .filter(|l| matches!(l.source(), Source::Independent(_)) && matches!(l.named(), Named::Addresses(_)))
        .filter(|l| l.encrypted() || !l.contradicts_itself() && !evidence.dns_is_redirected())
        .collect()
}

/// Addresses that are this host's as far as anyone can tell: it proved so there, or independent resolvers say so, or
/// they lie in a published prefix.
pub(in crate::verdict) fn right_addresses(evidence: &Evidence, host: &str) -> BTreeSet<IpAddr> {
    let mut right: BTreeSet<IpAddr> = evidence.genuine_addresses(host).into_iter().collect();
    right.extend(independent(evidence, host).into_iter().flat_map(Lookup::addresses));
    right.extend(evidence.attempts_at(host).filter(|a| a.settings().prefix.is_some()).map(|a| a.to().ip()));
    // An address that shows somebody else's certificate is not this host's, whoever says so.
    for attempt in evidence.attempts_at(host).filter(|a| a.baseline() && !a.proxied()) {
        if attempt.handshake().is_some() && shows_a_stranger(attempt) {
            right.remove(&attempt.to().ip());
        }
    }
    right
}
