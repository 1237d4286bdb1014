//! The state of one target, by what the sweep and the trace say of it: a truth table.

use serde::{Deserialize, Serialize};
use why5003_probes::model::Location;

/// What is known of one target, after all was asked and traced: whether packets come to it, and if not, where they are stopped.
///
/// Closed on purpose: as it is serialised, each is a word of the sweep's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum TargetState {
    /// It answers.
    Open,
    /// The far end refuses.
    Closed,
    /// Nobody answers, and packets come as far as anybody can tell.
    Passes,
    /// Packets die on the way: without a word, or for want of a way.
    Blocked {
        /// Where.
        #[serde(default)]
        location: Location,
    },
    /// Somebody on the way resets the connections.
    Reset {
        /// Where.
        #[serde(default)]
        location: Location,
    },
    /// It is refused by ICMP.
    Prohibited {
        /// Where on the way; `None` where it could not be told by whom: on the way, or at the far end.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        location: Option<Location>,
    },
    /// It is refused by a RST, and it could not be told by whom: on the way, or at the far end.
    Refused,
    /// It could not be told.
    Unknown,
}

impl TargetState {
    /// Whether packets pass; `None` where that is not known.
    pub fn passes(self) -> Option<bool> {
        match self {
            Self::Open | Self::Closed | Self::Passes => Some(true),
            Self::Blocked { .. } | Self::Reset { .. } | Self::Prohibited { location: Some(_) } => Some(false),
            Self::Prohibited { location: None } | Self::Refused | Self::Unknown => None,
        }
    }

    /// Where packets are stopped; `None` where they pass, or that is not known.
    pub fn stopped_at(self) -> Option<Location> {
        match self {
            Self::Blocked { location } | Self::Reset { location } => Some(location),
            Self::Prohibited { location } => location,
            Self::Open | Self::Closed | Self::Passes | Self::Refused | Self::Unknown => None,
        }
    }

    /// The same without the router that would come next, which differs from flow to flow, and makes no difference.
    #[must_use]
    pub fn without_next(self) -> Self {
        match self {
            Self::Blocked { location } => Self::Blocked { location: location.without_next() },
            Self::Reset { location } => Self::Reset { location: location.without_next() },
            Self::Prohibited { location } => Self::Prohibited { location: location.map(Location::without_next) },
            other => other,
        }
    }

    /// Whether what is stopped is stopped alike at one place, and what is not, is not.
    pub(super) fn ends_like(self, other: Self) -> bool {
        match (self.stopped_at(), other.stopped_at()) {
            (Some(here), Some(there)) => {
                let one = self.without_next() == other.without_next();
                one || is_just_before(here, other) || is_just_before(there, self)
            }
            _ => self.passes() != Some(false) && other.passes() != Some(false),
        }
    }
}

/// Whether what ends at the one place would have come to the other next, and somebody there says that he stops it.
pub(super) fn is_just_before(location: Location, refusal: TargetState) -> bool {
    // A refusal names nobody who would come next; a RST has no name of its own.
    let refuser = match refusal {
        TargetState::Reset { .. } => None,
        other => other.stopped_at(),
    };
    refuser.is_some_and(|refuser| refuser.next.is_none() && location.next.is_some() && location.next == refuser.address)
}

/// What a target's own response says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FromSweep {
    /// It answered.
    Open,
    /// It answered, but a box may have answered in its place, or this computer's raw packets alone.
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
    Router(Location),
    /// This computer, or an internal address that is on no known hop.
    Near(Location),
    /// An address that may as well be at the far end, or the target's own.
    Far,
    /// A router of the common path that let others pass which it had refused.
    Limiter,
}

impl FromSweep {
    /// Whether it says by itself the state of the target, without a trace.
    pub(super) fn is_clear(self) -> bool {
        match self {
            Self::Open | Self::OpenInDoubt | Self::NotSent | Self::Refused(Refuser::Router(_)) => true,
            Self::Refused(Refuser::Near(_) | Refuser::Far | Refuser::Limiter) | Self::Closed | Self::Silent => false,
        }
    }

    /// Whether a trace may overrule it.
    pub(super) fn is_open_to_the_trace(self) -> bool {
        !self.is_clear() || matches!(self, Self::Refused(_))
    }
}

