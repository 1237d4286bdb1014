//! The comment that opens a text: what the rules are, where they come from, how they are put to use.

use textwrap::{Options, WordSplitter};

use crate::rules::ruleset::Ruleset;

/// The header and then these lines, each behind the mark of a comment, and an empty line.
///
/// Long lines are broken: Cisco's command lines take 254 characters at most.
pub(super) fn heading(mark: &str, rules: &Ruleset, how: &[impl AsRef<str>]) -> String {
    let mut text = String::new();
    let (first, rest) = (format!("{mark} "), format!("{mark}   "));
    let options =
        Options::new(WIDTH).initial_indent(&first).subsequent_indent(&rest).word_splitter(WordSplitter::NoHyphenation);
    for line in rules.header().iter().map(String::as_str).chain([""]).chain(how.iter().map(AsRef::as_ref)) {
        for line in textwrap::wrap(line, &options) {
            text.push_str(line.trim_end());
            text.push('\n');
        }
    }
    text.push('\n');
    text
}

const WIDTH: usize = 100;
