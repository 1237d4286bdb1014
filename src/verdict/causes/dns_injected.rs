//! Two answers come to one query, and they disagree.

use why5003_probes::model::Layer;

use super::prelude::*;

pub(super) const CAUSE: Cause = Cause {
    id: "dns.injected",
    title: "Somebody on the way injects false DNS answers",
    layer: Layer::Dns,
    owner: Owner::Isp,
    masks: &["dns.name-blocked", "dns.wrong-answer", "dns.intercepted"],
    effects: &[],
    meaning: "One query brings two answers that disagree: a box beside the path races the resolver with a forged one, and programs take the \
              first. National and ISP filters work so. The resolver itself is honest, as its later answer shows.",
    proof: "sudo -v; sudo timeout 10 tcpdump -ni any 'udp port 53' & sleep 1; dig zoom.us @9.9.9.9",
    remedies: &[
        Mend {
            os: "any",
            who: Owner::User,
            text: "Use encrypted DNS (DoT or DoH), which cannot be raced.",
            command: "",
        },
        Mend { os: "any", who: Owner::Isp, text: "Stop injecting answers for Zoom's names.", command: "" },
    ],
    sources: &["RFC 5452, section 4", "RFC 7858 (DoT)"],
    rule,
};

fn rule(evidence: &Evidence) -> Ruling {
    let mut ruling = Ruling::silent();
    for name in zoom_names(evidence) {
        let twice: Vec<u32> = evidence.lookups_of(name).filter(|l| l.contradicts_itself()).map(Lookup::id).collect();
        if twice.is_empty() {
            continue;
        }
        ruling.claims.push(Claim {
            scope: scope_of_names([name]),
            blocks: decisive(evidence, name) && sign_in_fails(evidence),
            ..Claim::of(if twice.len() > 1 { Confidence::Confirmed } else { Confidence::Indicated }, twice)
        });
    }
    merged(ruling)
}
