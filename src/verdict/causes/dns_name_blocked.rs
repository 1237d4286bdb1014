//! The resolver denies names that others know.

use why5003_probes::model::{Layer, RecordType};

use super::prelude::*;

pub(super) const CAUSE: Cause = Cause {
    id: "dns.name-blocked",
    title: "The resolver denies Zoom's names",
    layer: Layer::Dns,
    owner: Owner::Network,
    masks: &[],
    effects: &[],
    meaning: "The resolver that this computer uses answers neutral names, but says that Zoom's do not exist, refuses them, or gives no address, \
              while independent resolvers know them. A DNS filter (Pi-hole, AdGuard, a family or company filter) does that. Zoom's own zone is \
              well, since others resolve it.",
    proof: "dig zoom.us; dig example.com; dig zoom.us @9.9.9.9",
    remedies: &[
        Mend {
            os: "any",
            who: Owner::Network,
            text: "Allow zoom.us, *.zoom.us, zoom.com and *.zoom.com in the filter of the resolver {address}.",
            command: "",
        },
        Mend {
            os: "linux",
            who: Owner::User,
            text: "After the filter is mended, flush this computer's cache.",
            command: "resolvectl flush-caches",
        },
        Mend {
            os: "macos",
            who: Owner::User,
            text: "After the filter is mended, flush this computer's cache.",
            command: "sudo dscacheutil -flushcache; sudo killall -HUP mDNSResponder",
        },
        Mend {
            os: "windows",
            who: Owner::User,
            text: "After the filter is mended, flush this computer's cache.",
            command: "ipconfig /flushdns",
        },
    ],
    sources: &["Zoom KB0060548 (*.zoom.us, *.zoom.com)", "RFC 8499 (NXDOMAIN, NODATA)", "RFC 2308"],
    rule,
};

fn rule(evidence: &Evidence) -> Ruling {
    let mut ruling = Ruling::silent();
    for name in zoom_names(evidence) {
        let own = own_lookups(evidence, name);
        if own.iter().any(|l| matches!(l.named(), Named::Addresses(_)) && l.source() == Source::System) {
            ruling.excluded_by.extend(own.iter().filter(|l| l.source() == Source::System).map(|l| l.id()));
            continue;
        }
        let denied: Vec<_> = own.into_iter().filter(denies).collect();
        if denied.is_empty() {
            continue;
        }
        let truth = independent(evidence, name);
        let genuine = evidence.attempts_at(name).filter(|a| a.genuine()).map(Attempt::id).next();
        if truth.is_empty() && genuine.is_none() {
            // Independent resolvers that nothing is heard of teach no more of a second name.
            if !ruling.claims.is_empty() && !independents_answer(evidence) {
                continue;
            }
            // Nobody knows it: that is Zoom's side, or a box that answers for everybody; other rules ask on.
            let doubt = ruling.open.get_or_insert_with(|| Doubt {
                next_test: format!("ask independent resolvers for {name}, by encrypted transports too"),
                questions: Vec::new(),
            });
            doubt.questions.push(INDEPENDENTLY.of(name.to_owned()));
            doubt.questions.push(KNOWN_ADDRESSES.of(name.to_owned()));
            continue;
        }
        let server =
            denied.iter().find_map(|l| if let Source::Configured(server) = l.source() { Some(server) } else { None });
        let neutral: Vec<u32> = evidence
            .lookups()
            .filter(|l| l.role() == Role::Control && matches!(l.source(), Source::Configured(_) | Source::System))
            .filter(|l| matches!(l.named(), Named::Addresses(_)))
            .map(Lookup::id)
            .take(2)
            .collect();
        if neutral.is_empty() {
            let questions = server.into_iter().map(|server| NEUTRAL_NAMES.of(server)).collect();
            ruling.open = Some(Doubt { next_test: "ask the same resolver for a neutral name".to_owned(), questions });
            continue;
        }
        let confidence = if truth.len() > 1 || genuine.is_some() { Confidence::Proven } else { Confidence::Probable };
        let answer = denied.iter().find(|l| l.source() != Source::System).or(denied.first()).map(|l| word(l.named()));
        let because = denied.iter().chain(&truth).map(|l| l.id()).chain(genuine).chain(neutral).collect();
        ruling.claims.push(Claim {
            location: server.map(|s| Location { address: Some(s.ip()), ..Location::default() }),
            scope: scope_of_names([name]),
            details: answer.map(|a| ("answer".to_owned(), a)).into_iter().collect(),
            blocks: decisive(evidence, name) && sign_in_fails(evidence),
            ..Claim::of(confidence, because)
        });
    }
    merged(ruling)
}

fn independents_answer(evidence: &Evidence) -> bool {
    evidence.lookups().any(|l| matches!(l.source(), Source::Independent(_)) && l.answers().count() > 0)
}

fn denies(lookup: &Lookup<'_>) -> bool {
    match lookup.named() {
        Named::NoName => true,
        // A name without IPv6 addresses is none without addresses.
        Named::NoData => lookup.record() == RecordType::A,
        Named::Rcode(rcode) => rcode == "REFUSED",
        Named::Addresses(_) | Named::Failed(_) => false,
    }
}

fn word(named: Named) -> String {
    match named {
        Named::NoName => "NXDOMAIN".to_owned(),
        Named::NoData => "no data".to_owned(),
        Named::Rcode(rcode) => rcode,
        Named::Addresses(_) | Named::Failed(_) => String::new(),
    }
}
