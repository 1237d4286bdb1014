//! A sweep's verdict in a few sentences: first what its pairs come to, then what must be known to believe that.
//!
//! It decides nothing: status, counts and circumstances are handed in.

use crate::verdict::{Circumstance, PairCounts, Replies, SweepVerdict};

/// The verdict in a few sentences.
pub fn summary(verdict: &SweepVerdict) -> String {
    let mut sentences = vec![opening(verdict)];
    sentences.extend(verdict.circumstances.iter().filter_map(|one| added(one, verdict)));
    sentences.join(" ")
}

/// What the pairs come to.
fn opening(verdict: &SweepVerdict) -> String {
    let PairCounts { asked, stopped, partly, unknown } = verdict.pair_counts;
    if let Some(text) = verdict.circumstances.iter().find_map(|one| in_place_of_counts(one, verdict)) {
        return text;
    }
    if stopped > 0 {
        let of_them = match (stopped, partly) {
            (_, 0) => String::new(),
            (1, _) => ", in part".to_owned(),
            _ => format!(", {partly} of them in part"),
        };
        let rest = match unknown {
            0 => String::new(),
            1 => " 1 is unknown.".to_owned(),
            _ => format!(" {unknown} are unknown."),
        };
        return format!("This network blocks {stopped} of {}{of_them}.{rest}", pairs(asked));
    }
    if unknown > 0 {
        return format!(
            "This network lets {} of {} through. The other {unknown} are unknown, at least in part.",
            asked.saturating_sub(unknown),
            pairs(asked)
        );
    }
    match asked {
        1 => "This network lets the one tested pair of prefix and port through.".to_owned(),
        _ => format!("This network lets all {asked} tested pairs of prefix and port through."),
    }
}

/// The tested pairs, as the object of "so many of".
fn pairs(asked: u64) -> String {
    if asked == 1 {
        "1 tested pair of prefix and port".to_owned()
    } else {
        format!("{asked} tested pairs of prefix and port")
    }
}

/// What is said in the place of the counts, which would mislead.
fn in_place_of_counts(circumstance: &Circumstance, verdict: &SweepVerdict) -> Option<String> {
    let PairCounts { asked, unknown, .. } = verdict.pair_counts;
    Some(match circumstance {
        Circumstance::ForgedReplies { address } => format!(
            "Something on the path answers in place of the targets (such as {address}), so an open port proves nothing. \
             It is a proxy or a SYN proxy: run why5003 for which."
        ),
        Circumstance::NoRoute => "This computer has no route to any target. Run why5003 for why.".to_owned(),
        Circumstance::NothingKnown { replies } => {
            let what = match replies {
                Replies::Open => "What answered could not be confirmed",
                Replies::Refusals => "The sender of the refusals may stand anywhere on the path",
                Replies::None => "Nothing answered",
            };
            format!(
                "{what}, and no trace shows how far packets get: no router answered, or neutral hosts are not reached either. \
                 Run why5003 for why."
            )
        }
        Circumstance::NoRouteToUnknown => format!(
            "This network lets {} of {} through. This computer has no route to the other {unknown}. Run why5003 for why.",
            asked.saturating_sub(unknown),
            pairs(asked)
        ),
        Circumstance::ReferenceSilent { target } if verdict.all_pass() => format!(
            "This network lets packets to every tested pair out, but Zoom's reference target {target} did not answer. Its answers \
             may be dropped on the way back, or the host is gone. Run why5003 for which."
        ),
        _ => return None,
    })
}

