//! The kernel knows no way out.

use why5003_probes::model::{How, Layer};

use super::prelude::*;

pub(super) const CAUSE: Cause = Cause {
    id: "host.no-route",
    title: "This computer has no route to the internet",
    layer: Layer::Host,
    owner: Owner::User,
    masks: &["link.*", "path.*", "dns.*", "filter.*", "tls.*", "zoom.*", "proxy.*", "host.vpn-*"],
    effects: &[],
    meaning: "An interface is up and has an address, but the kernel refuses at once to send to Zoom and to neutral addresses \
              alike (ENETUNREACH, or an unreachable, blackhole or prohibit route). A default route is missing, or something removed it. \
              Unlike a filter on the way, no packet leaves.",
    proof: "ip route get 170.114.52.2\nip -6 route show default",
    remedies: &[
        Mend {
            os: "any",
            who: Owner::User,
            text: "Reconnect, so that DHCP or router advertisements set the default route again; end VPN programs that left without cleaning up.",
            command: "",
        },
        Mend {
            os: "linux",
            who: Owner::User,
            text: "Show what routes there are, then apply the connection anew.",
            command: "ip route; nmcli device reapply \"$(nmcli -g DEVICE connection show --active | head -n 1)\"",
        },
        Mend { os: "windows", who: Owner::User, text: "Show what routes there are.", command: "route print" },
        Mend { os: "macos", who: Owner::User, text: "Show what routes there are.", command: "netstat -rn" },
    ],
    sources: &[
        "https://man7.org/linux/man-pages/man2/connect.2.html (ENETUNREACH)",
        "https://man7.org/linux/man-pages/man7/rtnetlink.7.html",
    ],
    rule,
};

fn rule(evidence: &Evidence) -> Ruling {
    let host = evidence.host();
    if host.has_link() == Some(false) {
        return Ruling::silent();
    }
    let (mut open, mut shut) = (Vec::new(), Vec::new());
    for (id, route) in host.routes() {
        if route.interface.is_some() && route.refuses.is_none() { open.push(id) } else { shut.push(id) }
    }
    let tries = evidence.attempts().filter(|a| !a.proxied());
    let (refused, rest): (Vec<_>, Vec<_>) = tries.partition(|a| a.failure().is_some_and(|f| f.how == How::NoRoute));
    if !open.is_empty() {
        return Ruling::excluded(distinct(open));
    }
    if shut.is_empty() || !rest.is_empty() {
        return Ruling::silent();
    }
    let because = shut.into_iter().chain(refused.iter().map(|a| a.id())).collect();
    Ruling::claim(Claim { location: Some(here()), blocks: true, ..Claim::of(Confidence::Proven, because) })
}
