//! Why the verdict is so: the observations it cites, what was ruled out, what stays open, what was not probed.

use why5003_probes::model::Observation;

use super::{Page, Style, is_the_client};
use crate::report::Report;
use crate::report::plain::{cut, cut_middle, plain, prose};
use crate::report::result_line::result_line;
use crate::report::words::{self, ids, variables};
use crate::verdict::{Open, Status, Verdict};

/// The observations that the causes cite, one line each.
pub(super) fn reasons(page: &mut Page, report: &Report) {
    let named = words::cited(&report.verdict);
    let find = |id: &u32| report.observations.iter().find(|observation| observation.id == *id);
    let cited: Vec<&Observation> = named.iter().filter_map(find).collect();
    let most = if page.style().verbose { usize::MAX } else { MAX_REASONS };
    if !named.is_empty() {
        page.heading("WHY");
    }
    for observation in cited.iter().take(most) {
        page.item(2, &format!("[{}] ", observation.id), &probe_line(observation, page.style()));
    }
    if cited.len() > most {
        page.paragraph(2, &format!("and {} more (--verbose)", cited.len() - most));
    }
    let missing: Vec<u32> = named.iter().filter(|id| find(id).is_none()).copied().collect();
    if !missing.is_empty() {
        page.paragraph(2, &format!("cited, but not in this report: {}", ids(&missing)));
    }
}

/// Probe, target, way and variables, then what was seen.
pub(super) fn probe_line(observation: &Observation, style: Style) -> String {
    let probe = &observation.probe;
    let target = probe.target.to_string();
    let target = cut_middle(&target, if style.verbose { usize::MAX } else { style.width * TARGET_PERCENT / 100 });
    let variables = match variables(probe) {
        set if set.is_empty() => set,
        set => format!(" ({})", cut(&set, MAX_VARIABLES_CHARS)),
    };
    let asked = format!("{} {} {}{variables}", probe.kind, target, probe.via);
    format!("{}  {}", plain(&asked), result_line(observation))
}

/// What was ruled out, what stays open, what was not probed.
pub(super) fn gaps(page: &mut Page, verdict: &Verdict) {
    if !verdict.ruled_out.is_empty() {
        page.heading("RULED OUT");
        for (causes, because) in words::ruled_out(&verdict.ruled_out) {
            let by = match because.get(..MAX_IDS) {
                Some(first) if because.len() > MAX_IDS && !page.style().verbose => {
                    format!("{} and {} more", ids(first), because.len() - MAX_IDS)
                }
                _ => ids(because),
            };
            page.item(2, "- ", &format!("{} by {by}", plain(&causes.join(", "))));
        }
    }
    let healthy = verdict.status == Status::Healthy;
    let open: Vec<&Open> = verdict.open.iter().filter(|open| !(healthy && is_the_client(open))).collect();
    if !open.is_empty() {
        page.heading("STILL OPEN");
        for open in open {
            let could_be = match open.could_be.join(" or ") {
                nothing if nothing.is_empty() => nothing,
                causes => format!("It could be {}. ", plain(&causes)),
            };
            page.item(2, "- ", &format!("{could_be}Next test: {}", prose(&open.next_test)));
        }
    }
    if !verdict.not_probed.is_empty() {
        page.heading("NOT PROBED");
        for gap in &verdict.not_probed {
            page.item(2, "- ", &format!("{}: {}", prose(&gap.what), prose(&gap.why)));
        }
    }
}

const MAX_REASONS: usize = 12;
const TARGET_PERCENT: usize = 60;
const MAX_IDS: usize = 8;
const MAX_VARIABLES_CHARS: usize = 120;
