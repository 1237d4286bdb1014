//! Datagrams that travel in fragments are lost, and whole ones are not.

use std::collections::BTreeSet;

use why5003_probes::kit::{Fact, Layer, Observation};

use super::prelude::*;

pub(super) const CAUSE: Cause = Cause {
    id: "path.fragments-dropped",
    title: "Datagrams in fragments are lost on this network",
    layer: Layer::Path,
    owner: Owner::Network,
    masks: &[],
    meaning: "Servers of two operators answer whole datagrams every time, and on the same flow never one that travels in two fragments. So a box on \
              the way drops fragments: a filter that looks at ports finds none in any but the first. Sign-in and meetings do not need fragments; \
              large DNS answers over UDP, SIP over UDP and tunnels do.",
    proof: "ping -c 3 -M dont -s 1200 1.1.1.1\nping -c 3 -M dont -s 1600 1.1.1.1\nping -c 3 -M dont -s 1600 ADDRESS_OF_EACH_ROUTER",
    remedies: &[
        Mend {
            os: "any",
            who: Owner::Network,
            text: "Let fragments pass, or have the firewall reassemble before it filters; which box it is shows by pinging the routers one by one \
                   with packets of 1600 bytes.",
            command: "",
        },
        Mend {
            os: "any",
            who: Owner::Network,
            text: "Until then keep the resolver's answers over UDP whole (an EDNS buffer of 1232 bytes).",
            command: "",
        },
    ],
    sources: &[
        "RFC 8900, section 3",
        "RFC 4787, section 11 (NATs must take fragments)",
        "https://www.dnsflagday.net/2020/",
    ],
    rule,
};

fn rule(evidence: &Evidence) -> Ruling {
    let looks: Vec<_> = evidence.observations().iter().filter(|o| o.look.probe == "fragments").collect();
    let arrive = |seen: &Observation| tries(seen).any(|(_, in_fragments)| in_fragments);
    let passing: Vec<u32> = looks.iter().filter(|seen| arrive(seen)).map(|seen| seen.id).collect();
    if !passing.is_empty() {
        return Ruling::excluded(passing);
    }
    let lost: Vec<_> = looks.iter().filter(|seen| loses_fragments(seen)).collect();
    let servers: BTreeSet<_> = lost.iter().filter_map(|seen| seen.look.target.host.as_deref()).collect();
    match servers.len() {
        0 => Ruling::silent(),
        // One server's own firewall may be it.
        1 => Ruling::doubt("send fragments to a server of another operator", vec![Question::Fragments]),
        _ => {
            let scope = Scope { ports: vec!["udp".to_owned()], ..Scope::default() };
            Ruling::claim(Claim { scope, ..claim(0.8, lost.iter().map(|seen| seen.id).collect()) })
        }
    }
}

/// Whole ones were answered at every try, and those in fragments at none, for long enough to believe the silence.
fn loses_fragments(seen: &Observation) -> bool {
    let waited = seen.failure.as_ref().and_then(|failure| failure.waited_ms);
    waited.is_some_and(|ms| ms >= FLOOR_MS)
        && tries(seen).count() >= FLOOR_TRIES
        && tries(seen).all(|(whole, in_fragments)| whole && !in_fragments)
}

/// Whether the whole datagram and the one in fragments were answered, try by try: the look tells them in pairs.
fn tries(seen: &Observation) -> impl Iterator<Item = (bool, bool)> {
    let sizes: Vec<bool> = seen
        .facts
        .iter()
        .filter_map(|f| if let Fact::SizeTried { passed, .. } = f { Some(*passed) } else { None })
        .collect();
    let pairs: Vec<(bool, bool)> =
        sizes.chunks_exact(2).filter_map(|pair| Some((*pair.first()?, *pair.last()?))).collect();
    pairs.into_iter()
}

/// Three tries over two seconds.
const FLOOR_MS: u32 = 2_000;
const FLOOR_TRIES: usize = 3;
