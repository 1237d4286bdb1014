//! How sign-in and the rest of Zoom stand, as far as a sweep of prefixes and ports can tell.
//!
//! All of it is data: sentences are made by the report.

mod circumstance;
mod missing;
mod whole;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use why5003_probes::model::Transport;

pub use circumstance::{Circumstance, Replies};
pub use missing::{Missing, Sampled, missing};

use super::model::Status;
use crate::sweep::{Assessment, Counts, PairAssessment, PairState};

/// What a sweep concludes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SweepVerdict {
    /// How Zoom stands by it.
    pub status: Status,
    /// Pairs of a prefix and a port, by what is known of them.
    pub pair_counts: PairCounts,
    /// What must be known to believe it: first what the pairs themselves show, then how the sweep went.
    pub circumstances: Vec<Circumstance>,
}

/// Pairs of a prefix and a port, by what is known of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PairCounts {
    /// Pairs that were asked.
    pub asked: u64,
    /// Of these: stopped as a whole or in part.
    pub stopped: u64,
    /// Of those that are stopped: in part.
    pub partly: u64,
    /// Of the pairs that are not stopped: it is not known of all their targets whether they pass.
    pub unknown: u64,
}

impl PairCounts {
    fn of(assessment: &Assessment) -> Self {
        let count =
            |such: &dyn Fn(&PairAssessment) -> bool| assessment.pairs.iter().filter(|pair| such(pair)).count() as u64;
        Self {
            asked: assessment.pairs.len() as u64,
            stopped: count(&is_stopped),
            partly: count(&|pair| is_stopped(pair) && pair.state == PairState::Partly),
            unknown: count(&|pair| !is_stopped(pair) && !pair.is_known()),
        }
    }
}

impl SweepVerdict {
    /// Whether every pair passes, and the pairs themselves show nothing against it.
    pub fn all_pass(&self) -> bool {
        let PairCounts { stopped, unknown, .. } = self.pair_counts;
        stopped == 0 && unknown == 0 && !self.circumstances.iter().any(Circumstance::is_shown_by_pairs)
    }
}

/// What a sweep concludes from its pairs, in view of how it went.
pub fn conclude(assessment: &Assessment, how_it_went: Vec<Circumstance>) -> SweepVerdict {
    let pair_counts = PairCounts::of(assessment);
    let mut circumstances: Vec<Circumstance> = shown_by_pairs(assessment, pair_counts).into_iter().collect();
    let status = if !circumstances.is_empty() {
        Status::Unknown
    } else if pair_counts.stopped > 0 {
        if stops_every_web_pair(assessment) { Status::Blocked } else { Status::Degraded }
    } else if pair_counts.unknown > 0 || how_it_went.iter().any(Circumstance::takes_health_away) {
        Status::Unknown
    } else {
        Status::Healthy
    };
    circumstances.extend(how_it_went);
    SweepVerdict { status, pair_counts, circumstances }
}

/// Why the pairs by themselves say nothing of the network, where they don't: at most one thing, the gravest.
fn shown_by_pairs(assessment: &Assessment, counts: PairCounts) -> Option<Circumstance> {
    if let Some((address, _)) = assessment.forged.first() {
        return Some(Circumstance::ForgedReplies { address: *address });
    }
    if counts.stopped > 0 {
        return None;
    }
    let probed: u64 = assessment.pairs.iter().map(|pair| pair.tally.known()).sum();
    if probed > 0 && assessment.pairs.iter().all(|pair| pair.tally.unreachable == pair.tally.known()) {
        return Some(Circumstance::NoRoute);
    }
    if assessment.pairs.iter().all(|pair| pair.state == PairState::Unknown) {
        return Some(Circumstance::NothingKnown { replies: replies(assessment) });
    }
    let has_no_route =
        |pair: &PairAssessment| pair.tally.unreachable > 0 && pair.tally.unreachable == pair.tally.known();
    let unknown = || assessment.pairs.iter().filter(|pair| !pair.is_known());
    (counts.unknown > 0 && unknown().all(has_no_route)).then_some(Circumstance::NoRouteToUnknown)
}

fn replies(assessment: &Assessment) -> Replies {
    let some = |count: fn(&Counts) -> u64| assessment.pairs.iter().any(|pair| count(&pair.tally) > 0);
    match (some(|tally| tally.open), some(|tally| tally.closed + tally.prohibited)) {
        (true, _) => Replies::Open,
        (false, true) => Replies::Refusals,
        (false, false) => Replies::None,
    }
}

/// Sign-in goes by TCP 443: where none of it passes to any prefix, a client shows 5003.
fn stops_every_web_pair(assessment: &Assessment) -> bool {
    let is_web = |pair: &&PairAssessment| (pair.pair.port.transport, pair.pair.port.number) == (Transport::Tcp, 443);
    let mut web = assessment.pairs.iter().filter(is_web).peekable();
    web.peek().is_some() && web.all(|pair| is_stopped(pair) && pair.state != PairState::Partly)
}

fn is_stopped(pair: &PairAssessment) -> bool {
    !pair.blocked.is_empty()
}

