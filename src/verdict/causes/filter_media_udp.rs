//! Only the UDP media ports are closed.

use std::net::SocketAddr;

use why5003_probes::kit::{Fact, How, IcmpMeaning, Layer, Observation, Transport};

use super::prelude::*;

pub(super) const CAUSE: Cause = Cause {
    id: "filter.media-udp",
    title: "A filter blocks Zoom's UDP media ports",
    layer: Layer::Filter,
    owner: Owner::Network,
    masks: &[],
    meaning: "UDP to Zoom's media ports dies on the way, at a hop that other packets to the same place pass, or is refused by a named box. Media then \
              fall back to TCP 443: worse sound and picture, but never error 5003 by itself.",
    proof: "traceroute -U -p 3478 162.255.37.14\nsudo traceroute -T -p 443 162.255.37.14",
    remedies: &[Mend {
        os: "any",
        who: Owner::Network,
        text: "On the filter at {address} or just behind it, allow UDP 3478, 3479 and 8801-8810 outbound to all prefixes that the command prints, \
               and the return traffic.",
        command: "why5003 catalogue show meetings",
    }],
    sources: &["Zoom KB0060548 (UDP 3478, 3479, 8801-8810)", "Zoom KB0061864 (falls back to TCP 443)"],
    rule,
};

fn rule(evidence: &Evidence) -> Ruling {
    let looks: Vec<&Observation> = evidence
        .observations()
        .iter()
        .filter(|o| o.look.probe == "udp" && o.look.role == Role::Media && o.look.settings.ladder.is_none())
        .collect();
    let replied: Vec<u32> = looks.iter().filter(|o| o.failure.is_none()).map(|o| o.id).collect();
    if !replied.is_empty() {
        return Ruling::excluded(replied);
    }
    let refused: Vec<_> = looks.iter().filter_map(|o| Some((*o, refusal(o)?))).collect();
    if let Some((first, from)) = refused.first()
        && refused.len() > 1
    {
        let ids: Vec<u32> = refused.iter().map(|(o, _)| o.id).collect();
        let location = Location { address: Some(*from), ..Location::default() };
        return Ruling::claim(Claim { location: Some(location), scope: ports_of(&[*first]), ..claim(0.95, ids) });
    }
    let silent: Vec<&Observation> =
        looks.into_iter().filter(|o| o.failure.as_ref().is_some_and(|f| f.how == How::Silent)).collect();
    let Some(to) = silent.first().and_then(|o| o.look.target.socket()) else { return Ruling::silent() };
    let Some(place) = place_of(evidence, to, Transport::Udp) else {
        // Nobody is bound to answer on UDP: silence alone says nothing.
        if evidence.ladders().any(|l| l.transport() == Transport::Udp) {
            return Ruling::doubt(
                "make a test call (https://zoom.us/test): nothing on this way tells where UDP ends",
                Vec::new(),
            );
        }
        // Only TCP to the same address shares the way to its end: routers that hide, on a way that turns off elsewhere,
        // would look like a filter.
        let questions = a_passing_control(evidence, to)
            .map(|_| Question::Where { to, transport: Transport::Udp, passing: SocketAddr::new(to.ip(), 443) })
            .into_iter()
            .collect();
        return Ruling::doubt("walk the TTL along Zoom's UDP flow and a TCP flow to the same address", questions);
    };
    if place.open_to_the_end {
        return Ruling::excluded(place.ids);
    }
    if !place.by_the_same_address {
        return Ruling::doubt(
            "make a test call (https://zoom.us/test): nothing on this way tells where UDP ends",
            Vec::new(),
        );
    }
    let because = silent.iter().map(|o| o.id).chain(place.ids).collect();
    Ruling::claim(Claim { location: Some(place.location), scope: ports_of(&silent), ..claim(0.9, because) })
}

/// Who refused by ICMP, if it was neither this computer nor the target.
fn refusal(seen: &Observation) -> Option<std::net::IpAddr> {
    seen.facts.iter().find_map(|fact| match fact {
        Fact::Icmp(icmp)
            if !icmp.own && icmp.from != seen.look.target.address && icmp.meaning != IcmpMeaning::TimeExceeded =>
        {
            icmp.from
        }
        _ => None,
    })
}

fn ports_of(looks: &[&Observation]) -> Scope {
    let mut scope = Scope::default();
    for look in looks {
        if let Some((port, transport)) = look.look.target.port {
            let port = format!("{transport}/{port}");
            if !scope.ports.contains(&port) {
                scope.ports.push(port);
            }
        }
        if let Some(prefix) = look.look.settings.prefix
            && !scope.prefixes.contains(&prefix)
        {
            scope.prefixes.push(prefix);
        }
    }
    scope
}
