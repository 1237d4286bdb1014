//! A sweep's log as it grows: which lines there are, handed to whoever keeps them.

use why5003_probes::engines::Response;

use crate::run::SweepEvent;
use crate::sweep::{Ledger, LogLine, Reach, ReachLine, ResponseLine, SharedLine, Space, TraceEvent, UnheardLine};

/// Keeps the lines of a sweep's log.
pub trait SweepLog: Send {
    /// Adds a line. What goes wrong is kept for later: the sweep goes on.
    fn add(&mut self, line: LogLine);
}

/// The line of a response.
pub(super) fn of_probe(space: &Space, event: &SweepEvent) -> Option<LogLine> {
    let SweepEvent::Settled { number, attempt, response, rtt } = *event else { return None };
    ResponseLine::of(space, number, attempt, response, rtt).map(LogLine::Response)
}

/// The line of what tracing found.
pub(super) fn of_trace(space: &Space, ledger: &Ledger, event: &TraceEvent) -> Option<LogLine> {
    match event {
        TraceEvent::Stage(..) => None,
        TraceEvent::Shared { family, trunk } => {
            Some(LogLine::Shared(SharedLine { family: *family, shared: trunk.clone() }))
        }
        TraceEvent::Unheard { family, hosts } => {
            Some(LogLine::Unheard(UnheardLine { family: *family, unheard: hosts.clone() }))
        }
        // That is asked again; but what answered, and is doubted, would be believed without it.
        TraceEvent::Reached(number, Reach::Untold) if ledger.response(*number) != Some(Response::Open) => None,
        TraceEvent::Reached(number, reach) => ReachLine::of(space, *number, *reach).map(LogLine::Reach),
    }
}
