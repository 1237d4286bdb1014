//! What the renderings of a sweep share: its words for places, for how it was asked, and for what is left to do.
//!
//! It never lays anything out.

use super::super::words::{list, micros, stopped_where};
use super::grid::Grid;
use super::model::SweepReport;
use crate::verdict::{Location, Missing, Sampled};

/// How much was asked, how, and in what time.
pub(super) fn counted(report: &SweepReport) -> String {
    let SweepReport { targets, asked, .. } = report;
    let how = report.engines.join(" and ");
    let took = micros(report.duration_ms.saturating_mul(1_000));
    let part = if report.shard == "1/1" { String::new() } else { format!(" (part {} of a sweep)", report.shard) };
    let s = if *targets == 1 { "" } else { "s" };
    format!("{targets} target{s}{part}, canaries included, probed {asked} times by {how} in {took}.")
}

/// Where something is stopped, to be put behind what is; nothing where that is not known.
pub(super) fn place(location: Option<&Location>) -> String {
    let Some(stopped) = stopped_where(location) else { return String::new() };
    match location.and_then(|location| location.hop) {
        Some(0) => format!(": {stopped} or its own link"),
        Some(_) => format!(": {stopped}, or just behind it"),
        None => format!(": refused {stopped}"),
    }
}

/// Of each wide range of a sweep, a sentence.
pub(super) fn ranges_asked(report: &SweepReport) -> Vec<String> {
    report.sampled.iter().map(|sampled| format!("{}.", asked(sampled))).collect()
}

/// Of each wide range that an entry of the gap tells of, a sentence: what is concluded from the ports that were asked.
pub(super) fn concluded(missing: &Missing) -> Vec<String> {
    let sentence = |sampled: &Sampled| {
        let range = sampled.range;
        if sampled.is_whole_in(&missing.ports) {
            format!("{range} is blocked at each of its tested ports.")
        } else {
            format!("Of {range}, only these ports were found blocked. The ports between them were not tested.")
        }
    };
    missing.sampled.iter().map(sentence).collect()
}

/// The same with these ports, for a reader who has the entry without the report.
pub(super) fn how_asked(missing: &Missing) -> Vec<String> {
    let asked = missing.sampled.iter().map(asked);
    asked.zip(concluded(missing)).map(|(asked, concluded)| format!("{asked}. {concluded}")).collect()
}

fn asked(sampled: &Sampled) -> String {
    let ports: Vec<u16> = sampled.asked.iter().map(|port| port.first).collect();
    format!("{} was tested at ports {}", sampled.range, list(&ports, usize::MAX))
}

/// What the words of this grid mean.
pub(super) fn legend(grid: &Grid) -> String {
    let stands = |word: &&str| grid.rows.iter().any(|row| row.cells.contains(word));
    let meanings = MEANINGS.iter().filter(|(words, _)| words.iter().any(stands)).map(|(_, meaning)| *meaning);
    meanings.collect::<Vec<_>>().join(" ")
}

/// The first few names, and how many more there are.
pub(super) fn listed(names: &[String], all: bool) -> String {
    match names.split_at_checked(FEW) {
        Some((first, rest)) if !all && rest.len() > 1 => format!("{} and {} more", first.join(", "), rest.len()),
        _ => names.join(", "),
    }
}

/// What is said of a sweep that did not come to its end.
pub(super) const INCOMPLETE: &str =
    "The sweep did not come to its end. Targets that were not probed or traced by then are unknown.";
/// What the words of the grid mean, in the order in which they are explained.
const MEANINGS: [(&[&str], &str); 9] = [
    (&["open", "open?"], "open: a target answered."),
    (&["passes", "passes?"], "passes: no target answers, but packets reach the last router that all paths share."),
    (&["open?", "passes?"], "With ?: a part of the prefix is unknown."),
    (&["?"], "?: unknown."),
    (&["BLOCKED"], "BLOCKED: packets die on the path."),
    (&["RESET"], "RESET: a device on the path resets connections."),
    (&["PROHIBITED"], "PROHIBITED: a device on the path refuses by ICMP."),
    (&["PARTLY"], "PARTLY: a part of the prefix, or some of the ports, is blocked."),
    (&[Grid::NOT_ASKED], "-: not tested."),
];
/// How to have the gap as rules.
pub(super) const GAP_AS: &str = "The same as firewall rules, if the sweep was run with --out FILE: why5003 sweep --resume FILE --trace 0 --gap-as nftables";
/// Prefixes named before the rest is counted.
pub(super) const FEW: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::WideRange;

    #[test]
    fn how_a_range_was_asked_is_said_of_a_whole_and_of_a_part() {
        let of = |ports: &str| {
            let range = WideRange::of("udp/20000-64000".parse().unwrap()).unwrap();
            let ports = vec![ports.parse().unwrap()];
            how_asked(&Missing { prefixes: Vec::new(), ports, location: None, sampled: vec![Sampled::of(range)] })
        };
        let asked = "udp/20000-64000 was tested at ports 20000, 31000, 42000, 53000, 64000.";
        assert_eq!(of("udp/20000-64000"), [format!("{asked} udp/20000-64000 is blocked at each of its tested ports.")]);
        assert_eq!(
            of("udp/31000"),
            [format!(
                "{asked} Of udp/20000-64000, only these ports were found blocked. The ports between them were not tested."
            )]
        );
    }
}
