//! `why5003 sweep --gap-as`: what this network blocks, as rules that let it out.

use crate::catalogue::PortRange;
use crate::report::SweepReport;
use crate::rules::{Allow, Ruleset, Tested, gap};
use crate::sweep::{LaneSurvey, Port, State, Survey};

/// The rules that are missing, under a header that says how they were found; `published` are the ranges of ports that the
/// catalogue has.
pub(super) fn ruleset(report: &SweepReport, survey: &Survey, published: &[PortRange]) -> Ruleset {
    let mut tested: Vec<Tested> = survey.lanes.iter().flat_map(blocked).collect();
    tested.extend(survey.lanes.iter().flat_map(|of| blocked_from_end_to_end(of, survey, published)));
    let allows: Vec<Allow> = gap(&tested).into_iter().map(Allow::from).collect();
    Ruleset::new(&header(report, survey), &allows)
}

fn blocked(of: &LaneSurvey) -> impl Iterator<Item = Tested> + '_ {
    let port = of.lane.port;
    let ports = PortRange { transport: port.transport, first: port.number, last: port.number };
    of.blocked.iter().map(move |prefix| Tested { prefix: *prefix, ports, blocked: true })
}

/// The ranges that begin at this port, of which a sweep asked both ends and nothing between, where both are blocked.
fn blocked_from_end_to_end(of: &LaneSurvey, survey: &Survey, published: &[PortRange]) -> Vec<Tested> {
    let Port { transport, number } = of.lane.port;
    let mut tested = Vec::new();
    for range in published.iter().filter(|range| range.transport == transport && range.first == number) {
        let mut beyond = survey.lanes.iter().filter(|other| {
            let at = other.lane.port;
            other.lane.prefix == of.lane.prefix
                && at.transport == transport
                && number < at.number
                && at.number <= range.last
        });
        if let (Some(end), None) = (beyond.next(), beyond.next())
            && end.lane.port.number == range.last
        {
            let both = end.blocked.iter().filter(|part| of.blocked.contains(part));
            tested.extend(both.map(|part| Tested { prefix: *part, ports: *range, blocked: true }));
        }
    }
    tested
}

fn header(report: &SweepReport, survey: &Survey) -> Vec<String> {
    let mut header = vec![
        format!("Lets out what the network of a sweep of {} blocks of Zoom, and replies back", report.started),
        format!("catalogue of {}, sha256 {}", report.catalogue.revision, report.catalogue.sha256),
        format!("{}: {}", report.schema, report.summary),
    ];
    if report.gap.is_empty() {
        header.push("nothing was found to be blocked, so there is no rule here".to_owned());
    }
    let untold = survey.lanes.iter().filter(|lane| lane.state == State::Unknown).count();
    if untold > 0 {
        header
            .push(format!("not here, for it could not be told: {untold} of {} prefixes at a port", survey.lanes.len()));
    }
    if !report.complete {
        header.push("the sweep was stopped before its end: what was not asked is not here".to_owned());
    }
    header
}

#[cfg(test)]
mod tests {
    use why5003_probes::kit::Transport;

    use super::*;
    use crate::report::{CatalogueStamp, SWEEP_SCHEMA, Tool, missing, sweep_lanes};
    use crate::rules::format;
    use crate::sweep::{Lane, Tally};
    use crate::verdict::conclude;

    fn lane(prefix: &str, number: u16, state: State, blocked: &[&str]) -> LaneSurvey {
        let port = Port { transport: Transport::Tcp, number };
        LaneSurvey {
            lane: Lane { prefix: prefix.parse().unwrap(), port, canary: false },
            tally: Tally::default(),
            state,
            blocked: blocked.iter().map(|prefix| prefix.parse().unwrap()).collect(),
            place: None,
        }
    }

    fn report(survey: &Survey) -> SweepReport {
        let (status, summary) = conclude(survey);
        SweepReport {
            schema: SWEEP_SCHEMA.to_owned(),
            tool: Tool { name: "why5003".to_owned(), version: "0".to_owned() },
            started: "2026-11-24T12:00:00Z".to_owned(),
            duration_ms: 1,
            catalogue: CatalogueStamp {
                revision: "2026-10-08".to_owned(),
                source: "a test".to_owned(),
                sha256: "0".to_owned(),
            },
            engines: Vec::new(),
            shard: "1/1".to_owned(),
            targets: 4,
            asked: 4,
            late: 0,
            complete: true,
            status,
            summary,
            forged: Vec::new(),
            lanes: sweep_lanes(survey),
            gap: missing(survey),
        }
    }

    fn csv(lanes: Vec<LaneSurvey>) -> Vec<String> {
        let survey = Survey { lanes, forged: Vec::new() };
        let text =
            (format("csv").unwrap().write)(&ruleset(&report(&survey), &survey, &["tcp/8801-8810".parse().unwrap()]));
        text.lines().skip(1).map(str::to_owned).collect()
    }

    #[test]
    fn what_is_blocked_is_let_out_and_nothing_that_passes_or_is_unknown() {
        let lines = csv(vec![
            lane("170.114.0.0/16", 443, State::Partly, &["170.114.128.0/17"]),
            lane("3.7.35.0/25", 443, State::Open, &[]),
            lane("3.7.35.0/25", 8801, State::Blocked, &["3.7.35.0/25"]),
            lane("3.7.35.0/25", 8802, State::Reset, &["3.7.35.0/25"]),
            lane("170.114.0.0/16", 8802, State::Unknown, &[]),
        ]);
        assert_eq!(
            lines,
            [
                "missing,\"blocked here at tcp/443\",out,170.114.128.0/17,tcp,443,443",
                "missing-2,\"blocked here at tcp/8801-8802\",out,3.7.35.0/25,tcp,8801,8802",
            ]
        );
    }

    #[test]
    fn a_range_that_was_asked_at_its_ends_is_let_out_as_a_whole_where_both_are_blocked() {
        let ends = vec![
            lane("3.7.35.0/25", 8801, State::Blocked, &["3.7.35.0/25"]),
            lane("3.7.35.0/25", 8810, State::Blocked, &["3.7.35.0/25"]),
            lane("52.84.151.0/24", 8801, State::Blocked, &["52.84.151.0/24"]),
            lane("52.84.151.0/24", 8810, State::Open, &[]),
        ];
        assert_eq!(
            csv(ends),
            [
                "missing,\"blocked here at tcp/8801\",out,3.7.35.0/25,tcp,8801,8801",
                "missing,\"blocked here at tcp/8801\",out,52.84.151.0/24,tcp,8801,8801",
                "missing-2,\"blocked here at tcp/8802-8810\",out,3.7.35.0/25,tcp,8802,8810",
            ]
        );
    }

    #[test]
    fn where_nothing_is_blocked_the_rules_are_none_and_say_so() {
        let survey = Survey { lanes: vec![lane("3.7.35.0/25", 443, State::Open, &[])], forged: Vec::new() };
        let rules = ruleset(&report(&survey), &survey, &[]);
        assert!(rules.is_empty());
        let text = (format("nftables").unwrap().write)(&rules);
        assert!(text.contains("# nothing was found to be blocked"), "{text}");
    }
}
