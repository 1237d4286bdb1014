//! The one door by which text enters a ticket: redacted, made plain, and without a meaning in Markdown.

use crate::report::plain::{plain, prose};
use crate::report::redact::Redaction;

/// Turns text into Markdown that shows it.
pub(super) struct Ink {
    redaction: Redaction,
}

impl Ink {
    pub(super) fn new(redaction: Redaction) -> Self {
        Self { redaction }
    }

    /// Prose on one line; nothing in it is markup, also inside a table.
    pub(super) fn text(&self, text: &str) -> String {
        escaped(&self.redaction.text(&prose(text)))
    }

    /// A word or two as code, on one line.
    pub(super) fn code(&self, text: &str) -> String {
        // A `|` ends a table's cell even in a code span (GitHub Flavored Markdown, 4.10), where a backslash before it
        // would show outside a table: such text is shown as prose instead.
        let text = self.redaction.text(&plain(text));
        if text.contains(['|', '`']) || text.trim().is_empty() {
            return escaped(&text);
        }
        format!("`{text}`")
    }

    /// Lines as a fenced block, to be copied; the fence is longer than any run of backticks within.
    pub(super) fn block<'a>(&self, lines: impl IntoIterator<Item = &'a str>) -> String {
        let lines: Vec<String> = lines.into_iter().map(|line| self.redaction.command(&plain(line))).collect();
        let longest = lines.iter().map(|line| longest_run(line)).max().unwrap_or(0);
        let fence = "`".repeat(longest.max(2) + 1);
        format!("{fence}text\n{}\n{fence}\n", lines.join("\n"))
    }
}

fn longest_run(line: &str) -> usize {
    line.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// Every character with a meaning in Markdown or HTML, behind a backslash (CommonMark 2.4), so that no link, image,
/// mention, emphasis, heading or tag comes about.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let ordinal = text.find(|c: char| !c.is_ascii_digit());
    for (at, c) in text.char_indices() {
        let starts = at == 0 && matches!(c, '#' | '+' | '-' | '=' | '>');
        let numbers = ordinal == Some(at) && at > 0 && matches!(c, '.' | ')');
        let links = c == ':' && text.get(at..).is_some_and(|rest| rest.starts_with("://"));
        if starts
            || numbers
            || links
            || matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '~' | '&' | '!' | '@' | '#' | '$')
        {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_text_stays_text() {
        assert_eq!(
            escaped("<img src=x> | [a](http://b) `c` ![d] @ops"),
            "\\<img src=x\\> \\| \\[a\\](http\\://b) \\`c\\` \\!\\[d\\] \\@ops"
        );
        assert_eq!(escaped("1. no list"), "1\\. no list");
        assert_eq!(escaped("# no heading"), "\\# no heading");
        assert_eq!(escaped("- no item"), "\\- no item");
        assert_eq!(escaped("170.114.52.2"), "170\\.114.52.2");
    }

    #[test]
    fn a_fence_is_longer_than_what_it_holds() {
        assert_eq!(longest_run("a ``` b ` c"), 3);
        assert_eq!(longest_run("a"), 0);
    }
}