/// What a circumstance adds to what the pairs come to.
fn added(circumstance: &Circumstance, verdict: &SweepVerdict) -> Option<String> {
    Some(match circumstance {
        Circumstance::RateLimited { router } => format!(
            "{router} refused some of what it let pass when it was asked slowly: it limits how much may begin at once, unless its \
             rules were changed meanwhile. A client that opens several connections together may meet such a limit: run \
             why5003 for whether one here does."
        ),
        Circumstance::Unfinished if verdict.all_pass() && !has_silent_reference(verdict) => {
            "The sweep did not come to its end.".to_owned()
        }
        Circumstance::NothingSent => {
            "The sweep ended after the first errors, which were all this computer's own.".to_owned()
        }
        Circumstance::DeadlineReached => "The deadline ended the sweep early (--deadline).".to_owned(),
        Circumstance::NotTraced => "Silent flows were not traced (--trace 0).".to_owned(),
        Circumstance::TraceTimedOut => {
            "The time for tracing ran out (--trace). Halves of a prefix may still differ.".to_owned()
        }
        Circumstance::ShutOff => {
            "What answered at first does not answer any more, so silence proves nothing: something shut this computer \
             off during the sweep, or, where the sweep sent raw packets, its own firewall stops connections alone. Run \
             why5003, or wait and ask more slowly (--rate)."
                .to_owned()
        }
        Circumstance::Parts { parts } => {
            let spelled: Vec<String> = parts.iter().map(ToString::to_string).collect();
            let spelled = spelled.join(", ");
            if parts.len() == 1 {
                format!("This is part {spelled} of a sweep: the other parts are unknown.")
            } else {
                format!("These are parts {spelled} of a sweep: the other parts are unknown.")
            }
        }
        Circumstance::Unfinished
        | Circumstance::ReferenceSilent { .. }
        | Circumstance::ForgedReplies { .. }
        | Circumstance::NoRoute
        | Circumstance::NothingKnown { .. }
        | Circumstance::NoRouteToUnknown => return None,
    })
}

fn has_silent_reference(verdict: &SweepVerdict) -> bool {
    verdict.circumstances.iter().any(|one| matches!(one, Circumstance::ReferenceSilent { .. }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::Status;

    fn said(counts: [u64; 4], circumstances: &[Circumstance]) -> String {
        let [asked, stopped, partly, unknown] = counts;
        summary(&SweepVerdict {
            status: Status::Unknown,
            pair_counts: PairCounts { asked, stopped, partly, unknown },
            circumstances: circumstances.to_vec(),
        })
    }

    const ALL_PASS: [u64; 4] = [2, 0, 0, 0];
    const LETS_ALL: &str = "This network lets all 2 tested pairs of prefix and port through.";

    fn silent_reference() -> Circumstance {
        Circumstance::ReferenceSilent { target: "170.114.52.2:443".parse().unwrap() }
    }

    #[test]
    fn the_counts_open_the_summary() {
        assert_eq!(said(ALL_PASS, &[]), LETS_ALL);
        assert_eq!(said([1, 0, 0, 0], &[]), "This network lets the one tested pair of prefix and port through.");
        assert_eq!(
            said([4, 2, 1, 1], &[]),
            "This network blocks 2 of 4 tested pairs of prefix and port, 1 of them in part. 1 is unknown."
        );
        assert_eq!(said([1, 1, 1, 0], &[]), "This network blocks 1 of 1 tested pair of prefix and port, in part.");
        assert_eq!(
            said([4, 0, 0, 3], &[]),
            "This network lets 1 of 4 tested pairs of prefix and port through. The other 3 are unknown, at least in part."
        );
    }

    #[test]
    fn a_computer_without_a_way_is_told_to_ask_why() {
        assert_eq!(
            said([2, 0, 0, 2], &[Circumstance::NoRoute, Circumstance::NothingSent]),
            "This computer has no route to any target. Run why5003 for why. The sweep ended after the first errors, which \
             were all this computer's own."
        );
    }

    #[test]
    fn a_silent_reference_target_is_said_in_place_of_what_passes_and_beside_nothing_else() {
        let text = said(ALL_PASS, &[silent_reference(), Circumstance::Unfinished]);
        assert!(
            text.starts_with(
                "This network lets packets to every tested pair out, but Zoom's reference target 170.114.52.2:443"
            ),
            "{text}"
        );
        assert!(text.ends_with("Run why5003 for which."), "{text}");
        let stopped = "This network blocks 1 of 2 tested pairs of prefix and port.";
        assert_eq!(said([2, 1, 0, 0], &[silent_reference(), Circumstance::Unfinished]), stopped);
    }

    #[test]
    fn an_early_end_is_added_where_all_passes() {
        assert_eq!(
            said(ALL_PASS, &[Circumstance::Unfinished]),
            format!("{LETS_ALL} The sweep did not come to its end.")
        );
    }

    #[test]
    fn parts_are_named() {
        let parts = |of: &[&str]| Circumstance::Parts { parts: of.iter().map(|part| part.parse().unwrap()).collect() };
        assert_eq!(
            said(ALL_PASS, &[parts(&["3/8"])]),
            format!("{LETS_ALL} This is part 3/8 of a sweep: the other parts are unknown.")
        );
        assert_eq!(
            said(ALL_PASS, &[parts(&["1/8", "3/8"])]),
            format!("{LETS_ALL} These are parts 1/8, 3/8 of a sweep: the other parts are unknown.")
        );
    }
}
