//! A truncated answer cannot be fetched over TCP.

use why5003_probes::model::Layer;

use super::prelude::*;

pub(super) const CAUSE: Cause = Cause {
    id: "dns.tcp-blocked",
    title: "DNS over TCP is blocked, and Zoom's answer needs it",
    layer: Layer::Dns,
    owner: Owner::Network,
    masks: &[],
    effects: &[],
    meaning: "The resolver's answer for a Zoom name is truncated, so it has to be fetched again over TCP port 53, and that gets no answer. \
              Programs hang for minutes on this. Small names resolve as ever.",
    proof: "dig +notcp +ignore zoom.us; dig +tcp zoom.us",
    remedies: &[
        Mend {
            os: "any",
            who: Owner::Network,
            text: "Allow TCP port 53 to the resolver {address} (RFC 7766 makes it a must), and its own TCP queries to the outside.",
            command: "",
        },
        Mend {
            os: "any",
            who: Owner::User,
            text: "Until then use another resolver, such as 1.1.1.1 or 9.9.9.9.",
            command: "",
        },
    ],
    sources: &["RFC 7766, section 5", "tailscale/tailscale#5020"],
    rule,
};

fn rule(evidence: &Evidence) -> Ruling {
    let mut ruling = Ruling::silent();
    for name in zoom_names(evidence) {
        let lost: Vec<_> = own_lookups(evidence, name).into_iter().filter(|l| l.lost_after_truncation()).collect();
        let Some(Source::Configured(server)) = lost.first().map(|l| l.source()) else { continue };
        ruling.claims.push(Claim {
            location: Some(Location { address: Some(server.ip()), ..Location::default() }),
            scope: scope_of_names([name]),
            blocks: decisive(evidence, name) && sign_in_fails(evidence),
            ..Claim::of(Confidence::Isolated, lost.iter().map(|l| l.id()).collect())
        });
    }
    merged(ruling)
}
