//! The translator between IPv6 and IPv4 is dead.

use ipnet::Ipv6Net;
use why5003_probes::model::{How, Layer};
use why5003_probes::wire::nat64;

use super::prelude::*;

pub(super) const CAUSE: Cause = Cause {
    id: "path.nat64-dead",
    title: "This network's NAT64 does not translate",
    layer: Layer::Path,
    owner: Owner::Network,
    masks: &["path.ipv6-broken", "filter.drop", "filter.reject", "dns.wrong-answer"],
    effects: &[],
    meaning: "This computer has IPv6 alone, and names of IPv4 hosts are answered with addresses that a NAT64 is to translate. Nothing answers \
              at them, neutral hosts neither, while native IPv6 passes. The answers are right: the translator, or the route to it, is dead.",
    proof: "dig AAAA ipv4only.arpa; curl -6 -m 5 -sI https://[64:ff9b::1.1.1.1]/; curl -6 -m 5 -sI https://one.one.one.one/",
    remedies: &[
        Mend {
            os: "any",
            who: Owner::Network,
            text: "Restart the NAT64 and check the route of its prefix {prefix}, its pool of IPv4 addresses and its session table.",
            command: "",
        },
        ANOTHER_NETWORK,
    ],
    sources: &[
        "RFC 6146 (NAT64)",
        "RFC 6147 (DNS64)",
        "RFC 7050 (finding the prefix)",
        "RFC 6052, section 2.1 (64:ff9b::/96)",
    ],
    rule,
};

fn rule(evidence: &Evidence) -> Ruling {
    let prefixes = evidence.nat64_prefixes();
    let translated = |a: &Attempt<'_>| match a.to().ip() {
        IpAddr::V6(v6) => prefixes.iter().copied().find(|prefix| prefix.contains(&v6)),
        IpAddr::V4(_) => None,
    };
    let tried: Vec<_> = evidence.attempts().filter(|a| a.baseline() && !a.proxied()).collect();
    let through: Vec<_> = tried.iter().copied().filter(|a| translated(a).is_some()).collect();
    let passing: Vec<u32> = through.iter().filter(|a| a.connected().is_some()).map(|a| a.id()).take(3).collect();
    if !passing.is_empty() {
        return Ruling::excluded(passing);
    }
    let lost = |a: &&Attempt<'_>| {
        a.failure().is_some_and(|f| matches!(f.how, How::Silent | How::Unreachable | How::Prohibited | How::Expired))
    };
    let (zoom, neutral): (Vec<_>, Vec<_>) =
        through.iter().copied().filter(|a| lost(&a)).partition(|a| is_zoom(a.role()));
    let Some(prefix) = zoom.iter().find_map(translated) else {
        // A network may translate a prefix of its own: worth asking where IPv6 addresses of Zoom's are silent and there is no IPv4.
        let six = |a: &&Attempt<'_>| a.to().is_ipv6() && is_zoom(a.role());
        let only_six = tried.iter().all(|a| a.to().is_ipv6());
        if only_six
            && tried.iter().filter(six).any(|a| lost(&a))
            && evidence.lookups_of(nat64::WELL_KNOWN_NAME).next().is_none()
        {
            return Ruling::doubt("ask for the AAAA record of ipv4only.arpa", vec![NAT64_PREFIX.of(())]);
        }
        return Ruling::silent();
    };
    if neutral.len() < 2 {
        return Ruling::doubt("try neutral IPv4 hosts by way of the NAT64", vec![THROUGH_NAT64.of(prefix)]);
    }
    let native: Vec<u32> = tried
        .iter()
        .filter(|a| a.to().is_ipv6() && translated(a).is_none() && a.connected().is_some())
        .map(|a| a.id())
        .take(3)
        .collect();
    if native.is_empty() {
        return Ruling::doubt("try native IPv6 hosts: nothing of IPv6 passes, translated or not", Vec::new());
    }
    let because = zoom.iter().chain(&neutral).map(|a| a.id()).chain(native).collect();
    let details = [("prefix".to_owned(), prefix.to_string())];
    Ruling::claim(Claim { details: details.into(), ..Claim::about(evidence, &zoom, Confidence::Isolated, because) })
}

/// Which prefix does this network translate to IPv4 (RFC 7050)?
const NAT64_PREFIX: Experiment<()> =
    Experiment::new("nat64-prefix", |_, ()| vec![probes::by_system(nat64::WELL_KNOWN_NAME, Role::Host)]);

/// Do neutral IPv4 hosts answer by way of this NAT64 prefix of 96 bits (RFC 6052)?
const THROUGH_NAT64: Experiment<Ipv6Net> = Experiment::new("through-nat64", |setup, prefix| {
    let controls = setup.catalogue.controls.iter().filter_map(|control| {
        let v4 = |address: &IpAddr| if let IpAddr::V4(v4) = address { Some(*v4) } else { None };
        let translated = nat64::embed(*prefix, control.addresses.iter().find_map(v4)?);
        Some(probes::handshake(&control.name, Role::Control, SocketAddr::new(translated.into(), control.port)))
    });
    controls.take(TRANSLATED).collect()
});

/// How many neutral hosts are tried by way of a NAT64.
const TRANSLATED: usize = 2;
