//! Makes text from a catalogue harmless in every syntax that rules are written in.
//!
//! What is left cannot end a quoted text, a comment or a line, and asks no command line for help (`?` on Cisco's does).

/// The text in letters, digits, single spaces and `.,:()/+*_@-`; quotes are left out, `;` is a comma, every other character
/// is `_`. It begins with a letter or digit, ends with no space, and is cut to `max_chars`.
///
/// A text that begins with a letter or digit is no formula to a spreadsheet, and no expression to an Azure template.
pub(super) fn scrubbed(text: &str, max_chars: usize) -> String {
    let mut safe = String::new();
    for c in text.chars() {
        let c = match c {
            '\'' | '"' | '`' => continue,
            ';' => ',',
            c if c.is_whitespace() => ' ',
            c if c.is_ascii_alphanumeric() || SAFE.contains(c) => c,
            _ => '_',
        };
        let begins = !safe.is_empty() || c.is_ascii_alphanumeric();
        if begins && !(c == ' ' && safe.ends_with(' ')) {
            safe.push(c);
        }
    }
    // Every character is one byte here.
    safe.truncate(max_chars);
    safe.truncate(safe.trim_end().len());
    safe
}

/// AWS takes these in a description (EC2 API reference, `IpRange`), and no syntax here gives one a meaning inside a text.
const SAFE: &str = ".,:()/+*_@-";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_could_break_out_is_written_over() {
        assert_eq!(scrubbed("A \"b\"\n-j DROP; ? \\ `c` $d !e", 80), "A b -j DROP, _ _ c _d _e");
    }

    #[test]
    fn what_a_catalogue_holds_stays_as_it_is() {
        let text = "KB0060548 via m1k3d/ztb-site-automation@03aff583, 2026-10-01 (*.zoom.us): tcp/8801-8802";
        assert_eq!(scrubbed(text, 200), text);
    }

    #[test]
    fn a_text_begins_with_no_sign_and_ends_with_no_space() {
        assert_eq!(scrubbed("=+-@[ *  Zoom  Phone", 5), "Zoom");
    }

    proptest! {
        #[test]
        fn nothing_but_safe_characters_gets_through(text: String, max in 0_usize..60) {
            let safe = scrubbed(&text, max);
            prop_assert!(safe.len() <= max);
            prop_assert!(safe.chars().all(|c| c.is_ascii_alphanumeric() || c == ' ' || SAFE.contains(c)), "{safe}");
            prop_assert!(safe.chars().next().is_none_or(|c| c.is_ascii_alphanumeric()), "{safe}");
        }
    }
}
