//! A named box refuses connections to Zoom by ICMP.

use ipnet::IpNet;
use why5003_probes::model::{Hop, HopAnswer, How, IcmpError, IcmpMeaning, Layer, Stage, Transport};

use super::prelude::*;

pub(super) const CAUSE: Cause = Cause {
    id: "filter.reject",
    title: "A filter rejects connections to Zoom, and says so by ICMP",
    layer: Layer::Filter,
    owner: Owner::Network,
    masks: &["filter.drop", "filter.reset", "filter.media-tcp"],
    effects: &[],
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
        ANOTHER_NETWORK,
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
        return Ruling::doubt("try the same address again", vec![AGAIN.of(HostAt::new(host, first.to()))]);
    }
    let expired_there = |h: &&Hop| h.from == icmp.from && h.came == HopAnswer::Expired;
    let hop = evidence.traceroutes().flat_map(Traceroute::hops).find(expired_there).map(|h| h.ttl);
    let prohibited = refused.iter().any(|(_, i)| i.meaning == IcmpMeaning::Prohibited);
    let tries: Vec<_> = refused.iter().map(|(a, _)| *a).chain(unheard(&aimed, &refused)).collect();
    let because = tries.iter().map(|a| a.id()).chain(controls.into_iter().take(2)).collect();
    // Whose packets came past the same box.
    let beyond =
        |hop| evidence.traceroutes().filter(|l| l.router_at(hop) == icmp.from).find_map(|l| l.router_after(hop));
    let next = hop.and_then(beyond).map(|(_, next)| next);
    let mut claim = Claim {
        location: Some(Location { hop, address: icmp.from, next }),
        details: [("icmp".to_owned(), format!("type {} code {}", icmp.kind, icmp.code))].into(),
        ..Claim::about(evidence, &tries, if prohibited { Confidence::Proven } else { Confidence::Likely }, because)
    };
    let open = match hop {
        Some(hop) => covered(evidence, hop, &mut claim),
        None => where_it_stands(evidence, first.to()),
    };
    Ruling { claims: vec![claim], open, ..Ruling::silent() }
}

/// Which hop the box is. A neutral flow is walked first, and alone: it asks the box at its own hop only. A walk of Zoom's flow
/// would have every packet refused there, and use up the few ICMP errors that the box still sends.
fn where_it_stands(evidence: &Evidence, to: SocketAddr) -> Option<Doubt> {
    let passing = a_passing_control(evidence, to)?;
    let walked = |to| evidence.traceroutes().any(|l| l.to() == to && l.transport() == Transport::Tcp);
    let (next_test, question) = match (walked(passing), walked(to)) {
        (false, _) => ("walk the TTL along a neutral flow", NEUTRAL_WAY.of(passing)),
        // It does not come by the box, or the box has another address on its way.
        (true, false) => ("walk the TTL along Zoom's flow too", WHERE.of(Where::tcp(to, passing))),
        (true, true) => return None,
    };
    Some(Doubt { next_test: next_test.to_owned(), questions: vec![question] })
}

/// Silent tries where Zoom answers nowhere, or nowhere in a prefix of which others were refused. The box limits the ICMP
/// errors that it sends (Linux: one a second for each host, `net.ipv4.icmp_ratelimit`). So only a few of many tries at once
/// hear of its refusal.
fn unheard<'a>(aimed: &[Attempt<'a>], refused: &[(Attempt<'a>, &IcmpError)]) -> Vec<Attempt<'a>> {
    let nowhere = !aimed.iter().any(|a| a.connected().is_some());
    let of = |a: &Attempt<'_>, prefix: IpNet| a.settings().prefix == Some(prefix);
    let shut = |a: &Attempt<'_>| {
        a.settings().prefix.is_some_and(|prefix| {
            let passes = aimed.iter().any(|a| of(a, prefix) && a.connected().is_some());
            !passes && refused.iter().filter(|(r, _)| of(r, prefix)).count() >= 2
        })
    };
    let heard = |a: &Attempt<'_>| refused.iter().any(|(r, _)| r.id() == a.id());
    aimed
        .iter()
        .copied()
        .filter(|a| a.ended(Stage::Connect, How::Silent) && !heard(a) && (nowhere || shut(a)))
        .collect()
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

/// Which routers does this neutral flow meet, asked when nothing else makes them spend their errors?
const NEUTRAL_WAY: Experiment<SocketAddr> = Experiment {
    quiet: true,
    beside: Beside::NothingThatBegins,
    ..Experiment::new("neutral-way", |_, to| vec![probes::traceroute(Role::Control, *to, Transport::Tcp)])
};
