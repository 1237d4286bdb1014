//! A page of text of a given width: headings, wrapped prose, labelled lines, and commands that are never broken.
//!
//! It knows nothing of reports; what it is handed is plain already.

use anstyle::{AnsiColor, Style as Paint};
use textwrap::core::display_width;
use textwrap::{Options, WordSplitter};

use super::Style;

/// A page that is being written.
pub(in crate::report) struct Page {
    text: String,
    style: Style,
}

/// What a coloured word says.
#[derive(Clone, Copy)]
pub(in crate::report) enum Tone {
    Good,
    Impaired,
    Bad,
    Unclear,
    Heading,
}

impl Page {
    pub(in crate::report) fn new(style: Style) -> Self {
        Self { text: String::new(), style: Style { width: style.width.max(MIN_WIDTH), ..style } }
    }

    /// How it is laid out; the width is one that text fits into.
    pub(in crate::report) fn style(&self) -> Style {
        self.style
    }

    /// The page, ending with one line break.
    pub(in crate::report) fn finish(self) -> String {
        let mut text = self.text;
        text.truncate(text.trim_end().len());
        text.push('\n');
        text
    }

    /// An empty line, unless there is one already.
    pub(in crate::report) fn blank(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// A heading, with an empty line before it.
    pub(in crate::report) fn heading(&mut self, title: &str) {
        self.blank();
        let title = self.painted(Tone::Heading, title);
        self.line(&title);
    }

    /// A word in its tone, then what it means.
    pub(in crate::report) fn toned_line(&mut self, tone: Tone, word: &str, meaning: &str) {
        let indent = " ".repeat(word.len() + 2);
        let first = format!("{}  ", self.painted(tone, word));
        self.wrapped(&first, &indent, meaning);
    }

    /// Prose, wrapped behind an indent.
    pub(in crate::report) fn paragraph(&mut self, indent: usize, text: &str) {
        let indent = " ".repeat(indent);
        self.wrapped(&indent, &indent, text);
    }

    /// Prose behind a mark such as `[3] ` or `1. `, its further lines under its first word.
    pub(in crate::report) fn item(&mut self, indent: usize, mark: &str, text: &str) {
        let first = format!("{}{mark}", " ".repeat(indent));
        let rest = " ".repeat(indent + display_width(mark));
        self.wrapped(&first, &rest, text);
    }

    /// Labels in a column, and beside each its text; a label wider than the column stands on a line of its own.
    pub(in crate::report) fn labels(&mut self, pairs: &[(String, String)]) {
        let most = if self.style.width < NARROW { NARROW_LABEL } else { MAX_LABEL };
        let widest = pairs.iter().map(|(label, _)| display_width(label)).filter(|width| *width <= most).max();
        let column = widest.unwrap_or(0) + 4;
        for (label, text) in pairs {
            let gap = column.saturating_sub(display_width(label) + 2);
            if gap < 2 {
                self.paragraph(2, &format!("{label}:"));
                self.paragraph(column, text);
            } else {
                self.wrapped(&format!("  {label}{}", " ".repeat(gap)), &" ".repeat(column), text);
            }
        }
    }

    /// A line as it is, however long: a command broken in the middle can't be copied.
    pub(in crate::report) fn command(&mut self, indent: usize, command: &str) {
        self.text.push_str(&" ".repeat(indent));
        self.line(command);
    }

    /// A line that is laid out already.
    pub(in crate::report) fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    fn wrapped(&mut self, first: &str, rest: &str, text: &str) {
        let options = Options::new(self.style.width.min(MAX_PROSE))
            .initial_indent(first)
            .subsequent_indent(rest)
            .word_splitter(WordSplitter::NoHyphenation);
        for line in textwrap::wrap(text, options) {
            self.line(&line);
        }
    }

    fn painted(&self, tone: Tone, word: &str) -> String {
        if !self.style.colour {
            return word.to_owned();
        }
        let paint = match tone {
            Tone::Good => AnsiColor::Green.on_default().bold(),
            Tone::Impaired => AnsiColor::Yellow.on_default().bold(),
            Tone::Bad => AnsiColor::Red.on_default().bold(),
            Tone::Unclear => AnsiColor::Magenta.on_default().bold(),
            Tone::Heading => Paint::new().bold(),
        };
        format!("{paint}{word}{paint:#}")
    }
}

/// Below this, label columns leave no room for text.
const MIN_WIDTH: usize = 30;
/// Longer lines of prose are hard to follow.
const MAX_PROSE: usize = 100;
const MAX_LABEL: usize = 26;
/// A screen as narrow as this gets a narrower label column, and lines instead of a table.
pub(super) const NARROW: usize = 64;
const NARROW_LABEL: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;

    fn page(colour: bool) -> Page {
        Page::new(Style { width: 30, colour, verbose: false })
    }

    #[test]
    fn prose_is_wrapped_and_a_command_is_not() {
        let mut page = page(false);
        page.item(2, "1. ", "Allow these prefixes on the firewall.");
        page.command(5, "nft add rule inet filter forward ip daddr 170.114.0.0/16 accept");
        assert_eq!(
            page.finish(),
            "  1. Allow these prefixes on\n     the firewall.\n     nft add rule inet filter forward ip daddr 170.114.0.0/16 accept\n"
        );
    }

    #[test]
    fn a_label_wider_than_its_column_stands_alone() {
        let mut page = page(false);
        page.labels(&[("id".into(), "dns.slow".into()), ("a much longer label".into(), "text".into())]);
        assert_eq!(page.finish(), "  id  dns.slow\n  a much longer label:\n      text\n");
    }

    #[test]
    fn colour_is_not_counted_as_width() {
        let mut page = page(true);
        page.toned_line(Tone::Bad, "BLOCKED", "a client shows 5003");
        assert_eq!(page.finish(), "\u{1b}[1m\u{1b}[31mBLOCKED\u{1b}[0m  a client shows 5003\n");
    }

    #[test]
    fn a_word_longer_than_the_line_is_broken() {
        let mut page = page(false);
        page.paragraph(0, &"x".repeat(40));
        assert_eq!(page.finish(), format!("{}\n{}\n", "x".repeat(30), "x".repeat(10)));
    }
}
