//! The report as a ticket for whoever must change the network: Markdown to paste, redacted.
//!
//! All text of the report passes through one door (`escape`), so that a hostile page title is no markup in a ticket.

mod escape;
mod evidence;

use std::fmt::Write as _;

pub(super) use self::escape::Ink;
use super::model::Report;
use super::redact::Redaction;
use super::remedies;
use super::words::{self, detail, ids, percent, place};
use crate::verdict::{Finding, FindingRole, Scope, Status};

/// The whole ticket. Public addresses of this computer, user names, e-mail addresses and query strings are taken out.
pub fn markdown(report: &Report) -> String {
    let ink = Ink::new(Redaction::of(report));
    let mut out = String::new();
    title(&mut out, &ink, report);
    let mut causes: Vec<&Finding> = report.verdict.causes.iter().collect();
    // Stable: within a part the verdict's own order stays.
    causes.sort_by_key(|finding| finding.role != FindingRole::Root);
    if report.verdict.status == Status::Healthy {
        let _ = writeln!(out, "\n## If Zoom's client still shows 5003\n\n{}", ink.text(words::NOT_ZOOMS_CLIENT));
    }
    for finding in causes {
        cause(&mut out, &ink, finding, &report.vantage.os);
    }
    if report.verdict.status == Status::Degraded {
        let _ = writeln!(out, "\n## If Zoom's client shows 5003 all the same\n\n{}", ink.text(words::NOT_ZOOMS_CLIENT));
    }
    evidence::sections(&mut out, &ink, report);
    // No block that is copied holds an empty line, so this only closes gaps between sections.
    while out.contains("\n\n\n") {
        out = out.replace("\n\n\n", "\n\n");
    }
    out
}

fn title(out: &mut String, ink: &Ink, report: &Report) {
    let (word, meaning) = words::status(report.verdict.status);
    let root = report.verdict.causes.iter().find(|finding| finding.role == FindingRole::Root);
    let subject = match (report.verdict.status, root) {
        (Status::Healthy, _) | (_, None) => meaning.to_owned(),
        (_, Some(root)) => ink.text(&root.title),
    };
    let _ = writeln!(out, "# Zoom error 5003: {subject}\n");
    let _ = writeln!(out, "**{word}**: {meaning}.\n\n{}", ink.text(&words::summary(report)));
}

fn cause(out: &mut String, ink: &Ink, finding: &Finding, os: &str) {
    let part = match finding.role {
        FindingRole::Root => "Root cause",
        FindingRole::Contributing => "Contributing",
    };
    let _ = writeln!(out, "\n## {part}: {}\n", ink.text(&finding.title));
    let _ = writeln!(out, "- Cause: {}, {} sure", ink.code(&finding.id), percent(finding.confidence));
    if let Some(place) = place(finding) {
        let _ = writeln!(out, "- Where: {}", ink.text(&place));
    }
    let _ = writeln!(out, "- Who must change it: {}", words::owner(finding.owner));
    for (name, value) in &finding.details {
        let (label, text) = detail(name, value);
        let _ = writeln!(out, "- {}: {}", ink.text(&label), ink.text(&text));
    }
    for (word, cited) in [("Because of", &finding.because), ("Against it", &finding.against)] {
        if !cited.is_empty() {
            let _ = writeln!(out, "- {word}: {}", ids(cited));
        }
    }
    let rules = rules(&finding.scope);
    if !rules.is_empty() {
        let _ = write!(out, "\n{AFFECTED}\n\n{}", ink.lines(&rules));
    }
    mend(out, ink, finding, os);
}

/// The scope, one a line: every prefix and every host with its ports.
fn rules(scope: &Scope) -> Vec<String> {
    let ports = match scope.ports.as_slice() {
        [] => String::new(),
        ports => format!("  {}", ports.join(" ")),
    };
    let places = scope.prefixes.iter().map(ToString::to_string).chain(scope.hosts.iter().cloned());
    let mut rules: Vec<String> = places.map(|place| format!("{place}{ports}")).collect();
    if rules.is_empty() && !ports.is_empty() {
        rules.push(format!("any Zoom address{ports}"));
    }
    rules
}

fn mend(out: &mut String, ink: &Ink, finding: &Finding, os: &str) {
    if finding.remedies.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n### What to change\n");
    let (here, elsewhere) = remedies::sorted(&finding.remedies, os, finding.owner);
    for (number, remedy) in here.into_iter().chain(elsewhere).enumerate() {
        let text = format!("{}{}", remedy.text, remedies::by_whom(remedy, finding.owner));
        let _ = writeln!(out, "{}. {}", number + 1, ink.text(&text));
        let lines = remedies::command_lines(remedy);
        if !lines.is_empty() {
            let block = ink.commands(&lines);
            let indented: Vec<String> = block.lines().map(|line| format!("   {line}")).collect();
            let _ = writeln!(out, "\n{}\n", indented.join("\n"));
        }
    }
}

/// A run tries a sample: pasted as a rule, it would leave gaps.
const AFFECTED: &str = "Seen affected in this run (a sample; what must be changed stands below):";
