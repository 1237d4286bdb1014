//! This computer itself refuses to let the packets out.

use why5003_probes::model::{Fact, HopAnswer, How, IcmpMeaning, Layer, Observation, ProbeName, Stage, Transport};

use super::prelude::*;
use crate::evidence::Passage;
use crate::verdict::measure::passage::{gets_out, is_kept_in, is_kept_out, is_let_in};

pub(super) const CAUSE: Cause = Cause {
    id: "host.firewall",
    title: "A firewall on this computer refuses Zoom's traffic",
    layer: Layer::Host,
    owner: Owner::User,
    masks: &["filter.*", "link.gateway-down"],
    effects: &[],
    meaning: "The kernel refused to send (EPERM), or an ICMP error came back whose sender is an address of this computer. So the packet \
              never left: a local packet filter or security suite is to blame, and no box on the way. A filter that drops silently on this \
              computer looks like one on the way, and is told apart by the kernel's own counters: fewer packets leave than SYNs were \
              sent (outbound), or as many arrive as were answered and are handed to nobody (inbound), while neutral hosts show neither.",
    proof: "sudo nft list ruleset | grep -nE 'reject|drop'\nsudo iptables -S OUTPUT",
    remedies: &[
        Mend {
            os: "linux",
            who: Owner::User,
            text: "Find the rule that matches and allow TCP 443 and UDP 3478, 3479, 8801-8810 outbound before it.",
            command: "sudo nft -a list ruleset",
        },
        Mend {
            os: "windows",
            who: Owner::User,
            text: "Look for a block rule that names Zoom, or a default that blocks outbound, and allow Zoom.exe.",
            command: "netsh advfirewall firewall show rule name=all verbose | findstr /i zoom",
        },
        Mend {
            os: "macos",
            who: Owner::User,
            text: "Look at the packet filter and at network extensions such as Little Snitch or LuLu.",
            command: "sudo pfctl -sr; systemextensionsctl list",
        },
    ],
    sources: &[
        "https://man7.org/linux/man-pages/man7/ip.7.html (IP_RECVERR, SO_EE_OFFENDER)",
        "https://man7.org/linux/man-pages/man2/send.2.html (EPERM)",
    ],
    rule,
};

fn rule(evidence: &Evidence) -> Ruling {
    let zoom =
        || evidence.observations().iter().filter(|o| is_zoom(o.probe.role) && o.probe.settings.traceroute.is_none());
    let refused: Vec<&Observation> = zoom().filter(|o| refused_here(o)).collect();
    if refused.is_empty() {
        if let Some(ruling) = kept_here(evidence) {
            return ruling;
        }
        let passed =
            zoom().filter(|o| o.facts.iter().any(|f| matches!(f, Fact::Connected(_) | Fact::Reply(_)))).map(|o| o.id);
        if evidence.traceroutes().any(|l| ends_before_the_first_router(evidence, l)) {
            return Ruling::doubt("look at this computer's own packet filter: sudo nft list ruleset", Vec::new());
        }
        return Ruling::excluded(passed.take(3).collect());
    }
    let mut scope = Scope::default();
    for seen in &refused {
        if let Some((port, transport)) = seen.probe.target.port {
            let port = format!("{transport}/{port}");
            if !scope.ports.contains(&port) {
                scope.ports.push(port);
            }
        }
        if let Some(host) = &seen.probe.target.host
            && !scope.hosts.contains(host)
        {
            scope.hosts.push(host.clone());
        }
    }
    let blocks = refused.iter().any(|o| o.probe.target.host.as_deref().is_some_and(|h| decisive(evidence, h)));
    let ids: Vec<u32> = refused.iter().map(|o| o.id).collect();
    let confidence = if ids.len() > 1 { Confidence::Proven } else { Confidence::Indicated };
    Ruling::claim(Claim { scope, blocks, location: Some(here()), ..Claim::of(confidence, ids) })
}

/// What the kernel's counters tell where nothing on the way can be seen to stop or to reset Zoom's flow; `None` where that is
/// not so.
fn kept_here(evidence: &Evidence) -> Option<Ruling> {
    let failing: Vec<_> = aimed(evidence)
        .into_iter()
        .filter(|a| a.ended(Stage::Connect, How::Silent) || a.ended(Stage::Connect, How::Refused))
        .filter(|a| family_works(evidence, *a))
        .collect();
    let to = failing.iter().map(|a| a.to()).find(|to| compared(evidence, *to))?;
    let traceroute = evidence.traceroutes().find(|l| l.to() == to && l.transport() == Transport::Tcp)?;
    if failing.len() < 2 || ends_on_the_way(evidence, traceroute) {
        return None;
    }
    let Some(own) = evidence.passages().find(|p| p.to == to) else { return Some(uncounted(evidence, to)) };
    if !is_kept_in(own) && !is_kept_out(own) {
        return gets_out(own).then(|| Ruling::excluded(vec![own.id]));
    }
    let passing = a_passing_control(evidence, to)?;
    let neutrals: Vec<_> = evidence.passages().filter(|p| p.to == passing).collect();
    let Some((direction, neutral)) = direction(own, &neutrals) else {
        // Answers to earlier tries that come again and are withheld, too, are counted with a neutral flow's: not every time.
        if neutrals.len() < COUNTED {
            let before = u8::try_from(neutrals.len()).unwrap_or(u8::MAX);
            return Some(count(Counted { to: passing, neutral: true, before }));
        }
        // What lacks for both says nothing of a filter: the counters do not tell here.
        return swallowed_here(evidence).map(Ruling::claim);
    };
    let because = failing.iter().map(|a| a.id()).chain([traceroute.id(), own.id, neutral]).collect();
    Some(Ruling::claim(Claim {
        location: Some(here()),
        details: [("direction".to_owned(), direction.to_owned())].into(),
        ..Claim::about(evidence, &failing, Confidence::Isolated, because)
    }))
}

