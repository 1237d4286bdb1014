//! What several rules ask of the evidence in the same way.

use std::collections::{BTreeSet, HashSet};
use std::hash::Hash;
use std::net::{IpAddr, SocketAddr};

use why5003_probes::model::{Fact, Family, MtuMethod, Observation, PathMtu, ProbeName, Role};

use crate::evidence::{Attempt, Evidence, Lookup, Named, SignIn, Source};
use crate::verdict::model::Scope;
use crate::verdict::ruling::Claim;

/// Three SYNs over two seconds is the floor of a drop; the kernel sends its third within 3 s (RFC 6298, 2.1 and 5.5).
pub(in crate::verdict) const DROP_FLOOR_MS: u32 = 2_900;

/// A claim that leaves everything but its ground open.
pub(in crate::verdict) fn claim(confidence: f64, because: Vec<u32>) -> Claim {
    Claim { confidence, because: distinct(because), ..Claim::default() }
}

/// Each value once, where it first stood: what a rule names first says most.
pub(in crate::verdict) fn distinct<T: Clone + Eq + Hash>(mut values: Vec<T>) -> Vec<T> {
    let mut seen = HashSet::new();
    values.retain(|value| seen.insert(value.clone()));
    values
}

/// The scope of these tries: their ports, names and published prefixes.
pub(in crate::verdict) fn scope_of<'a>(attempts: impl IntoIterator<Item = Attempt<'a>>) -> Scope {
    let mut scope = Scope::default();
    for attempt in attempts {
        scope.ports.push(format!("tcp/{}", attempt.to().port()));
        scope.prefixes.extend(attempt.settings().prefix);
        scope.hosts.extend(attempt.host().map(str::to_owned));
    }
    Scope { ports: distinct(scope.ports), prefixes: distinct(scope.prefixes), hosts: distinct(scope.hosts) }
}

/// The scope that is only these names.
pub(in crate::verdict) fn scope_of_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Scope {
    Scope { hosts: names.into_iter().map(str::to_owned).collect(), ..Scope::default() }
}

/// Whether this host stands on the way to sign-in.
pub(in crate::verdict) fn decisive(evidence: &Evidence, host: &str) -> bool {
    evidence.background().is_decisive(host)
}

/// Whether any of these names stands on the way to sign-in.
pub(in crate::verdict) fn any_decisive<'a>(evidence: &Evidence, hosts: impl IntoIterator<Item = &'a str>) -> bool {
    hosts.into_iter().any(|host| decisive(evidence, host))
}

/// Zoom's names in the evidence: those of sign-in first.
pub(in crate::verdict) fn zoom_names(evidence: &Evidence) -> Vec<&str> {
    let mut names = evidence.hosts(Role::SignIn);
    names.extend(evidence.hosts(Role::Side));
    names
}

/// Whether a role is Zoom's.
pub(in crate::verdict) fn is_zoom(role: Role) -> bool {
    matches!(role, Role::SignIn | Role::Side | Role::Range | Role::Media)
}

/// Direct, unvaried tries of neutral hosts.
pub(in crate::verdict) fn controls(evidence: &Evidence) -> impl Iterator<Item = Attempt<'_>> {
    evidence.attempts().filter(|a| a.role() == Role::Control && !a.proxied() && a.baseline())
}

/// Neutral hosts whose TCP connections stood, by observation.
pub(in crate::verdict) fn controls_that_connect(evidence: &Evidence) -> Vec<u32> {
    controls(evidence).filter(|a| a.connected().is_some()).map(Attempt::id).collect()
}

/// Neutral hosts that spoke TLS back, by observation.
pub(in crate::verdict) fn controls_that_speak_tls(evidence: &Evidence) -> Vec<u32> {
    controls(evidence).filter(|a| a.server_spoke_tls()).map(Attempt::id).collect()
}

/// Where a neutral TCP connection of the same address family passes.
pub(in crate::verdict) fn a_passing_control(evidence: &Evidence, like: SocketAddr) -> Option<SocketAddr> {
    controls(evidence)
        .find(|a| a.connected().is_some() && Family::of(a.to().ip()) == Family::of(like.ip()))
        .map(Attempt::to)
}

