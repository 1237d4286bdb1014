//! The words of a Rust text: enough of its grammar to tell code from comments and quoted text.

/// A word of code and the line it stands on, from 1.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Word {
    pub(crate) text: String,
    pub(crate) line: usize,
}

/// Names, numbers and marks of a Rust text, without comments and with `""` for every text and character.
pub(crate) fn words(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut rest = text;
    let mut line = 1;
    while !rest.is_empty() {
        let (length, word) = next(rest);
        let (taken, after) = rest.split_at(length);
        if let Some(word) = word {
            words.push(Word { text: word.to_owned(), line });
        }
        line += taken.matches('\n').count();
        rest = after;
    }
    words
}

/// How long the first piece of the text is, and the word that it is, if it is one.
fn next(text: &str) -> (usize, Option<&str>) {
    let starts = |mark: &str| text.starts_with(mark);
    let first = text.chars().next().unwrap_or_default();
    if starts("//") {
        (text.find('\n').unwrap_or(text.len()), None)
    } else if starts("/*") {
        (block_comment(text), None)
    } else if let Some(length) = raw_text(text) {
        (length, Some("\"\""))
    } else if starts("\"") || starts("b\"") || starts("c\"") {
        (quoted(text, '"'), Some("\"\""))
    } else if starts("b'") || (starts("'") && is_character(text)) {
        (quoted(text, '\''), Some("\"\""))
    } else if starts("r#") {
        let name = name_length(&text[2..]);
        (2 + name, Some(&text[2..2 + name]))
    } else if first.is_alphanumeric() || first == '_' {
        let length = name_length(text);
        (length, Some(&text[..length]))
    } else if starts("::") {
        (2, Some("::"))
    } else {
        let length = first.len_utf8();
        (length, (!first.is_whitespace()).then_some(&text[..length]))
    }
}

fn name_length(text: &str) -> usize {
    text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len())
}

/// Block comments nest.
fn block_comment(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(mark) = text[at..].find("/*").into_iter().chain(text[at..].find("*/")).min() {
        at += mark;
        depth = if text[at..].starts_with("/*") { depth + 1 } else { depth - 1 };
        at += 2;
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

/// The length of a raw text such as `br#"…"#`, if the text begins with one.
fn raw_text(text: &str) -> Option<usize> {
    let marks = text.strip_prefix("br").or(text.strip_prefix("cr")).or(text.strip_prefix('r'))?;
    let inner = marks.trim_start_matches('#');
    let hashes = marks.len() - inner.len();
    let inner = inner.strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let length = inner.find(&end).map_or(inner.len(), |at| at + end.len());
    Some(text.len() - inner.len() + length)
}

/// The length of a quoted text with its quotes.
fn quoted(text: &str, quote: char) -> usize {
    let begin = text.find(quote).unwrap_or_default() + 1;
    let mut escaped = false;
    for (at, c) in text[begin..].char_indices() {
        if c == quote && !escaped {
            return begin + at + 1;
        }
        escaped = c == '\\' && !escaped;
    }
    text.len()
}

/// Tells `'a'` from the lifetime `'a`.
fn is_character(text: &str) -> bool {
    let mut after = text.chars().skip(1);
    after.next() == Some('\\') || after.next() == Some('\'')
}
