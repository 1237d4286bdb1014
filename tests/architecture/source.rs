//! Rust files as the rules of `architecture.rs` see them: which paths they name, which files they declare, and on which lines.
//!
//! Words are told from comments and texts, and nested `use` lists and `super` are followed; types and macros are not.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::words::{Word, words};

/// A Rust file.
pub(crate) struct Source {
    /// Its path from the repository's root, `src/plan/mod.rs`.
    pub(crate) path: String,
    pub(crate) text: String,
    /// Its words, those of tests too.
    words: Vec<Word>,
    /// The ranges of words that stand under `#[cfg(test)]`.
    tests: Vec<std::ops::Range<usize>>,
    /// The whole file is declared under `#[cfg(test)]`.
    pub(crate) only_tests: bool,
    /// A file declares it, or it is a crate's root.
    pub(crate) declared: bool,
}

/// A path that code names, from its crate's name or `crate` on, such as `std::time::Instant`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Named {
    pub(crate) path: String,
    pub(crate) line: usize,
}

impl Named {
    /// Whether it names this item, or something inside, or takes in the whole of where it stands.
    pub(crate) fn is_of(&self, item: &str) -> bool {
        within(&self.path, item) || within(item, &self.path) || within(item, self.path.trim_end_matches("::*"))
    }
}

/// Whether a path is another one or goes on from it.
pub(crate) fn within(path: &str, outer: &str) -> bool {
    path.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// Every Rust file below these folders, in the order of their paths.
pub(crate) fn read(root: &Path, folders: &[&str]) -> Vec<Source> {
    let mut paths = Vec::new();
    for folder in folders {
        walk(&root.join(folder), &mut paths);
    }
    paths.sort();
    let mut sources: Vec<Source> = paths
        .into_iter()
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            Source::of(path.strip_prefix(root).unwrap().to_str().unwrap(), text)
        })
        .collect();
    let at: HashMap<String, usize> = sources.iter().enumerate().map(|(at, s)| (s.path.clone(), at)).collect();
    for root in 0..sources.len() {
        if sources[root].is_root() {
            declare(&mut sources, &at, root, false);
        }
    }
    sources
}

fn walk(folder: &Path, paths: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
}

/// Follows the `mod` lines of a file.
fn declare(sources: &mut [Source], at: &HashMap<String, usize>, this: usize, only_tests: bool) {
    sources[this].declared = true;
    sources[this].only_tests = only_tests;
    for (candidates, test) in sources[this].declares() {
        if let Some(&next) = candidates.iter().find_map(|path| at.get(path)) {
            declare(sources, at, next, only_tests || test);
        }
    }
}

impl Source {
    pub(crate) fn of(path: &str, text: String) -> Self {
        let words = words(&text);
        let tests = tests(&words);
        Self { path: path.to_owned(), text, words, tests, only_tests: false, declared: false }
    }

    fn is_root(&self) -> bool {
        let path = &self.path;
        let beside =
            |folder| path.strip_prefix(folder).is_some_and(|rest| !rest.contains('/') || rest.ends_with("/main.rs"));
        ["src/lib.rs", "src/main.rs", "probes/lib.rs"].contains(&path.as_str())
            || beside("tests/")
            || beside("benches/")
    }

    /// The first folder below `src`, or the file's own name for one that lies there.
    pub(crate) fn layer(&self) -> Option<&str> {
        let rest = self.path.strip_prefix("src/")?;
        Some(rest.split_once('/').map_or(rest.trim_end_matches(".rs"), |(folder, _)| folder))
    }

