//! Makes text that others wrote safe to show: escaped and cut.

/// The text with control, bidirectional and other invisible characters as `\u{..}`, cut to that many characters.
pub fn shown(text: &str, max_chars: usize) -> String {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    text.chars().take(max_chars).fold(String::new(), |mut out, c| {
        if hidden(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
        out
    })
}
