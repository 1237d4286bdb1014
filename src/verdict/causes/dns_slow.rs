//! Names resolve, but only after a long wait.

use why5003_probes::kit::Layer;

use super::prelude::*;

pub(super) const CAUSE: Cause = Cause {
    id: "dns.slow",
    title: "Every lookup waits for a dead resolver",
    layer: Layer::Dns,
    owner: Owner::Network,
    masks: &[],
    meaning: "Names resolve, but only after seconds: the first configured resolver does not answer, and each program waits for it before it asks \
              the next one (5 s by default).",
    proof: "time getent hosts zoom.us; dig example.com @{address}",
    remedies: &[
        Mend {
            os: "any",
            who: Owner::Network,
            text: "Repair the resolver {address}, or take it off the list that DHCP hands out.",
            command: "",
        },
        Mend {
            os: "linux",
            who: Owner::User,
            text: "Until then shorten the wait (systemd-resolved and NetworkManager overwrite this file).",
            command: "echo 'options timeout:1 attempts:2 rotate' | sudo tee -a /etc/resolv.conf",
        },
    ],
    sources: &["https://man7.org/linux/man-pages/man5/resolv.conf.5.html (timeout)"],
    rule,
};

/// A lookup that took longer than this waited for somebody: RFC 1035 resolvers answer within a few round trips.
const SLOW_MS: u128 = 3000;

fn rule(evidence: &Evidence) -> Ruling {
    let (slow, quick): (Vec<Lookup<'_>>, Vec<_>) = evidence
        .lookups()
        .filter(|l| l.source() == Source::System && matches!(l.named(), Named::Addresses(_)))
        .partition(|l| l.took_ms() >= SLOW_MS);
    if slow.len() < 2 {
        return Ruling::excluded(quick.iter().map(|l| l.id()).take(3).collect());
    }
    let Some(first) = evidence.host().resolvers().next() else {
        return Ruling::silent();
    };
    let mut dead: Vec<u32> = Vec::new();
    for lookup in evidence.lookups().filter(|l| l.source() == Source::Configured(first)) {
        match lookup.named() {
            Named::Failed(_) => dead.push(lookup.id()),
            _ => return Ruling::silent(),
        }
    }
    if dead.is_empty() {
        return Ruling::silent();
    }
    let because = slow.iter().map(|l| l.id()).chain(dead).collect();
    let location = Location { address: Some(first.ip()), ..Location::default() };
    Ruling::claim(Claim { location: Some(location), ..claim(0.85, because) })
}
