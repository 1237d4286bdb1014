//! One cause on the screen: what, where, who mends it, how sure, how much it covers, and how to mend it.

use super::Page;
use crate::report::plain::{plain, prose};
use crate::report::remedies;
use crate::report::words::{detail, ids, list, owner, percent, place};
use crate::verdict::Finding;

/// All of it.
pub(super) fn full(page: &mut Page, finding: &Finding, os: &str) {
    let most = if page.style().verbose { usize::MAX } else { MAX_ITEMS };
    let mut pairs = Vec::new();
    let mut tell = |label: &str, text: String| {
        if !text.is_empty() {
            pairs.push((plain(label).into_owned(), text));
        }
    };
    tell("what", prose(&finding.title));
    tell("id", plain(&finding.id).into_owned());
    tell("where", place(finding).unwrap_or_default());
    tell("who mends it", owner(finding.owner).to_owned());
    tell("confidence", percent(finding.confidence));
    tell("ports", list(&finding.scope.ports, most));
    tell("prefixes", list(&finding.scope.prefixes, most));
    tell("hosts", list(&finding.scope.hosts, most));
    for (name, value) in &finding.details {
        let (label, text) = detail(name, value);
        tell(&label, prose(&text));
    }
    tell("because of", capped_ids(&finding.because, most));
    tell("against it", capped_ids(&finding.against, most));
    page.labels(&pairs);
    mend(page, finding, os);
    page.paragraph(2, &format!("Meaning and proof: why5003 explain {}", plain(&finding.id)));
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

fn mend(page: &mut Page, finding: &Finding, os: &str) {
    if finding.remedies.is_empty() {
        return;
    }
    page.heading("HOW TO MEND IT");
    let (here, elsewhere) = remedies::sorted(&finding.remedies, os, finding.owner);
    let shown = if page.style().verbose { elsewhere.as_slice() } else { &[] };
    for (number, remedy) in here.iter().chain(shown).enumerate() {
        let mark = format!("{}. ", number + 1);
        page.item(2, &mark, &format!("{}{}", prose(&remedy.text), remedies::by_whom(remedy, finding.owner)));
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
