//! New connections are let through only so fast.

use why5003_probes::model::Layer;

use super::prelude::*;
use crate::verdict::measure::{count_loss, rate_limit};

pub(super) const CAUSE: Cause = Cause {
    id: "filter.rate-limit",
    title: "A filter limits how fast connections are opened",
    layer: Layer::Filter,
    owner: Owner::Network,
    masks: &["filter.drop", "path.loss"],
    effects: &[Effect::SilenceDoubtful],
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
    let pace = rate_limit::pace(evidence);
    if let Some(to) = rate_limit::suspected(evidence) {
        return Ruling::doubt(
            format!("open a dozen connections to {to} at once, and as many one by one"),
            vec![BURST.of(to)],
        );
    }
    let bursts: Vec<u32> = rate_limit::bursts(evidence).map(|o| o.id).collect();
    if bursts.is_empty() {
        return Ruling::excluded(pace.quick.iter().map(|a| a.id()).take(3).collect());
    }
    let Some(told) = rate_limit::burst_result(evidence).filter(|told| told.in_order(2)) else {
        return Ruling::excluded(bursts);
    };
    if !told.only_too_fast() {
        let next_test = "repeat: open connections one by one, one in two seconds, and then a dozen at once";
        return Ruling::doubt(next_test, Vec::new());
    }
    let slow = |a: &Attempt<'_>| a.connected().is_some_and(|c| c.rtt_us >= rate_limit::LATE_US);
    let whom = if controls(evidence).any(|a| slow(&a)) { "neutral hosts too" } else { "Zoom, as far as seen" };
    let because = [told.id]
        .into_iter()
        .chain(pace.late.iter().map(|a| a.id()))
        .chain(pace.quick.iter().map(|a| a.id()).take(2))
        .collect();
    let claim = Claim {
        scope: scope_of(pace.late.iter().copied()),
        details: [("at_once".to_owned(), told.at_once.passed.to_string()), ("limits".to_owned(), whom.to_owned())]
            .into(),
        blocks: sign_in_fails(evidence) && any_decisive(evidence, pace.late.iter().filter_map(|a| a.host())),
        ..Claim::of(Confidence::Probable, because)
    };
    // Sign-in may have been among those that came too fast.
    Ruling { open: count_loss::once_more(evidence), ..Ruling::claim(claim) }
}

/// Are many connections at once let through, and as many one by one?
const BURST: Experiment<SocketAddr> = Experiment {
    quiet: true,
    beside: Beside::Nothing,
    ..Experiment::new("burst", |_, to| vec![probes::burst(Role::Range, *to)])
};
