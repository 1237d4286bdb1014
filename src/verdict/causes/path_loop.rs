//! Packets go round between two routers until their TTL is spent.

use why5003_probes::model::{HopAnswer, How, Layer, Stage, Transport};

use super::prelude::*;

pub(super) const CAUSE: Cause = Cause {
    id: "path.loop",
    title: "Packets to Zoom go round in a routing loop",
    layer: Layer::Path,
    owner: Owner::Network,
    masks: &["filter.drop", "filter.reject"],
    effects: &[],
    meaning: "Connections to this prefix end with an expired TTL, as if Zoom were a hundred routers away, and a walk of the TTL meets the same \
              routers again and again: each holds the other for the way to Zoom. Other destinations pass the same routers.",
    proof: "tracepath -n 170.114.52.2; ip route get 170.114.52.2",
    remedies: &[
        Mend {
            os: "any",
            who: Owner::Network,
            text: "Compare the routes for {prefix} at {address} and at the router that it alternates with: one of them lacks the route, or has \
                   one that points back. A default route and a summary route without a discard route is the usual reason.",
            command: "",
        },
        Mend {
            os: "any",
            who: Owner::Isp,
            text: "If the two routers are the provider's, give it this report.",
            command: "",
        },
        ANOTHER_NETWORK,
    ],
    sources: &["RFC 1812, section 5.3.1 (TTL)", "RFC 792 (time exceeded)"],
    rule,
};

fn rule(evidence: &Evidence) -> Ruling {
    let aimed = aimed(evidence);
    let expired: Vec<_> = aimed.iter().copied().filter(|a| a.ended(Stage::Connect, How::Expired)).collect();
    let Some(first) = expired.first() else {
        let passing = aimed.iter().filter(|a| a.connected().is_some()).map(|a| a.id()).take(3).collect();
        return Ruling::excluded(passing);
    };
    let traceroute =
        evidence.traceroutes().find(|l| expired.iter().any(|a| a.to() == l.to()) && l.transport() == Transport::Tcp);
    let Some(traceroute) = traceroute else {
        let passing = a_passing_control(evidence, first.to());
        let questions = passing.map(|passing| WHERE.of(Where::tcp(first.to(), passing)));
        return Ruling::doubt(
            "walk the TTL along Zoom's flow: a loop shows the same routers again and again",
            questions.into_iter().collect(),
        );
    };
    let Some((hop, address, next)) = cycle(traceroute) else {
        return Ruling::doubt(
            "trace the way to Zoom with tracepath: its packets expire on the way, and no router shows itself twice",
            Vec::new(),
        );
    };
    let because = expired.iter().map(|a| a.id()).chain([traceroute.id()]).collect();
    let prefix = first.settings().prefix.map(|prefix| prefix.to_string());
    let details = [("prefix", prefix), ("between", Some(format!("{address} and {next}")))];
    Ruling::claim(Claim {
        location: Some(Location { hop: Some(hop), address: Some(address), next: Some(next) }),
        details: details.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect(),
        ..Claim::about(
            evidence,
            &expired,
            if expired.len() >= 2 { Confidence::Proven } else { Confidence::Probable },
            because,
        )
    })
}

/// Where the way turns back: the last hop before a router shows itself again, its router, and the one that sends back.
fn cycle(traceroute: Traceroute<'_>) -> Option<(u8, IpAddr, IpAddr)> {
    let shown: Vec<(u8, IpAddr)> =
        traceroute.hops().filter(|h| h.came == HopAnswer::Expired).filter_map(|h| Some((h.ttl, h.from?))).collect();
    let again = |at: &(u8, IpAddr)| shown.iter().filter(|other| other.1 == at.1).count() >= 2;
    let (hop, address) = *shown.iter().find(|at| again(at))?;
    let next = shown.iter().find(|other| other.0 > hop && other.1 != address)?.1;
    Some((hop, address, next))
}
