//! Full-size packets vanish, and nobody says so.

use why5003_probes::kit::{Fact, How, Layer, MtuMethod, Stage};

use super::prelude::*;

pub(super) const CAUSE: Cause = Cause {
    id: "path.mtu-blackhole",
    title: "Full-size packets vanish on the way (path MTU black hole)",
    layer: Layer::Path,
    owner: Owner::Network,
    masks: &["filter.sni", "filter.large-clienthello", "filter.after-handshake", "filter.reset"],
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
    let searches = || evidence.observations().iter().filter(|o| o.look.probe == "mtu");
    for seen in searches() {
        let found = seen.facts.iter().find_map(|f| if let Fact::PathMtu(m) = f { Some(m) } else { None });
        let Some(found) = found.filter(|m| m.by == MtuMethod::Handshake && m.announced_by.is_none()) else { continue };
        if seen.failure.is_none() {
            continue;
        }
        let host = seen.look.target.host.as_deref().unwrap_or_default();
        let stalled: Vec<u32> =
            evidence.attempts_at(host).filter(|a| a.baseline() && stalls(*a)).map(Attempt::id).collect();
        let because = stalled.into_iter().chain([seen.id]).collect();
        return Ruling::claim(Claim {
            scope: scope_of_names([host]),
            details: [("mtu".to_owned(), found.mtu_bytes.to_string())].into(),
            blocks: decisive(evidence, host),
            ..claim(0.93, because)
        });
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
            Ruling::doubt(
                format!("repeat the handshake with {host} at a smaller segment size"),
                vec![Question::Size { host, to: attempt.to() }],
            )
        }
        _ => Ruling::excluded(searches().map(|o| o.id).collect()),
    }
}

fn stalls(attempt: Attempt<'_>) -> bool {
    attempt.ended(Stage::Hello, How::Silent) || attempt.ended(Stage::Handshake, How::Silent)
}
