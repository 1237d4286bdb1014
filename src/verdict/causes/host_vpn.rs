//! A tunnel that swallows what is sent into it, or takes only part of Zoom's addresses.

use why5003_probes::model::{How, InterfaceKind, Layer, Stage};

use super::prelude::*;

pub(super) const BLACKHOLE: Cause = Cause {
    id: "host.vpn-blackhole",
    title: "A VPN on this computer swallows Zoom's traffic",
    layer: Layer::Host,
    owner: Owner::User,
    masks: &["filter.drop", "path.internet-down", "path.mtu-blackhole"],
    effects: &[],
    meaning: "The route to Zoom points into a tunnel interface, and nothing that is sent into that tunnel is answered. The tunnel is down at the \
              far end, or a kill switch holds it; the network below it is not to blame.",
    proof: "ip route get 170.114.52.2\nip -s link show type tun; wg show",
    remedies: &[
        Mend {
            os: "any",
            who: Owner::User,
            text: "Disconnect the VPN and connect it again; if Zoom works without it, tell whoever runs the VPN.",
            command: "",
        },
        Mend {
            os: "any",
            who: Owner::Network,
            text: "Let Zoom's published prefixes bypass the tunnel (Zoom KB0065998).",
            command: "",
        },
    ],
    sources: &["Zoom KB0065998 (VPN split tunnelling)", "https://man7.org/linux/man-pages/man7/rtnetlink.7.html"],
    rule: |evidence| judge(evidence, true),
};

pub(super) const SPLIT: Cause = Cause {
    id: "host.vpn-split",
    title: "Zoom's traffic leaves this computer by another interface than what works",
    layer: Layer::Host,
    owner: Owner::User,
    masks: &["filter.drop"],
    effects: &[],
    meaning: "What fails and what works leave this computer by different interfaces, so a route (of a VPN's split tunnel, mostly) and not a \
              firewall decides which is which. That other interface carries none of Zoom's traffic: it is dead, or whoever is behind it drops it.",
    proof: "ip route get 170.114.52.2; ip route get 1.1.1.1",
    remedies: &[
        Mend {
            os: "any",
            who: Owner::Network,
            text: "Correct the split-tunnel list: all of Zoom's published prefixes belong on the side that works.",
            command: "why5003 catalogue show",
        },
        Mend { os: "any", who: Owner::User, text: "Disconnect the VPN and see whether Zoom works.", command: "" },
    ],
    sources: &["Zoom KB0065998 (VPN split tunnelling)"],
    rule: |evidence| judge(evidence, false),
};

fn judge(evidence: &Evidence, blackhole: bool) -> Ruling {
    let host = evidence.host();
    let leaves_by = |a: &Attempt<'_>| host.route(a.to().ip()).and_then(|(id, r)| Some((id, r.interface.clone()?)));
    let tried: Vec<_> =
        evidence.attempts().filter(|a| a.baseline() && !a.proxied() && a.role() != Role::Canary).collect();
    let (passing, rest): (Vec<Attempt<'_>>, Vec<_>) = tried.into_iter().partition(|a| a.connected().is_some());
    let silent: Vec<_> =
        rest.into_iter().filter(|a| is_zoom(a.role()) && a.ended(Stage::Connect, How::Silent)).collect();
    let swallowed: BTreeSet<String> = silent.iter().filter_map(leaves_by).map(|(_, name)| name).collect();
    let [interface] = swallowed.iter().collect::<Vec<_>>()[..] else {
        return Ruling::silent();
    };
    let carries: Vec<String> = passing.iter().filter_map(leaves_by).map(|(_, name)| name).collect();
    let zoom_passes =
        passing.iter().any(|a| is_zoom(a.role()) && leaves_by(a).is_some_and(|(_, name)| &name == interface));
    if zoom_passes || silent.len() < 2 {
        return Ruling::silent();
    }
    let tunnel = host.interface_kind(interface) == Some(InterfaceKind::Tunnel);
    let is_dead = !carries.contains(interface);
    let others_work = carries.iter().any(|name| name != interface);
    let holds = if blackhole { tunnel && is_dead && !others_work } else { others_work && is_dead };
    if !holds {
        return Ruling::silent();
    }
    let routes = silent.iter().filter_map(leaves_by).map(|(id, _)| id);
    let because = silent.iter().map(|a| a.id()).chain(routes).chain(passing.iter().map(|a| a.id()).take(3)).collect();
    Ruling::claim(Claim {
        location: Some(here()),
        scope: scope_of(silent.iter().copied()),
        details: [("interface".to_owned(), interface.clone())].into(),
        blocks: any_decisive(evidence, silent.iter().filter_map(|a| a.host())),
        ..Claim::of(if others_work { Confidence::Probable } else { Confidence::Indicated }, because)
    })
}