/// The state of a target, by its response and by what the trace says of it, or of those on both sides of it.
#[expect(clippy::match_same_arms, reason = "each case of the table has an arm of its own")]
pub(super) fn state_of(sweep: FromSweep, trace: TargetState) -> TargetState {
    use FromSweep::{Closed, NotSent, Open, OpenInDoubt, Refused, Silent};
    use Refuser::{Far, Limiter, Near, Router};
    match (sweep, trace.passes()) {
        (Open, _) => TargetState::Open,
        (OpenInDoubt | NotSent, _) => TargetState::Unknown,
        (Silent, _) => trace,
        (Closed, Some(true)) => TargetState::Closed,
        // A target that is dropped or refused otherwise would bring no RST.
        (Closed, _) if matches!(trace, TargetState::Reset { .. }) => trace,
        (Closed, _) => TargetState::Refused,
        // A router on the way that refused it let it pass later.
        (Refused(Router(_) | Limiter), Some(true)) => trace,
        (Refused(Near(_) | Far), Some(true)) => TargetState::Closed,
        (Refused(Router(location) | Near(location)), _) => TargetState::Prohibited { location: Some(location) },
        (Refused(Far | Limiter), Some(false)) => trace,
        (Refused(Far), None) => TargetState::Prohibited { location: None },
        (Refused(Limiter), None) => TargetState::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows: what the sweep says. Columns: what the trace says. `@1` is the refuser's place, `@2` the trace's.
    const TABLE: &str = "
                unknown       passes   blocked@2     reset@2       prohibited@2  prohibited    refused
open            open          open     open          open          open          open          open
open-in-doubt   unknown       unknown  unknown       unknown       unknown       unknown       unknown
not-sent        unknown       unknown  unknown       unknown       unknown       unknown       unknown
silent          unknown       passes   blocked@2     reset@2       prohibited@2  prohibited    refused
closed          refused       closed   refused       reset@2       refused       refused       refused
by-router       prohibited@1  passes   prohibited@1  prohibited@1  prohibited@1  prohibited@1  prohibited@1
by-near         prohibited@1  closed   prohibited@1  prohibited@1  prohibited@1  prohibited@1  prohibited@1
by-far          prohibited    closed   blocked@2     reset@2       prohibited@2  prohibited    prohibited
by-limiter      unknown       passes   blocked@2     reset@2       prohibited@2  unknown       unknown
";

    fn location(hop: u8) -> Location {
        Location { hop: Some(hop), ..Location::default() }
    }

    fn row(name: &str) -> FromSweep {
        match name {
            "open" => FromSweep::Open,
            "open-in-doubt" => FromSweep::OpenInDoubt,
            "not-sent" => FromSweep::NotSent,
            "silent" => FromSweep::Silent,
            "closed" => FromSweep::Closed,
            "by-router" => FromSweep::Refused(Refuser::Router(location(1))),
            "by-near" => FromSweep::Refused(Refuser::Near(location(1))),
            "by-far" => FromSweep::Refused(Refuser::Far),
            "by-limiter" => FromSweep::Refused(Refuser::Limiter),
            _ => panic!("{name} is no row"),
        }
    }

    fn state(name: &str) -> TargetState {
        let (name, hop) = name.split_once('@').map_or((name, None), |(name, hop)| (name, hop.parse().ok()));
        let location = hop.map(location);
        match name {
            "open" => TargetState::Open,
            "closed" => TargetState::Closed,
            "passes" => TargetState::Passes,
            "unknown" => TargetState::Unknown,
            "refused" => TargetState::Refused,
            "blocked" => TargetState::Blocked { location: location.unwrap() },
            "reset" => TargetState::Reset { location: location.unwrap() },
            "prohibited" => TargetState::Prohibited { location },
            _ => panic!("{name} is no state"),
        }
    }

    #[test]
    fn every_response_has_one_state_with_every_trace() {
        let mut lines = TABLE.trim_matches('\n').lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        let columns = lines.next().unwrap();
        let mut rows = 0;
        for line in lines {
            let states: Vec<_> = columns.iter().map(|name| state_of(row(line[0]), state(name))).collect();
            let expected: Vec<_> = line[1..].iter().map(|name| state(name)).collect();
            assert_eq!(states, expected, "{}", line[0]);
            rows += 1;
        }
        assert_eq!((rows, columns.len()), (9, 7));
    }
}
