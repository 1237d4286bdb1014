//! The state of one target, by what the sweep and the trace say of it: a truth table.

use super::fare::{Fare, Place, Stop};

/// What a target's own response says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FromSweep {
    /// It answered.
    Open,
    /// It answered, but a box may have answered in its place, or for this computer's raw packets alone.
    OpenInDoubt,
    /// A RST came: from the way, or from the far end.
    Closed,
    /// Nothing came, or a router knew no route for it.
    Silent,
    /// This computer itself did not send: that says nothing of the network.
    NotSent,
    /// It was refused by ICMP.
    Refused(Refuser),
}

/// Who refused a target by ICMP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refuser {
    /// A router of the common path.
    Router(Place),
    /// This computer, or an internal address that is on no known hop.
    Near(Place),
    /// An address that may as well be at the far end, or the target's own.
    Far,
    /// A router of the common path that let others pass which it had refused.
    Limiter,
}

/// What the trace says of a target, or of those on both sides of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FromTrace {
    /// Nothing, or that it could not be told.
    Nothing,
    /// Packets come to the end of the common path.
    Passes,
    /// They are stopped.
    Stopped(Stop, Place),
    /// They are refused, and it could not be told by whom.
    Refused {
        /// By ICMP; otherwise by a RST.
        icmp: bool,
    },
}

/// The state of a target.
pub(super) fn state(sweep: FromSweep, trace: FromTrace) -> Fare {
    use FromSweep::{Closed, NotSent, Open, OpenInDoubt, Refused, Silent};
    use Refuser::{Far, Limiter, Near, Router};
    match (sweep, trace) {
        (Open, _) => Fare::Open,
        (OpenInDoubt | NotSent, _) => Fare::Unknown,
        (Silent, FromTrace::Nothing) => Fare::Unknown,
        (Silent, FromTrace::Refused { icmp }) => Fare::Refused { icmp },
        (Silent, FromTrace::Passes) => Fare::Passes,
        (Silent, FromTrace::Stopped(stop, place)) => Fare::Stopped(stop, place),
        (Closed, FromTrace::Passes) => Fare::Closed,
        (Closed, FromTrace::Stopped(Stop::Reset, place)) => Fare::Stopped(Stop::Reset, place),
        // A target that is dropped or refused otherwise would bring no RST.
        (Closed, _) => Fare::Refused { icmp: false },
        // A router on the way that refused it let it pass later.
        (Refused(Router(_) | Limiter), FromTrace::Passes) => Fare::Passes,
        (Refused(Near(_) | Far), FromTrace::Passes) => Fare::Closed,
        (Refused(Router(place) | Near(place)), _) => Fare::Stopped(Stop::Prohibited, place),
        (Refused(Far | Limiter), FromTrace::Stopped(stop, place)) => Fare::Stopped(stop, place),
        (Refused(Far), FromTrace::Nothing | FromTrace::Refused { .. }) => Fare::Refused { icmp: true },
        (Refused(Limiter), FromTrace::Nothing | FromTrace::Refused { .. }) => Fare::Unknown,
    }
}

/// Whether a response says by itself how the target fares, without a trace.
pub(super) fn is_clear(sweep: FromSweep) -> bool {
    match sweep {
        FromSweep::Open | FromSweep::OpenInDoubt | FromSweep::NotSent => true,
        FromSweep::Refused(refuser) => matches!(refuser, Refuser::Router(_)),
        FromSweep::Closed | FromSweep::Silent => false,
    }
}

/// Whether the trace may overrule a response.
pub(super) fn is_open_to_the_trace(sweep: FromSweep) -> bool {
    !is_clear(sweep) || matches!(sweep, FromSweep::Refused(_))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows: what the sweep says. Columns: what the trace says. `@1` is the refuser's place, `@2` the trace's.
    const TABLE: &str = "
                nothing       passes   blocked       reset         refused-icmp  refused-rst
open            open          open     open          open          open          open
open-in-doubt   unknown       unknown  unknown       unknown       unknown       unknown
not-sent        unknown       unknown  unknown       unknown       unknown       unknown
silent          unknown       passes   blocked@2     reset@2       refused-icmp  refused-rst
closed          refused-rst   closed   refused-rst   reset@2       refused-rst   refused-rst
by-router       prohibited@1  passes   prohibited@1  prohibited@1  prohibited@1  prohibited@1
by-near         prohibited@1  closed   prohibited@1  prohibited@1  prohibited@1  prohibited@1
by-far          refused-icmp  closed   blocked@2     reset@2       refused-icmp  refused-icmp
by-limiter      unknown       passes   blocked@2     reset@2       unknown       unknown
";

    const HERE: Place = Place { hop: Some(1), address: None, next: None };
    const THERE: Place = Place { hop: Some(2), address: None, next: None };

    fn row(name: &str) -> FromSweep {
        match name {
            "open" => FromSweep::Open,
            "open-in-doubt" => FromSweep::OpenInDoubt,
            "not-sent" => FromSweep::NotSent,
            "silent" => FromSweep::Silent,
            "closed" => FromSweep::Closed,
            "by-router" => FromSweep::Refused(Refuser::Router(HERE)),
            "by-near" => FromSweep::Refused(Refuser::Near(HERE)),
            "by-far" => FromSweep::Refused(Refuser::Far),
            "by-limiter" => FromSweep::Refused(Refuser::Limiter),
            _ => panic!("{name} is no row"),
        }
    }

    fn column(name: &str) -> FromTrace {
        match name {
            "nothing" => FromTrace::Nothing,
            "passes" => FromTrace::Passes,
            "blocked" => FromTrace::Stopped(Stop::Blocked, THERE),
            "reset" => FromTrace::Stopped(Stop::Reset, THERE),
            "refused-icmp" => FromTrace::Refused { icmp: true },
            "refused-rst" => FromTrace::Refused { icmp: false },
            _ => panic!("{name} is no column"),
        }
    }

    fn cell(fare: Fare) -> String {
        match fare {
            Fare::Open => "open".to_owned(),
            Fare::Closed => "closed".to_owned(),
            Fare::Passes => "passes".to_owned(),
            Fare::Unknown => "unknown".to_owned(),
            Fare::Refused { icmp: true } => "refused-icmp".to_owned(),
            Fare::Refused { icmp: false } => "refused-rst".to_owned(),
            Fare::Stopped(stop, place) => format!("{stop:?}@{}", place.hop.unwrap_or_default()).to_lowercase(),
        }
    }

    #[test]
    fn every_response_has_one_state_with_every_trace() {
        let mut lines = TABLE.trim_matches('\n').lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        let columns = lines.next().unwrap();
        let mut rows = 0;
        for line in lines {
            let states = columns.iter().map(|name| cell(state(row(line[0]), column(name))));
            assert_eq!(states.collect::<Vec<_>>(), line[1..], "{}", line[0]);
            rows += 1;
        }
        assert_eq!((rows, columns.len()), (9, 6));
    }
}
