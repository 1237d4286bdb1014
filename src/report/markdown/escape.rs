//! The one door by which text enters a ticket: redacted, made plain, and without a meaning in Markdown.

use crate::report::plain::{plain, prose};
use crate::report::redact::Redaction;

/// Turns text into Markdown that shows it.
pub(in crate::report) struct Ink {
    redaction: Redaction,
}

impl Ink {
    pub(in crate::report) fn new(redaction: Redaction) -> Self {
        Self { redaction }
    }

    /// Prose on one line; nothing in it is markup, also inside a table.
    pub(in crate::report) fn text(&self, text: &str) -> String {
        escaped(&self.redaction.text(&prose(text)))
    }

    /// A word or two as code, on one line.
    pub(in crate::report) fn code(&self, text: &str) -> String {
        // A `|` ends a table's cell even in a code span (GitHub Flavored Markdown, 4.10), where a backslash before it
        // would show outside a table: such text is shown as prose instead.
        let text = self.redaction.text(&plain(text));
        if text.contains(['|', '`']) || text.trim().is_empty() {
            return escaped(&text);
        }
        format!("`{text}`")
    }

    /// Commands as a fenced block, to be copied.
    pub(in crate::report) fn commands(&self, lines: &[String]) -> String {
        fenced(lines.iter().map(|line| self.redaction.command(&plain(line))))
    }

    /// Other lines as a fenced block.
    pub(in crate::report) fn lines(&self, lines: &[String]) -> String {
        fenced(lines.iter().map(|line| self.redaction.text(&plain(line))))
    }
}

/// A fence that is longer than any run of backticks within (CommonMark 0.31, 4.5).
fn fenced(lines: impl Iterator<Item = String>) -> String {
    let lines: Vec<String> = lines.collect();
    let longest = lines.iter().map(|line| longest_run(line)).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}text\n{}\n{fence}\n", lines.join("\n"))
}

fn longest_run(line: &str) -> usize {
    line.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// The text with whatever would be markup behind a backslash (CommonMark 0.31, 2.4): no link, image, emphasis, heading,
/// list, table cell or tag comes about, and no name is mentioned.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut before = None;
    for (at, c) in text.char_indices() {
        let rest = text.get(at + c.len_utf8()..).unwrap_or_default();
        let after = rest.chars().next();
        let in_word = before.is_some_and(char::is_alphanumeric) && after.is_some_and(char::is_alphanumeric);
        if matches!(c, '@' | '#') && !in_word && after.is_some_and(char::is_alphanumeric) {
            // GitHub and GitLab look for mentions after escapes are gone; in a code span they do not.
            out.push('`');
            out.push(c);
            out.push('`');
        } else {
            if is_active(c, text.get(..at).unwrap_or_default(), rest) && !(c == '_' && in_word) {
                out.push('\\');
            }
            out.push(c);
        }
        before = Some(c);
    }
    out
}

/// Whether a character between these two texts would be markup.
fn is_active(c: char, before: &str, rest: &str) -> bool {
    let starts = before.is_empty() && matches!(c, '#' | '+' | '-' | '=');
    let numbers = matches!(c, '.' | ')')
        && !before.is_empty()
        && before.bytes().all(|b| b.is_ascii_digit())
        && (rest.is_empty() || rest.starts_with(' '));
    // Extended autolinks of GitHub Flavored Markdown, 6.9.
    let links = c == ':' && rest.starts_with("//") || c == '.' && before.to_ascii_lowercase().ends_with("www");
    starts
        || numbers
        || links
        || matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '~' | '&' | '!' | '$')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_text_stays_text() {
        assert_eq!(
            escaped("<img src=x> | [a](http://b) `c` ![d] www.e.example"),
            "\\<img src=x\\> \\| \\[a\\](http\\://b) \\`c\\` \\!\\[d\\] www\\.e.example"
        );
        assert_eq!(escaped("1. no list"), "1\\. no list");
        assert_eq!(escaped("# no heading"), "\\# no heading");
        assert_eq!(escaped("- no item"), "\\- no item");
    }

    #[test]
    fn nobody_is_mentioned() {
        assert_eq!(escaped("ask @ops, see #12"), "ask `@`ops, see `#`12");
    }

    #[test]
    fn ordinary_words_and_addresses_stay_readable() {
        for text in ["170.114.52.2", "CAP_NET_RAW", "zoom.us@170.114.52.2", "a - b = c", "(ttl 60)"] {
            assert_eq!(escaped(text), text);
        }
    }

    #[test]
    fn a_fence_is_longer_than_what_it_holds() {
        assert_eq!(longest_run("a ``` b ` c"), 3);
        assert_eq!(longest_run("a"), 0);
    }
}
