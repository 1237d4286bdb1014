//! The few words of a page by which a person recognises it: its title, or else how its text begins.
//!
//! It is no HTML parser: tags are skipped, entities stay as they are written.

use crate::wire::text::shown;

/// The title, or else the first text, in 200 characters at most; `None` where the body holds no text.
pub(crate) fn excerpt(body: &[u8]) -> Option<String> {
    if body.contains(&0) {
        return None;
    }
    let text = String::from_utf8_lossy(body);
    let words = title(&text).or_else(|| Some(words(&visible(&text)))).filter(|words| !words.is_empty())?;
    Some(shown(&words, EXCERPT_CHARS))
}

fn title(page: &str) -> Option<String> {
    let (_, after) = split_at_tag(page, "<title")?;
    let (_, inside) = after.split_once('>')?;
    let (title, _) = split_at_tag(inside, "</title")?;
    Some(words(title)).filter(|title| !title.is_empty())
}

/// What stands before and after a tag's beginning, whatever its case.
fn split_at_tag<'a>(page: &'a str, tag: &str) -> Option<(&'a str, &'a str)> {
    let at = page.as_bytes().windows(tag.len()).position(|window| window.eq_ignore_ascii_case(tag.as_bytes()))?;
    Some((page.get(..at)?, page.get(at + tag.len()..)?))
}

/// The text between tags, without scripts and styles.
fn visible(page: &str) -> String {
    let mut out = String::new();
    let mut rest = page;
    while out.len() < ENOUGH_BYTES {
        let Some((before, tag)) = rest.split_once('<') else {
            out.push_str(rest);
            break;
        };
        out.push_str(before);
        out.push(' ');
        rest = after_tag(tag);
    }
    out
}

/// What follows a tag; a script or style is skipped to its end.
fn after_tag(tag: &str) -> &str {
    for hidden in ["script", "style"] {
        if tag.get(..hidden.len()).is_some_and(|name| name.eq_ignore_ascii_case(hidden)) {
            return split_at_tag(tag, &format!("</{hidden}")).map_or("", |(_, after)| after_bracket(after));
        }
    }
    after_bracket(tag)
}

fn after_bracket(tag: &str) -> &str {
    tag.split_once('>').map_or("", |(_, after)| after)
}

fn words(text: &str) -> String {
    let mut out = String::new();
    for word in text.split_whitespace() {
        if out.len() >= ENOUGH_BYTES {
            break;
        }
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// As [`crate::model::Response`] promises.
const EXCERPT_CHARS: usize = 200;
/// 200 characters of four bytes.
const ENOUGH_BYTES: usize = 800;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_title_is_taken_before_the_text() {
        let page = b"<!doctype html><HEAD><Title lang=en>\n Web page\n blocked </TITLE></head><body>x";
        assert_eq!(excerpt(page).as_deref(), Some("Web page blocked"));
    }

    #[test]
    fn without_a_title_the_text_counts_and_no_script() {
        let page = b"<style>p{}</style><script>if (a<b) go()</script><p>Access <b>denied</b></p>";
        assert_eq!(excerpt(page).as_deref(), Some("Access denied"));
    }

    #[test]
    fn a_plain_answer_is_its_own_excerpt() {
        assert_eq!(excerpt(b"success\n").as_deref(), Some("success"));
    }

    #[test]
    fn nothing_and_what_is_no_text_have_none() {
        assert_eq!((excerpt(b" \n"), excerpt(b"\x89PNG\0\0")), (None, None));
    }

    proptest! {
        #[test]
        fn no_body_makes_it_panic_or_overlong(body: Vec<u8>) {
            prop_assert!(excerpt(&body).is_none_or(|text| text.chars().count() <= EXCERPT_CHARS + 1));
        }

        #[test]
        fn no_broken_page_does_either(page in "(<|>|</|title|script|style| |ä|x|\u{1b}){0,60}") {
            let steers = excerpt(page.as_bytes()).is_some_and(|text| text.contains('\u{1b}'));
            prop_assert!(!steers);
        }
    }
}
