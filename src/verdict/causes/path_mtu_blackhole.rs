//! Full-size packets vanish, and nobody says so.

use why5003_probes::model::{How, Layer, ProbeName, Stage, Target};

use super::prelude::*;

pub(super) const CAUSE: Cause = Cause {
    id: "path.mtu-blackhole",
    title: "Full-size packets vanish on the way (path MTU black hole)",
    layer: Layer::Path,
    owner: Owner::Network,
    masks: &["filter.sni", "filter.large-clienthello", "filter.after-handshake", "filter.reset"],
    effects: &[],
    meaning: "TCP connects, but the TLS handshake stalls at the usual segment size and finishes at a smaller one, and no router sent ICMP \
              \"packet too big\". A tunnel or PPPoE link on the way has a smaller MTU, and its ICMP is filtered. A filter of names or hellos \
              would not care about the segment size.",
    proof: "tracepath -n zoom.us\nping -M do -s 1472 zoom.us",
    remedies: &[
        Mend {
            os: "any",
            who: Owner::Network,
            text: "Clamp the MSS on the router that joins the smaller link, or let ICMP type 3 code 4 (IPv6: type 2) through; on a Linux router:",
            command: "iptables -t mangle -A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu",
        },
        Mend {
            os: "linux",
            who: Owner::User,
            text: "Until then, lower this computer's MTU to {mtu}.",
            command: "sudo ip link set dev \"$(ip route show default | awk '{print $5; exit}')\" mtu {mtu}",
        },
        Mend {
            os: "windows",
            who: Owner::User,
            text: "Until then, lower this computer's MTU to {mtu}.",
            command: "netsh interface ipv4 set subinterface \"Wi-Fi\" mtu={mtu} store=persistent",
        },
        Mend {
            os: "macos",
            who: Owner::User,
            text: "Until then, lower this computer's MTU to {mtu}.",
            command: "sudo networksetup -setMTU en0 {mtu}",
        },
    ],
    sources: &["RFC 2923, section 2.1", "RFC 4821", "RFC 8899"],
    rule,
};

fn rule(evidence: &Evidence) -> Ruling {
    let searches = || evidence.observations().iter().filter(|o| o.probe.kind == ProbeName::Mtu);
    if let Some((seen, found)) = black_hole(evidence) {
        let host = seen.probe.target.host.as_deref().unwrap_or_default();
        let stalled: Vec<u32> =
            evidence.attempts_at(host).filter(|a| a.baseline() && stalls(*a)).map(Attempt::id).collect();
        let to = seen.probe.target.socket();
        let place = to.map(|to| locate_hello(evidence, host, to, Trigger::Size).parts());
        let (location, traceroutes, question) = place.unwrap_or_default();
        let because = stalled.into_iter().chain([seen.id]).chain(traceroutes).collect();
        let open = question.map(|question| Doubt { next_test: WALK.to_owned(), questions: vec![question] });
        let ruling = Ruling::claim(Claim {
            location,
            scope: scope_of_names([host]),
            details: [("mtu".to_owned(), found.mtu_bytes.to_string())].into(),
            blocks: decisive(evidence, host),
            ..Claim::of(Confidence::Isolated, because)
        });
        return Ruling { open, ..ruling };
    }
    let whole: Vec<u32> =
        aimed(evidence).into_iter().filter(|a| a.handshake().is_some()).map(Attempt::id).take(3).collect();
    if !whole.is_empty() {
        return Ruling::excluded(whole);
    }
    let stalled = aimed(evidence).into_iter().find(|a| stalls(*a));
    match stalled {
        Some(attempt) if searches().next().is_none() => {
            let host = attempt.host().unwrap_or_default().to_owned();
            // The walk takes as long as the search: both at once.
            let (_, _, walk) = locate_hello(evidence, &host, attempt.to(), Trigger::Size).parts();
            Ruling::doubt(
                format!("repeat the handshake with {host} at a smaller segment size"),
                [SIZE.of(HostAt::new(host, attempt.to()))].into_iter().chain(walk).collect(),
            )
        }
        _ => Ruling::excluded(searches().map(|o| o.id).collect()),
    }
}

/// What tells where it is, for a person.
const WALK: &str = "walk the TTL of a full-size and of a small segment to the same address";

fn stalls(attempt: Attempt<'_>) -> bool {
    attempt.ended(Stage::Hello, How::Silent) || attempt.ended(Stage::Handshake, How::Silent)
}

/// Which packet size passes?
const SIZE: Experiment<HostAt> = Experiment {
    told_by_silence: true,
    ..Experiment::new("size", |setup, HostAt { host, to }| {
        vec![Probe::new(ProbeName::Mtu, setup.role_of(host), Target::tcp(*to).called(host))]
    })
};
