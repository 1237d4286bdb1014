//! TCP to the range of Zoom's media servers is closed.

use why5003_probes::model::{How, Layer, Observation, ProbeName, Transport};

use super::prelude::*;
use crate::verdict::measure::media::{came_to_the_last_router, may_walk, place_beside, ports_of, stopped_short};

pub(super) const CAUSE: Cause = Cause {
    id: "filter.media-tcp",
    title: "A filter blocks TCP to Zoom's media servers",
    layer: Layer::Filter,
    owner: Owner::Network,
    masks: &[],
    effects: &[],
    meaning: "TCP to ports 443 or 8801 of Zoom's media range dies on the way, at a hop that other packets to the same address pass, or is refused \
              short of it. Where UDP is closed too, media has no way left; where it is open, meetings lose only their fallback. Sign-in goes to \
              other addresses: this is never error 5003 by itself.",
    proof: "sudo traceroute -T -p 8801 162.255.37.14\nsudo traceroute -U -p 3478 162.255.37.14",
    remedies: &[Mend {
        os: "any",
        who: Owner::Network,
        text: "On the filter at {address} or just behind it, allow TCP 443, 8801 and 8802 outbound to all prefixes that the command prints.",
        command: "why5003 catalogue show meetings",
    }],
    sources: &["Zoom KB0060548 (TCP 443, 8801, 8802)", "RFC 1812, section 5.3.1 (TTL)"],
    rule,
};

fn rule(evidence: &Evidence) -> Ruling {
    // Where no TCP leaves but through a proxy, nobody filters media: its TCP goes through the proxy as well.
    if controls_that_connect(evidence).is_empty() {
        return Ruling::silent();
    }
    let dying: Vec<&Observation> = evidence
        .observations()
        .iter()
        .filter(|o| {
            o.probe.role == Role::Media && o.probe.settings.ttl.is_some() && o.probe.settings.traceroute.is_none()
        })
        .collect();
    let Some(base) = dying.iter().copied().find(|o| came_to_the_last_router(o)) else { return beside_udp(evidence) };
    let (stopped, passing): (Vec<&Observation>, Vec<&Observation>) =
        dying.iter().copied().filter(|o| o.probe.kind == ProbeName::Tcp).partition(|o| stopped_short(o));
    let Some(to) = stopped.first().and_then(|o| o.probe.target.socket()) else {
        return Ruling::excluded(passing.iter().map(|o| o.id).collect());
    };
    let Some(location) = place_beside(evidence, to, Transport::Tcp) else {
        if walked(evidence, to) || udp_comes_first(evidence, &dying) || !may_walk(evidence) {
            return Ruling::silent();
        }
        let Some((port, by)) = base.probe.target.port else { return Ruling::silent() };
        let question = BESIDE.of(BesideFlow { to, transport: Transport::Tcp, port, by });
        return Ruling::doubt(format!("walk the TTL along TCP to {to} and along {by} to port {port}"), vec![question]);
    };
    let traceroutes = evidence.traceroutes().filter(|l| l.to().ip() == to.ip()).map(Traceroute::id);
    let because = stopped.iter().map(|o| o.id).chain([base.id]).chain(traceroutes).collect();
    Ruling::claim(Claim {
        location: Some(location),
        scope: ports_of(&stopped),
        ..Claim::of(Confidence::Probable, because)
    })
}

/// Media's UDP is silent, so that nothing told how far its server is: TCP is walked beside it.
fn beside_udp(evidence: &Evidence) -> Ruling {
    let silent = |o: &&Observation| {
        let plain = o.probe.settings.traceroute.is_none()
            && o.probe.settings.exchange.is_none()
            && o.probe.settings.ttl.is_none();
        o.probe.kind == ProbeName::Udp
            && o.probe.role == Role::Media
            && plain
            && o.failure.as_ref().is_some_and(|f| f.how == How::Silent)
    };
    let answered =
        |o: &Observation| o.probe.kind == ProbeName::Udp && o.probe.role == Role::Media && o.failure.is_none();
    if evidence.observations().iter().any(answered) {
        return Ruling::silent();
    }
    let udp = evidence.observations().iter().find(silent).and_then(|o| o.probe.target.socket());
    let Some(udp) = udp.filter(|_| may_walk(evidence)) else { return Ruling::silent() };
    let to = SocketAddr::new(udp.ip(), MEDIA);
    if !walked(evidence, to) {
        let question = BESIDE.of(BesideFlow { to, transport: Transport::Tcp, port: HTTPS, by: Transport::Tcp });
        return Ruling::doubt(format!("walk the TTL along TCP to {to}"), vec![question]);
    }
    let of_flow: Vec<u32> = evidence.traceroutes().filter(|l| l.to().ip() == to.ip()).map(Traceroute::id).collect();
    match place_beside(evidence, to, Transport::Tcp) {
        Some(location) => Ruling::claim(Claim {
            location: Some(location),
            scope: Scope { ports: vec![format!("tcp/{MEDIA}")], ..Scope::default() },
            ..Claim::of(Confidence::Indicated, of_flow)
        }),
        None => Ruling::excluded(of_flow),
    }
}

fn walked(evidence: &Evidence, to: SocketAddr) -> bool {
    evidence.traceroutes().any(|l| l.to() == to && l.transport() == Transport::Tcp)
}

/// A walk of UDP to the same address is still to be made: many at once would use up what routers say of ICMP.
fn udp_comes_first(evidence: &Evidence, dying: &[&Observation]) -> bool {
    dying.iter().any(|o| o.probe.kind == ProbeName::Udp && stopped_short(o))
        && !evidence.traceroutes().any(|l| l.transport() == Transport::Udp)
}

/// Zoom's first port of media, and the one that everything else has in common (KB0060548).
const MEDIA: u16 = 8801;
const HTTPS: u16 = 443;
