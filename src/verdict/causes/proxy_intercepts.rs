//! Somebody on the way takes connections in the servers' place: a transparent proxy, or a firewall's SYN proxy.

use why5003_probes::model::{Family, How, Layer, Stage, Transport};

use super::prelude::*;

pub(super) const TRANSPARENT: Cause = Cause {
    id: "proxy.transparent",
    title: "A transparent proxy takes the connections to Zoom, and does not carry them on",
    layer: Layer::Proxy,
    owner: Owner::Network,
    masks: MASKED,
    effects: &[],
    meaning: "Connections to addresses that nobody can own (RFC 5737) are taken at TCP 443, and what is sent there is heard: a proxy on the way ends \
              every connection and makes its own. It lets neutral hosts pass and not Zoom. What lies behind it cannot be seen from here, so \
              its rules and its own way to Zoom come first. A proxy that answers and hears nothing is proxy.syn.",
    proof: "curl -v -m 5 https://192.0.2.1; sudo traceroute -T -p 443 192.0.2.1",
    remedies: &[
        Mend {
            os: "any",
            who: Owner::Network,
            text: "On the transparent proxy at {address} or just behind it, let *.zoom.us and *.zoom.com pass untouched (in squid: `ssl_bump splice`), or exempt Zoom's addresses from the redirection; then look at its log for zoom.us.",
            command: "why5003 catalogue show meetings",
        },
        ANOTHER_NETWORK,
    ],
    sources: &["RFC 5737", "RFC 9110, section 3.7 (interception proxy)", "Zoom KB0060548 (proxy)"],
    rule: transparent,
};

pub(super) const SYN: Cause = Cause {
    id: "proxy.syn",
    title: "A SYN proxy answers in Zoom's place, and nothing behind it does",
    layer: Layer::Proxy,
    owner: Owner::Network,
    // Every flow that TCP is held against ends at the firewall: media's too.
    masks: &["path.mtu-blackhole", "filter.*"],
    effects: &[],
    meaning: "A firewall forges the SYN-ACK and opens its window only once the server has answered (a SYN proxy, against floods). Zoom's connections \
              seem to stand, and not a byte of the hello is ever acknowledged: nothing behind the firewall answers for Zoom. That a \
              port connects is no evidence here, so what stops the flow behind it cannot be told by connections.",
    proof: "curl -v -m 5 https://192.0.2.1; sudo tcpdump -nvi any 'tcp[13] = 18 and tcp[14:2] = 0 and port 443'",
    remedies: &[
        Mend {
            os: "any",
            who: Owner::Network,
            text: "On the firewall at {address} or just behind it, exempt TCP 443 to Zoom from SYN protection, and look there at what becomes of the connection that it opens itself: it must be let out, and routed, to Zoom.",
            command: "why5003 catalogue show meetings",
        },
        ANOTHER_NETWORK,
    ],
    sources: &["RFC 4987, section 3.7 (SYN proxies)", "nft(8), synproxy statement", "RFC 5737"],
    rule: syn,
};

/// What a connection that somebody else took says nothing of.
const MASKED: &[&str] = &[
    "path.mtu-blackhole",
    "filter.drop",
    "filter.reset",
    "filter.reject",
    "filter.sni",
    "filter.large-clienthello",
    "filter.tls-version",
    "filter.after-handshake",
    "filter.block-page",
];

fn transparent(evidence: &Evidence) -> Ruling {
    let suspects = suspects(evidence);
    let Some(first) = suspects.first().copied() else { return Ruling::silent() };
    let asked: Vec<u32> = to_nobody(evidence).map(Attempt::id).collect();
    if asked.is_empty() {
        return Ruling::doubt(
            "connect to an address that nobody can own, and walk the TTL to who answers for Zoom: nearer than Zoom it is somebody else",
            vec![NOBODY.of(first.to()), APPROACH.of(first.to())],
        );
    }
    match taken_for_nobody(evidence) {
        Some(nobody) if deaf(nobody) == Some(false) => ruled(evidence, &suspects, Some(nobody), Kind::Transparent),
        Some(_) => Ruling::silent(),
        // What takes Zoom's connections alone, and answers them with a page, is a filter that says so.
        None if first.failure().is_some_and(|f| f.how == How::Malformed) => Ruling::excluded(asked),
        // It may do so for Zoom's addresses alone: then its answer comes from nearer than the routers before Zoom.
        None if deaf(first) == Some(false) && nearer_than_the_end(evidence, first) => {
            ruled(evidence, &suspects, None, Kind::Transparent)
        }
        None => Ruling { open: beyond(evidence, first), ..Ruling::excluded(asked) },
    }
}

