//! Zoom let its own certificate expire.

use why5003_probes::model::Layer;

use super::prelude::*;

pub(super) const CAUSE: Cause = Cause {
    id: "zoom.certificate",
    title: "Zoom's own certificate is out of date",
    layer: Layer::Zoom,
    owner: Owner::Zoom,
    masks: &["tls.untrusted"],
    effects: &[],
    meaning: "The certificate is Zoom's own, from a public root, and only its time is over (or has not begun), while this computer's clock is right \
              and neutral hosts' certificates are good. Zoom has to renew it.",
    proof: "openssl s_client -connect {host}:443 -servername {host} </dev/null 2>/dev/null | openssl x509 -noout -issuer -dates; date -u",
    remedies: &[
        Mend { os: "any", who: Owner::Zoom, text: "Renew the certificate of {host}.", command: "" },
        Mend { os: "any", who: Owner::User, text: "Wait, and watch Zoom's status page.", command: "" },
    ],
    sources: &["RFC 5280, section 4.1.2.5", "Zoom KB0067462"],
    rule,
};

fn rule(evidence: &Evidence) -> Ruling {
    let zoom: Vec<_> =
        evidence.attempts().filter(|a| matches!(a.role(), Role::SignIn | Role::Side) && a.baseline()).collect();
    let stale: Vec<_> = zoom.iter().copied().filter(|a| a.genuine_but_for_the_date()).collect();
    if stale.is_empty() {
        return Ruling::excluded(zoom.iter().filter(|a| a.genuine()).map(|a| a.id()).take(3).collect());
    }
    let good: Vec<u32> = evidence
        .attempts()
        .filter(|a| a.role() == Role::Control && a.baseline() && a.genuine())
        .map(Attempt::id)
        .collect();
    if good.is_empty() {
        return Ruling::doubt(
            "check a neutral host's certificate, and this computer's clock",
            vec![KNOWN_PAGES.of(())],
        );
    }
    let names: Vec<&str> = stale.iter().filter_map(|a| a.host()).collect();
    let because = stale.iter().map(|a| a.id()).chain(good.into_iter().take(2)).collect();
    Ruling::claim(Claim {
        scope: scope_of(stale.iter().copied()),
        blocks: any_decisive(evidence, names) && sign_in_fails(evidence),
        ..Claim::of(Confidence::Probable, because)
    })
}
