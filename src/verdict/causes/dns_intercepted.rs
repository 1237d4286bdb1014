//! A box on the way answers every DNS query itself, whoever is asked.

use why5003_probes::model::{AddressScope, Layer};

use super::prelude::*;

pub(super) const CAUSE: Cause = Cause {
    id: "dns.intercepted",
    title: "A box on the way answers all DNS queries, and falsely for Zoom",
    layer: Layer::Dns,
    owner: Owner::Network,
    masks: &["dns.name-blocked", "dns.wrong-answer", "dns.servfail"],
    effects: &[],
    meaning: "The same false answer comes back whatever server is asked, even from an address where no DNS server can be. So it is no \
              resolver's doing: a router or firewall redirects port 53. Changing the resolver on this computer does not help, encrypted DNS may.",
    proof: "dig zoom.us @192.0.2.53   # nobody is there: any answer is forged",
    remedies: &[
        Mend {
            os: "any",
            who: Owner::Network,
            text: "Allow Zoom's names on the box that redirects port 53, or stop redirecting it.",
            command: "",
        },
        Mend { os: "any", who: Owner::User, text: "Until then use encrypted DNS (DoT or DoH).", command: "" },
        Mend {
            os: "linux",
            who: Owner::User,
            text: "Until then use encrypted DNS (DoT); with systemd-resolved:",
            command: "sudo resolvectl dnsovertls \"$(ip route show default | awk '{print $5; exit}')\" yes",
        },
    ],
    sources: &["RFC 5737 (documentation addresses)", "RFC 7858 (DoT)", "RFC 8484 (DoH)"],
    rule,
};

fn rule(evidence: &Evidence) -> Ruling {
    if let Some(name) = evidence.hosts(Role::SignIn).into_iter().find(|name| probes_false(evidence, name)) {
        let questions = vec![NO_RESOLVER.of(name.to_owned())];
        return Ruling::doubt(format!("ask for {name} where no resolver can be (dig {name} @192.0.2.53)"), questions);
    }
    let nobody: Vec<_> = evidence.lookups().filter(|l| matches!(l.source(), Source::Nobody(_))).collect();
    let answered: Vec<_> = nobody.iter().filter(|l| l.answers().count() > 0).copied().collect();
    if answered.is_empty() {
        return Ruling::excluded(nobody.iter().map(|l| l.id()).collect());
    }
    let mut ruling = Ruling::silent();
    for forged in answered {
        let name = forged.name();
        let genuine = evidence.genuine_addresses(name);
        let encrypted: Vec<_> = independent(evidence, name).into_iter().filter(|l| l.encrypted()).collect();
        let truth: Vec<_> = encrypted.iter().flat_map(|l| l.addresses()).chain(genuine.iter().copied()).collect();
        let given = forged.addresses();
        if given.iter().any(|a| truth.contains(a)) {
            // Redirected, but told the truth: no fault.
            ruling.excluded_by.push(forged.id());
            continue;
        }
        if truth.is_empty() {
            ruling.open = Some(Doubt {
                next_test: format!("resolve {name} by encrypted DNS, and try Zoom's known addresses"),
                questions: vec![INDEPENDENTLY.of(name.to_owned()), KNOWN_ADDRESSES.of(name.to_owned())],
            });
            continue;
        }
        let same: Vec<u32> = evidence
            .lookups_of(name)
            .filter(|l| !l.encrypted() && matches!(l.source(), Source::Configured(_) | Source::Independent(_)))
            .filter(|l| l.record() == forged.record() && l.named() == forged.named())
            .map(Lookup::id)
            .collect();
        if same.is_empty() {
            continue;
        }
        let tried = evidence.attempts_at(name).filter(|a| a.genuine()).map(Attempt::id);
        let because =
            same.into_iter().chain([forged.id()]).chain(encrypted.iter().map(|l| l.id())).chain(tried).collect();
        ruling.claims.push(Claim {
            scope: Scope { ports: vec!["udp/53".to_owned()], ..scope_of_names([name]) },
            blocks: decisive(evidence, name) && sign_in_fails(evidence),
            ..Claim::of(Confidence::Confirmed, because)
        });
    }
    merged(ruling)
}

/// This computer's resolver denies the name, or gives addresses none of which proves to be the host; and nobody was asked yet.
fn probes_false(evidence: &Evidence, name: &str) -> bool {
    let asked_nobody = evidence.lookups_of(name).any(|l| matches!(l.source(), Source::Nobody(_)));
    let genuine = evidence.genuine_addresses(name);
    !asked_nobody
        && own_lookups(evidence, name).iter().filter(|l| matches!(l.source(), Source::Configured(_))).any(|l| {
            match l.named() {
                Named::Addresses(given) => {
                    !given.iter().any(|a| genuine.contains(a)) && no_address_of(evidence, name, &given)
                }
                Named::NoName | Named::Rcode(_) => true,
                Named::NoData => l.record() == why5003_probes::model::RecordType::A,
                Named::Failed(_) => false,
            }
        })
}

/// A service of somebody else's is there, or nobody's can be, or an answer that cannot be forged names others.
fn no_address_of(evidence: &Evidence, name: &str, given: &[IpAddr]) -> bool {
    let mut tried = evidence.attempts_at(name).filter(|a| a.baseline() && given.contains(&a.to().ip()));
    let nobodys = |a: &IpAddr| !AddressScope::of(*a).is_public() || evidence.background().block_page(*a).is_some();
    let others = |l: &Lookup<'_>| l.encrypted() && !l.addresses().iter().any(|a| given.contains(a));
    tried.any(shows_a_stranger) || given.iter().all(nobodys) || independent(evidence, name).iter().any(others)
}

/// Does a resolver answer where none can be, and with what?
const NO_RESOLVER: Experiment<String> = Experiment::new("no-resolver", |setup, name| {
    let nobody = setup.catalogue.canary.without_dns.iter().copied().map(|address| SocketAddr::new(address, DNS));
    nobody.take(1).map(|server| probes::of_nobody(name, setup.role_of(name), server)).collect()
});
