//! The system's store of root certificates lacks public roots.

use why5003_probes::model::{CertificateFault, Layer, Roots};

use super::prelude::*;

pub(super) const CAUSE: Cause = Cause {
    id: "host.trust-store",
    title: "This computer's certificate store lacks public roots",
    layer: Layer::Host,
    owner: Owner::User,
    masks: &["tls.untrusted"],
    effects: &[],
    meaning: "The chains of Zoom and of neutral hosts lead to public roots, but this computer's own store accepts neither. The store is old, \
              damaged, or was stripped by policy. The network is not at fault: the certificates that arrive are the right ones.",
    proof: "openssl s_client -connect zoom.us:443 -servername zoom.us </dev/null 2>/dev/null | grep 'Verify return'",
    remedies: &[
        Mend {
            os: "linux",
            who: Owner::User,
            text: "Install the distribution's root certificates anew; on Debian and Ubuntu:",
            command: "sudo apt-get install --reinstall ca-certificates && sudo update-ca-certificates --fresh",
        },
        Mend {
            os: "windows",
            who: Owner::User,
            text: "Let Windows Update renew the root certificates; check that the policy 'Turn off Automatic Root Certificates Update' is not set. The \
                   command only tells whether the list can be fetched.",
            command: "certutil -generateSSTFromWU roots.sst",
        },
        Mend {
            os: "macos",
            who: Owner::User,
            text: "Update macOS, which carries the root certificates; look for roots set to 'Never Trust' in Keychain Access.",
            command: "",
        },
    ],
    sources: &["https://wiki.mozilla.org/CA/Included_Certificates", "Zoom KB0061202 (DigiCert Global Root G2)"],
    rule,
};

fn rule(evidence: &Evidence) -> Ruling {
    let tried: Vec<_> = evidence.attempts().filter(|a| a.genuine() && a.baseline()).collect();
    let accepted: Vec<u32> =
        tried.iter().filter(|a| a.verified(Roots::System) == Some(None)).map(|a| a.id()).take(3).collect();
    if !accepted.is_empty() {
        return Ruling::excluded(accepted);
    }
    let lacking = |a: &&Attempt<'_>| a.verified(Roots::System) == Some(Some(CertificateFault::UnknownIssuer));
    let zoom: Vec<_> = tried.iter().filter(lacking).filter(|a| is_zoom(a.role())).copied().collect();
    let controls: Vec<u32> =
        tried.iter().filter(lacking).filter(|a| a.role() == Role::Control).map(|a| a.id()).collect();
    if zoom.is_empty() || controls.is_empty() {
        return Ruling::silent();
    }
    let because = zoom.iter().map(|a| a.id()).chain(controls).collect();
    Ruling::claim(Claim { location: Some(here()), scope: scope_of(zoom), ..Claim::of(Confidence::Probable, because) })
}
