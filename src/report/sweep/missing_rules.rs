//! What a sweep found missing, as the rules of a firewall: which, and in what words they say where they come from.
//!
//! How a firewall spells them is `rules`' business.

use super::super::words::stopped_where;
use super::model::SweepReport;
use super::words::how_asked;
use crate::rules::{Allow, Ruleset};

/// The rules that would let through what the sweep found missing; empty where nothing is.
pub fn missing_rules(report: &SweepReport) -> Ruleset {
    // RFC 3339: the day comes first. A rule outlives the fault, so its comment says when that was.
    let (day, _) = report.started.split_once('T').unwrap_or((&report.started, ""));
    let allows: Vec<Allow> = report
        .gap
        .iter()
        .map(|missing| Allow {
            id: String::new(),
            title: match stopped_where(missing.location.as_ref()) {
                Some(stopped) => format!("missing on {day}, {stopped}"),
                None => format!("missing on {day}, on the way"),
            },
            prefixes: missing.prefixes.clone(),
            ports: missing.ports.clone(),
        })
        .collect();
    let mut header = vec![
        "What Zoom needs and this network did not let through".to_owned(),
        format!("why5003 sweep of {}, catalogue of {}", report.started, report.catalogue.revision),
        report.summary.clone(),
    ];
    for sentence in report.gap.iter().flat_map(how_asked) {
        if !header.contains(&sentence) {
            header.push(sentence);
        }
    }
    Ruleset::gap(&header, &allows)
}
