//! Everything to a prefix is lost at one hop, whatever the port and the protocol.

use why5003_probes::model::{How, Layer, Stage, Transport};

use super::prelude::*;

pub(super) const CAUSE: Cause = Cause {
    id: "path.blackhole",
    title: "Everything to this prefix of Zoom's is lost at one hop",
    layer: Layer::Path,
    owner: Owner::Network,
    masks: &["filter.drop"],
    effects: &[],
    meaning: "TCP 443, TCP 80 and UDP to the same address of Zoom's die at the same hop, where other destinations pass. So it is not a port or a \
              protocol that is filtered but the destination: a route that leads nowhere (a discard route, a dead tunnel, a withdrawn \
              announcement), or a rule that drops the whole prefix.",
    proof: "tracepath -n 170.114.52.2; why5003 probe tcp 170.114.52.2:80 --set traceroute=24; why5003 probe udp 170.114.52.2:33434 --set traceroute=24",
    remedies: &[
        Mend {
            os: "any",
            who: Owner::Network,
            text: "Look up the route for {prefix} at {address} and at the next router, and remove the one that discards it; then look for a rule that \
                   drops the prefix, and allow it.",
            command: "",
        },
        Mend { os: "any", who: Owner::Isp, text: "If the router is the provider's, give it this report.", command: "" },
        ANOTHER_NETWORK,
    ],
    sources: &["RFC 5635 (remotely triggered black hole)", "RFC 1812, section 5.3.1 (TTL)"],
    rule,
};

fn rule(evidence: &Evidence) -> Ruling {
    let aimed = aimed(evidence);
    let silent: Vec<_> = aimed
        .iter()
        .copied()
        .filter(|a| a.ended(Stage::Connect, How::Silent) && family_works(evidence, *a))
        .filter(|a| a.failure().and_then(|f| f.waited_ms).is_some_and(|ms| ms >= DROP_FLOOR_MS))
        .collect();
    let Some(first) = first_walked(evidence, &silent) else { return Ruling::silent() };
    let of_it: Vec<_> = silent.iter().copied().filter(|a| a.settings().prefix == first.settings().prefix).collect();
    let addresses: BTreeSet<_> = of_it.iter().map(|a| a.to()).collect();
    if addresses.len() < 2 && aimed.iter().any(|a| a.to() != first.to()) {
        return Ruling::silent();
    }
    // A box that refuses by ICMP, and limits how much of it, is heard of some and not of others: of other prefixes too, where
    // it lets nothing of Zoom's pass.
    let nowhere = !aimed.iter().any(|a| a.connected().is_some());
    let near = |a: &Attempt<'_>| nowhere || a.settings().prefix == first.settings().prefix;
    let refused = |a: &Attempt<'_>| near(a) && a.icmp().next().is_some();
    if aimed.iter().any(refused) {
        return Ruling::silent();
    }
    let others: Vec<_> = evidence
        .traceroutes()
        .filter(|l| l.to().ip() == first.to().ip() && l.to().port() != first.to().port())
        .collect();
    let (tcp, udp): (Vec<_>, Vec<_>) = others.iter().copied().partition(|l| l.transport() == Transport::Tcp);
    let place = locate_flow(evidence, first.to(), Transport::Tcp);
    let ids: Vec<u32> = others.iter().map(|l| l.id()).collect();
    let hop = place.as_ref().and_then(|p| p.location.hop).unwrap_or(0);
    let ends_there = |l: &Traceroute<'_>| l.answered_at().is_none() && l.reach().unwrap_or(0) == hop;
    let found = place.as_ref().is_some_and(|p| !p.open_to_the_end && !p.past_the_shared_way);
    // One that goes on is enough to tell.
    if found && !others.iter().all(ends_there) {
        return Ruling::excluded(ids);
    }
    if tcp.is_empty() || udp.is_empty() {
        let questions = vec![EVERYTHING.of(first.to().ip())];
        return Ruling::doubt("walk the TTL along other ports and protocols to the same address", questions);
    }
    // One address is none to judge a prefix by; the walks to it take their time, and were begun while others were asked for.
    let Some(place) = place.filter(|_| found && addresses.len() >= 2) else { return Ruling::silent() };
    // Short of the first router, a firewall of this computer's own is as likely.
    let (Some(_), true) = (place.location.next, place.location.hop.is_some_and(|hop| hop > 0)) else {
        return Ruling::silent();
    };
    let because = of_it.iter().map(|a| a.id()).chain(place.ids.iter().copied()).chain(ids).collect();
    let details = [("prefix", first.settings().prefix.map(|p| p.to_string()))];
    Ruling::claim(Claim {
        location: Some(place.location),
        details: details.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect(),
        ..Claim::about(evidence, &silent, Confidence::Isolated, because)
    })
}

/// Do other ports and protocols to this address die where TCP 443 does?
const EVERYTHING: Experiment<IpAddr> = Experiment::new("everything", |_, address| {
    let to = |port| SocketAddr::new(*address, port);
    vec![
        probes::traceroute(Role::Range, to(probes::HTTP), Transport::Tcp),
        probes::traceroute(Role::Range, to(probes::TRACEROUTE), Transport::Udp),
    ]
});