    /// The parts of every name, in lower case, with its line: `common_path` and `CommonPath` have two.
    pub(crate) fn name_parts(&self) -> impl Iterator<Item = (usize, String)> + '_ {
        self.words.iter().flat_map(|word| parts(&word.text).into_iter().map(|part| (word.line, part)))
    }

    /// Whether it lies in the folder, or is the file.
    pub(crate) fn lies_in(&self, place: &str) -> bool {
        self.path.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Lines that no test owns.
    pub(crate) fn lines_without_tests(&self) -> usize {
        if self.only_tests {
            return 0;
        }
        let line = |at: usize| self.words[at].line;
        let of_tests: usize = self.tests.iter().map(|range| line(range.end - 1) - line(range.start) + 1).sum();
        self.text.lines().count() - of_tests
    }

    /// Lines with their numbers that no test owns and that are no comment.
    pub(crate) fn code_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let line = |at: usize| self.words[at].line;
        let tests: Vec<_> = self.tests.iter().map(|range| line(range.start)..=line(range.end - 1)).collect();
        let ours = move |number: &usize| !tests.iter().any(|lines| lines.contains(number));
        (1..)
            .zip(self.text.lines())
            .filter(|_| !self.only_tests)
            .filter(move |(number, text)| ours(number) && !text.trim_start().starts_with("//"))
    }

    /// What code that is no test names.
    pub(crate) fn names(&self) -> Vec<Named> {
        if self.only_tests {
            return Vec::new();
        }
        let of_tests = |at: &usize| self.tests.iter().any(|range| range.contains(at));
        let words: Vec<Word> =
            (0..self.words.len()).filter(|at| !of_tests(at)).map(|at| self.words[at].clone()).collect();
        let mut found = Vec::new();
        paths(&words, self.module(), &mut found);
        found
    }

    /// The lines, tests too, on which these words stand one after the other.
    pub(crate) fn lines_of(&self, sought: &[&str]) -> Vec<usize> {
        let here = |window: &&[Word]| window.iter().zip(sought).all(|(word, sought)| word.text == *sought);
        self.words.windows(sought.len()).filter(here).map(|window| window[0].line).collect()
    }

    /// The lines on which methods of this trait have bodies, where it is declared.
    pub(crate) fn bodies_in_trait(&self, name: &str) -> impl Iterator<Item = usize> {
        let text = |at: usize| self.words.get(at).map_or("", |word| word.text.as_str());
        let declared = (1..self.words.len()).find(|at| text(at - 1) == "trait" && text(*at) == name);
        let (mut depth, mut lines) = (0_usize, Vec::new());
        for word in self.words.iter().skip(declared.unwrap_or(self.words.len())) {
            match word.text.as_str() {
                "{" => {
                    if depth == 1 {
                        lines.push(word.line);
                    }
                    depth += 1;
                }
                "}" if depth == 1 => break,
                "}" => depth -= 1,
                _ => {}
            }
        }
        lines.into_iter()
    }

    /// The words, tests' too, that follow one of these.
    pub(crate) fn after<'a>(&'a self, keywords: &'a [&str]) -> impl Iterator<Item = &'a str> {
        let follows = |window: &&[Word]| keywords.contains(&window[0].text.as_str());
        self.words.windows(2).filter(follows).map(|window| window[1].text.as_str())
    }

    /// The module that the file is, from its crate's root.
    pub(crate) fn module(&self) -> Vec<String> {
        let inner = self.path.split_once('/').map_or("", |(_, inner)| inner).trim_end_matches(".rs");
        let mut module: Vec<String> = inner.split('/').map(str::to_owned).collect();
        if module.last().is_some_and(|last| ["mod", "lib", "main"].contains(&last.as_str())) {
            module.pop();
        }
        module
    }

    /// Files that its `mod` lines may mean, and whether only a test build has them.
    fn declares(&self) -> Vec<(Vec<String>, bool)> {
        let (folder, name) = self.path.rsplit_once('/').unwrap();
        let own = self.is_root() || name == "mod.rs";
        let below = if own { folder.to_owned() } else { self.path.trim_end_matches(".rs").to_owned() };
        let paths = self.text.lines().filter_map(|line| line.trim().strip_prefix("#[path = \"")?.strip_suffix("\"]"));
        let elsewhere = paths.map(|path| (vec![format!("{folder}/{path}")], false));
        let of_mod = |(at, window): (usize, &[Word])| {
            let [keyword, name, end] = window else { return None };
            let test = self.tests.iter().any(|range| range.contains(&at));
            let candidates = vec![format!("{below}/{}.rs", name.text), format!("{below}/{}/mod.rs", name.text)];
            (keyword.text == "mod" && end.text == ";").then_some((candidates, test))
        };
        self.words.windows(3).enumerate().filter_map(of_mod).chain(elsewhere).collect()
    }
}

