//! A certificate fails for a reason that is neither inspection, nor the clock, nor Zoom's own expiry.

use why5003_probes::model::{CertificateFault, Layer, Roots};

use super::prelude::*;

pub(super) const CAUSE: Cause = Cause {
    id: "tls.untrusted",
    title: "What answers for Zoom shows a certificate that nobody can trust",
    layer: Layer::Tls,
    owner: Owner::Network,
    masks: &[],
    effects: &[],
    meaning: "The address is Zoom's as far as independent resolvers know, but what answers there has no certificate for Zoom's name from a \
              public root: it is self-signed, for other names, or broken. Something stands in Zoom's place on this network. Neutral hosts show \
              good certificates.",
    proof: "openssl s_client -connect {host}:443 -servername {host} </dev/null 2>/dev/null | openssl x509 -noout -subject -issuer -dates",
    remedies: &[
        Mend {
            os: "any",
            who: Owner::Network,
            text: "Find what answers in Zoom's place (a block page of a firewall, a misdirected route, a VPN) and exempt zoom.us and *.zoom.us.",
            command: "",
        },
        Mend {
            os: "any",
            who: Owner::User,
            text: "Disconnect any VPN and try again; do not click 'Trust anyway'.",
            command: "",
        },
    ],
    sources: &["Zoom KB0067462 (untrusted server certificate)", "RFC 5280, section 6", "RFC 9525"],
    rule,
};

fn rule(evidence: &Evidence) -> Ruling {
    let zoom: Vec<_> = evidence
        .attempts()
        .filter(|a| matches!(a.role(), Role::SignIn | Role::Side) && a.baseline() && !a.chain().is_empty())
        .collect();
    let genuine: Vec<u32> = zoom.iter().filter(|a| a.genuine()).map(|a| a.id()).take(3).collect();
    let faulty: Vec<(Attempt<'_>, CertificateFault)> = zoom
        .iter()
        .filter(|a| !a.trusted() && !a.genuine_but_for_the_date() && is_named_by_others(evidence, **a))
        .filter_map(|a| Some((*a, a.besides(Roots::Public).or(a.verified(Roots::Public)?)?)))
        .filter(|(a, fault)| {
            *fault != CertificateFault::UnknownIssuer || a.chain().first().is_some_and(|c| c.self_issued)
        })
        .collect();
    let Some((first, fault)) = faulty.first() else {
        return Ruling::excluded(genuine);
    };
    let controls: Vec<u32> = evidence
        .attempts()
        .filter(|a| a.role() == Role::Control && a.baseline() && a.genuine())
        .map(Attempt::id)
        .take(2)
        .collect();
    let leaf = first.chain().first();
    let details = [
        ("reason".to_owned(), reason(*fault).to_owned()),
        ("subject".to_owned(), leaf.map(|c| c.subject.clone()).unwrap_or_default()),
        ("issuer".to_owned(), leaf.map(|c| c.issuer.clone()).unwrap_or_default()),
    ];
    let confidence = if controls.is_empty() { Confidence::Unlocated } else { Confidence::Probable };
    let because = faulty.iter().map(|(a, _)| a.id()).chain(controls).collect();
    Ruling::claim(Claim {
        scope: scope_of(faulty.iter().map(|(a, _)| *a)),
        details: details.into(),
        against: genuine,
        blocks: any_decisive(evidence, faulty.iter().filter_map(|(a, _)| a.host())) && sign_in_fails(evidence),
        ..Claim::of(confidence, because)
    })
}

/// The address is the host's by a published prefix, or by what an independent resolver says; else the answer is at fault, not TLS.
fn is_named_by_others(evidence: &Evidence, attempt: Attempt<'_>) -> bool {
    let Some(host) = attempt.host() else { return false };
    attempt.settings().prefix.is_some()
        || independent(evidence, host).into_iter().any(|l| l.addresses().contains(&attempt.to().ip()))
}

fn reason(fault: CertificateFault) -> &'static str {
    match fault {
        CertificateFault::UnknownIssuer => "self-signed: it leads to no root",
        CertificateFault::WrongName => "it is for other names",
        CertificateFault::Expired => "its time is over",
        CertificateFault::NotYetValid => "its time has not begun",
        CertificateFault::Revoked => "it is revoked",
        CertificateFault::Invalid => "it is broken, or may not be used for this",
        CertificateFault::NoRoots => "there are no roots to judge by",
    }
}
