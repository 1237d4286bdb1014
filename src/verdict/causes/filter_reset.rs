//! A box on the way resets connections to Zoom.

use why5003_probes::model::{How, IcmpMeaning, Layer, Stage, Transport};

use super::prelude::*;

pub(super) const CAUSE: Cause = Cause {
    id: "filter.reset",
    title: "A filter resets connections to Zoom",
    layer: Layer::Filter,
    owner: Owner::Network,
    masks: &["filter.sni", "filter.tls-version", "filter.large-clienthello", "filter.media-tcp"],
    effects: &[],
    meaning: "Connections to Zoom's addresses end with a RST, at several addresses and whatever server name the hello carries, while neutral hosts \
              work, and take Zoom's name too. A RST that still comes back when the TTL is too small to reach the server is forged on the way.",
    proof: "sudo -v; sudo timeout 10 tcpdump -nvi any 'tcp[tcpflags] & tcp-rst != 0 and port 443' & sleep 1; curl -sI https://zoom.us",
    remedies: &[
        Mend {
            os: "any",
            who: Owner::Network,
            text: "On the filter at {address} or just behind it, allow TCP 443 (Zoom lists TCP 80 too) outbound to zoom.us, *.zoom.us, zoom.com and *.zoom.com by name: Zoom publishes no \
                   addresses for its web service. Where rules know no names, allow all prefixes that the commands print. Look there for an application or reputation rule that matches Zoom.",
            command: "why5003 catalogue show meetings\nwhy5003 catalogue show cdn",
        },
        ANOTHER_NETWORK,
    ],
    sources: &["RFC 9293, section 3.5.3 (reset)", "RFC 3360", "Zoom KB0060548 (firewall rules)"],
    rule,
};

fn rule(evidence: &Evidence) -> Ruling {
    let aimed = aimed(evidence);
    let whole: Vec<u32> = aimed.iter().filter(|a| a.handshake().is_some()).map(|a| a.id()).take(3).collect();
    let passes = |host: Option<&str>| aimed.iter().any(|a| a.host() == host && a.handshake().is_some());
    let aimed: Vec<_> = aimed.iter().copied().filter(|a| !passes(a.host())).collect();
    if aimed.is_empty() {
        return Ruling::excluded(whole);
    }
    let controls = controls_that_speak_tls(evidence);
    if controls.is_empty() {
        return Ruling::silent();
    }
    let refused =
        |a: &Attempt<'_>| a.ended(Stage::Connect, How::Refused) && !named_a_port(*a) && family_works(evidence, *a);
    let on_syn: Vec<_> = aimed.iter().copied().filter(refused).collect();
    if !on_syn.is_empty() {
        return forged_on_syn(evidence, &on_syn, controls);
    }
    // A RST that is quick enough ends the connect itself, though the SYN-ACK had come.
    let reset = |a: &Attempt<'_>| {
        a.ended(Stage::Hello, How::Reset) || a.ended(Stage::Hello, How::Closed) || a.ended(Stage::Connect, How::Reset)
    };
    let on_hello: Vec<_> = aimed.iter().copied().filter(reset).collect();
    match on_hello.first() {
        Some(first) => forged_on_hello(evidence, *first, &on_hello, controls),
        None => Ruling::excluded(whole),
    }
}

/// A RST to the hello, whatever name it carries and whatever its form.
fn forged_on_hello(evidence: &Evidence, first: Attempt<'_>, reset: &[Attempt<'_>], controls: Vec<u32>) -> Ruling {
    let (host, to) = (first.host().unwrap_or_default(), first.to());
    let there = || evidence.attempts_at(host).filter(|a| a.to() == to);
    let others: Vec<_> = there().filter(|a| a.other_name().is_some()).collect();
    if others.is_empty() {
        let questions = vec![OTHER_NAMES.of(HostAt::new(host, to))];
        return Ruling::doubt("send the same address another server name, and none", questions);
    }
    // A hello of another form that passes there: the filter minds the form.
    let of_other_form = there().filter(|a| a.other_name().is_none() && a.handshake().is_some());
    let of_other_form: Vec<u32> = of_other_form.map(Attempt::id).collect();
    if !of_other_form.is_empty() {
        return Ruling::excluded(of_other_form);
    }
    if others.iter().any(|a| a.server_spoke_tls()) {
        return Ruling::excluded(others.iter().map(|a| a.id()).collect());
    }
    let addresses: BTreeSet<_> = reset.iter().map(|a| a.to()).collect();
    if addresses.len() < 2 {
        return Ruling::doubt("try other addresses of Zoom's prefixes", vec![OTHER_PREFIXES.of(())]);
    }
    let takes_the_name =
        |a: &Attempt<'_>| a.role() == Role::Control && a.other_name().is_some() && a.server_spoke_tls();
    let neutral = controls.into_iter().take(2).chain(evidence.attempts().filter(takes_the_name).map(Attempt::id));
    let (location, traceroutes, question) = locate_hello(evidence, host, to, Trigger::Presence).parts();
    let because = reset.iter().chain(&others).map(|a| a.id()).chain(neutral).chain(traceroutes).collect();
    // A RST that comes back though the hello could not reach Zoom is forged.
    let confidence = if location.is_some() { Confidence::Confirmed } else { Confidence::Indicated };
    let next_test = format!("walk the TTL of a hello to {to}");
    Ruling {
        claims: vec![Claim { location, ..Claim::about(evidence, reset, confidence, because) }],
        open: question.map(|question| Doubt { next_test, questions: vec![question] }),
        ..Ruling::silent()
    }
}

