//! Every packet takes seconds.

use std::time::Duration;

use why5003_probes::model::Layer;

use super::prelude::*;
use crate::evidence::SynCount;
use crate::verdict::measure::{count_loss, loss};

pub(super) const CAUSE: Cause = Cause {
    id: "path.slow",
    title: "Every packet on this network takes more than a second",
    layer: Layer::Path,
    owner: Owner::Network,
    masks: &["dns.slow", "path.throttled"],
    effects: &[Effect::SilenceDoubtful],
    meaning: "Half of sixteen answers take more than a second, from Zoom and from neutral hosts alike: a queue on the way is full (a slow uplink \
              with a large buffer, a saturated radio link), or the line is led around. Sign-in needs about ten exchanges one after the other, and \
              programs give up meanwhile. A geostationary satellite alone takes Confidence::Contested s, which Zoom bears.",
    proof: "ping -c 5 1.1.1.1; curl -so /dev/null -w '%{time_connect} s\\n' https://zoom.us; curl -so /dev/null -w '%{time_connect} s\\n' https://example.com",
    remedies: &[
        Mend {
            os: "any",
            who: Owner::User,
            text: "End what fills the line (uploads, backups, updates), and try another network, such as a phone's hotspot.",
            command: "",
        },
        Mend {
            os: "any",
            who: Owner::Network,
            text: "Find the full queue (the delay begins at its hop and stays beyond it) and give it an active queue management, shaped just below the uplink's rate.",
            command: "tc qdisc replace dev eth0 root cake bandwidth 20mbit",
        },
        Mend {
            os: "any",
            who: Owner::Isp,
            text: "Mend the line, if the delay begins beyond the office's own router.",
            command: "",
        },
    ],
    sources: &[
        "RFC 6298, 2.1 (a SYN unanswered for 1 s is sent again)",
        "RFC 8289, section 1 (bufferbloat)",
        "RFC 2681",
    ],
    rule,
};

/// From here on the kernel takes every first SYN for lost (RFC 6298, 2.1): nothing that works is built for it.
const SLOW: Duration = Duration::from_secs(1);

fn rule(evidence: &Evidence) -> Ruling {
    let (neutral, zoom) = loss::delays(evidence);
    let ids: Vec<u32> = evidence.syn_counts().filter(|c| c.median().is_some()).map(SynCount::id).collect();
    // What one connection of this run did sooner is no way's delay, but a queue that came and went, perhaps of our own packets.
    let always = evidence.quickest_connection().is_some_and(|quickest| quickest >= SLOW);
    match (neutral, zoom) {
        (Some(neutral), Some(zoom)) if always && neutral >= SLOW && zoom >= SLOW => {
            let ms = |time: Duration| format!("{} ms", time.as_millis());
            Ruling::claim(Claim {
                details: [("neutral".to_owned(), ms(neutral)), ("zoom".to_owned(), ms(zoom))].into(),
                blocks: sign_in_fails(evidence),
                ..Claim::of(Confidence::Isolated, ids)
            })
        }
        (Some(_), _) => Ruling::excluded(ids),
        (None, _) => {
            let quickest = evidence.quickest_connection();
            let questions = count_loss::delays_wanted(evidence);
            match quickest {
                Some(quickest) if quickest >= SLOW && !questions.is_empty() => {
                    Ruling::doubt("time sixteen single SYNs to Zoom and to a neutral host", questions)
                }
                Some(_) => Ruling::excluded(quick(evidence)),
                None => Ruling::silent(),
            }
        }
    }
}

/// Connections that stood in good time.
fn quick(evidence: &Evidence) -> Vec<u32> {
    let soon = |a: &Attempt<'_>| a.connected().is_some_and(|c| Duration::from_micros(c.rtt_us) < SLOW);
    evidence.attempts().filter(|a| !a.proxied()).filter(soon).map(Attempt::id).take(3).collect()
}
