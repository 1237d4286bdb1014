//! Only the UDP media ports are closed.

use why5003_probes::model::{Fact, HopAnswer, How, IcmpMeaning, Layer, Observation, ProbeName, Transport};

use super::prelude::*;
use crate::verdict::measure::media::{came_to_the_last_router, may_walk, place_beside, ports_of, stopped_short};

pub(super) const CAUSE: Cause = Cause {
    id: "filter.media-udp",
    title: "A filter blocks Zoom's UDP media ports",
    layer: Layer::Filter,
    owner: Owner::Network,
    masks: &[],
    effects: &[],
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
    let (dying, probes): (Vec<_>, Vec<_>) = evidence
        .observations()
        .iter()
        .filter(|o| {
            o.probe.kind == ProbeName::Udp && o.probe.role == Role::Media && o.probe.settings.traceroute.is_none()
        })
        .partition(|o| o.probe.settings.ttl.is_some());
    let replied: Vec<u32> = probes.iter().filter(|o| o.failure.is_none()).map(|o| o.id).collect();
    if !replied.is_empty() {
        return beside(evidence, &dying, replied);
    }
    let refused: Vec<_> = probes.iter().filter_map(|o| Some((*o, refusal(o)?))).collect();
    if let Some((first, from)) = refused.first()
        && refused.len() > 1
    {
        return refused_by(evidence, first, *from, refused.iter().map(|(o, _)| o.id).collect());
    }
    let silent: Vec<&Observation> =
        probes.into_iter().filter(|o| o.failure.as_ref().is_some_and(|f| f.how == How::Silent)).collect();
    let Some(to) = silent.first().and_then(|o| o.probe.target.socket()) else { return Ruling::silent() };
    let Some(place) = locate_flow(evidence, to, Transport::Udp) else {
        if let Some(claim) = one_router_short(evidence, to, &silent) {
            return Ruling::claim(claim);
        }
        // Nobody is bound to answer on UDP: silence alone says nothing.
        if evidence.traceroutes().any(|l| l.transport() == Transport::Udp) {
            return Ruling::doubt(TEST_CALL, Vec::new());
        }
        // Only TCP to the same address shares the way to its end: routers that hide, on a way that turns off elsewhere,
        // would look like a filter.
        let questions = a_passing_control(evidence, to)
            .map(|_| {
                // Where sign-in fails that is told first: many walks at once use up what routers say of ICMP.
                let media = may_walk(evidence).then_some(SocketAddr::new(to.ip(), MEDIA));
                [to].into_iter().chain(media).map(|to| walk(to, HTTPS, Transport::Tcp))
            })
            .into_iter()
            .flatten()
            .collect();
        return Ruling::doubt("walk the TTL along Zoom's UDP flow and a TCP flow to the same address", questions);
    };
    if place.open_to_the_end {
        return Ruling::excluded(place.ids);
    }
    if !place.by_the_same_address {
        return Ruling::doubt(TEST_CALL, Vec::new());
    }
    let mut scope = ports_of(&silent);
    // The ports of media themselves end at the same place, if the same filter stops them.
    let media = locate_flow(evidence, SocketAddr::new(to.ip(), MEDIA), Transport::Udp);
    let same = media.filter(|media| media.location.hop == place.location.hop && !media.open_to_the_end);
    scope.ports.extend(same.iter().map(|_| format!("udp/{MEDIA}")));
    let because = silent.iter().map(|o| o.id).chain(place.ids).chain(same.into_iter().flat_map(|p| p.ids)).collect();
    Ruling::claim(Claim { location: Some(place.location), scope, ..Claim::of(Confidence::Probable, because) })
}

/// Both of media's UDP flows end at one hop, where TCP to the same address shows one router more. One flow might have met a router
/// that spares its ICMP; each was asked three times over two seconds.
fn one_router_short(evidence: &Evidence, to: SocketAddr, silent: &[&Observation]) -> Option<Claim> {
    let flow = |port, transport| {
        let to = SocketAddr::new(to.ip(), port);
        evidence.traceroutes().find(move |l| l.to() == to && l.transport() == transport)
    };
    let (own, media) = (flow(to.port(), Transport::Udp)?, flow(MEDIA, Transport::Udp)?);
    let tcp = flow(HTTPS, Transport::Tcp)?;
    let (hop, address) = own.last_router()?;
    let (beyond, next) = tcp.router_after(hop)?;
    let same = media.last_router() == Some((hop, address)) && tcp.router_at(hop) == Some(address);
    if !same || own.answered_at().or(media.answered_at()).is_some() || beyond != hop.checked_add(1)? {
        return None;
    }
    let mut scope = ports_of(silent);
    scope.ports.push(format!("udp/{MEDIA}"));
    let because = silent.iter().map(|o| o.id).chain([own.id(), media.id(), tcp.id()]).collect();
    let location = Location { hop: Some(hop), address: Some(address), next: Some(next) };
    Some(Claim { location: Some(location), scope, ..Claim::of(Confidence::Unlocated, because) })
}

