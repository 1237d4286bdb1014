//! The resolver fails for Zoom's names alone.

use why5003_probes::model::{How, Layer, RecordType};

use super::prelude::*;

pub(super) const CAUSE: Cause = Cause {
    id: "dns.servfail",
    title: "The resolver fails for Zoom's names (SERVFAIL)",
    layer: Layer::Dns,
    owner: Owner::Network,
    masks: &[],
    effects: &[],
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
    let mut told = false;
    for name in zoom_names(evidence) {
        if let Some(failing) = Failing::of(evidence, name) {
            told |= failing.judge(evidence, &mut ruling);
        }
    }
    if told {
        ruling.open = None;
    }
    merged(ruling)
}

/// A name for which a configured resolver fails.
struct Failing<'a> {
    name: &'a str,
    server: SocketAddr,
    lookups: Vec<Lookup<'a>>,
}

impl<'a> Failing<'a> {
    fn of(evidence: &'a Evidence, name: &'a str) -> Option<Self> {
        let lookups: Vec<_> = own_lookups(evidence, name)
            .into_iter()
            .filter(|l| matches!(l.source(), Source::Configured(_)))
            .filter(|l| l.named() == Named::Rcode("SERVFAIL".to_owned()) || keeps_silent(evidence, l))
            .collect();
        match lookups.first()?.source() {
            Source::Configured(server) => Some(Self { name, server, lookups }),
            _ => None,
        }
    }

    /// Claims it or asks more of it. Says whether it is known how the resolver fails: by silence, or with DNSSEC told apart.
    fn judge(&self, evidence: &Evidence, ruling: &mut Ruling) -> bool {
        let Self { name, server, .. } = *self;
        let truth = independent(evidence, name);
        if truth.is_empty() {
            let next_test = format!("ask independent resolvers for {name}");
            ruling.open = Some(Doubt { next_test, questions: vec![INDEPENDENTLY.of(name.to_owned())] });
            return false;
        }
        let asked: Vec<_> = evidence.asked_of(server).filter(|l| l.role() == Role::Control).collect();
        if !asked.is_empty() && asked.iter().all(|l| l.named() == Named::Failed(How::Silent)) {
            // It keeps silent on everybody.
            return false;
        }
        let neutral: Vec<u32> =
            asked.iter().filter(|l| matches!(l.named(), Named::Addresses(_))).map(|l| l.id()).collect();
        if neutral.is_empty() {
            let next_test = format!("ask the resolver {server} for a neutral name");
            ruling.open = Some(Doubt { next_test, questions: vec![NEUTRAL_NAMES.of(server)] });
            return false;
        }
        let unchecked: Vec<_> = evidence.lookups_of(name).filter(|l| l.unchecked()).collect();
        // DNSSEC answers SERVFAIL; it keeps nobody silent.
        if unchecked.is_empty() && decisive(evidence, name) && !self.is_silent() {
            let next_test = format!("ask {server} for {name} with DNSSEC checking off (CD=1)");
            let questions = vec![WITHOUT_CHECKING.of(NameAt { name: name.to_owned(), server })];
            ruling.open = Some(Doubt { next_test, questions });
        }
        let because = self.lookups.iter().chain(&truth).chain(&unchecked).map(|l| l.id()).chain(neutral).collect();
        ruling.claims.push(self.claim(evidence, &unchecked, because));
        self.is_silent() || !unchecked.is_empty()
    }

    fn is_silent(&self) -> bool {
        self.lookups.iter().all(|l| matches!(l.named(), Named::Failed(_)))
    }

    fn claim(&self, evidence: &Evidence, unchecked: &[Lookup<'_>], because: Vec<u32>) -> Claim {
        let mut details = BTreeMap::new();
        if self.is_silent() {
            details.insert("answer".to_owned(), "none".to_owned());
        } else if !unchecked.is_empty() {
            let validation = unchecked.iter().any(|l| matches!(l.named(), Named::Addresses(_)));
            let words = if validation { "the resolver answers with CD=1" } else { "no difference with CD=1" };
            details.insert("dnssec".to_owned(), words.to_owned());
        }
        // Silence is a failure to resolve as much as a filter's.
        let confidence = if self.is_silent() { Confidence::Likely } else { Confidence::Isolated };
        Claim {
            location: Some(Location { address: Some(self.server.ip()), ..Location::default() }),
            scope: scope_of_names([self.name]),
            details,
            blocks: decisive(evidence, self.name) && sign_in_fails(evidence),
            ..Claim::of(confidence, because)
        }
    }
}

/// The wire's tries and the system's own, which asks again and for longer, all went unanswered.
fn keeps_silent(evidence: &Evidence, lookup: &Lookup<'_>) -> bool {
    // A truncated answer whose rest got lost is no silence.
    let silent = |l: &Lookup<'_>| l.named() == Named::Failed(How::Silent) && l.answers().count() == 0;
    silent(lookup) && evidence.lookups_of(lookup.name()).any(|l| l.source() == Source::System && silent(&l))
}

/// Does the name resolve at this resolver when DNSSEC checking is off?
const WITHOUT_CHECKING: Experiment<NameAt> = Experiment::new("without-checking", |setup, NameAt { name, server }| {
    let probe = probes::by_udp(name, setup.role_of(name), *server, RecordType::A);
    vec![probe.with(Settings { checking_disabled: Some(true), ..Settings::default() })]
});

/// A name, and a resolver to ask for it.
#[derive(Clone, Debug)]
struct NameAt {
    name: String,
    server: SocketAddr,
}
