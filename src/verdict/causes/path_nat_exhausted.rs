//! A table of connections on the way is full.

use why5003_probes::model::{How, Layer, Stage};

use super::prelude::*;
use crate::verdict::measure::{count_loss, rate_limit};

pub(super) const CAUSE: Cause = Cause {
    id: "path.nat-exhausted",
    title: "A NAT or firewall on the way has no room for more connections",
    layer: Layer::Path,
    owner: Owner::Network,
    masks: &["path.loss", "filter.rate-limit"],
    effects: &[Effect::SilenceDoubtful],
    meaning: "Connections fail at random. Of a dozen opened at once the first few stood; they were closed, and of a slow row just as many stood again and \
              no further one while those were held. A table of translations or sessions is full, for this computer or for all. A limit of new connections a second would \
              have let later ones pass, and loss would not have waited for the closing.",
    proof: "sudo conntrack -C; sysctl net.netfilter.nf_conntrack_max   # on the router, if it is a Linux one\nwhy5003 probe burst 1.1.1.1:443",
    remedies: &[
        Mend {
            os: "any",
            who: Owner::Network,
            text: "On the router or firewall that translates addresses: raise the session limit of a client, enlarge the table, give the NAT more public \
                   addresses, and look for the computer that fills it.",
            command: "",
        },
        Mend {
            os: "any",
            who: Owner::User,
            text: "Until then close what holds many connections (file sharing, many browser tabs).",
            command: "ss -Htn state established | wc -l",
        },
        Mend {
            os: "any",
            who: Owner::Isp,
            text: "Where the provider shares one address among customers (CGNAT), ask for more ports or an address of your own.",
            command: "",
        },
    ],
    sources: &[
        "RFC 6888, section 2 (CGN: limits per subscriber)",
        "RFC 7857",
        "https://docs.kernel.org/networking/nf_conntrack-sysctl.html",
    ],
    rule,
};

fn rule(evidence: &Evidence) -> Ruling {
    let Some(told) = rate_limit::burst_result(evidence).filter(rate_limit::BurstResult::too_many) else {
        return Ruling::excluded(rate_limit::bursts(evidence).map(|o| o.id).collect());
    };
    let late = rate_limit::pace(evidence).late;
    let slow = |a: &Attempt<'_>| {
        a.ended(Stage::Connect, How::Silent) || a.connected().is_some_and(|c| c.rtt_us >= rate_limit::LATE_US)
    };
    let neutral: Vec<u32> = controls(evidence).filter(slow).map(Attempt::id).collect();
    let details = [("connections".to_owned(), told.row.passed.to_string())];
    // Where no neutral host was seen to fail, the limit may be one on the way to Zoom, or Zoom's own.
    let confidence = if neutral.is_empty() { Confidence::Unlocated } else { Confidence::Probable };
    let because = [told.id].into_iter().chain(late.iter().map(|a| a.id())).chain(neutral).collect();
    let claim = Claim { details: details.into(), blocks: sign_in_fails(evidence), ..Claim::of(confidence, because) };
    // Sign-in may have been among those for which there was no room at that moment.
    Ruling { open: count_loss::once_more(evidence), ..Ruling::claim(claim) }
}
