//! Makes text safe to print on one line: what could steer a terminal or reorder a line becomes visible.
//!
//! Probes escape what peers say; a report read from a file may hold anything, so output passes here again.
//! It never drops a character and never escapes for Markdown.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The text with control, bidirectional, zero-width and line-separating characters as `\u{..}`.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unseen) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_unseen(c) {
            // Writing to a String cannot fail.
            let _ = write!(out, "{}", c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// The text as prose: line breaks and runs of blanks are one blank, then as [`plain`].
pub(crate) fn prose(text: &str) -> String {
    plain(&text.split_whitespace().collect::<Vec<_>>().join(" ")).into_owned()
}

/// The text cut to that many characters, its end replaced by `…`.
pub(crate) fn cut(text: &str, max_chars: usize) -> Cow<'_, str> {
    if text.chars().nth(max_chars).is_none() {
        return Cow::Borrowed(text);
    }
    let mut out: String = text.chars().take(max_chars.saturating_sub(1)).collect();
    out.push('…');
    Cow::Owned(out)
}

/// The text cut to that many characters, its middle replaced by `…`: both ends of a target tell something.
pub(crate) fn cut_middle(text: &str, max_chars: usize) -> Cow<'_, str> {
    let length = text.chars().count();
    if length <= max_chars {
        return Cow::Borrowed(text);
    }
    let kept = max_chars.saturating_sub(1);
    let tail = kept / 2;
    let head = kept - tail;
    let start: String = text.chars().take(head).collect();
    let end: String = text.chars().skip(length - tail).collect();
    Cow::Owned(format!("{start}…{end}"))
}

/// Whether a character is not seen as itself: Unicode categories Cc, Zl, Zp and those of Cf that reorder or hide text
/// (UAX 9, UTS 39), soft hyphen and tag characters among them.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_text_is_left_alone() {
        assert_eq!(plain("Zürich, 東京 \\u{41}"), "Zürich, 東京 \\u{41}");
    }

    #[test]
    fn what_steers_a_terminal_or_reorders_a_line_becomes_visible() {
        assert_eq!(
            plain("a\x1b[31m\r\nb\u{202e}c\u{200b}\u{9b}"),
            "a\\u{1b}[31m\\u{d}\\u{a}b\\u{202e}c\\u{200b}\\u{9b}"
        );
    }

    #[test]
    fn a_cut_text_keeps_the_number_of_characters() {
        assert_eq!(cut("0123456789", 4), "012…");
        assert_eq!(cut("0123", 4), "0123");
        assert_eq!(cut_middle("zoom.us@170.114.52.2:443/tcp", 15), "zoom.us…443/tcp");
        assert_eq!(cut_middle("zoom.us", 15), "zoom.us");
        assert_eq!(cut_middle("zoom.us", 1), "…");
    }
}