/// The flow is refused by somebody beyond the first hop, or dies at a router.
fn ends_on_the_way(evidence: &Evidence, traceroute: Traceroute<'_>) -> bool {
    match traceroute.answered_at() {
        Some(hop) => hop > 1,
        None => locate_flow(evidence, traceroute.to(), Transport::Tcp)
            .is_some_and(|p| p.location.hop != Some(0) && p.location.next.is_some()),
    }
}

/// Zoom's flow was not counted yet, or could not be.
fn uncounted(evidence: &Evidence, to: SocketAddr) -> Ruling {
    let probed = evidence
        .observations()
        .iter()
        .any(|o| o.probe.kind == ProbeName::Passage && o.probe.target.socket() == Some(to));
    let counts = count(Counted { to, neutral: false, before: 0 });
    match swallowed_here(evidence) {
        Some(claim) if probed => Ruling::claim(claim),
        Some(claim) => Ruling { open: counts.open, ..Ruling::claim(claim) },
        None => counts,
    }
}

fn count(flow: Counted) -> Ruling {
    let next_test = "look at this computer's own packet filter: sudo nft list ruleset; and whether Zoom's answers arrive at all: \
                     sudo tcpdump -ni any tcp and src port 443";
    Ruling::doubt(next_test, vec![PASSAGE.of(flow)])
}

/// In which direction Zoom's packets are kept, and the count of a neutral flow whose are not.
fn direction(own: Passage, neutrals: &[Passage]) -> Option<(&'static str, u32)> {
    let first = |passes: fn(Passage) -> bool| neutrals.iter().find(|neutral| passes(**neutral)).map(|p| p.id);
    let outbound = first(gets_out).filter(|_| is_kept_in(own)).map(|id| ("outbound", id));
    outbound.or_else(|| first(is_let_in).filter(|_| is_kept_out(own)).map(|id| ("inbound", id)))
}

/// How often a neutral flow is counted at most, until nothing lacks.
const COUNTED: usize = 3;

/// Zoom's flow is silent from the first hop on, where a neutral flow meets a router at the first hop and at more behind it:
/// its packets never left. One router that spares its ICMP is no such sign, since those behind it would answer.
fn swallowed_here(evidence: &Evidence) -> Option<Claim> {
    let silent: Vec<_> = aimed(evidence).into_iter().filter(|a| a.ended(Stage::Connect, How::Silent)).collect();
    let to = silent.iter().map(|a| a.to()).find(|to| {
        let place = locate_flow(evidence, *to, Transport::Tcp);
        place.is_some_and(|p| p.location.hop == Some(0) && p.location.next.is_some())
    })?;
    let own = evidence.traceroutes().find(|l| l.to() == to && l.transport() == Transport::Tcp)?;
    let neutral =
        evidence.traceroutes().filter(|l| l.to() != to && l.router_at(1).is_some() && l.answered_at().is_some());
    let neutral = neutral.max_by_key(|l| l.reach())?;
    let asked: Vec<u8> = own.hops().map(|h| h.ttl).collect();
    let beside = neutral.hops().filter(|h| h.came == HopAnswer::Expired && asked.contains(&h.ttl)).count();
    if own.reach().is_some() || beside < 2 || silent.len() < 2 {
        return None;
    }
    let because = [own.id(), neutral.id()].into_iter().chain(silent.iter().map(|a| a.id())).collect();
    Some(Claim { location: Some(here()), ..Claim::about(evidence, &silent, Confidence::Unlocated, because) })
}

/// EPERM, or an ICMP refusal that this computer sent to itself about a packet for somebody else.
fn refused_here(seen: &Observation) -> bool {
    let not_permitted = seen.failure.as_ref().is_some_and(|f| f.how == How::NotPermitted);
    not_permitted
        || seen.facts.iter().any(|fact| match fact {
            Fact::Icmp(icmp) => {
                icmp.own
                    && icmp.from != seen.probe.target.address
                    && matches!(
                        icmp.meaning,
                        IcmpMeaning::Prohibited | IcmpMeaning::PortUnreachable | IcmpMeaning::NetworkUnreachable
                    )
            }
            _ => false,
        })
}

/// Zoom's flow dies, or is reset, short of a first router that answers others: here, or on the link.
fn ends_before_the_first_router(evidence: &Evidence, traceroute: Traceroute<'_>) -> bool {
    let of_zoom = evidence.observations().iter().any(|o| o.id == traceroute.id() && is_zoom(o.probe.role));
    let first_router = evidence.traceroutes().any(|l| l.id() != traceroute.id() && l.router_at(1).is_some());
    of_zoom && first_router && traceroute.router_at(1).is_none() && traceroute.last_router().is_none()
}

/// Do packets for this address leave this computer, and are its answers let in? The kernel's counters count what begins at the
/// same time, too.
const PASSAGE: Experiment<Counted> = Experiment {
    beside: Beside::NothingThatBegins,
    ..Experiment::new("passage", |_, counted| {
        let role = if counted.neutral { Role::Control } else { Role::Range };
        vec![probes::passage(role, counted.to, counted.before)]
    })
};

/// A flow whose packets the kernel counts.
#[derive(Clone, Copy, Debug)]
struct Counted {
    to: SocketAddr,
    /// It is a neutral one, for comparison.
    neutral: bool,
    /// How often it was counted before: what others received meanwhile stood in the way.
    before: u8,
}
