//! The rules of the code's shape: who may import whom, which door leads to which crate, what is documented.
//!
//! The tables are in `architecture/*.toml`. Code is read as text, without what only a test build has; every rule tells
//! all that breaks it at once, by file and line.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that can't read the tree is a failed test")]

#[path = "architecture/causes.rs"]
mod causes;
#[path = "architecture/circles.rs"]
mod circles;
#[path = "architecture/source.rs"]
mod source;
#[path = "architecture/words.rs"]
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use circles::circles;
use source::{Named, Source, within};
use why5003_probes::kinds;

type Table = BTreeMap<String, Vec<String>>;

/// Every Rust file of both packages, and of the tests and benches.
static SOURCES: LazyLock<Vec<Source>> = LazyLock::new(|| source::read(root(), &["src", "probes", "tests", "benches"]));

/// The unsafe blocks that are allowed, each one function in its file with a SAFETY paragraph and a test.
const UNSAFE: [&str; 1] = ["probes/net/async_fd.rs"];

/// What lies at the top of the repository; dot-files come beside it, and `target`, which git ignores.
const TOP: [&str; 8] = ["Cargo.lock", "Cargo.toml", "LICENSE", "README.md", "benches", "probes", "src", "tests"];

/// Lines a file may have without its tests.
const LONGEST: usize = 400;

#[test]
fn folders_import_along_the_arrows_only() {
    let arrows: Table = read("arrows.toml");
    let mut broken = Vec::new();
    for source in SOURCES.iter() {
        let Some(layer) = source.layer() else { continue };
        let Some(may) = arrows.get(layer) else {
            broken.push(format!("{}: arrows.toml says nothing of `{layer}`", source.path));
            continue;
        };
        for named in source.names() {
            let Some(path) = beyond(&named.path, layer) else { continue };
            if !may.iter().any(|allowed| within(path, allowed)) {
                broken.push(format!("{}:{}: {layer} may not import {path}", source.path, named.line));
            }
        }
    }
    nothing(&broken);
}

/// What a path names outside its own layer: of this crate without `crate`, or of the probes.
fn beyond<'a>(path: &'a str, layer: &str) -> Option<&'a str> {
    if let Some(ours) = path.strip_prefix("crate::") {
        return (!within(ours, layer)).then_some(ours);
    }
    ["why5003", "why5003_probes"].iter().any(|krate| within(path, krate)).then_some(path)
}

#[test]
fn rooms_of_the_probes_import_those_below_them_and_no_probe() {
    let rooms: Table = read("rooms.toml");
    let mut broken = Vec::new();
    for source in SOURCES.iter().filter(|source| source.lies_in("probes") && source.path != "probes/lib.rs") {
        let own = source.path.split(['/', '.']).nth(1).unwrap_or_default();
        let may = |other: &str| match rooms.get(own) {
            Some(below) => below.iter().any(|room| room == other),
            None => other != "engines" && rooms.contains_key(other),
        };
        for Named { path, line } in source.names() {
            let Some(other) = path.strip_prefix("crate::").and_then(|path| path.split("::").next()) else { continue };
            if other != own && !may(other) {
                broken.push(format!("{}:{line}: {own} may not import {path}", source.path));
            }
        }
    }
    nothing(&broken);
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let Circles { known } = read("circles.toml");
    let mut found: Vec<Vec<&str>> = circles(&SOURCES, "src");
    found.extend(circles(&SOURCES, "probes"));
    let is_in = |circle: &[&str], known: &[String]| circle.iter().all(|file| known.iter().any(|known| known == file));
    let new = found.iter().filter(|circle| !known.iter().any(|known| is_in(circle, known)));
    let mut broken: Vec<String> = new.map(|circle| format!("they import each other: {}", circle.join(" "))).collect();
    let gone = known.iter().filter(|known| !found.iter().any(|circle| is_in(circle, known)));
    broken.extend(gone.map(|known| format!("circles.toml: no such circle any more: {}", known.join(" "))));
    nothing(&broken);
}

#[test]
fn home_made_words_do_not_come_back_as_names() {
    let glossary: BTreeMap<String, String> = read("glossary.toml");
    let mut broken = Vec::new();
    for source in SOURCES.iter() {
        for (line, part) in source.name_parts() {
            if let Some(word) = glossary.get(&part) {
                broken.push(format!("{}:{line}: `{part}` is called {word}", source.path));
            }
        }
    }
    nothing(&broken);
}