/// The ranges of words that an attribute gives to test builds alone, each with its attribute.
fn tests(words: &[Word]) -> Vec<std::ops::Range<usize>> {
    let text = |at: usize| words.get(at).map_or("", |word| word.text.as_str());
    let mut ranges: Vec<std::ops::Range<usize>> = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let end = if text(at) == "#" && text(at + 1) == "[" { after_brackets(words, at + 1) } else { at };
        let attribute: Vec<&str> = (at..end).map(text).collect();
        if attribute.get(2) == Some(&"cfg") && attribute.contains(&"test") && !attribute.contains(&"not") {
            let item = after_item(words, end);
            ranges.push(at..item);
            at = item;
        } else {
            at = end.max(at + 1);
        }
    }
    ranges
}

/// The place after the bracket that closes the one here.
fn after_brackets(words: &[Word], open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, word) in words.iter().enumerate().skip(open) {
        match word.text.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    words.len()
}

/// The place after the item that begins here: after its semicolon or its closing brace.
fn after_item(words: &[Word], mut at: usize) -> usize {
    while at < words.len() {
        match words[at].text.as_str() {
            ";" => return at + 1,
            "{" => return after_brackets(words, at),
            "(" | "[" => at = after_brackets(words, at),
            _ => at += 1,
        }
    }
    at
}

/// Adds every path that begins among these words; `inside` is the module they stand in.
fn paths(words: &[Word], mut inside: Vec<String>, found: &mut Vec<Named>) {
    let text = |at: usize| words.get(at).map_or("", |word| word.text.as_str());
    // How deep each module written in place began.
    let mut depth = 0_usize;
    let mut modules = Vec::new();
    let mut at = 0;
    while at < words.len() {
        match text(at) {
            "mod" if text(at + 2) == "{" => {
                modules.push(depth);
                inside.push(text(at + 1).to_owned());
                depth += 1;
                at += 3;
            }
            "{" => {
                depth += 1;
                at += 1;
            }
            "}" => {
                depth = depth.saturating_sub(1);
                if modules.last() == Some(&depth) {
                    modules.pop();
                    inside.pop();
                }
                at += 1;
            }
            "use" => at = tree(words, at + 1, &[], &inside, found),
            "extern" if text(at + 1) == "crate" => at = tree(words, at + 2, &[], &inside, found),
            word if is_name(word) && text(at + 1) == "::" && text(at.wrapping_sub(1)) != "." => {
                at = tree(words, at, &[], &inside, found);
            }
            _ => at += 1,
        }
    }
}

/// Adds what a path or a `use` list means, and gives the place after it.
fn tree(words: &[Word], mut at: usize, before: &[String], inside: &[String], found: &mut Vec<Named>) -> usize {
    let text = |at: usize| words.get(at).map_or("", |word| word.text.as_str());
    let mut path = before.to_vec();
    loop {
        match text(at) {
            "::" => at += 1,
            "{" => {
                at += 1;
                while !["}", ""].contains(&text(at)) {
                    at = if text(at) == "," { at + 1 } else { tree(words, at, &path, inside, found) };
                }
                return at + 1;
            }
            "*" => {
                path.push("*".to_owned());
                at += 1;
                break;
            }
            word if is_name(word) => {
                path.push(word.to_owned());
                at += 1;
                if text(at) != "::" {
                    break;
                }
            }
            // A generic argument follows, or nothing that belongs to a path.
            _ => break,
        }
    }
    // `a::{self}` is `a` itself.
    if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
        path.pop();
    }
    let line = words.get(at.saturating_sub(1)).map_or(0, |word| word.line);
    if !path.is_empty() {
        found.push(Named { path: from_the_root(&path, inside), line });
    }
    if text(at) == "as" {
        at += 2;
    }
    if at < words.len() && !before.is_empty() && !["}", ","].contains(&text(at)) {
        at += 1;
    }
    at
}

