//! Nothing beyond the gateway answers.

use why5003_probes::model::{
    AddressScope, Fact, HopAnswer, How, IcmpError, IcmpMeaning, Layer, Observation, Transport, Via,
};

use super::prelude::*;

pub(super) const CAUSE: Cause = Cause {
    id: "path.internet-down",
    title: "This network has no internet",
    layer: Layer::Path,
    owner: Owner::Network,
    masks: &["dns.*", "filter.*", "tls.*", "zoom.*"],
    effects: &[Effect::NamesLost],
    meaning: "This computer is connected, but no neutral host and no independent resolver of any operator answers, \
              any more than Zoom does. The line beyond the gateway is down, or everything is closed and a proxy is required that is not set here.",
    proof: "curl -m 5 -sI https://example.com; curl -m 5 -sI https://1.1.1.1; ip neigh show",
    remedies: &[
        Mend {
            os: "any",
            who: Owner::User,
            text: "Restart the router or modem if it is yours; ask whether a proxy has to be set on this network.",
            command: "",
        },
        Mend {
            os: "any",
            who: Owner::Network,
            text: "Check the uplink of the router {address}, and whether a firewall closes all of TCP 443 and 80 from here; where a proxy is meant, say which.",
            command: "",
        },
        Mend { os: "any", who: Owner::Isp, text: "Restore the line, if the router's uplink is down.", command: "" },
    ],
    sources: &["RFC 1122, section 3.3.1"],
    rule,
};

fn rule(evidence: &Evidence) -> Ruling {
    let connected: Vec<u32> = evidence
        .attempts()
        .filter(|a| a.connected().is_some() && !matches!(a.role(), Role::Host | Role::Canary))
        // That a proxy is there is no word of what is beyond it; nor is a page that answers 200 to anything.
        .filter(|a| !a.proxied() || a.server_spoke_tls())
        .map(Attempt::id)
        .take(3)
        .collect();
    let answered =
        evidence.lookups().filter(|l| matches!(l.source(), Source::Independent(_)) && l.answers().count() > 0);
    let none_connects = connected.is_empty();
    let alive: Vec<u32> = connected.into_iter().chain(answered.map(Lookup::id).take(2)).collect();
    // What this computer itself refused never got as far as the path, and a RST says that somebody is there.
    let dead = |how| matches!(how, How::Silent | How::Unreachable | How::Prohibited | How::Expired);
    let tried: Vec<_> = evidence
        .attempts()
        .filter(|a| !a.proxied() && a.failure().is_some_and(|f| dead(f.how)) && !a.icmp().any(|i| i.own))
        .collect();
    let controls: BTreeSet<_> = tried.iter().filter(|a| a.role() == Role::Control).map(|a| a.to()).collect();
    if none_connects && controls.len() >= 2 && !alive.is_empty() {
        let next_test = "ask whether a proxy has to be set here: names are answered, and no TCP connection stands, to neutral hosts \
                         neither";
        let of_sign_in = tried.iter().find(|a| a.role() == Role::SignIn && a.host().is_some());
        let again = of_sign_in.map(|a| AGAIN.of(HostAt::new(a.host().unwrap_or_default(), a.to())));
        return Ruling::doubt(next_test, again.into_iter().collect());
    }
    if !alive.is_empty() {
        return Ruling::excluded(alive);
    }
    if controls.len() < 2 {
        return Ruling::silent();
    }
    let refuses = |a: &Attempt<'_>| a.tunnel().is_some_and(|t| matches!(t.status, 403 | 407 | 502..=504));
    if evidence.attempts().any(|a| a.proxied() && (refuses(&a) || evidence.is_sent(a))) {
        return Ruling::doubt(
            "mend the way through the proxy first: where one is in use, the direct way may be closed by design",
            Vec::new(),
        );
    }
    let mut because: Vec<u32> = tried.iter().map(|a| a.id()).collect();
    // Whose side of the gateway it is on cannot be told from the silence: a line that is down and a firewall that closes
    // everything look alike. How far a flow comes can.
    let traceroute = evidence.traceroutes().find(|l| controls.contains(&l.to()));
    because.extend(traceroute.map(Traceroute::id));
    let told = who_has_no_way(evidence);
    because.extend(told.map(|(id, _)| id));
    let location = where_it_ends(traceroute, told.map(|(_, address)| address));
    let confidence = if location.is_some() { Confidence::Probable } else { Confidence::Indicated };
    let question = controls.first().filter(|_| traceroute.is_none()).map(|to| HOW_FAR.of(*to));
    let open = question.map(|question| Doubt {
        next_test: "walk the TTL towards a neutral host".to_owned(),
        questions: vec![question],
    });
    Ruling { open, ..Ruling::claim(Claim { location, blocks: true, ..Claim::of(confidence, because) }) }
}

/// The first router that said that there is no way to a destination, or that it may not be reached; and the observation.
///
/// A Linux router without a route says so twice at once, and then once in two quiet seconds (`ip_error`). A later walk of the
/// TTL may therefore hear no more of it.
fn who_has_no_way(evidence: &Evidence) -> Option<(u32, IpAddr)> {
    let destination = |seen: &Observation| match seen.probe.via {
        Via::Dns { server, .. } => Some(server.ip()),
        Via::Direct => seen.probe.target.address,
        Via::System | Via::Proxy(_) => None,
    };
    let beyond =
        evidence.observations().iter().filter(|o| destination(o).is_some_and(|to| AddressScope::of(to).is_public()));
    let mut said = beyond.flat_map(|seen| {
        let errors = seen.facts.iter().filter_map(|f| if let Fact::Icmp(icmp) = f { Some(icmp) } else { None });
        errors.filter(|icmp| !icmp.own && refuses(icmp)).filter_map(|icmp| Some((seen.id, icmp.from?)))
    });
    said.next()
}

fn refuses(icmp: &IcmpError) -> bool {
    matches!(icmp.meaning, IcmpMeaning::NetworkUnreachable | IcmpMeaning::HostUnreachable | IcmpMeaning::Prohibited)
}

/// At the router that refuses the walk.
///
/// Else at the one that refused others, unless the walk passed it; else at the last router that the walk shows.
fn where_it_ends(traceroute: Option<Traceroute<'_>>, refuser: Option<IpAddr>) -> Option<Location> {
    let at = |(hop, address)| Location { hop: Some(hop), address: Some(address), next: None };
    let stopped = |traceroute: Traceroute<'_>| {
        let end = traceroute.hops().find(|h| matches!(h.came, HopAnswer::Unreachable | HopAnswer::Prohibited))?;
        Some((end.ttl, end.from?))
    };
    if let Some(end) = traceroute.and_then(stopped) {
        return Some(at(end));
    }
    let shown = |address| traceroute.is_some_and(|l| l.hops().any(|h| h.from == Some(address)));
    match refuser.filter(|address| !shown(*address)) {
        Some(address) => Some(Location { address: Some(address), ..Location::default() }),
        None => traceroute.and_then(Traceroute::last_router).map(at),
    }
}

/// How far does this flow come, where nothing is known to pass?
const HOW_FAR: Experiment<SocketAddr> =
    Experiment::new("how-far", |_, to| vec![probes::traceroute(Role::Control, *to, Transport::Tcp)]);