/// The server's own ports are open: are those open beside them on which nobody answers?
fn beside(evidence: &Evidence, dying: &[&Observation], replied: Vec<u32>) -> Ruling {
    let Some(base) = dying.iter().find(|o| came_to_the_last_router(o)) else { return Ruling::excluded(replied) };
    let stopped: Vec<&Observation> = dying.iter().copied().filter(|o| stopped_short(o)).collect();
    let (Some(first), Some(open)) = (stopped.first(), base.probe.target.socket()) else {
        return Ruling::excluded(replied.into_iter().chain(dying.iter().map(|o| o.id)).collect());
    };
    let Some(to) = first.probe.target.socket() else { return Ruling::silent() };
    let Some(location) = place_beside(evidence, to, Transport::Udp) else {
        if !may_walk(evidence) {
            return Ruling::doubt(LATER, Vec::new());
        }
        if evidence.traceroutes().any(|l| l.to() == to && l.transport() == Transport::Udp) {
            return Ruling::excluded(replied);
        }
        let question = walk(to, open.port(), Transport::Udp);
        return Ruling::doubt(format!("walk the TTL along UDP to {to} and to port {}", open.port()), vec![question]);
    };
    let traceroutes = evidence.traceroutes().filter(|l| l.transport() == Transport::Udp).map(Traceroute::id);
    let because = stopped.iter().map(|o| o.id).chain([base.id]).chain(traceroutes).chain(replied).collect();
    Ruling::claim(Claim {
        location: Some(location),
        scope: ports_of(&stopped),
        ..Claim::of(Confidence::Probable, because)
    })
}

/// A named box refuses the server's own ports.
fn refused_by(evidence: &Evidence, first: &Observation, from: IpAddr, ids: Vec<u32>) -> Ruling {
    let hop = evidence
        .traceroutes()
        .flat_map(Traceroute::hops)
        .find(|hop| hop.from == Some(from) && hop.came == HopAnswer::Expired)
        .map(|hop| hop.ttl);
    let mut ruling = Ruling::claim(Claim {
        location: Some(Location { hop, address: Some(from), next: None }),
        scope: ports_of(&[first]),
        ..Claim::of(Confidence::Confirmed, ids)
    });
    if let Some(to) = first.probe.target.socket()
        && hop.is_none()
        && !evidence.traceroutes().any(|l| l.to() == to)
    {
        ruling.open = Some(Doubt {
            next_test: "walk the TTL along Zoom's UDP flow to the box that refuses it".to_owned(),
            questions: vec![walk(to, HTTPS, Transport::Tcp)],
        });
    }
    ruling
}

fn walk(to: SocketAddr, port: u16, by: Transport) -> Question {
    BESIDE.of(BesideFlow { to, transport: Transport::Udp, port, by })
}

/// Who refused by ICMP, if it was neither this computer nor the target.
fn refusal(seen: &Observation) -> Option<IpAddr> {
    seen.facts.iter().find_map(|fact| match fact {
        Fact::Icmp(icmp)
            if !icmp.own && icmp.from != seen.probe.target.address && icmp.meaning != IcmpMeaning::TimeExceeded =>
        {
            icmp.from
        }
        _ => None,
    })
}

/// Zoom's first port of media (KB0060548), and the one that everything else has in common.
const MEDIA: u16 = 8801;
const HTTPS: u16 = 443;
/// Walks of media's ports use up what routers say of ICMP, which is needed for what stops a sign-in.
const LATER: &str =
    "mend what stops the sign-in, then run why5003 again: packets to media's ports did not come to the last router";
const TEST_CALL: &str = "make a test call (https://zoom.us/test): nothing on this way tells where UDP ends";
