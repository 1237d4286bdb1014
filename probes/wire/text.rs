//! Makes text that came from a peer safe to show: escaped, and cut to a length.
//!
//! It never interprets the text; what it lets through is what a terminal prints as itself.

/// The text with everything that does not print as itself written `\u{..}`, cut to `max_chars` characters and then ended
/// by `…`.
///
/// Control characters, bidirectional overrides, invisible and combining characters are escaped; an escape is never cut in
/// the middle. Line breaks are control characters.
pub fn shown(text: &str, max_chars: usize) -> String {
    let mut shown = Shown::new(max_chars);
    let _whole = shown.push(text);
    shown.text
}

/// As [`shown`], for bytes that may not be text: what is no UTF-8 is written `\x..`.
pub fn shown_bytes(bytes: &[u8], max_chars: usize) -> String {
    let mut shown = Shown::new(max_chars);
    for chunk in bytes.utf8_chunks() {
        if !(shown.push(chunk.valid()) && shown.push_raw(chunk.invalid())) {
            break;
        }
    }
    shown.text
}

/// What is shown so far, and how many characters still fit.
struct Shown {
    text: String,
    left: usize,
}

impl Shown {
    fn new(max_chars: usize) -> Self {
        Self { text: String::new(), left: max_chars }
    }

    /// Whether all of it fitted.
    fn push(&mut self, text: &str) -> bool {
        text.chars().all(|c| {
            if prints(c) { self.piece(1, [c]) } else { self.piece(c.escape_unicode().len(), c.escape_unicode()) }
        })
    }

    /// Whether all of it fitted.
    fn push_raw(&mut self, bytes: &[u8]) -> bool {
        bytes.iter().all(|&byte| self.piece(4, format!("\\x{byte:02x}").chars()))
    }

    /// Adds one piece that may not be divided, or the sign that something is missing.
    fn piece(&mut self, length: usize, piece: impl IntoIterator<Item = char>) -> bool {
        if let Some(left) = self.left.checked_sub(length) {
            self.left = left;
            self.text.extend(piece);
            return true;
        }
        self.left = 0;
        self.text.push('…');
        false
    }
}

/// Quotes and the backslash print as themselves, although `escape_debug` would mark them.
fn prints(c: char) -> bool {
    matches!(c, '"' | '\'' | '\\') || c.escape_debug().len() == 1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_escape_sequence_and_a_bidi_override_are_written_out() {
        assert_eq!(shown("a\x1b[31mb\u{202e}c\n", 80), r"a\u{1b}[31mb\u{202e}c\u{a}");
    }

    #[test]
    fn ordinary_text_of_any_script_stays_as_it_is() {
        let text = "Zoom \"Čau\" O'Neill C:\\x 会议";
        assert_eq!(shown(text, 80), text);
    }

    #[test]
    fn a_text_that_just_fits_is_not_marked_as_cut() {
        assert_eq!((shown("abcd", 4).as_str(), shown("abcde", 4).as_str()), ("abcd", "abcd…"));
    }

    #[test]
    fn an_escape_is_dropped_whole_where_it_does_not_fit() {
        assert_eq!(shown("ab\x1bcd", 5), "ab…");
    }

    #[test]
    fn bytes_that_are_no_text_are_written_in_hexadecimal() {
        assert_eq!(shown_bytes(b"SSH\xff\x00", 80), r"SSH\xff\u{0}");
    }

    fn harmless(text: &str) -> bool {
        text.chars().all(|c| {
            let invisible =
                ['\u{200b}'..='\u{200f}', '\u{202a}'..='\u{202e}', '\u{2066}'..='\u{2069}', '\u{e000}'..='\u{f8ff}'];
            !c.is_control()
                && !invisible.iter().any(|range| range.contains(&c))
                && !matches!(c, '\u{61c}' | '\u{feff}' | '\u{2028}')
        })
    }

    proptest! {
        #[test]
        fn no_text_shows_anything_that_could_steer_a_terminal(text: String, max in 0usize..60) {
            let shown = shown(&text, max);
            prop_assert!(harmless(&shown) && shown.chars().count() <= max + 1);
        }

        #[test]
        fn no_bytes_show_anything_that_could_steer_a_terminal(bytes: Vec<u8>, max in 0usize..60) {
            let shown = shown_bytes(&bytes, max);
            prop_assert!(harmless(&shown) && shown.chars().count() <= max + 1);
        }

        #[test]
        fn control_and_bidi_characters_never_get_through(text in "[\u{0}-\u{1f}\u{7f}-\u{9f}\u{200b}-\u{200f}\u{202a}-\u{202e}\u{2066}-\u{2069}]{0,40}") {
            prop_assert!(harmless(&shown(&text, 400)));
        }
    }
}