#[test]
fn the_drawing_of_the_layers_says_what_the_table_of_arrows_says() {
    let readme = fs::read_to_string(root().join("src/README.md")).expect("the page on layers");
    let drawn: BTreeMap<String, BTreeSet<String>> = readme
        .lines()
        .filter_map(|line| line.split_once(" -> "))
        .filter(|(folder, _)| !folder.starts_with(' '))
        .map(|(folder, may)| (folder.trim().to_owned(), may.split(", ").map(str::to_owned).collect()))
        .collect();
    let head = |path: &String| match path.split("::").next() {
        Some("why5003_probes") => "probes".to_owned(),
        first => first.unwrap_or_default().to_owned(),
    };
    let mut arrows: BTreeMap<String, BTreeSet<String>> = read::<Table>("arrows.toml")
        .iter()
        .map(|(folder, may)| (folder.clone(), may.iter().map(head).collect()))
        .collect();
    arrows.retain(|folder, _| !["main", "lib"].contains(&folder.as_str()));
    assert_eq!(drawn, arrows);
}

#[test]
fn every_crate_from_outside_has_its_door() {
    let doors: Doors = read("doors.toml");
    let mut broken = Vec::new();
    let mut depended = BTreeSet::new();
    for (folder, manifest) in [("src", "Cargo.toml"), ("probes", "probes/Cargo.toml")] {
        for krate in dependencies(manifest) {
            let mut used = false;
            for source in SOURCES.iter().filter(|source| source.lies_in(folder)) {
                let lines: Vec<usize> =
                    source.names().iter().filter(|n| within(&n.path, &krate)).map(|n| n.line).collect();
                used |= !lines.is_empty();
                if !doors.crates.get(&krate).is_some_and(|places| lies_in(source, places)) {
                    broken.extend(lines.iter().map(|line| format!("{}:{line}: no door to {krate}", source.path)));
                }
            }
            if !used {
                broken.push(format!("{manifest}: nothing but tests names {krate}"));
            }
            depended.insert(krate);
        }
    }
    let unknown = doors.crates.keys().filter(|krate| !depended.contains(*krate));
    broken.extend(unknown.map(|krate| format!("doors.toml: no manifest of ours depends on {krate}")));
    nothing(&broken);
}

#[test]
fn tasks_threads_files_and_clocks_stay_behind_their_doors() {
    let doors: Doors = read("doors.toml");
    let mut broken = Vec::new();
    for source in SOURCES.iter().filter(|source| source.lies_in("src") || source.lies_in("probes")) {
        for named in source.names() {
            // The nearest rule that the path lies in, and every one that it takes in as a whole.
            let nearest = doors.items.keys().filter(|item| within(&named.path, item)).max_by_key(|item| item.len());
            let whole = doors.items.keys().filter(|item| !within(&named.path, item) && named.is_of(item));
            for item in nearest.into_iter().chain(whole) {
                if !lies_in(source, &doors.items[item]) {
                    broken.push(format!("{}:{}: {} names {item}", source.path, named.line, named.path));
                }
            }
        }
    }
    nothing(&broken);
}

#[test]
fn pure_folders_have_no_input_output_clock_or_task() {
    let mut broken = Vec::new();
    for Pure { folders, never } in read::<Doors>("doors.toml").pure {
        for source in SOURCES.iter().filter(|source| lies_in(source, &folders)) {
            for named in source.names() {
                if never.iter().any(|item| named.is_of(item)) {
                    broken.push(format!("{}:{}: {} is not pure", source.path, named.line, named.path));
                }
            }
        }
    }
    nothing(&broken);
}

#[test]
fn every_file_says_what_it_is_for_and_is_one_idea() {
    let mut broken = Vec::new();
    for source in SOURCES.iter() {
        if !source.text.starts_with("//! ") {
            broken.push(format!("{}: opens without `//!`", source.path));
        }
        if !source.declared {
            broken.push(format!("{}: no `mod` line leads to it", source.path));
        }
        let lines = source.lines_without_tests();
        if lines > LONGEST {
            broken.push(format!("{}: {lines} lines without its tests", source.path));
        }
    }
    nothing(&broken);
}

