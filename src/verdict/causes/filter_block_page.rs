//! Something that is no TLS answers in Zoom's place.

use why5003_probes::model::{Fact, How, Layer, Stage};

use super::prelude::*;

pub(super) const CAUSE: Cause = Cause {
    id: "filter.block-page",
    title: "A filter answers in Zoom's place, and not with TLS",
    layer: Layer::Filter,
    owner: Owner::Network,
    masks: &["filter.sni", "filter.large-clienthello", "filter.tls-version"],
    effects: &[],
    meaning: "At Zoom's addresses TCP 443 is answered by something that does not speak TLS (a plain HTTP page that says blocked, mostly), while \
              neutral hosts speak TLS. A web filter redirects Zoom's connections to itself.",
    proof: "printf 'HEAD / HTTP/1.0\\r\\n\\r\\n' | nc -w 3 {host} 443 | head\ncurl -v https://{host} -m 5",
    remedies: &[
        Mend {
            os: "any",
            who: Owner::Network,
            text: "Allow zoom.us, *.zoom.us, zoom.com and *.zoom.com in the web filter, and TCP 443 to Zoom's published prefixes.",
            command: "why5003 catalogue show meetings",
        },
        ANOTHER_NETWORK,
    ],
    sources: &["Zoom KB0060548 (*.zoom.us, *.zoom.com)", "RFC 8446, section 5.1 (record layer)"],
    rule,
};

fn rule(evidence: &Evidence) -> Ruling {
    let aimed = aimed(evidence);
    let foreign: Vec<_> = aimed
        .iter()
        .copied()
        .filter(|a| a.ended(Stage::Hello, How::Malformed) || a.ended(Stage::Handshake, How::Malformed))
        .collect();
    let Some(first) = foreign.first().copied() else {
        return Ruling::excluded(aimed.iter().filter(|a| a.handshake().is_some()).map(|a| a.id()).take(3).collect());
    };
    let controls = controls_that_speak_tls(evidence);
    if controls.is_empty() {
        return Ruling::silent();
    }
    if foreign.len() < 2 {
        let host = first.host().unwrap_or_default().to_owned();
        return Ruling::doubt("try the same address again", vec![AGAIN.of(HostAt::new(host, first.to()))]);
    }
    let page = foreign
        .iter()
        .find_map(|a| a.facts().find_map(|f| if let Fact::Garbage { text } = f { Some(text) } else { None }));
    let (location, traceroutes, question) = premature_answer(evidence, first.to()).parts();
    let because = foreign.iter().map(|a| a.id()).chain(controls.into_iter().take(2)).chain(traceroutes).collect();
    let open = question.map(|question| Doubt {
        next_test: format!("walk the TTL to {}, by its own port and by another", first.to()),
        questions: vec![question],
    });
    let ruling = Ruling::claim(Claim {
        location,
        details: page.map(|text| ("answer".to_owned(), text.clone())).into_iter().collect(),
        ..Claim::about(evidence, &foreign, Confidence::Probable, because)
    });
    Ruling { open, ..ruling }
}
