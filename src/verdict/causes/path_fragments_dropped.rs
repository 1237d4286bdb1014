//! Datagrams that travel in fragments are lost, and whole ones are not.

use why5003_probes::model::{Fact, HopAnswer, Layer, Observation, ProbeName, Target, Transport};

use super::prelude::*;

pub(super) const CAUSE: Cause = Cause {
    id: "path.fragments-dropped",
    title: "Datagrams in fragments are lost on this network",
    layer: Layer::Path,
    owner: Owner::Network,
    masks: &[],
    effects: &[],
    meaning: "Servers of two operators answer whole datagrams every time, and on the same flow never one that travels in two fragments. So a box on \
              the way drops fragments: a filter that probes at ports finds none in any but the first. Sign-in and meetings do not need fragments; \
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
    let probes: Vec<_> = evidence.observations().iter().filter(|o| o.probe.kind == ProbeName::Fragments).collect();
    // Routers are addresses alone; they tell the place.
    let (servers, routers): (Vec<_>, Vec<_>) = probes.into_iter().partition(|seen| seen.probe.target.host.is_some());
    let passing: Vec<u32> = servers.iter().filter(|seen| arrive(seen)).map(|seen| seen.id).collect();
    if !passing.is_empty() {
        return Ruling::excluded(passing);
    }
    let lost: Vec<_> = servers.into_iter().filter(|seen| loses_fragments(seen)).collect();
    let names: BTreeSet<_> = lost.iter().filter_map(|seen| seen.probe.target.host.as_deref()).collect();
    match names.len() {
        0 => return Ruling::silent(),
        // One server's own firewall may be it. The way is walked meanwhile: it is what is asked next, if it is not.
        1 => {
            let walk = lost.iter().find_map(|seen| seen.probe.target.socket()).map(|to| ROUTERS_TO.of(to));
            let questions = [FRAGMENTS.of(())].into_iter().chain(walk).collect();
            return Ruling::doubt("send fragments to a server of another operator", questions);
        }
        _ => {}
    }
    let way = lost.iter().find_map(|seen| {
        let to = seen.probe.target.socket()?;
        evidence.traceroutes().find(|l| l.to() == to && l.transport() == Transport::Udp)
    });
    let (location, open) = match way {
        None => (None, lost.first().and_then(|seen| seen.probe.target.socket()).map(|to| ROUTERS_TO.of(to))),
        Some(_) if !routers.is_empty() => (way.and_then(|way| between(way, &routers)), None),
        Some(way) => {
            let routers: Vec<IpAddr> = shown(way).map(|(_, address)| address).collect();
            (None, (!routers.is_empty()).then_some(FRAGMENTS_AT.of(routers)))
        }
    };
    let because = lost.iter().chain(&routers).map(|seen| seen.id).chain(way.map(Traceroute::id)).collect();
    let scope = Scope { ports: vec!["udp".to_owned()], ..Scope::default() };
    let ruling = Ruling::claim(Claim { location, scope, ..Claim::of(Confidence::Indicated, because) });
    let next_test = "send fragments to the routers on the way, one by one".to_owned();
    Ruling { open: open.map(|question| Doubt { next_test, questions: vec![question] }), ..ruling }
}

/// The last router that fragments arrive at, and the next one that has only whole datagrams.
fn between(way: Traceroute<'_>, routers: &[&Observation]) -> Option<Location> {
    let at = |address: IpAddr| routers.iter().copied().find(|seen| seen.probe.target.address == Some(address));
    let told: Vec<_> = shown(way).filter_map(|(hop, address)| Some((hop, address, at(address)?))).collect();
    let (hop, address, _) = *told.iter().rfind(|(_, _, seen)| arrive(seen))?;
    let lacks = |seen: &Observation| tries(seen).any(|pair| pair == (true, false));
    let next = told.iter().find(|(beyond, _, seen)| *beyond > hop && lacks(seen))?.1;
    Some(Location { hop: Some(hop), address: Some(address), next: Some(next) })
}

/// The routers on the way, nearest first.
fn shown(way: Traceroute<'_>) -> impl Iterator<Item = (u8, IpAddr)> {
    way.hops().filter(|hop| hop.came == HopAnswer::Expired).filter_map(|hop| Some((hop.ttl, hop.from?)))
}

fn arrive(seen: &Observation) -> bool {
    tries(seen).any(|(_, in_fragments)| in_fragments)
}

/// Whole ones were answered at every try, and those in fragments at none, for long enough to believe the silence.
fn loses_fragments(seen: &Observation) -> bool {
    let waited = seen.failure.as_ref().and_then(|failure| failure.waited_ms);
    waited.is_some_and(|ms| ms >= FLOOR_MS)
        && tries(seen).count() >= FLOOR_TRIES
        && tries(seen).all(|(whole, in_fragments)| whole && !in_fragments)
}

/// Whether the whole datagram and the one in fragments were answered, try by try: the probe tells them in pairs.
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

/// Do fragments reach a second neutral STUN server? By name: its addresses lead to a datagram, and that to one in fragments.
const FRAGMENTS: Experiment<()> = Experiment::new("fragments", |setup, ()| {
    let others = setup.catalogue.stun.iter().skip(1).filter_map(|stun| stun.target.host.as_deref());
    others.take(1).map(|name| probes::by_system(name, Role::Resolver)).collect()
});

/// Which routers does a datagram to this server meet?
const ROUTERS_TO: Experiment<SocketAddr> = Experiment::new("routers-to", |_, to| vec![probes::stun_traceroute(*to)]);

/// Do fragments arrive at these routers themselves, nearest first?
const FRAGMENTS_AT: Experiment<Vec<IpAddr>> =
    Experiment::new("fragments-at", |_, routers| routers.iter().take(ROUTERS).copied().map(at_a_router).collect());

/// Nobody listens there: a router that has both fragments says so.
fn at_a_router(router: IpAddr) -> Probe {
    Probe::new(ProbeName::Fragments, Role::Control, Target::udp(SocketAddr::new(router, probes::TRACEROUTE)))
}

/// How many routers are sent fragments to.
const ROUTERS: usize = 8;
