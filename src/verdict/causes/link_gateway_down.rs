//! The gateway does not answer on the link.

use why5003_probes::model::{How, Layer};

use super::prelude::*;

pub(super) const CAUSE: Cause = Cause {
    id: "link.gateway-down",
    title: "The gateway does not answer on the link",
    layer: Layer::Link,
    owner: Owner::Network,
    masks: &["path.*", "dns.*", "filter.*", "tls.*", "zoom.*", "proxy.*"],
    effects: &[Effect::NamesLost],
    meaning: "There is a route, but the search for the gateway's link address (ARP, or neighbour discovery) finds nobody: the kernel gives up \
              with EHOSTUNREACH, whose sender is this computer itself. The router is off, or cable, Wi-Fi or VLAN do not lead to it.",
    proof: "ip neigh show; sudo arping -c 3 \"$(ip route show default | awk '{print $3; exit}')\"",
    remedies: &[
        Mend {
            os: "any",
            who: Owner::User,
            text: "Check cable or Wi-Fi, and restart the router if it is yours.",
            command: "",
        },
        Mend {
            os: "any",
            who: Owner::Network,
            text: "Check the router {address}, the switch port and its VLAN.",
            command: "",
        },
    ],
    sources: &["https://man7.org/linux/man-pages/man7/arp.7.html", "RFC 4861, section 7.3"],
    rule,
};

fn rule(evidence: &Evidence) -> Ruling {
    let tried: Vec<_> = evidence.attempts().filter(|a| !a.proxied()).collect();
    let connected: Vec<u32> = tried.iter().filter(|a| a.connected().is_some()).map(|a| a.id()).take(3).collect();
    if !connected.is_empty() {
        return Ruling::excluded(connected);
    }
    let unreachable: Vec<u32> = tried
        .iter()
        .filter(|a| a.failure().is_some_and(|f| matches!(f.how, How::Unreachable | How::Silent)))
        .map(|a| a.id())
        .collect();
    let host = evidence.host();
    let Some((_, gateway)) = host.routes().find_map(|(id, r)| Some((id, r.gateway?))) else {
        return Ruling::silent();
    };
    if unreachable.len() < 2 {
        return Ruling::silent();
    }
    // Only what the kernel learned from these tries counts: an entry from before them is a memory.
    let first_try = unreachable.iter().min().copied().unwrap_or_default();
    match host.neighbours().filter(|(id, n)| n.address == gateway && *id > first_try).last() {
        Some((id, neighbour)) if matches!(neighbour.state.as_str(), "failed" | "incomplete") => {
            let because = unreachable.into_iter().chain([id]).collect();
            let location = Location { hop: Some(1), address: Some(gateway), next: None };
            Ruling::claim(Claim { location: Some(location), blocks: true, ..Claim::of(Confidence::Confirmed, because) })
        }
        Some((id, neighbour)) if matches!(neighbour.state.as_str(), "reachable" | "delay" | "probe") => {
            Ruling::excluded(vec![id])
        }
        // A link without a search for neighbours (a tunnel, a pinned entry) tells nothing.
        Some(_) => Ruling::silent(),
        None => Ruling::doubt(
            format!("look at the neighbour state of the gateway {gateway} after these tries"),
            vec![GATEWAY.of(gateway)],
        ),
    }
}

/// How is the neighbour state of this gateway now, after the tries?
const GATEWAY: Experiment<IpAddr> = Experiment::new("gateway", |_, address| vec![probes::gateway(*address)]);
