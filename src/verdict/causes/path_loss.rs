//! So many packets are lost that connections wait, or do not stand at all.

use why5003_probes::model::Layer;

use super::prelude::*;
use crate::verdict::measure::count_loss;
use crate::verdict::measure::loss::{self, Lost};

pub(super) const CAUSE: Cause = Cause {
    id: "path.loss",
    title: "Packets are lost on the way",
    layer: Layer::Path,
    owner: Owner::Network,
    masks: &["dns.slow", "path.throttled", "filter.media-udp", "filter.media-tcp", "filter.udp-after-n"],
    effects: &[Effect::SilenceDoubtful],
    meaning: "Of forty lone SYNs, sent one after another so that no limit on bursts can explain it, one in ten or more gets no answer, at Zoom and \
              at neutral hosts alike (or at Zoom alone, which the scope then says), while the others are answered. A filter answers none, or \
              all that come slowly. What a router in the middle does not answer itself is no loss.",
    proof: "sudo mtr -T -P 443 -c 50 -r -n zoom.us\nsudo mtr -T -P 443 -c 50 -r -n one.one.one.one",
    remedies: &[
        Mend {
            os: "any",
            who: Owner::User,
            text: "On Wi-Fi, move nearer to the access point or use a cable; end large uploads; try another network, such as a phone's hotspot.",
            command: "",
        },
        Mend {
            os: "any",
            who: Owner::Network,
            text: "Look for errors, drops and a full queue on the switch port, the access point and the uplink (duplex, cable, optics, shaping); \
                   lossy hops are those from which on every later hop loses as much.",
            command: "ip -s link show",
        },
        Mend {
            os: "any",
            who: Owner::Isp,
            text: "Mend the line, if the loss begins beyond the office's own router.",
            command: "",
        },
    ],
    sources: &[
        "RFC 6298, section 2 (a lost SYN costs a second, two cost three)",
        "RFC 2680 (one-way loss)",
        "RFC 7680, section 2.8 (sampling)",
    ],
    rule,
};

/// Where every second exchange is lost, a sign-in that worked was luck: it takes about ten, one after
/// the other, and every second connection waits for a second before it stands.
const HOPELESS: f64 = 0.5;

fn rule(evidence: &Evidence) -> Ruling {
    let Some(loss) = loss::measured(evidence) else {
        if !loss::suspected(evidence) {
            return Ruling::silent();
        }
        let questions = count_loss::questions(evidence);
        if questions.is_empty() {
            return Ruling { open: count_loss::once_more(evidence), ..Ruling::silent() };
        }
        let next_test = "send forty single SYNs to Zoom, to a neutral host and to the gateway, and count the answers";
        return Ruling::doubt(next_test, questions);
    };
    let place = loss.lost();
    if loss.is_unsure() {
        let again = count_loss::counts_wanted_again(evidence);
        if !again.is_empty() {
            return Ruling::doubt("send forty more single SYNs to each, and count the answers", again);
        }
    }
    if place == Lost::Few {
        return Ruling { open: count_loss::once_more(evidence), ..Ruling::excluded(loss.ids()) };
    }
    if loss::only_connections(evidence, place) {
        let next_test = "open connections one by one, a second apart: those that stand lose nothing, so connections seem to be limited and not \
                         packets lost";
        return Ruling::doubt(next_test, Vec::new());
    }
    let mut details = vec![("lost".to_owned(), format!("{:.0} %", loss.share() * 100.0))];
    let counts = [("zoom", &loss.zoom), ("neutral", &loss.neutral), ("gateway", &loss.gateway)];
    details.extend(counts.into_iter().filter(|(_, c)| c.made > 0).map(|(name, c)| (name.to_owned(), c.words())));
    let towards_zoom: Vec<_> = evidence
        .syn_counts()
        .filter(|count| place == Lost::TowardsZoom && loss.zoom.ids.contains(&count.id()))
        .collect();
    let mut scope = Scope::default();
    for count in &towards_zoom {
        scope.ports.push(format!("tcp/{}", count.to().port()));
        scope.prefixes.extend(evidence.background().catalogue().prefix_of(count.to().ip()));
    }
    let gateway = evidence.syn_counts().find(|count| loss.gateway.ids.contains(&count.id())).map(|c| c.to().ip());
    let location = gateway.filter(|_| loss.on_the_link() && place == Lost::Everywhere);
    Ruling {
        open: count_loss::once_more(evidence),
        ..Ruling::claim(Claim {
            location: location.map(|address| Location { hop: Some(1), address: Some(address), next: None }),
            scope: Scope { ports: distinct(scope.ports), prefixes: distinct(scope.prefixes), hosts: Vec::new() },
            details: details.into_iter().collect(),
            blocks: sign_in_fails(evidence) || loss.share() >= HOPELESS,
            ..Claim::of(if place == Lost::Everywhere { Confidence::Confirmed } else { Confidence::Likely }, loss.ids())
        })
    }
}
