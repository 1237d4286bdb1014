//! Single flows are held to a rate.

use why5003_probes::model::Layer;

use super::prelude::*;
use crate::verdict::measure::count_loss::{self, FlowSize};
use crate::verdict::measure::loss;
use crate::verdict::measure::rate::{flows, held_to, rate, seems_held, seems_policed, seems_queued, zoom_is_held_to};

pub(super) const CAUSE: Cause = Cause {
    id: "path.throttled",
    title: "Flows are held to a rate too low for Zoom",
    layer: Layer::Path,
    owner: Owner::Network,
    masks: &[],
    effects: &[Effect::SilenceDoubtful],
    meaning: "Single small exchanges on a connection are answered at once, but many answers together come at a few kilobytes a second: a shaper or policer \
              holds flows to a rate, Zoom's alone (which the scope then says) or everybody's. Loss and delay would slow single exchanges too.",
    proof: "curl -so /dev/null -w '%{speed_download} B/s\\n' https://zoom.us/client/latest/zoom_amd64.deb -L -m 10\ncurl -so /dev/null -w '%{speed_download} B/s\\n' https://speed.cloudflare.com/__down?bytes=1000000 -m 10",
    remedies: &[
        Mend {
            os: "any",
            who: Owner::Network,
            text: "Look for a quality-of-service class, bandwidth policy or application control that Zoom falls into (or everybody), and give it 600 kbit/s \
                   a call at the least, 1.2 Mbit/s for group video.",
            command: "tc -s qdisc show; tc -s class show dev eth0",
        },
        Mend {
            os: "any",
            who: Owner::Isp,
            text: "Lift the limit that the contract's used-up volume sets, if it is that.",
            command: "",
        },
        ANOTHER_NETWORK,
    ],
    sources: &["Zoom KB0060748 (bandwidth: 600 kbit/s for one-to-one video)", "RFC 2697, RFC 2698 (policers)"],
    rule,
};

/// More than fits into the burst that a policer has let pass already: about 20 kB of a plain web server's heads, and 300 kB of Zoom's.
const AT_ONCE: u16 = 96;
/// A rate higher by this on the neutral way says that only Zoom's is held.
const FREER: f64 = 4.0;
fn rule(evidence: &Evidence) -> Ruling {
    let (zoom, neutral) = flows(evidence);
    let Some(zoom) = zoom else {
        // A count of loss brings flows of its own.
        let counted_first =
            loss::suspected(evidence) && !seems_queued(evidence) && !count_loss::counts_wanted(evidence).is_empty();
        if !(seems_held(evidence) || seems_policed(evidence)) || counted_first {
            return Ruling::silent();
        }
        let at_once = (!seems_held(evidence)).then_some(AT_ONCE);
        let questions = count_loss::flows_wanted(evidence, FlowSize { at_once, ..FlowSize::SHORT });
        if questions.is_empty() {
            return Ruling::silent();
        }
        return Ruling::doubt(
            "time many small answers on one connection, from Zoom and from a neutral host",
            questions,
        );
    };
    let ids: Vec<u32> = [Some(zoom.id), neutral.map(|flow| flow.id)].into_iter().flatten().collect();
    let Some(held) = zoom_is_held_to(evidence, zoom) else { return Ruling::excluded(ids) };
    let Some(other) = neutral.map(rate) else { return Ruling::silent() };
    let zoom_alone = other > held * FREER;
    let everybody = neutral.and_then(held_to).is_some();
    if !zoom_alone && !everybody {
        return Ruling::excluded(ids);
    }
    let words = |rate: f64| format!("{:.0} kbit/s", rate / 1000.0);
    let scope = Scope {
        ports: vec![format!("tcp/{}", zoom.to.port())],
        prefixes: evidence.background().catalogue().prefix_of(zoom.to.ip()).into_iter().collect(),
        hosts: Vec::new(),
    };
    let claim = Claim {
        scope: if zoom_alone { scope } else { Scope::default() },
        details: [("zoom".to_owned(), words(held)), ("neutral".to_owned(), words(other))].into(),
        blocks: sign_in_fails(evidence),
        ..Claim::of(Confidence::Likely, ids)
    };
    Ruling { open: count_loss::once_more(evidence), ..Ruling::claim(claim) }
}
