//! What must be known beside a sweep's pairs to believe what they tell.

use std::net::{IpAddr, SocketAddr};

use super::super::model::Status;

/// How a sweep went, as far as it bears on what it concludes.
///
/// Closed on purpose: each must say what it takes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Circumstance<'a> {
    /// Zoom is known to answer here, and nobody did: packets that pass may draw answers that do not.
    Unheard(SocketAddr),
    /// A router that refused some of what it let pass later.
    Limited(IpAddr),
    /// Not all was asked.
    Unfinished,
    /// It was ended because this computer could send nothing.
    NoWay,
    /// It was ended by its deadline.
    Late,
    /// Nobody asked how far the silent ones' packets come, and some are not told.
    RoutersNotAsked,
    /// The time for asking that ran out.
    OutOfTime,
    /// What had answered did not answer any more.
    ShutOff,
    /// It is this part of a sweep, spelled as on the command line.
    Part(&'a str),
    /// It is these parts of a sweep, put together.
    Parts(&'a str),
}

impl Circumstance<'_> {
    /// What is concluded in view of it.
    pub(super) fn weigh(&self, status: Status, summary: String) -> (Status, String) {
        match (self, status) {
            (Self::Unheard(_), Status::Healthy) => (Status::Unknown, self.sentence()),
            (Self::Unfinished, Status::Healthy) => (Status::Unknown, format!("{summary} {}", self.sentence())),
            // They take nothing away from what is not healthy.
            (Self::Unheard(_) | Self::Unfinished, _) => (status, summary),
            _ => (status, format!("{summary} {}", self.sentence())),
        }
    }

    /// What a reader must know of it.
    fn sentence(&self) -> String {
        match self {
            Self::Unheard(first) => format!(
                "This network lets out what was asked, but {first}, where Zoom is known to answer, did not: answers may be \
                 dropped on the way back, or the host is gone. Run why5003 for which."
            ),
            Self::Limited(router) => format!(
                "{router} refused some of what it let pass when it was asked slowly: it limits how much may begin at once, unless its \
                 rules were changed meanwhile. A client that opens several connections together may meet such a limit: run \
                 why5003 for whether one here does."
            ),
            Self::Unfinished => "That is not all: it did not come to its end.".to_owned(),
            Self::NoWay => "It was ended after the first errors, which were all this computer's own.".to_owned(),
            Self::Late => "The deadline came before its end (--deadline).".to_owned(),
            Self::RoutersNotAsked => "The routers on the way were not asked (--settle 0).".to_owned(),
            Self::OutOfTime => {
                "The time for settling ran out (--settle): halves of a prefix may still differ.".to_owned()
            }
            Self::ShutOff => {
                "What answered at first does not answer any more, so silence proves nothing: something shut this computer \
                 off during the sweep, or, where the sweep sent raw packets, its own firewall stops connections alone. Run \
                 why5003, or wait and ask more slowly (--rate)."
                    .to_owned()
            }
            Self::Part(part) => format!("This is part {part} of a sweep: of the others it says nothing."),
            Self::Parts(parts) => format!("These are parts {parts} of a sweep: of the others it says nothing."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weighed(circumstance: Circumstance<'_>, status: Status) -> (Status, String) {
        circumstance.weigh(status, "All passes.".to_owned())
    }

    #[test]
    fn a_known_host_that_is_not_heard_and_an_early_end_take_health_away_and_nothing_else() {
        for circumstance in [Circumstance::Unheard("170.114.52.2:443".parse().unwrap()), Circumstance::Unfinished] {
            assert_eq!(weighed(circumstance, Status::Healthy).0, Status::Unknown);
            assert_eq!(weighed(circumstance, Status::Blocked), (Status::Blocked, "All passes.".to_owned()));
        }
    }

    #[test]
    fn a_router_that_limits_is_named_and_takes_nothing_away() {
        let (status, summary) = weighed(Circumstance::Limited([10, 0, 2, 2].into()), Status::Healthy);
        assert!(status == Status::Healthy && summary.starts_with("All passes. 10.0.2.2 refused some"), "{summary}");
    }

    #[test]
    fn a_part_says_that_it_is_one_and_stays_what_it_is() {
        let (status, summary) = weighed(Circumstance::Part("3/8"), Status::Healthy);
        assert_eq!(status, Status::Healthy);
        assert_eq!(summary, "All passes. This is part 3/8 of a sweep: of the others it says nothing.");
    }
}
