//! What a sweep found missing, as rules for a firewall.

use super::super::args::Options;
use super::super::{output, rules};
use crate::report::{SweepReport, how_asked, stopped_where};
use crate::rules::{Allow, Format, Ruleset};

/// Writes the rules to standard output; where nothing is missing it says so, and writes none.
///
/// # Errors
/// When standard output does not take them.
pub(super) fn write(options: &Options, firewall: &'static Format, report: &SweepReport) -> anyhow::Result<()> {
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
    let ruleset = Ruleset::gap(&header, &allows);
    if ruleset.is_empty() {
        // What could not be told may be missing, too.
        output::note(options, &format!("{} So there are no rules to write.", report.summary));
        return Ok(());
    }
    rules::write(options, firewall, &ruleset, None)
}
