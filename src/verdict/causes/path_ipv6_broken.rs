//! IPv6 is there by name and by route, and leads nowhere.

use why5003_probes::model::{How, Layer};

use super::prelude::*;

pub(super) const CAUSE: Cause = Cause {
    id: "path.ipv6-broken",
    title: "IPv6 does not work on this network, IPv4 does",
    layer: Layer::Path,
    owner: Owner::Network,
    masks: &[],
    effects: &[],
    meaning: "This computer has an IPv6 address and a route, and names resolve to IPv6 addresses, but no IPv6 connection stands, to neutral hosts \
              either, while IPv4 works. Programs that try IPv6 first wait until they give it up; one that does not fall back shows an error.",
    proof: "curl -6 -m 5 -sI https://example.com\ncurl -4 -m 5 -sI https://example.com\nip -6 route show default",
    remedies: &[
        Mend {
            os: "any",
            who: Owner::Network,
            text: "Mend IPv6 beyond the gateway, or stop announcing it: a router that has no way for IPv6 must not send router advertisements with a default route.",
            command: "",
        },
        Mend {
            os: "linux",
            who: Owner::User,
            text: "Until then switch IPv6 off on this computer.",
            command: "sudo sysctl -w net.ipv6.conf.all.disable_ipv6=1",
        },
        Mend {
            os: "windows",
            who: Owner::User,
            text: "Until then prefer IPv4.",
            command: "netsh interface ipv6 set prefixpolicy ::ffff:0:0/96 60 4",
        },
        Mend {
            os: "macos",
            who: Owner::User,
            text: "Until then switch IPv6 off on this computer.",
            command: "networksetup -setv6off Wi-Fi",
        },
    ],
    sources: &["RFC 8305 (Happy Eyeballs)", "RFC 4861, section 6.3.4 (default routers)"],
    rule,
};

fn rule(evidence: &Evidence) -> Ruling {
    let tried: Vec<_> =
        evidence.attempts().filter(|a| a.baseline() && !a.proxied() && a.role() != Role::Canary).collect();
    let (v6, v4): (Vec<_>, Vec<_>) = tried.into_iter().partition(|a| a.to().is_ipv6());
    let standing: Vec<u32> = v6.iter().filter(|a| a.connected().is_some()).map(|a| a.id()).take(3).collect();
    if !standing.is_empty() {
        return Ruling::excluded(standing);
    }
    // Without a route there is no IPv6 here, and programs do not try it: that is a choice, not a fault.
    let lost = |a: &Attempt<'_>| {
        a.failure().is_some_and(|f| matches!(f.how, How::Silent | How::Unreachable | How::Prohibited))
    };
    let (zoom, neutral): (Vec<_>, Vec<_>) = v6
        .into_iter()
        .filter(lost)
        .filter(|a| is_zoom(a.role()) || a.role() == Role::Control)
        .partition(|a| is_zoom(a.role()));
    let works: Vec<u32> = v4.iter().filter(|a| a.connected().is_some()).map(|a| a.id()).take(3).collect();
    if zoom.is_empty() || neutral.is_empty() || works.is_empty() {
        return Ruling::silent();
    }
    let because = zoom.iter().chain(&neutral).map(|a| a.id()).chain(works).collect();
    Ruling::claim(Claim { scope: scope_of(zoom), ..Claim::of(Confidence::Likely, because) })
}
