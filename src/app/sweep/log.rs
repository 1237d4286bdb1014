//! A sweep's log as it grows: which lines there are, handed to whoever keeps them.

use why5003_probes::engines::Response;

use crate::run::{SettleEvent, SweepEvent};
use crate::sweep::{Ledger, LogLine, Reach, ReachLine, ResponseLine, SharedLine, Space, UnheardLine};

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
pub(super) fn of_trace(space: &Space, ledger: &Ledger, event: &SettleEvent<'_>) -> Option<LogLine> {
    match *event {
        SettleEvent::Stage(..) => None,
        SettleEvent::Shared { family, trunk } => Some(LogLine::Shared(SharedLine { family, shared: trunk.clone() })),
        SettleEvent::Unheard { family, hosts } => {
            Some(LogLine::Unheard(UnheardLine { family, unheard: hosts.to_vec() }))
        }
        // That is asked again; but what answered, and is doubted, would be believed without it.
        SettleEvent::Reached(number, Reach::Untold) if ledger.response(number) != Some(Response::Open) => None,
        SettleEvent::Reached(number, reach) => ReachLine::of(space, number, reach).map(LogLine::Reach),
    }
}