fn syn(evidence: &Evidence) -> Ruling {
    let suspects: Vec<_> = suspects(evidence).into_iter().filter(|a| deaf(*a) == Some(true)).collect();
    let Some(first) = suspects.first().copied() else { return for_neutral_hosts(evidence) };
    let nobody = taken_for_nobody(evidence);
    match nobody.map(deaf) {
        Some(Some(true)) => ruled(evidence, &suspects, nobody, Kind::Syn),
        Some(Some(false)) => Ruling::excluded(nobody.map(Attempt::id).into_iter().collect()),
        // Something takes nobody's connections, and whether it hears anything could not be seen.
        Some(None) => Ruling::doubt("capture the SYN-ACK from 192.0.2.1: a SYN proxy's has window 0", Vec::new()),
        None if suspects.len() >= 2 && nearer_than_the_end(evidence, first) => {
            ruled(evidence, &suspects, None, Kind::Syn)
        }
        None => Ruling::silent(),
    }
}

/// Neutral hosts seem to connect and hear nothing either, and of Zoom's nothing is known yet: who answers is asked meanwhile.
fn for_neutral_hosts(evidence: &Evidence) -> Ruling {
    let mut unheard = controls(evidence).filter(|a| deaf(*a) == Some(true));
    match (unheard.next(), unheard.next()) {
        (Some(first), Some(_)) if sign_in_fails(evidence) && to_nobody(evidence).next().is_none() => Ruling::doubt(
            "connect to an address that nobody can own: neutral hosts seem to connect, and hear nothing",
            vec![NOBODY.of(first.to())],
        ),
        _ => Ruling::silent(),
    }
}

/// Zoom's connections, as a client makes them, that stood and came to nothing.
fn suspects(evidence: &Evidence) -> Vec<Attempt<'_>> {
    if !sign_in_fails(evidence) {
        return Vec::new();
    }
    let aimed = aimed(evidence);
    let dies = |a: &Attempt<'_>| {
        let unheard = |how| matches!(how, How::Silent | How::Reset | How::Closed | How::Malformed | How::Alert);
        a.connected().is_some()
            && a.chain().is_empty()
            && a.failure().is_some_and(|f| matches!(f.stage, Stage::Hello | Stage::Handshake) && unheard(f.how))
    };
    let speaks = |host: Option<&str>| aimed.iter().any(|a| a.host() == host && !a.chain().is_empty());
    aimed
        .iter()
        .copied()
        .filter(|a| a.host().is_some_and(|h| decisive(evidence, h)) && dies(a) && !speaks(a.host()))
        .collect()
}

fn to_nobody(evidence: &Evidence) -> impl Iterator<Item = Attempt<'_>> {
    evidence.attempts().filter(|a| a.role() == Role::Canary && a.is_tls() && !a.proxied())
}

/// A connection to nobody that somebody took.
fn taken_for_nobody(evidence: &Evidence) -> Option<Attempt<'_>> {
    to_nobody(evidence).find(|a| a.connected().is_some())
}

/// Whether the other end of a connection that stands never heard a byte: what was sent is still unacknowledged. `None` where
/// that was not seen.
fn deaf(attempt: Attempt<'_>) -> Option<bool> {
    attempt.connected()?;
    if attempt.ended(Stage::Hello, How::Silent) {
        return attempt.unacknowledged().map(|bytes| bytes > 0);
    }
    Some(false)
}

/// Whether Zoom's flow is answered where routers still forward other packets to the same address, there and at the next hop.
fn nearer_than_the_end(evidence: &Evidence, flow: Attempt<'_>) -> bool {
    let to = flow.to();
    let Some(at) = evidence.traceroutes().find(|l| l.to() == to).and_then(Traceroute::answered_at) else {
        return false;
    };
    let forwarded = |hop: u8| evidence.datagram_ended(to.ip(), hop).is_some_and(|(_, router)| router.is_some());
    forwarded(at) && forwarded(at.saturating_add(1))
}

/// What would tell whether the way to Zoom goes on where its flow is answered.
fn beyond(evidence: &Evidence, flow: Attempt<'_>) -> Option<Doubt> {
    let to = flow.to();
    let at = evidence.traceroutes().find(|l| l.to() == to).and_then(Traceroute::answered_at)?;
    let questions = vec![ROUTERS.of(RouterAt { address: to.ip(), hop: at })];
    let next_test =
        format!("send {} datagrams that end at hops {at} and {}: does a router say so?", to.ip(), at.saturating_add(1));
    evidence.datagram_ended(to.ip(), at).is_none().then_some(Doubt { next_test, questions })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// It ends the connection itself, at the TTL that brings the SYN to it.
    Transparent,
    /// It answers for what it would forward, where one TTL more is left.
    Syn,
}

