//! Somebody on the way, or on this computer, opens the TLS connection and shows a certificate of its own.

use why5003_probes::model::{CertificateFault, Layer, Roots};

use super::prelude::*;

pub(super) const CAUSE: Cause = Cause {
    id: "tls.inspection",
    title: "TLS to Zoom is opened and inspected",
    layer: Layer::Tls,
    owner: Owner::Network,
    masks: &["tls.untrusted", "zoom.certificate"],
    effects: &[],
    meaning: "The certificate is made for Zoom's name, but its chain ends in no public root: a security suite on this computer or a gateway opens \
              the connection and signs its own. Where this computer trusts that root, browsers work; Zoom's client may refuse it all the same, \
              and Zoom asks to be exempted from inspection.",
    proof: "openssl s_client -connect zoom.us:443 -servername zoom.us </dev/null 2>/dev/null | openssl x509 -noout -issuer -dates",
    remedies: &[
        Mend {
            os: "any",
            who: Owner::Network,
            text: "Exempt zoom.us, *.zoom.us, zoom.com and *.zoom.com from TLS inspection, above the rule that decrypts: Zoom's client may refuse \
                   the inspector's certificate even where this computer trusts it.",
            command: "",
        },
        Mend {
            os: "any",
            who: Owner::User,
            text: "If a security suite on this computer does it ({issuer}), switch off its HTTPS scanning or exclude Zoom there.",
            command: "",
        },
    ],
    sources: &[
        "Zoom KB0060548 (we recommend allowing Zoom.us and *.zoom.us from proxy or SSL inspection)",
        "Zoom KB0067462",
        "RFC 5280, section 6",
    ],
    rule,
};

fn rule(evidence: &Evidence) -> Ruling {
    let zoom: Vec<_> =
        evidence.attempts().filter(|a| is_zoom(a.role()) && a.baseline() && !a.chain().is_empty()).collect();
    let opened: Vec<_> = zoom.iter().copied().filter(|a| is_opened(*a)).collect();
    let Some(first) = opened.first().copied() else {
        return Ruling::excluded(zoom.iter().filter(|a| a.genuine()).map(|a| a.id()).take(3).collect());
    };
    let issuer = issuer_of(first);
    let controls: Vec<_> =
        evidence.attempts().filter(|a| a.role() == Role::Control && a.baseline() && !a.chain().is_empty()).collect();
    let same: Vec<u32> =
        controls.iter().filter(|a| is_opened(**a) && issuer_of(**a) == issuer).map(|a| a.id()).collect();
    let spared: Vec<u32> = controls.iter().filter(|a| a.genuine()).map(|a| a.id()).collect();
    let trusted = opened.iter().all(|a| a.verified(Roots::System) == Some(None));
    let inspector = evidence.background().inspector(&issuer);
    let mut details = BTreeMap::from([
        ("issuer".to_owned(), issuer.clone()),
        ("trusted_by_this_computer".to_owned(), yes_or_no(trusted)),
        ("neutral_hosts_too".to_owned(), yes_or_no(!same.is_empty())),
    ]);
    let mut owner = Owner::Network;
    if let Some((vendor, on_this_computer)) = inspector {
        details.insert("vendor".to_owned(), vendor.to_owned());
        details
            .insert("sits".to_owned(), if on_this_computer { "on this computer" } else { "on a gateway" }.to_owned());
        if on_this_computer {
            owner = Owner::User;
        }
    }
    let sure = trusted || inspector.is_some() || !same.is_empty();
    // Through a proxy it is the proxy's doing, wherever that is.
    let direct = opened.iter().find(|a| !a.proxied()).map(|a| premature_answer(evidence, a.to()).parts());
    let (location, traceroutes, question) = direct.unwrap_or_default();
    let because: Vec<u32> =
        opened.iter().map(|a| a.id()).chain(same).chain(spared.into_iter().take(2)).chain(traceroutes).collect();
    let open = question.map(|question| Doubt {
        next_test: "walk the TTL to what answers, by its own port and by another".to_owned(),
        questions: vec![question],
    });
    let ruling = Ruling::claim(Claim {
        location,
        owner: Some(owner),
        scope: scope_of(opened.iter().copied()),
        details,
        blocks: !trusted && any_decisive(evidence, opened.iter().filter_map(|a| a.host())) && sign_in_fails(evidence),
        ..Claim::of(if sure { Confidence::Proven } else { Confidence::Indicated }, because)
    });
    Ruling { open, ..ruling }
}

/// The certificate is made for the host's name, by an issuer that leads to no public root.
fn is_opened(attempt: Attempt<'_>) -> bool {
    let (Some(host), Some(leaf)) = (attempt.host(), attempt.chain().first()) else { return false };
    let unknown = |fault| fault == Some(Some(CertificateFault::UnknownIssuer));
    let unknown_but_for_the_date = attempt.besides(Roots::Public) == Some(CertificateFault::UnknownIssuer);
    (unknown(attempt.verified(Roots::Public)) || unknown_but_for_the_date)
        && !leaf.self_issued
        && leaf.names.iter().any(|name| covers(name, host))
}

fn issuer_of(attempt: Attempt<'_>) -> String {
    let Some(last) = attempt.chain().last() else { return String::new() };
    last.issuer_name.clone().unwrap_or_else(|| last.issuer.clone())
}

fn yes_or_no(is: bool) -> String {
    if is { "yes" } else { "no" }.to_owned()
}
