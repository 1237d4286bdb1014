//! The comment that opens a text: what the rules are, where they come from, how they are put to use.

use crate::rules::ruleset::Ruleset;

/// The header and then these lines, each behind the mark of a comment, and an empty line.
pub(super) fn heading(mark: &str, rules: &Ruleset, how: &[&str]) -> String {
    let mut text = String::new();
    for line in rules.header().iter().map(String::as_str).chain([""]).chain(how.iter().copied()) {
        text.push_str(format!("{mark} {line}").trim_end());
        text.push('\n');
    }
    text.push('\n');
    text
}