/// A refusal by ICMP names its sender: that is `filter.reject`.
fn named_a_port(attempt: Attempt<'_>) -> bool {
    attempt.icmp().any(|i| i.meaning == IcmpMeaning::PortUnreachable)
}

/// A RST to the SYN: forged only if it comes from nearer than the server is.
fn forged_on_syn(evidence: &Evidence, refused: &[Attempt<'_>], controls: Vec<u32>) -> Ruling {
    let Some(to) = refused.first().map(|a| a.to()) else { return Ruling::silent() };
    let traceroute = evidence.traceroutes().find(|l| l.to() == to);
    let Some(traceroute) = traceroute else {
        let questions = a_passing_control(evidence, to)
            .map(|passing| WHERE.of(Where::tcp(to, passing)))
            .into_iter()
            .chain([STATUS_PAGE.of(())])
            .collect();
        return Ruling::doubt(
            "walk the TTL: does the RST still come back when the packet cannot reach Zoom?",
            questions,
        );
    };
    let host = refused.first().and_then(|a| a.host()).unwrap_or_default().to_owned();
    let again = vec![AGAIN.of(HostAt::new(host, to))];
    if refused.len() < 2 {
        return Ruling::doubt("try the same address again: one reset is none", again);
    }
    let neutral = the_address_by_another_port(evidence, traceroute).or_else(|| {
        evidence.traceroutes().filter(|l| l.to() != to && l.transport() == Transport::Tcp).max_by_key(|l| l.reach())
    });
    let (Some(at), Some(neutral)) = (traceroute.answered_at(), neutral) else {
        return Ruling::doubt(
            "compare the TTL of the RST with that of a SYN-ACK from the same address (needs root)",
            again,
        );
    };
    // A router of the neutral flow's path answers at the hop from which Zoom's RST came: so the RST came from no server.
    let Some(router) = neutral.router_at(at) else {
        if neutral.to().ip() == to.ip() && neutral.answered_at() == Some(at) {
            return Ruling::excluded(vec![traceroute.id(), neutral.id()]);
        }
        let another_port = ANOTHER_PORT.of(to);
        return Ruling::doubt(
            "compare the TTL of the RST with that of a SYN-ACK from the same address (needs root)",
            again.into_iter().chain([another_port]).collect(),
        );
    };
    let because = refused
        .iter()
        .map(|a| a.id())
        .chain([traceroute.id(), neutral.id()])
        .chain(controls.into_iter().take(2))
        .collect();
    let before = at.checked_sub(1).and_then(|ttl| traceroute.router_at(ttl));
    // At the first hop it came from this computer or from something before the first router, which passed the other on.
    let location = match before {
        None if at == 1 => Location { hop: Some(0), address: None, next: Some(router) },
        _ => Location { hop: at.checked_sub(1), address: before, next: Some(router) },
    };
    let hop = location.hop.filter(|hop| *hop > 0 && before.is_some());
    let mut claim = Claim {
        owner: (at == 1).then_some(Owner::User),
        location: Some(location),
        ..Claim::about(evidence, refused, if at == 1 { NEAR } else { Confidence::Isolated }, because)
    };
    let open = hop.and_then(|hop| covered(evidence, hop, &mut claim));
    Ruling { claims: vec![claim], open, ..Ruling::silent() }
}

/// A RST from before the first router may be this computer's own.
const NEAR: Confidence = Confidence::Ambiguous;

/// At which hop does the same address answer by another port? Zoom's web hosts answer plain HTTP too, with a redirect.
const ANOTHER_PORT: Experiment<SocketAddr> = Experiment::new("another-port", |_, to| {
    vec![probes::traceroute(Role::Range, SocketAddr::new(to.ip(), probes::HTTP), Transport::Tcp)]
});