fn ruled(evidence: &Evidence, suspects: &[Attempt<'_>], nobody: Option<Attempt<'_>>, kind: Kind) -> Ruling {
    let Some(first) = suspects.first().copied() else { return Ruling::silent() };
    let walked =
        |to: SocketAddr| evidence.traceroutes().chain(evidence.traceroutes_to_nobody()).find(move |l| l.to() == to);
    let (of_zoom, of_nobody) = (walked(first.to()), nobody.and_then(|n| walked(n.to())));
    let at = |traceroute: Option<Traceroute<'_>>| traceroute.and_then(Traceroute::answered_at);
    if let (Some(zoom), Some(nobody)) = (at(of_zoom), at(of_nobody))
        && zoom > nobody
    {
        // Zoom's flow gets past the box that takes nobody's.
        return Ruling::excluded(of_zoom.into_iter().chain(of_nobody).map(Traceroute::id).collect());
    }
    let mut ruling = Ruling { open: beyond(evidence, first), ..Ruling::silent() };
    let unwalked =
        [(Some(first), of_zoom), (nobody, of_nobody)].into_iter().filter(|(_, traceroute)| traceroute.is_none());
    let questions: Vec<_> = unwalked.filter_map(|(a, _)| Some(APPROACH.of(a?.to()))).collect();
    if !questions.is_empty() {
        ruling.open = Some(Doubt { next_test: "walk the TTL to whoever answers".to_owned(), questions });
    }
    let place = at(of_zoom).and_then(|at| location(evidence, first, at, kind));
    let near = kind == Kind::Syn && place.as_ref().is_some_and(|p| p.hop == Some(0));
    let ids = suspects.iter().chain(&nobody).map(|a| a.id());
    let datagrams = at(of_zoom).and_then(|at| evidence.datagram_ended(first.to().ip(), at)).map(|(id, _)| id);
    let because = ids.chain(datagrams).chain(of_zoom.into_iter().chain(of_nobody).map(Traceroute::id)).collect();
    let confidence = match (nobody.is_some(), at(of_zoom).is_some()) {
        (true, true) => Confidence::Isolated,
        (true, false) | (false, _) => Confidence::Indicated,
    };
    let how = first.failure().map(ToString::to_string).unwrap_or_default();
    ruling.claims.push(Claim {
        owner: near.then_some(Owner::User),
        location: place,
        scope: scope_of(suspects.iter().copied()),
        details: [("answer".to_owned(), how)].into(),
        blocks: true,
        ..Claim::of(confidence, because)
    });
    ruling
}

/// The box whose answer comes at this TTL: the router that other packets of that TTL reach, or the one before it, which
/// answers for what it would have forwarded.
fn location(evidence: &Evidence, flow: Attempt<'_>, at: u8, kind: Kind) -> Option<Location> {
    let address = flow.to().ip();
    let router = |hop: u8| {
        let of_syns = evidence.traceroutes().filter(|l| l.to().ip() == address).find_map(|l| l.router_at(hop));
        of_syns.or_else(|| evidence.datagram_ended(address, hop)?.1)
    };
    match kind {
        // This computer's own redirection is answered at the same TTL as one of the gateway.
        Kind::Transparent if at == 1 => Some(Location { hop: Some(0), address: None, next: router(at) }),
        Kind::Transparent => Some(Location { hop: Some(at), address: router(at), next: None }),
        Kind::Syn => {
            let hop = at.checked_sub(1)?;
            Some(Location { hop: Some(hop), address: router(hop), next: router(at) })
        }
    }
}

/// Does somebody take connections to addresses that nobody can own, of the family and port of this one?
const NOBODY: Experiment<SocketAddr> = Experiment::new("nobody", |setup, like| {
    let name = setup.neutral_name().unwrap_or("example.com");
    let addresses = &setup.catalogue.canary.addresses;
    let nobody = addresses.iter().copied().find(|address| Family::of(*address) == Family::of(like.ip()));
    let to = nobody.map(|address| SocketAddr::new(address, like.port()));
    to.map(|to| probes::of_nobody_at_all(name, to)).into_iter().collect()
});

/// At which hop is this flow answered?
const APPROACH: Experiment<SocketAddr> = Experiment::new("approach", |setup, to| {
    vec![probes::traceroute(setup.role_of_address(to.ip()), *to, Transport::Tcp)]
});

/// Does a router forward other packets to this address at this hop, and at the next one?
///
/// By datagrams: a traceroute would use up the routers' errors, which traceroutes of others need.
const ROUTERS: Experiment<RouterAt> = Experiment::new("routers", |setup, &RouterAt { address, hop }| {
    let role = setup.role_of_address(address);
    let to = SocketAddr::new(address, probes::TRACEROUTE);
    [hop, hop.saturating_add(1)].map(|ttl| probes::ending_at(role, to, ttl)).into()
});

/// An address, and the first of two hops on the way to it.
#[derive(Clone, Copy, Debug)]
struct RouterAt {
    address: IpAddr,
    hop: u8,
}
