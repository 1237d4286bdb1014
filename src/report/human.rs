//! The report for a person at a terminal: the verdict first, then what to do, then why, then the probes.
//!
//! Pure text: it reads no terminal, environment or clock. Width and colour are passed in.

mod cause;
mod page;
mod probes;
mod why;

use std::time::Duration;

pub(super) use page::{Page, Tone};

use super::model::Report;
use super::plain::{plain, prose};
use super::words;
use crate::verdict::{Effect, FindingRole, Open, Status, Verdict, cause};

/// How a text for a person is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Columns of the screen; fewer than 30 are taken as 30. Prose uses 100 at most; commands are never broken.
    pub width: usize,
    /// Whether to colour by ANSI escapes.
    pub colour: bool,
    /// Whether to show everything: all probes, whole lists, remedies for other systems.
    pub verbose: bool,
}

impl Default for Style {
    /// 80 columns, no colour, not verbose.
    fn default() -> Self {
        Self { width: 80, colour: false, verbose: false }
    }
}

/// The whole report for a person.
pub fn human(report: &Report, style: Style) -> String {
    let mut page = Page::new(style);
    opening(&mut page, report);
    causes(&mut page, report);
    impaired_only(&mut page, &report.verdict);
    why::reasons(&mut page, report);
    why::gaps(&mut page, &report.verdict);
    probes::table(&mut page, report);
    closing(&mut page, report);
    page.finish()
}

/// Status and summary: whoever reads two lines has read the verdict.
fn opening(page: &mut Page, report: &Report) {
    let status = report.verdict.status;
    let (word, meaning) = words::status(status);
    page.toned_line(tone(status), word, meaning);
    page.paragraph(0, &prose(&words::summary(report)));
}

pub(super) fn tone(status: Status) -> Tone {
    match status {
        Status::Healthy => Tone::Good,
        Status::Degraded => Tone::Impaired,
        Status::Blocked => Tone::Bad,
        Status::Unknown => Tone::Unclear,
    }
}

/// What is left to try on the client has a place of its own in a healthy report.
fn is_the_client(open: &Open) -> bool {
    let cannot_be_excluded = |id: &String| cause(id).is_some_and(|cause| cause.has(Effect::CannotBeExcluded));
    !open.could_be.is_empty() && open.could_be.iter().all(cannot_be_excluded)
}

fn causes(page: &mut Page, report: &Report) {
    let (roots, contributing): (Vec<_>, Vec<_>) =
        report.verdict.causes.iter().partition(|finding| finding.role == FindingRole::Root);
    let os = &report.vantage.os;
    if report.verdict.status == Status::Healthy {
        page.heading("IF ZOOM'S CLIENT STILL SHOWS 5003");
        page.paragraph(2, words::NOT_ZOOMS_CLIENT);
        for open in report.verdict.open.iter().filter(|open| is_the_client(open)) {
            page.item(2, "- ", &prose(&open.next_test));
        }
        for finding in &report.verdict.causes {
            page.blank();
            cause::full(page, finding, os);
        }
        return;
    }
    let several = roots.len() > 1;
    for (number, finding) in (1..).zip(roots) {
        let heading = if several { format!("ROOT CAUSE {number}") } else { "ROOT CAUSE".to_owned() };
        page.heading(&heading);
        cause::full(page, finding, os);
    }
    if !contributing.is_empty() {
        page.heading("ALSO");
        for finding in contributing {
            if page.style().verbose {
                cause::full(page, finding, os);
                page.blank();
            } else {
                cause::brief(page, finding);
            }
        }
    }
}

/// An impairment need not be why Zoom's client fails, and sign-in works for this program.
fn impaired_only(page: &mut Page, verdict: &Verdict) {
    if verdict.status == Status::Degraded {
        page.heading("IF ZOOM'S CLIENT SHOWS 5003 ALL THE SAME");
        page.paragraph(2, words::NOT_ZOOMS_CLIENT);
    }
}

/// What the run was: last, because it is the same every time.
fn closing(page: &mut Page, report: &Report) {
    let rights = if report.vantage.privileged { "with raw sockets" } else { "without raw sockets" };
    let took = words::time(Duration::from_millis(report.duration_ms));
    page.blank();
    page.paragraph(
        0,
        &plain(&format!(
            "{} {} on {} ({rights}), {} for {took}, catalogue {} ({})",
            report.tool.name,
            report.tool.version,
            report.vantage.os,
            report.started,
            report.catalogue.revision,
            report.catalogue.source
        )),
    );
}
