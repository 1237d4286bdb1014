//! A sweep's log as it grows: which lines there are, handed to whoever keeps them.

use why5003_probes::engines::Response;

use crate::run::SweepEvent;
use crate::sweep::{
    LogLine, Reach, ReachLine, ResponseLine, Results, SharedLine, TargetSpace, TraceEvent, UnheardLine,
};

/// Keeps the lines of a sweep's log.
pub trait SweepLog: Send {
    /// Adds a line. What goes wrong is kept for later: the sweep goes on.
    fn add(&mut self, line: LogLine);
}

/// The line of a response.
pub(super) fn of_probe(space: &TargetSpace, event: &SweepEvent) -> Option<LogLine> {
    let SweepEvent::Responded { number, attempt, response, rtt } = *event else { return None };
    ResponseLine::of(space, number, attempt, response, rtt).map(LogLine::Response)
}

/// The line of what tracing found.
pub(super) fn of_trace(space: &TargetSpace, results: &Results, event: &TraceEvent) -> Option<LogLine> {
    match event {
        TraceEvent::Stage(..) => None,
        TraceEvent::Shared { family, common_path } => {
            Some(LogLine::Shared(SharedLine { family: *family, shared: common_path.clone() }))
        }
        TraceEvent::Unheard { family, hosts } => {
            Some(LogLine::Unheard(UnheardLine { family: *family, unheard: hosts.clone() }))
        }
        // That is asked again; but what answered, and is doubted, would be believed without it.
        TraceEvent::Reached(number, Reach::Unknown) if results.response(*number) != Some(Response::Open) => None,
        TraceEvent::Reached(number, reach) => ReachLine::of(space, *number, *reach).map(LogLine::Reach),
    }
}
