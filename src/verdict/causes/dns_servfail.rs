//! The resolver fails for Zoom's names alone.

use why5003_probes::model::{How, Layer, RecordType};

use super::prelude::*;

pub(super) const CAUSE: Cause = Cause {
    id: "dns.servfail",
    title: "The resolver fails for Zoom's names (SERVFAIL)",
    layer: Layer::Dns,
    owner: Owner::Network,
    masks: &[],
    meaning: "The configured resolver answers neutral names, but says SERVFAIL for Zoom's, which resolvers of other operators know. Where it \
              answers once DNSSEC checking is off (CD=1), its validation is at fault; otherwise it cannot reach, or not digest, the answer of \
              Zoom's name servers.",
    proof: "dig zoom.us; dig +cd zoom.us; dig zoom.us @1.1.1.1",
    remedies: &[
        Mend {
            os: "any",
            who: Owner::Network,
            text: "Flush the zone from the resolver {address} and look at its log; with unbound:",
            command: "unbound-control flush_zone zoom.us",
        },
        Mend {
            os: "any",
            who: Owner::User,
            text: "Until then use another resolver, such as 1.1.1.1 or 9.9.9.9.",
            command: "",
        },
    ],
    sources: &["RFC 1035, section 4.1.1 (RCODE 2)", "RFC 4035, section 3.2.2 (CD)"],
    rule,
};

fn rule(evidence: &Evidence) -> Ruling {
    let mut ruling = Ruling::silent();
    for name in zoom_names(evidence) {
        let failing: Vec<_> = own_lookups(evidence, name)
            .into_iter()
            .filter(|l| matches!(l.source(), Source::Configured(_)))
            .filter(|l| l.named() == Named::Rcode("SERVFAIL".to_owned()) || keeps_silent(evidence, l))
            .collect();
        let Some(Source::Configured(server)) = failing.first().map(|l| l.source()) else { continue };
        let truth = independent(evidence, name);
        if truth.is_empty() {
            ruling.open = Some(Doubt {
                next_test: format!("ask independent resolvers for {name}"),
                questions: vec![INDEPENDENTLY.of(name.to_owned())],
            });
            continue;
        }
        let neutral: Vec<u32> = evidence
            .lookups()
            .filter(|l| l.source() == Source::Configured(server) && l.role() == Role::Control)
            .filter(|l| matches!(l.named(), Named::Addresses(_)))
            .map(Lookup::id)
            .collect();
        let mut beside = evidence.asked_of(server).filter(|l| l.role() == Role::Control).peekable();
        if beside.peek().is_some() && beside.all(|l| l.named() == Named::Failed(How::Silent)) {
            // It keeps silent on everybody.
            continue;
        }
        if neutral.is_empty() {
            ruling.open = Some(Doubt {
                next_test: format!("ask the resolver {server} for a neutral name"),
                questions: vec![NEUTRAL_NAMES.of(server)],
            });
            continue;
        }
        let silent = failing.iter().all(|l| matches!(l.named(), Named::Failed(_)));
        let unchecked = evidence.lookups_of(name).filter(|l| l.unchecked()).collect::<Vec<_>>();
        // DNSSEC answers SERVFAIL; it keeps nobody silent.
        if unchecked.is_empty() && decisive(evidence, name) && !silent {
            ruling.open = Some(Doubt {
                next_test: format!("ask {server} for {name} with DNSSEC checking off (CD=1)"),
                questions: vec![WITHOUT_CHECKING.of(NameAt { name: name.to_owned(), server })],
            });
        }
        let validation = unchecked.iter().any(|l| matches!(l.named(), Named::Addresses(_)));
        let because = failing.iter().chain(&truth).chain(&unchecked).map(|l| l.id()).chain(neutral).collect();
        let mut details = std::collections::BTreeMap::new();
        if silent {
            details.insert("answer".to_owned(), "none".to_owned());
        } else if !unchecked.is_empty() {
            let words = if validation { "the resolver answers with CD=1" } else { "no difference with CD=1" };
            details.insert("dnssec".to_owned(), words.to_owned());
        }
        ruling.claims.push(Claim {
            location: Some(Location { address: Some(server.ip()), ..Location::default() }),
            scope: scope_of_names([name]),
            details,
            blocks: decisive(evidence, name) && sign_in_fails(evidence),
            // Silence is a failure to resolve as much as a filter's.
            ..claim(if silent { 0.85 } else { 0.93 }, because)
        });
    }
    if !ruling.claims.is_empty() && ruling.claims.iter().any(|c| !c.details.is_empty()) {
        ruling.open = None;
    }
    merged(ruling)
}

/// The wire's tries and the system's own, which asks again and for longer, all went unanswered.
fn keeps_silent(evidence: &Evidence, lookup: &Lookup<'_>) -> bool {
    // A truncated answer whose rest got lost is no silence.
    let silent = |l: &Lookup<'_>| l.named() == Named::Failed(How::Silent) && l.answers().count() == 0;
    silent(lookup) && evidence.lookups_of(lookup.name()).any(|l| l.source() == Source::System && silent(&l))
}

/// Does the name resolve at this resolver when DNSSEC checking is off?
const WITHOUT_CHECKING: Experiment<NameAt> = Experiment::new("without-checking", |setup, NameAt { name, server }| {
    let look = looks::by_udp(name, setup.role_of(name), *server, RecordType::A);
    vec![look.with(Settings { checking_disabled: Some(true), ..Settings::default() })]
});

/// A name, and a resolver to ask for it.
#[derive(Clone, Debug)]
struct NameAt {
    name: String,
    server: SocketAddr,
}
