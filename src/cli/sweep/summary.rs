//! The one sentence of a sweep, with what must be known to believe it.

use std::fmt::Write as _;

use super::super::args;
use super::wanted::Wanted;
use crate::run::{Settlement, Swept};
use crate::sweep::Survey;
use crate::verdict::{Status, conclude, unless_unheard};

/// What came of a sweep.
pub(super) struct Outcome<'a> {
    /// What it found.
    pub(super) survey: &'a Survey,
    /// What the sweep proper brought.
    pub(super) swept: &'a Swept,
    /// What settling brought.
    pub(super) settlement: &'a Settlement,
    /// Whether all came to its end.
    pub(super) complete: bool,
    /// Whether it was the deadline that ended it.
    pub(super) late: bool,
}

/// Status and summary.
pub(super) fn summary(args: &args::Sweep, wanted: &Wanted, outcome: &Outcome<'_>) -> (Status, String) {
    let Outcome { survey, swept, settlement, complete, late } = *outcome;
    let (mut status, mut summary) = unless_unheard(conclude(survey), &settlement.unheard);
    let mut say = |sentence: &str| {
        let _ = write!(summary, " {sentence}");
    };
    if !complete && status == Status::Healthy {
        status = Status::Unknown;
        say("That is not all: it did not come to its end.");
    }
    if swept.no_way {
        say("It was ended after the first errors, which were all this computer's own.");
    }
    if late {
        say("The deadline came before its end (--deadline).");
    }
    let untold = survey.lanes.iter().any(|lane| !lane.is_told());
    if complete && untold && args.settle.is_zero() {
        say("The routers on the way were not asked (--settle 0).");
    }
    if settlement.out_of_time {
        say("The time for settling ran out (--settle): halves of a prefix may still differ.");
    }
    if settlement.shut_off {
        say(SHUT_OFF);
    }
    if !wanted.is_whole() {
        let these = if wanted.parts.len() == 1 { "This is part" } else { "These are parts" };
        say(&format!("{these} {} of a sweep: of the others it says nothing.", wanted.spelled()));
    }
    (status, summary)
}

/// Something took the sweep for an attack.
const SHUT_OFF: &str = "What answered at first does not answer any more: something shut this computer off during the sweep, so silence \
                        proves nothing. Wait, and ask more slowly (--rate).";