/// Whether neutral connections of the try's address family stand: where none does, a failure says nothing of Zoom.
pub(in crate::verdict) fn family_works(evidence: &Evidence, attempt: Attempt<'_>) -> bool {
    a_passing_control(evidence, attempt.to()).is_some()
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

/// Lookups of this name by this computer's own means.
pub(in crate::verdict) fn own_lookups<'a>(evidence: &'a Evidence, name: &str) -> Vec<Lookup<'a>> {
    evidence
        .lookups_of(name)
        .filter(|l| matches!(l.source(), Source::System | Source::Configured(_)) && !l.unchecked())
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

/// The certificate is neither the host's by a public root, nor made for the host's name by anybody.
pub(in crate::verdict) fn shows_a_stranger(attempt: Attempt<'_>) -> bool {
    let Some(host) = attempt.host() else { return false };
    let Some(leaf) = attempt.chain().first() else { return false };
    !attempt.genuine() && !leaf.names.iter().any(|name| covers(name, host))
}

/// Whether a certificate's name covers a host (RFC 9525, 6.3: a wildcard stands for one label).
pub(in crate::verdict) fn covers(name: &str, host: &str) -> bool {
    match name.strip_prefix("*.") {
        Some(parent) => host.split_once('.').is_some_and(|(_, rest)| rest.eq_ignore_ascii_case(parent)),
        None => name.eq_ignore_ascii_case(host),
    }
}

/// Direct, unvaried tries of Zoom's web hosts at addresses that are right, by host.
pub(in crate::verdict) fn aimed(evidence: &Evidence) -> Vec<Attempt<'_>> {
    let mut tries = Vec::new();
    for host in zoom_names(evidence) {
        let right = right_addresses(evidence, host);
        tries.extend(
            evidence
                .attempts_at(host)
                .filter(|a| a.baseline() && !a.proxied() && a.is_tls() && right.contains(&a.to().ip())),
        );
    }
    tries
}

/// A handshake that stalled and finished at a smaller segment size, while no router told of a small MTU: the search, and
/// what it found.
pub(in crate::verdict) fn black_hole(evidence: &Evidence) -> Option<(&Observation, &PathMtu)> {
    evidence.observations().iter().filter(|o| o.look.probe == ProbeName::Mtu && o.failure.is_some()).find_map(|seen| {
        let found = seen.facts.iter().find_map(|f| if let Fact::PathMtu(m) = f { Some(m) } else { None })?;
        (found.by == MtuMethod::Handshake && found.announced_by.is_none()).then_some((seen, found))
    })
}

/// What Zoom's status page says: the observation, and its indicator.
pub(in crate::verdict) fn status_page(evidence: &Evidence) -> Option<(u32, &str)> {
    evidence.observations().iter().filter(|o| o.look.role == Role::Status).find_map(|o| {
        o.facts
            .iter()
            .find_map(|f| if let Fact::StatusPage(page) = f { Some((o.id, page.indicator.as_str())) } else { None })
    })
}

/// Whether Zoom's status page reports a major outage.
pub(in crate::verdict) fn admits_trouble(evidence: &Evidence) -> bool {
    status_page(evidence).is_some_and(|(_, indicator)| matches!(indicator, "major" | "critical"))
}

/// Whether the sign-in path fails.
pub(in crate::verdict) fn sign_in_fails(evidence: &Evidence) -> bool {
    matches!(evidence.sign_in(), SignIn::Fails(_))
}

#[cfg(test)]
mod tests {
    use super::covers;

    #[test]
    fn a_wildcard_stands_for_exactly_one_label() {
        assert!(covers("*.zoom.us", "log.zoom.us"));
        assert!(covers("ZOOM.us", "zoom.us"));
        for (name, host) in [("*.zoom.us", "zoom.us"), ("*.zoom.us", "a.b.zoom.us"), ("*.us", "zoom.us.example")] {
            assert!(!covers(name, host), "{name} covers {host}");
        }
    }
}
