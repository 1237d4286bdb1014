//! New connections are let through only so fast.

use why5003_probes::kit::{Fact, How, Layer, Observation, Stage, Volley};

use super::prelude::*;

pub(super) const CAUSE: Cause = Cause {
    id: "filter.rate-limit",
    title: "A filter limits how fast connections are opened",
    layer: Layer::Filter,
    owner: Owner::Network,
    masks: &["filter.drop", "path.loss"],
    meaning: "Of a dozen connections opened at once to one address only the first few stand, and all of a row opened one by one stand, though more of \
              them are held at the same time. So it is not the address, nor their number, nor random loss: a limit on new connections drops what \
              comes too fast. A client opens many at once when it starts, and may time out.",
    proof: "why5003 probe burst 170.114.52.2:443\nfor i in $(seq 12); do (curl -m 1 -sI https://zoom.us -o /dev/null -w '%{http_code}\\n' &) ; done",
    remedies: &[
        Mend {
            os: "any",
            who: Owner::Network,
            text: "Raise the limit on new connections (SYN flood protection, per-host session rate, hashlimit) for this computer or for TCP 443 to \
                   Zoom: a client needs a burst of twenty.",
            command: "",
        },
        ANOTHER_NETWORK,
    ],
    sources: &["iptables-extensions(8), hashlimit and limit", "RFC 6298, section 2.1 (a lost SYN costs a second)"],
    rule,
};

fn rule(evidence: &Evidence) -> Ruling {
    let zoom: Vec<_> = evidence
        .attempts()
        .filter(|a| is_zoom(a.role()) && a.baseline() && !a.proxied() && a.is_tls() && a.to().is_ipv4())
        .collect();
    let quick: Vec<_> = zoom.iter().copied().filter(|a| a.connected().is_some_and(|c| c.rtt_us < LATE_US)).collect();
    let late: Vec<_> = zoom
        .iter()
        .copied()
        .filter(|a| a.ended(Stage::Connect, How::Silent) || a.connected().is_some_and(|c| c.rtt_us >= LATE_US))
        .collect();
    let Some(first) = quick.first().copied() else { return Ruling::silent() };
    let bursts: Vec<&Observation> = evidence.observations().iter().filter(|o| o.look.probe == "burst").collect();
    if bursts.is_empty() {
        if late.len() < SUSPICIOUS {
            return Ruling::excluded(quick.iter().map(|a| a.id()).take(3).collect());
        }
        let to = first.to();
        return Ruling::doubt(
            format!("open a dozen connections to {to} at once, and as many one by one"),
            vec![Question::Burst { to }],
        );
    }
    let ids: Vec<u32> = bursts.iter().map(|o| o.id).collect();
    let Some((at_once, row)) = bursts.iter().find_map(|o| volleys(o)) else { return Ruling::excluded(ids) };
    // The first ones stand and the later ones do not; loss would scatter them. One may have slipped in between.
    let in_order = at_once.passed <= at_once.passed_first + 1;
    let lost = at_once.made.saturating_sub(at_once.passed);
    if lost < SCARCE || !in_order {
        return Ruling::excluded(ids);
    }
    if row.passed < row.made {
        return Ruling::doubt(
            "repeat: open connections one by one, one in two seconds, and then a dozen at once",
            Vec::new(),
        );
    }
    let controls = controls(evidence).filter(|a| a.connected().is_some_and(|c| c.rtt_us >= LATE_US)).count();
    let whom = if controls > 0 { "neutral hosts too" } else { "Zoom, as far as seen" };
    let because =
        ids.into_iter().chain(late.iter().map(|a| a.id())).chain(quick.iter().map(|a| a.id()).take(2)).collect();
    Ruling::claim(Claim {
        scope: scope_of(late.iter().copied()),
        details: [("at_once".to_owned(), at_once.passed.to_string()), ("limits".to_owned(), whom.to_owned())].into(),
        blocks: sign_in_fails(evidence) && any_decisive(evidence, late.iter().filter_map(|a| a.host())),
        ..claim(0.9, because)
    })
}

/// The burst, and the row after it.
fn volleys(seen: &Observation) -> Option<(&Volley, &Volley)> {
    let mut volleys = seen.facts.iter().filter_map(|f| if let Fact::Volley(volley) = f { Some(volley) } else { None });
    Some((volleys.next()?, volleys.next()?))
}

/// A SYN that was answered only when it was sent again, after a second.
const LATE_US: u64 = 900_000;
/// Fewer late ones are an accident.
const SUSPICIOUS: usize = 2;
/// Of a dozen: fewer lost are an accident.
const SCARCE: u16 = 3;
