//! A recorded run, judged again with today's rules.

use std::sync::Arc;

use super::head::remedy_os;
use crate::catalogue::Catalogue;
use crate::evidence::{Background, Evidence};
use crate::report::Report;
use crate::verdict::judge;

/// The same report with a new verdict; whether the run was complete stays as it was recorded.
pub fn replay(report: Report, catalogue: &Arc<Catalogue>) -> Report {
    let background = Background::new(Arc::clone(catalogue), remedy_os(&report.vantage.os));
    let Report { observations, verdict, .. } = report;
    let evidence = Evidence::new(observations, verdict.not_probed, background);
    Report { verdict: judge(&evidence).verdict, observations: evidence.into_observations(), ..report }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{StoppedBy, parse};

    #[test]
    fn a_run_that_was_cut_short_stays_incomplete() {
        let recorded = include_str!("../../tests/reports/diagnoses/unknown_incomplete.json");
        let catalogue = Arc::new(Catalogue::embedded());
        let again = replay(parse(recorded).unwrap(), &catalogue);
        assert_eq!((again.complete, again.stopped_by), (false, Some(StoppedBy::Deadline)));
        assert_eq!(replay(again.clone(), &catalogue), again);
    }
}
