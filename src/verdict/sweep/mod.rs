//! How sign-in and the rest of Zoom stand, as far as a sweep of prefixes and ports can tell.

mod circumstance;

use why5003_probes::model::Transport;

pub use circumstance::Circumstance;

use super::model::Status;
use crate::sweep::{LaneSurvey, State, Survey, Tally};

/// Status and summary of a sweep: what its pairs tell, and then what else must be known to believe it.
pub fn conclude(survey: &Survey, circumstances: &[Circumstance<'_>]) -> (Status, String) {
    circumstances.iter().fold(of_pairs(survey), |(status, summary), circumstance| circumstance.weigh(status, summary))
}

/// What the pairs of prefix and port tell.
fn of_pairs(survey: &Survey) -> (Status, String) {
    if let Some((first, _)) = survey.forged.first() {
        let summary = format!(
            "Something on the way answers in the place of those who were asked (such as {first}), so an open port proves nothing: \
             a proxy or a SYN proxy stands between (run why5003 for which)."
        );
        return (Status::Unknown, summary);
    }
    let stopped = |lane: &&LaneSurvey| !lane.blocked.is_empty();
    let count = |such: &dyn Fn(&&LaneSurvey) -> bool| survey.lanes.iter().filter(such).count();
    let (all, blocked) = (survey.lanes.len(), count(&|lane| stopped(lane)));
    let unknown = count(&|lane| lane.state == State::Unknown);
    let untold = count(&|lane| !lane.is_told());
    let is_web = |lane: &&LaneSurvey| (lane.lane.port.transport, lane.lane.port.number) == (Transport::Tcp, 443);
    let web = count(&is_web);
    let web_stopped = count(&|lane| is_web(lane) && stopped(lane) && lane.state != State::Partly);
    if blocked > 0 {
        let status = if web > 0 && web_stopped == web { Status::Blocked } else { Status::Degraded };
        let partly = count(&|lane| lane.state == State::Partly);
        let of_them = match (blocked, partly) {
            (_, 0) => String::new(),
            (1, _) => ", in part".to_owned(),
            _ => format!(", {partly} of them in part"),
        };
        let untold = count(&|lane| !stopped(lane) && !lane.is_told());
        let rest = if untold > 0 { format!("; {untold} could not be told") } else { String::new() };
        let summary = format!("This network stops {blocked} of {}{of_them}{rest}.", pairs(all));
        return (status, summary);
    }
    let tried: u64 = survey.lanes.iter().map(|lane| lane.tally.known()).sum();
    if tried > 0 && survey.lanes.iter().all(|lane| lane.tally.unreachable == lane.tally.known()) {
        let summary = "There is no way from this computer to any that was asked: run why5003 for why.".to_owned();
        return (Status::Unknown, summary);
    }
    if unknown == all {
        let some = |count: fn(&Tally) -> u64| survey.lanes.iter().any(|lane| count(&lane.tally) > 0);
        let who = match (some(|tally| tally.open), some(|tally| tally.closed + tally.prohibited)) {
            (true, _) => DOUBTFUL,
            (false, true) => STRANGERS,
            (false, false) => NOBODY,
        };
        return (Status::Unknown, format!("{who}, and it could not be told how far packets come: {UNTOLD}"));
    }
    let is_ours = |lane: &&LaneSurvey| {
        !lane.is_told() && lane.tally.unreachable > 0 && lane.tally.unreachable == lane.tally.known()
    };
    if untold > 0 && untold == count(&is_ours) {
        let summary = format!(
            "This network lets {} of {} through; to the other {untold} there is no way from this computer: run why5003 for why.",
            all - untold,
            pairs(all)
        );
        return (Status::Unknown, summary);
    }
    if untold > 0 {
        let passing = all - untold;
        let summary = format!(
            "This network lets {passing} of {} through; of the other {untold}, or a part of each, it could not be told.",
            pairs(all)
        );
        return (Status::Unknown, summary);
    }
    let summary = match all {
        1 => "This network lets the one prefix-and-port pair through that was asked.".to_owned(),
        _ => format!("This network lets all {all} prefix-and-port pairs through that were asked."),
    };
    (Status::Healthy, summary)
}

/// What was asked, to be put behind how many of it.
fn pairs(all: usize) -> String {
    if all == 1 {
        "1 prefix-and-port pair that was asked".to_owned()
    } else {
        format!("{all} prefix-and-port pairs that were asked")
    }
}

const NOBODY: &str = "Nothing answered";
const DOUBTFUL: &str = "What answered could not be confirmed";
const STRANGERS: &str = "Who refused may stand anywhere on the way";
const UNTOLD: &str = "no router said so, or neutral hosts are not reached either. Run why5003 for why.";

#[cfg(test)]
mod tests {
    use why5003_probes::engines::Response;

    use super::*;
    use crate::sweep::{Amount, Found, Lane, Ledger, Port, Reach, Settled, Space, Trunks};

    /// Two prefixes of one address at TCP 443, and what was said of each.
    fn concluded(responses: [Response; 2], reaches: [Option<Reach>; 2]) -> (Status, String) {
        let port = Port { transport: Transport::Tcp, number: 443 };
        let lane = |prefix: &str| Lane { prefix: prefix.parse().unwrap(), port, canary: false };
        let lanes = vec![lane("192.0.2.0/32"), lane("198.51.100.0/32")];
        let space = Space::new(lanes, Amount::All).unwrap();
        let (mut ledger, mut settled) = (Ledger::new(space.count()), Settled::default());
        for ((number, response), reach) in (0..).zip(responses).zip(reaches) {
            ledger.note(number, response);
            if let Some(reach) = reach {
                settled.note(number, reach);
            }
        }
        let trunks = Trunks::default();
        let found = Found { space: &space, ledger: &ledger, settled: &settled, trunks: &trunks };
        of_pairs(&crate::sweep::survey(found))
    }

    const DIES: Option<Reach> = Some(Reach::Dies { hop: 1, address: None, next: None });
    const PASSES: Option<Reach> = Some(Reach::Passes { hop: 4, router: None });

    #[test]
    fn a_gap_impairs_zoom_and_no_way_to_any_web_host_blocks_it() {
        let silent = [Response::Silent; 2];
        assert_eq!(concluded(silent, [PASSES, PASSES]).0, Status::Healthy);
        assert_eq!(concluded(silent, [PASSES, DIES]).0, Status::Degraded);
        assert_eq!(concluded(silent, [DIES, DIES]).0, Status::Blocked);
    }

    #[test]
    fn what_could_not_be_told_is_not_healthy() {
        assert_eq!(concluded([Response::Open, Response::Silent], [None, None]).0, Status::Unknown);
    }

    #[test]
    fn a_computer_without_a_way_is_told_to_ask_why() {
        let (status, summary) = concluded([Response::Unreachable { by: None }; 2], [None, None]);
        assert!(status == Status::Unknown && summary.contains("no way"), "{summary}");
    }
}
