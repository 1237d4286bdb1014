//! What one probe saw, as one line of English: its facts in the order they were seen, then how it ended.
//!
//! It tells what was seen, never what it means; text of a peer is cut and made plain.

mod chain;
mod computer;
mod fact;
mod series;

use why5003_probes::model::{Fact, Failure, How, IcmpMeaning, Observation, Stage};

use super::plain::{cut, plain};
use super::words;

/// The best one-line English of what an observation saw, such as `connected 12.1 ms, TLS 1.3, chain to public root, HTTP 301`.
///
/// A line is 400 characters at most.
pub fn result_line(observation: &Observation) -> String {
    let facts = &observation.facts;
    let mut parts = Vec::new();
    parts.extend(series::traceroute(facts));
    parts.extend(series::sizes(facts));
    let mut chain_told = false;
    let mut routes_told = false;
    for fact in facts {
        if matches!(fact, Fact::Route(_)) {
            if !routes_told {
                parts.extend(computer::routes(facts));
                routes_told = true;
            }
        } else if matches!(fact, Fact::Chain { .. } | Fact::Verified { .. }) {
            if !chain_told {
                parts.extend(chain::words(facts));
                chain_told = true;
            }
        } else {
            parts.extend(fact::words(fact, observation.failure.as_ref()));
        }
    }
    parts.extend(observation.failure.as_ref().filter(|failure| !is_known(failure, facts)).map(failure_words));
    parts.extend(series::tries(facts));
    if parts.is_empty() {
        return "nothing to note".to_owned();
    }
    cut(&plain(&parts.join(", ")), MAX_CHARS).into_owned()
}

/// How a probe ended, such as `silent at connect after 3.2 s (ETIMEDOUT)`.
fn failure_words(failure: &Failure) -> String {
    let Failure { stage, how, waited_ms, detail } = failure;
    let waited = waited_ms.map(|ms| format!(" after {}", words::micros(u64::from(ms) * 1000))).unwrap_or_default();
    let detail = detail.as_ref().map(|detail| format!(" ({})", cut(detail, MAX_DETAIL_CHARS))).unwrap_or_default();
    format!("{how} at {stage}{waited}{detail}")
}

/// Whether a fact already says how the probe ended, and says it better.
fn is_known(failure: &Failure, facts: &[Fact]) -> bool {
    let has = |says: fn(&Fact) -> bool| facts.iter().any(says);
    let icmp = |means: fn(IcmpMeaning) -> bool| facts.iter().any(|f| matches!(f, Fact::Icmp(i) if means(i.meaning)));
    if has(|fact| matches!(fact, Fact::Hop(_))) {
        return matches!(failure.how, How::Silent | How::Expired | How::Prohibited | How::Refused | How::Unreachable);
    }
    match failure.how {
        How::Denied | How::NotFound => match failure.stage {
            Stage::Resolve => has(|fact| matches!(fact, Fact::Answer(a) if a.addresses.is_empty())),
            Stage::Proxy => has(|fact| matches!(fact, Fact::Tunnel(tunnel) if tunnel.status != 200)),
            Stage::Http | Stage::Data => has(|fact| matches!(fact, Fact::Response(_))),
            Stage::Connect | Stage::Hello | Stage::Handshake => false,
        },
        How::Prohibited => icmp(|meaning| meaning == IcmpMeaning::Prohibited),
        How::Expired => icmp(|meaning| meaning == IcmpMeaning::TimeExceeded),
        How::TooBig => icmp(|meaning| meaning == IcmpMeaning::PacketTooBig),
        How::Unreachable => {
            icmp(|meaning| matches!(meaning, IcmpMeaning::HostUnreachable | IcmpMeaning::NetworkUnreachable))
        }
        How::Refused => icmp(|meaning| meaning == IcmpMeaning::PortUnreachable),
        How::NoRoute => {
            has(|fact| matches!(fact, Fact::Route(route) if route.interface.is_none() || route.refuses.is_some()))
        }
        How::Alert => has(|fact| matches!(fact, Fact::Alert { .. })),
        How::Malformed => has(|fact| matches!(fact, Fact::Garbage { .. })),
        How::Silent | How::Reset | How::Closed | How::NotPermitted | How::Exhausted | How::TryAgain => false,
    }
}

const MAX_CHARS: usize = 400;
/// More items of a list are a count.
const MAX_ITEMS: usize = 4;
/// Longer text of a peer or a setting is cut.
const MAX_TEXT_CHARS: usize = 80;
const MAX_DETAIL_CHARS: usize = 120;

#[cfg(test)]
mod tests;