#[test]
fn nothing_is_unsafe_or_silenced_or_skipped() {
    let mut broken = Vec::new();
    for source in SOURCES.iter() {
        let mut at = |words: &[&str]| {
            broken.extend(
                source.lines_of(words).iter().map(|line| format!("{}:{line}: {}", source.path, words.concat())),
            );
        };
        at(&["[", "allow", "("]);
        at(&[",", "allow", "("]);
        at(&["[", "ignore"]);
        if !UNSAFE.contains(&source.path.as_str()) {
            for follows in ["{", "fn", "impl", "extern", "trait"] {
                at(&["unsafe", follows]);
            }
        }
    }
    nothing(&broken);
}

/// `--resolver` and `--source` wrap a system and a network. A wrapper that need not name each method loses one some day, and what
/// it loses reads as "this system does not tell".
#[test]
fn a_seam_that_is_wrapped_has_no_default_methods() {
    let mut broken = Vec::new();
    for seam in ["System", "Network"] {
        let bodies: Vec<(&str, usize)> = SOURCES
            .iter()
            .flat_map(|source| source.bodies_in_trait(seam).map(|line| (source.path.as_str(), line)))
            .collect();
        broken.extend(bodies.iter().map(|(path, line)| format!("{path}:{line}: {seam} has a default method")));
    }
    nothing(&broken);
}

#[test]
fn the_top_of_the_repository_is_as_designed() {
    let names = fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let strange = names.filter(|name| !name.starts_with('.') && name != "target" && !TOP.contains(&name.as_str()));
    nothing(&strange.map(|name| format!("{name}: does not belong at the top")).collect::<Vec<_>>());
}

#[test]
fn every_probe_is_listed_and_documented() {
    let mut broken = Vec::new();
    let probes: Vec<&Source> = SOURCES.iter().filter(|source| is_probe(&source.path)).collect();
    let names: BTreeSet<&str> = kinds().map(|kind| kind.name.as_str()).collect();
    let files: BTreeSet<&str> = probes.iter().map(|source| stem(&source.path)).collect();
    broken.extend(
        files.symmetric_difference(&names).map(|name| format!("{name}: a file without a kind, or a kind without")),
    );
    for source in probes {
        for part in ["What it looks at", "What a bad result means", "What to do", "Example"] {
            if !opening(&source.text).contains(part) {
                broken.push(format!("{}: its opening does not say: {part}", source.path));
            }
        }
    }
    for kind in kinds() {
        if !is_phrase(kind.summary) || kind.sources.is_empty() || kind.sources.iter().any(|s| !is_phrase(s)) {
            broken.push(format!("{}: summary or sources", kind.name));
        }
    }
    nothing(&broken);
}

#[derive(serde::Deserialize)]
struct Doors {
    crates: Table,
    items: Table,
    pure: Vec<Pure>,
}

#[derive(serde::Deserialize)]
struct Circles {
    known: Vec<Vec<String>>,
}

#[derive(serde::Deserialize)]
struct Pure {
    folders: Vec<String>,
    never: Vec<String>,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read<T: serde::de::DeserializeOwned>(name: &str) -> T {
    let text = fs::read_to_string(root().join("tests/architecture").join(name)).unwrap();
    toml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The crates that a manifest's code (not its tests) depends on, as code names them.
fn dependencies(manifest: &str) -> Vec<String> {
    let manifest: toml::Table = fs::read_to_string(root().join(manifest)).unwrap().parse().unwrap();
    let targets = manifest.get("target").and_then(toml::Value::as_table).into_iter().flat_map(toml::Table::values);
    let tables = targets.filter_map(toml::Value::as_table).chain([&manifest]);
    let crates = tables.filter_map(|table| table.get("dependencies")?.as_table()).flat_map(toml::Table::keys);
    crates.map(|name| name.replace('-', "_")).collect()
}

fn lies_in(source: &Source, places: &[String]) -> bool {
    places.iter().any(|place| source.lies_in(place))
}

fn is_probe(path: &str) -> bool {
    path.strip_prefix("probes/").is_some_and(|name| !name.contains('/') && name != "lib.rs")
}

fn stem(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path).trim_end_matches(".rs")
}

/// The `//!` lines that a file opens with.
fn opening(text: &str) -> String {
    text.lines().map_while(|line| line.strip_prefix("//!")).collect()
}

/// Says something, without white space around it or a full stop.
fn is_phrase(text: &str) -> bool {
    !text.is_empty() && text.trim() == text && !text.ends_with('.')
}

#[track_caller]
fn nothing(broken: &[impl Display]) {
    let lines: Vec<String> = broken.iter().map(ToString::to_string).collect();
    assert!(lines.is_empty(), "{} broken:\n{}", lines.len(), lines.join("\n"));
}
