//! What the renderings of a sweep share: its words for places, for how it was asked, and for what is left to do.
//!
//! It never lays anything out.

use super::super::words::{list, micros};
use super::model::{Missing, Sampled, SweepReport};
use crate::verdict::Location;

/// How much was asked, how, and in what time.
pub(super) fn counted(report: &SweepReport) -> String {
    let SweepReport { targets, asked, .. } = report;
    let how = report.engines.join(" and ");
    let took = micros(report.duration_ms.saturating_mul(1_000));
    let part = if report.shard == "1/1" { String::new() } else { format!(" (part {} of a sweep)", report.shard) };
    format!("{targets} targets{part}, {asked} asked by {how} in {took}.")
}

/// Where something is stopped, to be put behind what is; nothing where that is not known.
pub(super) fn place(location: Option<&Location>) -> String {
    match location.map(|location| (location.hop, location.address)) {
        Some((Some(hop), Some(address))) => format!(": at hop {hop}, {address}, or just behind it"),
        Some((Some(0), None)) => ": on this computer or its own link".to_owned(),
        Some((Some(hop), None)) => format!(": at hop {hop}, which does not name itself"),
        Some((None, Some(address))) => format!(": refused by {address}"),
        Some((None, None)) | None => String::new(),
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
            format!("{range} was stopped at each of its ports that were asked.")
        } else {
            format!("Of {range}, these alone were found stopped, and what lies between was not asked.")
        }
    };
    missing.sampled.iter().map(sentence).collect()
}

/// The same with these ports, for whoever has the entry without the report.
pub fn how_asked(missing: &Missing) -> Vec<String> {
    let asked = missing.sampled.iter().map(asked);
    asked.zip(concluded(missing)).map(|(asked, concluded)| format!("{asked}. {concluded}")).collect()
}

fn asked(sampled: &Sampled) -> String {
    let ports: Vec<u16> = sampled.asked.iter().map(|port| port.first).collect();
    format!("{} was asked at its ports {}", sampled.range, list(&ports, usize::MAX))
}

/// The first few names, and how many more there are.
pub(super) fn listed(names: &[String], all: bool) -> String {
    match names.split_at_checked(FEW) {
        Some((first, rest)) if !all && rest.len() > 1 => format!("{} and {} more", first.join(", "), rest.len()),
        _ => names.join(", "),
    }
}

/// What is said of a sweep that did not come to its end.
pub(super) const INCOMPLETE: &str = "The sweep was stopped before its end: what was not asked is unknown.";
/// What the words of the grid mean.
pub(super) const LEGEND: &str = "open: a target of it answered. passes: nobody answers there, but packets reach the last router that \
                                 all ways share. ?: it, or a part of it, could not be told.";
/// How to have the gap as rules.
pub(super) const GAP_AS: &str =
    "The same as firewall rules: why5003 sweep --resume FILE --gap-as nftables, if it was run with --out FILE.";
/// Prefixes named before the rest is counted.
const FEW: usize = 3;
