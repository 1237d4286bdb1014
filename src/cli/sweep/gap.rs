//! What a sweep found missing, as rules for a firewall.

use super::super::args::Options;
use super::super::{output, rules};
use crate::report::{SweepReport, how_asked};
use crate::rules::{Allow, Format, Ruleset};

/// Writes the rules to standard output; where nothing is missing it says so, and writes none.
///
/// # Errors
/// When standard output does not take them.
pub(super) fn write(options: &Options, firewall: &'static Format, report: &SweepReport) -> anyhow::Result<()> {
    let allows: Vec<Allow> = report
        .gap
        .iter()
        .map(|missing| Allow {
            id: "missing".to_owned(),
            title: format!("blocked {}", place(missing.location.as_ref())),
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
    let ruleset = Ruleset::new(&header, &allows);
    if ruleset.is_empty() {
        output::note(
            options,
            "Nothing was found that this network does not let through, so there are no rules to write.",
        );
        return Ok(());
    }
    rules::write(options, firewall, &ruleset, None)
}

fn place(location: Option<&crate::verdict::Location>) -> String {
    match location.map(|location| (location.hop, location.address)) {
        Some((Some(hop), Some(address))) => format!("at hop {hop}, {address}"),
        Some((Some(hop), None)) => format!("at hop {hop}"),
        Some((None, Some(address))) => format!("by {address}"),
        Some((None, None)) | None => "on the way".to_owned(),
    }
}
