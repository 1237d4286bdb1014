//! A named box refuses connections to Zoom by ICMP.

use why5003_probes::kit::{IcmpError, IcmpMeaning, Layer};

use super::prelude::*;

pub(super) const CAUSE: Cause = Cause {
    id: "filter.reject",
    title: "A filter rejects connections to Zoom, and says so by ICMP",
    layer: Layer::Filter,
    owner: Owner::Network,
    masks: &["filter.drop", "filter.reset"],
    meaning: "An ICMP error (administratively prohibited, or unreachable) answers the SYN. Its sender is a router on the way, neither this \
              computer nor Zoom, so the box that refuses has told its own address. Neutral hosts connect.",
    proof: "sudo -v; sudo timeout 10 tcpdump -nvi any 'icmp or icmp6' & sleep 1; curl -m 3 -sI https://zoom.us",
    remedies: &[
        Mend {
            os: "any",
            who: Owner::Network,
            text: "On the router {address} that sends the refusal, allow TCP 443 (Zoom lists TCP 80 too) outbound to zoom.us, *.zoom.us, zoom.com and *.zoom.com by name: Zoom publishes no \
                   addresses for its web service. Where rules know no names, allow all prefixes that the commands print.",
            command: "why5003 catalogue show meetings\nwhy5003 catalogue show cdn",
        },
        Mend {
            os: "any",
            who: Owner::User,
            text: "Until then use another network, such as a phone's hotspot.",
            command: "",
        },
    ],
    sources: &["RFC 1812, section 5.2.7.1", "RFC 4443, section 3.1", "Zoom KB0060548 (firewall rules)"],
    rule,
};

fn rule(evidence: &Evidence) -> Ruling {
    let aimed = aimed(evidence);
    let refused: Vec<(Attempt<'_>, &IcmpError)> = aimed
        .iter()
        .filter(|a| a.connected().is_none() && a.failure().is_some() && family_works(evidence, **a))
        .filter_map(|a| {
            Some((*a, a.icmp().find(|i| refuses(i) && !i.own && i.from.is_some_and(|from| from != a.to().ip()))?))
        })
        .collect();
    let Some((first, icmp)) = refused.first() else {
        return Ruling::excluded(aimed.iter().filter(|a| a.connected().is_some()).map(|a| a.id()).take(3).collect());
    };
    let controls = controls_that_connect(evidence);
    if refused.len() < 2 {
        let host = first.host().unwrap_or_default().to_owned();
        return Ruling::doubt("try the same address again", vec![Question::Again { host, to: first.to() }]);
    }
    let hop = evidence.ladders().flat_map(Ladder::hops).find(|h| h.from == icmp.from).map(|h| h.ttl);
    let prohibited = refused.iter().any(|(_, i)| i.meaning == IcmpMeaning::Prohibited);
    let because = refused.iter().map(|(a, _)| a.id()).chain(controls.into_iter().take(2)).collect();
    Ruling::claim(Claim {
        location: Some(Location { hop, address: icmp.from, next: None }),
        scope: scope_of(refused.iter().map(|(a, _)| *a)),
        details: [("icmp".to_owned(), format!("type {} code {}", icmp.kind, icmp.code))].into(),
        blocks: any_decisive(evidence, refused.iter().filter_map(|(a, _)| a.host())) && sign_in_fails(evidence),
        ..claim(if prohibited { 0.97 } else { 0.85 }, because)
    })
}

fn refuses(icmp: &IcmpError) -> bool {
    matches!(
        icmp.meaning,
        IcmpMeaning::Prohibited
            | IcmpMeaning::PortUnreachable
            | IcmpMeaning::HostUnreachable
            | IcmpMeaning::NetworkUnreachable
            | IcmpMeaning::ProtocolUnreachable
    )
}