#[cfg(test)]
mod tests {
    use why5003_probes::engines::Response;

    use super::*;
    use crate::sweep::{Amount, CommonPaths, Found, Port, PrefixPort, Reach, Reaches, Results, Shard, TargetSpace};

    /// Two prefixes of one address at TCP 443, and what was said of each.
    fn assessed(responses: [Response; 2], traced: [Option<Reach>; 2]) -> Assessment {
        let port = Port { transport: Transport::Tcp, number: 443 };
        let pair = |prefix: &str| PrefixPort { prefix: prefix.parse().unwrap(), port, canary: false };
        let pairs = vec![pair("192.0.2.0/32"), pair("198.51.100.0/32")];
        let space = TargetSpace::new(pairs, Amount::All).unwrap();
        let (mut results, mut reaches) = (Results::new(space.count()), Reaches::default());
        for ((number, response), reach) in (0..).zip(responses).zip(traced) {
            results.note(number, response);
            if let Some(reach) = reach {
                reaches.note(number, reach);
            }
        }
        let common_paths = CommonPaths::default();
        crate::sweep::assess(Found { space: &space, results: &results, reaches: &reaches, common_paths: &common_paths })
    }

    fn concluded(responses: [Response; 2], reaches: [Option<Reach>; 2]) -> SweepVerdict {
        conclude(&assessed(responses, reaches), Vec::new())
    }

    /// Every pair passes, and this is known beside.
    fn passing_but(circumstance: Circumstance) -> Status {
        conclude(&assessed([Response::Silent; 2], [PASSES, PASSES]), vec![circumstance]).status
    }

    const DIES: Option<Reach> = Some(Reach::Dies { hop: 1, address: None, next: None });
    const PASSES: Option<Reach> = Some(Reach::Passes { hop: 4, router: None });

    #[test]
    fn a_gap_impairs_zoom_and_no_way_to_any_web_host_blocks_it() {
        let silent = [Response::Silent; 2];
        assert_eq!(concluded(silent, [PASSES, PASSES]).status, Status::Healthy);
        assert_eq!(concluded(silent, [PASSES, DIES]).status, Status::Degraded);
        assert_eq!(concluded(silent, [DIES, DIES]).status, Status::Blocked);
    }

    #[test]
    fn pairs_are_counted_by_what_is_known_of_them() {
        let counts = concluded([Response::Silent; 2], [None, DIES]).pair_counts;
        assert_eq!(counts, PairCounts { asked: 2, stopped: 1, partly: 0, unknown: 1 });
    }

    #[test]
    fn what_could_not_be_told_is_not_healthy() {
        let verdict = concluded([Response::Open, Response::Silent], [None, None]);
        assert_eq!((verdict.status, verdict.circumstances), (Status::Unknown, Vec::new()));
    }

    #[test]
    fn where_nothing_is_known_the_best_that_came_is_said() {
        for (response, replies) in
            [(Response::Silent, Replies::None), (Response::Closed { ttl: None }, Replies::Refusals)]
        {
            let verdict = concluded([response; 2], [None, None]);
            assert_eq!(verdict.circumstances, [Circumstance::NothingKnown { replies }]);
        }
    }

    #[test]
    fn a_computer_without_a_way_is_no_fault_of_the_network() {
        let verdict = concluded([Response::Unreachable { by: None }; 2], [None, None]);
        assert_eq!((verdict.status, verdict.circumstances), (Status::Unknown, vec![Circumstance::NoRoute]));
    }

    #[test]
    fn a_reference_target_that_is_silent_and_an_early_end_take_health_away_and_nothing_else() {
        let silent = Circumstance::ReferenceSilent { target: "170.114.52.2:443".parse().unwrap() };
        for circumstance in [silent, Circumstance::Unfinished] {
            assert_eq!(passing_but(circumstance.clone()), Status::Unknown);
            let stopped = assessed([Response::Silent; 2], [DIES, DIES]);
            assert_eq!(conclude(&stopped, vec![circumstance]).status, Status::Blocked);
        }
    }

    #[test]
    fn a_rate_limit_and_a_part_take_nothing_away() {
        let parts = vec!["3/8".parse::<Shard>().unwrap()];
        for circumstance in [Circumstance::RateLimited { router: [10, 0, 2, 2].into() }, Circumstance::Parts { parts }]
        {
            assert_eq!(passing_but(circumstance), Status::Healthy);
        }
    }

    #[test]
    fn a_verdict_reads_back_what_it_wrote() {
        let parts = vec!["1/8".parse::<Shard>().unwrap(), "3/8".parse().unwrap()];
        let went = vec![Circumstance::Unfinished, Circumstance::Parts { parts }];
        let verdict = conclude(&assessed([Response::Silent; 2], [PASSES, DIES]), went);
        let text = serde_json::to_string(&verdict).unwrap();
        assert!(text.contains(r#"{"kind":"parts","parts":["1/8","3/8"]}"#), "{text}");
        assert_eq!(serde_json::from_str::<SweepVerdict>(&text).unwrap(), verdict);
    }
}
