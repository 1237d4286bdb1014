//! The configured resolvers do not answer.

use why5003_probes::model::Layer;

use super::prelude::*;

pub(super) const CAUSE: Cause = Cause {
    id: "dns.resolver-down",
    title: "This computer's resolver does not answer",
    layer: Layer::Dns,
    owner: Owner::Network,
    masks: &["dns.slow", "dns.name-blocked", "dns.servfail"],
    effects: &[Effect::NamesLost],
    meaning: "Every resolver that this computer is configured to use is silent or refuses, for neutral names too, while resolvers of other \
              operators answer. So names are lost at the resolver, not at Zoom and not on the line.",
    proof: "dig zoom.us; dig example.com; dig zoom.us @1.1.1.1",
    remedies: &[
        Mend {
            os: "any",
            who: Owner::Network,
            text: "Restart or repair the resolver {address}, or hand out another by DHCP.",
            command: "",
        },
        Mend {
            os: "linux",
            who: Owner::User,
            text: "Until then use another resolver; with systemd-resolved:",
            command: "sudo resolvectl dns \"$(ip route show default | awk '{print $5; exit}')\" 1.1.1.1 9.9.9.9",
        },
        Mend {
            os: "windows",
            who: Owner::User,
            text: "Until then use another resolver (as administrator; the interface may have another name).",
            command: "netsh interface ip set dns \"Wi-Fi\" static 1.1.1.1",
        },
        Mend {
            os: "macos",
            who: Owner::User,
            text: "Until then use another resolver (the service may have another name).",
            command: "networksetup -setdnsservers Wi-Fi 1.1.1.1 9.9.9.9",
        },
    ],
    sources: &["RFC 1035, section 7.2", "https://man7.org/linux/man-pages/man5/resolv.conf.5.html"],
    rule,
};

fn rule(evidence: &Evidence) -> Ruling {
    let servers: Vec<SocketAddr> = evidence.host().resolvers().collect();
    let at = |server: SocketAddr| evidence.lookups().filter(move |l| l.source() == Source::Configured(server));
    // SERVFAIL for Zoom alone is an answer: the resolver is there, whatever is behind it. SERVFAIL for all is none.
    let fails_everybody = |source: Source| {
        let mut neutral = evidence.lookups().filter(|l| l.source() == source && l.role() == Role::Control).peekable();
        neutral.peek().is_some() && neutral.all(|l| is_servfail(&l))
    };
    let alive = |l: &Lookup<'_>| {
        matches!(l.named(), Named::Addresses(_) | Named::NoName | Named::NoData)
            || is_servfail(l) && is_zoom(l.role()) && !fails_everybody(l.source())
    };
    // What a resolver told the system's library, and the hosts file did not. The library asks for twenty names at once: one gets
    // through a line that loses much, where our own few may not.
    let told = evidence
        .lookups()
        .filter(|l| l.source() == Source::System && matches!(l.named(), Named::Addresses(_)))
        .filter(|l| evidence.host().hosts_lines(l.name()).next().is_none())
        .map(Lookup::id)
        .take(2);
    let answering = servers.iter().filter_map(|s| at(*s).find(alive)).map(Lookup::id);
    let answering: Vec<u32> = answering.chain(told).collect();
    if !answering.is_empty() {
        return Ruling::excluded(answering);
    }
    let asked: Vec<Lookup<'_>> = servers.iter().flat_map(|s| at(*s)).collect();
    if asked.is_empty() {
        return Ruling::silent();
    }
    if !asked.iter().any(|l| l.role() == Role::Control) {
        let questions = servers.iter().map(|server| NEUTRAL_NAMES.of(*server)).collect();
        return Ruling::doubt("ask the configured resolvers for a neutral name", questions);
    }
    let others: Vec<u32> = evidence
        .lookups()
        .filter(|l| matches!(l.source(), Source::Independent(_)) && matches!(l.named(), Named::Addresses(_)))
        .map(Lookup::id)
        .collect();
    if others.is_empty() {
        // Nobody answers for names at all: addresses that are known tell whether anything else passes.
        let decisive = evidence.background().decisive_hosts();
        let questions = decisive.map(|name| KNOWN_ADDRESSES.of(name.to_owned())).collect();
        return Ruling::doubt("ask independent resolvers, by encrypted transports too", questions);
    }
    let because = asked.iter().map(|l| l.id()).chain(others.into_iter().take(3)).collect();
    let location = Location { address: servers.first().map(SocketAddr::ip), ..Location::default() };
    let details = [("resolvers".to_owned(), servers.iter().map(SocketAddr::to_string).collect::<Vec<_>>().join(", "))];
    Ruling::claim(Claim {
        location: Some(location),
        details: details.into(),
        blocks: sign_in_fails(evidence),
        ..Claim::of(Confidence::Confirmed, because)
    })
}

fn is_servfail(lookup: &Lookup<'_>) -> bool {
    lookup.named() == Named::Rcode("SERVFAIL".to_owned())
}
