//! One cause on the screen: what, where, who mends it, how sure, how much it covers, and how to mend it.

use super::Page;
use crate::report::plain::{plain, prose};
use crate::report::remedies;
use crate::report::words::{ids, list, owner, percent, place};
use crate::verdict::{Finding, Remedy};

/// All of it.
pub(super) fn full(page: &mut Page, finding: &Finding, os: &str) {
    let most = if page.style().verbose { usize::MAX } else { MAX_ITEMS };
    page.labelled("what", &prose(&finding.title));
    page.labelled("id", &plain(&finding.id));
    if let Some(place) = place(finding) {
        page.labelled("where", &place);
    }
    page.labelled("who mends it", owner(finding.owner));
    page.labelled("confidence", &percent(finding.confidence));
    if !finding.scope.ports.is_empty() {
        page.labelled("ports", &list(&finding.scope.ports, most));
    }
    if !finding.scope.prefixes.is_empty() {
        page.labelled("prefixes", &list(&finding.scope.prefixes, most));
    }
    if !finding.scope.hosts.is_empty() {
        page.labelled("hosts", &list(&finding.scope.hosts, most));
    }
    for (name, value) in &finding.details {
        page.labelled(&plain(name), &prose(value));
    }
    if !finding.because.is_empty() {
        page.labelled("because of", &capped_ids(&finding.because, most));
    }
    if !finding.against.is_empty() {
        page.labelled("against it", &capped_ids(&finding.against, most));
    }
    mend(page, &finding.remedies, os);
}

/// One cause in a line or two.
pub(super) fn brief(page: &mut Page, finding: &Finding) {
    page.item(
        2,
        "- ",
        &format!(
            "{} ({}, {} sure; {} mends it) {}",
            prose(&finding.title),
            plain(&finding.id),
            percent(finding.confidence),
            owner(finding.owner),
            capped_ids(&finding.because, MAX_ITEMS)
        ),
    );
}

fn mend(page: &mut Page, all: &[Remedy], os: &str) {
    if all.is_empty() {
        return;
    }
    page.heading("HOW TO MEND IT");
    let (here, elsewhere) = remedies::sorted(all, os);
    let shown = if page.style().verbose { elsewhere.as_slice() } else { &[] };
    for (number, remedy) in here.iter().chain(shown).enumerate() {
        let system = match remedy.os.as_str() {
            "any" => String::new(),
            os => format!(", on {}", plain(os)),
        };
        let mark = format!("{}. ", number + 1);
        page.item(2, &mark, &format!("{} ({}{system})", prose(&remedy.text), owner(remedy.who)));
        for command in remedies::command_lines(remedy) {
            page.command(COMMAND_INDENT, &command);
        }
    }
    if !elsewhere.is_empty() && !page.style().verbose {
        page.paragraph(2, &format!("({} for other systems: --verbose)", elsewhere.len()));
    }
}

fn capped_ids(all: &[u32], most: usize) -> String {
    match all.get(..most) {
        Some(shown) if all.len() > most => format!("{} and {} more", ids(shown), all.len() - most),
        _ => ids(all),
    }
}

const MAX_ITEMS: usize = 8;
const COMMAND_INDENT: usize = 7;
