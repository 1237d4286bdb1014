//! How sign-in and the rest of Zoom stand, as far as a sweep of prefixes and ports can tell.

use why5003_probes::kit::Transport;

use super::model::Status;
use crate::sweep::{LaneSurvey, State, Survey};

/// Status and summary of a sweep.
pub fn conclude(survey: &Survey) -> (Status, String) {
    if let Some((first, _)) = survey.forged.first() {
        let summary = format!(
            "Something on the way answers for addresses where nobody can be ({first}), so an open port proves nothing: \
             a proxy or a SYN proxy stands between (run why5003 for which)."
        );
        return (Status::Unknown, summary);
    }
    let stopped = |lane: &&LaneSurvey| !lane.blocked.is_empty();
    let count = |such: &dyn Fn(&&LaneSurvey) -> bool| survey.lanes.iter().filter(such).count();
    let (all, blocked) = (survey.lanes.len(), count(&|lane| stopped(lane)));
    let unknown = count(&|lane| lane.state == State::Unknown);
    let is_web = |lane: &&LaneSurvey| (lane.lane.port.transport, lane.lane.port.number) == (Transport::Tcp, 443);
    let web = count(&is_web);
    let web_stopped = count(&|lane| is_web(lane) && stopped(lane) && lane.state != State::Partly);
    if blocked > 0 {
        let status = if web > 0 && web_stopped == web { Status::Blocked } else { Status::Degraded };
        let whole = if blocked == all { "all".to_owned() } else { format!("{blocked}") };
        return (status, format!("This network stops {whole} of {all} prefix-and-port pairs that Zoom publishes."));
    }
    if unknown == all {
        return (Status::Unknown, "Nothing answered, and no router said how far packets come.".to_owned());
    }
    let rest = if unknown > 0 { format!("; {unknown} could not be told") } else { String::new() };
    let passing = all - unknown;
    (
        Status::Healthy,
        format!("This network lets {passing} of {all} prefix-and-port pairs through that were asked{rest}."),
    )
}
