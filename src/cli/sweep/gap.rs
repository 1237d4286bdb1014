//! What a sweep found missing, as rules for a firewall.

use super::super::settings::Settings;
use super::super::{output, rules};
use crate::report::{SweepReport, missing_rules};
use crate::rules::Format;

/// Writes the rules to standard output; where nothing is missing it says so, and writes none.
///
/// # Errors
/// When standard output does not take them.
pub(super) fn write(settings: &Settings, firewall: &'static Format, report: &SweepReport) -> anyhow::Result<()> {
    let missing = missing_rules(report);
    if missing.is_empty() {
        // What could not be told may be missing, too.
        output::note(settings, &format!("{} So there are no rules to write.", report.summary));
        return Ok(());
    }
    rules::write(settings, firewall, &missing, None)
}