/// A path with `self` and `super` replaced by what they stand for.
fn from_the_root(path: &[String], inside: &[String]) -> String {
    let ups = path.iter().take_while(|part| *part == "super" || *part == "self").count();
    if ups == 0 {
        return path.join("::");
    }
    let supers = path.iter().take(ups).filter(|part| *part == "super").count();
    let module = &inside[..inside.len().saturating_sub(supers)];
    let parts = std::iter::once("crate").chain(module.iter().chain(&path[ups..]).map(String::as_str));
    parts.collect::<Vec<_>>().join("::")
}

fn is_name(word: &str) -> bool {
    word.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

/// A name cut at its underscores and before its capitals.
fn parts(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut before = '_';
    for letter in name.chars() {
        if letter == '_' || letter.is_uppercase() && !before.is_uppercase() {
            parts.push(String::new());
        }
        if letter != '_' {
            parts.last_mut().unwrap().extend(letter.to_lowercase());
        }
        before = letter;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, text: &str, named: &[&str]) {
        let found = Source::of(path, text.to_owned()).names();
        assert_eq!(found.iter().map(|named| named.path.as_str()).collect::<Vec<_>>(), named);
    }

    #[test]
    fn lists_in_use_lines_are_written_out() {
        check(
            "src/lib.rs",
            "use std::{fs::{self}, time::{Duration, Instant as Now}};\npub(super) use crate::a::*;\nuse url as u;",
            &["std::fs", "std::time::Duration", "std::time::Instant", "crate::a::*", "url"],
        );
    }

    #[test]
    fn paths_in_code_count_and_methods_do_not() {
        check(
            "src/lib.rs",
            "fn f(a: &'a tokio::io::X) { ::nix::y(); a.parse::<url::Url>(); <h2::Z>::q(); }",
            &["tokio::io::X", "nix::y", "url::Url", "h2::Z"],
        );
    }

    #[test]
    fn super_is_followed_out_of_files_and_modules() {
        check(
            "src/plan/first.rs",
            "use super::super::run::X;\nuse self::y::Z;",
            &["crate::run::X", "crate::plan::first::y::Z"],
        );
        check(
            "src/plan/mod.rs",
            "mod inner { use super::super::run::X; }\nuse super::a::B;",
            &["crate::run::X", "crate::a::B"],
        );
    }

    #[test]
    fn comments_texts_and_tests_name_nothing() {
        check("src/lib.rs", "// a::b\n/* /* c::d */ e::f */ \"g::h\" r#\"i::\"j\"# '\"' b'\\'' k::l", &["k::l"]);
        check(
            "src/lib.rs",
            "#[cfg(test)]\nmod tests { use a::b; }\n#[cfg(not(test))]\nuse c::d;\n#[cfg(test)] use e::f;",
            &["c::d"],
        );
    }

    #[test]
    fn lines_of_tests_are_not_counted() {
        let source =
            Source::of("src/lib.rs", "//! A.\n\nfn a() {}\n\n#[cfg(test)]\nmod tests {\n    use a::b;\n}\n".to_owned());
        assert_eq!(source.lines_without_tests(), 4);
    }

    #[test]
    fn a_method_with_a_body_is_found_in_its_trait_alone() {
        let text =
            "trait A: Send {\n fn a(&self);\n fn b(&self) {\n if c { d() }\n }\n}\nimpl A for B { fn a(&self) {} }\n";
        let source = Source::of("src/lib.rs", text.to_owned());
        assert_eq!(source.bodies_in_trait("A").collect::<Vec<_>>(), [3]);
        assert_eq!(source.bodies_in_trait("B").count(), 0);
    }

    #[test]
    fn a_whole_module_taken_in_names_what_is_in_it() {
        let named = |path: &str| Named { path: path.to_owned(), line: 1 };
        assert!(named("std::time::*").is_of("std::time::Instant"));
        assert!(named("std::time").is_of("std::time::Instant"));
        assert!(named("std::time::Instant::now").is_of("std::time::Instant"));
        assert!(!named("std::time::Duration").is_of("std::time::Instant"));
    }
}
