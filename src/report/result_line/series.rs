//! Facts that only make sense together: the steps of a traceroute, the tries of a search, repeated tries.

use why5003_probes::model::{Fact, Hop, HopAnswer};

/// How far a traceroute reached, and what ended it.
pub(super) fn traceroute(facts: &[Fact]) -> Option<String> {
    let hops: Vec<&Hop> = facts
        .iter()
        .filter_map(|fact| match fact {
            Fact::Hop(hop) => Some(hop),
            _ => None,
        })
        .collect();
    let top = hops.last()?;
    let expired: Vec<&&Hop> = hops.iter().filter(|hop| hop.came == HopAnswer::Expired).collect();
    let count = expired.len();
    let answer = if count == 1 { "hop answers" } else { "hops answer" };
    let last = expired.last().and_then(|hop| hop.from).map(|from| format!(", last {from}")).unwrap_or_default();
    let end = hops.iter().find(|hop| !matches!(hop.came, HopAnswer::Expired | HopAnswer::Silent));
    let end = match end {
        Some(hop) => format!(", {} at TTL {}", end_words(hop), hop.ttl),
        None if top.came == HopAnswer::Silent => {
            let deepest = expired.last().map_or(0, |hop| hop.ttl);
            format!(", silent from TTL {} to {}", deepest.saturating_add(1), top.ttl)
        }
        None => String::new(),
    };
    Some(format!("traceroute: {count} {answer}{last}{end}"))
}

fn end_words(hop: &Hop) -> String {
    let by = hop.from.map(|from| format!(" by {from}")).unwrap_or_default();
    match hop.came {
        HopAnswer::Answered => "the target answers".to_owned(),
        HopAnswer::Refused => format!("refused{by}"),
        HopAnswer::Prohibited => format!("prohibited{by}"),
        HopAnswer::Unreachable => format!("unreachable{by}"),
        HopAnswer::Expired => format!("expired{by}"),
        HopAnswer::Silent => "silent".to_owned(),
    }
}

/// The largest packet that passed and the smallest that did not.
pub(super) fn sizes(facts: &[Fact]) -> Option<String> {
    let tried = |wanted: bool| {
        facts.iter().filter_map(move |fact| match fact {
            Fact::SizeTried { bytes, passed } if *passed == wanted => Some(*bytes),
            _ => None,
        })
    };
    match (tried(true).max(), tried(false).min()) {
        (Some(passed), Some(lost)) => Some(format!("{passed} bytes pass, {lost} do not")),
        (Some(passed), None) => Some(format!("{passed} bytes pass")),
        (None, Some(lost)) => Some(format!("{lost} bytes do not pass")),
        (None, None) => None,
    }
}

/// How many of repeated tries were answered.
pub(super) fn tries(facts: &[Fact]) -> Option<String> {
    facts.iter().find_map(|fact| match fact {
        Fact::Tries { made, answered } => Some(match (*made, *answered) {
            (1, 0) => "1 try".to_owned(),
            (made, 0) => format!("{made} tries, none answered"),
            (made, answered) => format!("{answered} of {made} tries answered"),
        }),
        _ => None,
    })
}
