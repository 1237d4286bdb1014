//! Which file imports which, through every re-export to where a name is defined, and the circles among them.
//!
//! A module and what lies inside it are one thing: what a file takes from the files it lies in is not counted.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{Source, within};

/// The files of one package that import each other in a circle, each circle in the order of its paths.
pub(crate) fn circles<'a>(sources: &'a [Source], package: &str) -> Vec<Vec<&'a str>> {
    let modules = Modules::of(sources, package);
    let edges: BTreeMap<&str, BTreeSet<&str>> =
        modules.files.iter().map(|(module, source)| (source.path.as_str(), modules.imports(module, source))).collect();
    let reaches: BTreeMap<&str, BTreeSet<&str>> = edges.keys().map(|file| (*file, reached(file, &edges))).collect();
    let mut circles = BTreeSet::new();
    for (file, reached) in &reaches {
        let circle: Vec<&str> = reached.iter().copied().filter(|other| reaches[other].contains(file)).collect();
        if circle.len() > 1 {
            circles.insert(circle);
        }
    }
    circles.into_iter().collect()
}

/// All files that this one imports, and those that they import.
fn reached<'a>(file: &'a str, edges: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> BTreeSet<&'a str> {
    let (mut seen, mut next) = (BTreeSet::new(), vec![file]);
    while let Some(file) = next.pop() {
        next.extend(edges[file].iter().filter(|other| seen.insert(**other)));
    }
    seen
}

/// The files of a package by the path of their module.
struct Modules<'a> {
    files: BTreeMap<String, &'a Source>,
    /// What each module names.
    names: BTreeMap<String, Vec<String>>,
    /// What each module defines.
    items: BTreeMap<String, BTreeSet<&'a str>>,
}

impl<'a> Modules<'a> {
    fn of(sources: &'a [Source], package: &str) -> Self {
        // A program's root is a crate of its own.
        let ours = sources.iter().filter(|source| source.lies_in(package) && !source.only_tests);
        let files: BTreeMap<String, &Source> = ours
            .filter(|source| !source.path.ends_with("/main.rs"))
            .map(|source| (source.module().join("::"), source))
            .collect();
        let names = files
            .iter()
            .map(|(module, source)| (module.clone(), source.names().into_iter().map(|named| named.path).collect()))
            .collect();
        let items = files.iter().map(|(module, source)| (module.clone(), source.after(&ITEMS).collect())).collect();
        Self { files, names, items }
    }

    fn imports(&self, module: &str, source: &Source) -> BTreeSet<&'a str> {
        let named = self.names[module].iter().filter_map(|path| self.rooted(module, path));
        let found = named.filter_map(|path| self.defined_in(&path, DEPTH));
        let outside = found.filter(|found| !found.is_empty() && !within(module, found) && *found != module);
        outside.map(|found| self.files[found].path.as_str()).filter(|path| *path != source.path).collect()
    }

    /// A path that a module names, as a path of its package; `None` for what is from elsewhere.
    fn rooted(&self, module: &str, path: &str) -> Option<String> {
        if let Some(path) = path.strip_prefix("crate::") {
            return Some(path.to_owned());
        }
        let first = path.split("::").next()?;
        self.files.contains_key(&inside(module, first)).then(|| inside(module, path))
    }

    /// The module whose file defines what a path of the package names.
    fn defined_in(&self, path: &str, depth: usize) -> Option<&str> {
        let mut module = "";
        for (at, part) in parts(path) {
            let next = inside(module, part);
            if let Some((next, _)) = self.files.get_key_value(&next) {
                module = next;
                continue;
            }
            let rest = &path[at..];
            return self.re_exported(module, part, rest, depth.checked_sub(1)?).or(Some(module));
        }
        Some(module)
    }

    /// Where a name comes from that a module takes in and hands on; `None` where it is the module's own.
    fn re_exported(&self, module: &str, name: &str, rest: &str, depth: usize) -> Option<&str> {
        if self.defines(module, name) || name == "*" {
            return None;
        }
        let names = &self.names[module];
        let after = rest.strip_prefix(name)?;
        let taken = names.iter().find(|path| path.rsplit("::").next() == Some(name) && path.contains("::"));
        if let Some(path) = taken.and_then(|path| self.rooted(module, path)) {
            return self.defined_in(&format!("{path}{after}"), depth);
        }
        let whole = names.iter().filter_map(|path| self.rooted(module, path.strip_suffix("::*")?));
        let mut found = whole.filter_map(|path| {
            let inner = self.defined_in(&path, depth)?;
            self.defines(inner, name).then_some(inner).or_else(|| self.re_exported(inner, name, rest, depth))
        });
        found.next()
    }

    fn defines(&self, module: &str, name: &str) -> bool {
        self.items[module].contains(name)
    }
}

/// The parts of a path, each with its place.
fn parts(path: &str) -> impl Iterator<Item = (usize, &str)> {
    path.split("::").scan(0, |at, part| {
        let here = *at;
        *at += part.len() + 2;
        Some((here, part))
    })
}

fn inside(module: &str, name: &str) -> String {
    if module.is_empty() { name.to_owned() } else { format!("{module}::{name}") }
}

const ITEMS: [&str; 7] = ["const", "enum", "fn", "static", "struct", "trait", "type"];
/// Re-exports that are followed one after the other; a bound against a circle of them.
const DEPTH: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)]) -> Vec<Vec<String>> {
        let sources: Vec<Source> = files.iter().map(|(path, text)| Source::of(path, (*text).to_owned())).collect();
        circles(&sources, "src").into_iter().map(|circle| circle.into_iter().map(str::to_owned).collect()).collect()
    }

    #[test]
    fn two_files_that_import_each_other_are_a_circle() {
        let files = [
            ("src/lib.rs", "mod a; mod b;"),
            ("src/a.rs", "use crate::b::B; pub struct A;"),
            ("src/b.rs", "fn b() { crate::a::A; } pub struct B;"),
        ];
        assert_eq!(found(&files), [["src/a.rs", "src/b.rs"]]);
    }

    #[test]
    fn a_circle_is_seen_through_re_exports() {
        let files = [
            ("src/lib.rs", "mod room; mod a;"),
            ("src/room/mod.rs", "mod inner; mod other; pub use inner::*; pub use other::O;"),
            ("src/room/inner.rs", "use super::O; pub struct I;"),
            ("src/room/other.rs", "use crate::a::A; pub struct O;"),
            ("src/a.rs", "use crate::room::I; pub struct A;"),
        ];
        assert_eq!(found(&files), [["src/a.rs", "src/room/inner.rs", "src/room/other.rs"]]);
    }

    #[test]
    fn what_a_file_takes_from_the_module_it_lies_in_is_no_circle() {
        let files = [
            ("src/lib.rs", "mod a;"),
            ("src/a/mod.rs", "mod inner; use inner::I; pub struct A;"),
            ("src/a/inner.rs", "use super::A; pub struct I;"),
        ];
        assert_eq!(found(&files), Vec::<Vec<String>>::new());
    }

    #[test]
    fn tests_make_no_circle() {
        let files = [
            ("src/lib.rs", "mod a; mod b;"),
            ("src/a.rs", "#[cfg(test)] mod tests { use crate::b::B; } pub struct A;"),
            ("src/b.rs", "use crate::a::A; pub struct B;"),
        ];
        assert_eq!(found(&files), Vec::<Vec<String>>::new());
    }
}
