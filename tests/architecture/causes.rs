//! The rules of the causes' shape: each is listed and documented, and what it says of itself stands in its record alone.

use std::collections::BTreeSet;
use std::fs;

use why5003::report::causes_by_layer;
use why5003::verdict::{CAUSES, Cause};

use super::{SOURCES, is_phrase, nothing, root, stem};

#[test]
fn every_cause_is_listed_and_documented() {
    let ids = known_ids();
    let mut broken = Vec::new();
    let mut seen = BTreeSet::new();
    for cause in CAUSES {
        if !seen.insert(cause.id) {
            broken.push(format!("{}: stands twice", cause.id));
        }
        if !ids.contains(cause.id) {
            broken.push(format!("{}: not in causes.txt", cause.id));
        }
        for masked in cause.masks.iter().filter(|pattern| !ids.iter().any(|id| matches(pattern, id))) {
            broken.push(format!("{}: masks {masked}, which is no cause", cause.id));
        }
        broken.extend(missing(cause).into_iter().map(|part| format!("{}: {part}", cause.id)));
    }
    let list = fs::read_to_string(root().join("src/verdict/causes/mod.rs")).unwrap();
    for source in SOURCES.iter().filter(|source| source.lies_in("src/verdict/causes")) {
        let name = stem(&source.path);
        if !["mod", "prelude"].contains(&name) && !source.only_tests && !list.contains(&format!("    {name}::")) {
            broken.push(format!("{}: not in CAUSES", source.path));
        }
    }
    nothing(&broken);
}

/// Where a cause's id may stand beside its own record, and why.
const NAME_CAUSES: [(&str, &str); 2] = [
    ("src/verdict/causes", "a record's masks name the neighbours that it explains"),
    ("src/demo/faults.rs", "a fault is data, and names the causes that it must lead to"),
];

#[test]
fn what_a_cause_says_stands_in_its_record_and_not_beside_its_id() {
    let ids = known_ids();
    let layers: BTreeSet<&str> = ids.iter().filter_map(|id| id.split_once('.')).map(|(layer, _)| layer).collect();
    let names_causes = |text: &str| {
        ids.contains(text)
            || text.split_once('.').is_some_and(|(layer, rest)| layers.contains(layer) && matches!(rest, "" | "*"))
    };
    let mut broken = Vec::new();
    for source in SOURCES.iter().filter(|source| source.lies_in("src")) {
        if NAME_CAUSES.iter().any(|(place, _)| source.lies_in(place)) {
            continue;
        }
        for (number, line) in source.code_lines() {
            let texts = line.split('"').skip(1).step_by(2);
            broken.extend(texts.filter(|text| names_causes(text)).map(|id| format!("{}:{number}: {id}", source.path)));
        }
    }
    nothing(&broken);
}

#[test]
fn every_experiment_has_an_id_of_its_own() {
    let mut broken = Vec::new();
    let mut seen = BTreeSet::new();
    for source in SOURCES.iter().filter(|source| source.lies_in("src") && !source.only_tests) {
        for after in source.text.split("Experiment::new(").skip(1) {
            let Some(id) = after.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next()) else {
                continue;
            };
            let spelled =
                !id.is_empty() && id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
            if !spelled || !seen.insert(id) {
                broken.push(format!("{}: {id}: stands twice, or is no words-with-hyphens", source.path));
            }
        }
    }
    nothing(&broken);
}

/// What a cause's record leaves unsaid.
fn missing(cause: &Cause) -> Vec<&'static str> {
    let systems = ["any", "linux", "macos", "windows"];
    let mends = |cause: &Cause| {
        cause.remedies.iter().all(|mend| is_sentence(mend.text) && systems.contains(&mend.os))
            && !cause.remedies.is_empty()
    };
    let parts = [
        ("its id is not layer.name", has_layer_and_name(cause.id)),
        ("its title is no phrase", is_phrase(cause.title)),
        ("its meaning is not in sentences", is_sentence(cause.meaning)),
        ("its proof is empty", !cause.proof.trim().is_empty()),
        ("its remedies are not in sentences, or for no system", mends(cause)),
        ("it has no source", !cause.sources.is_empty() && cause.sources.iter().all(|source| is_phrase(source))),
    ];
    parts.into_iter().filter(|(_, holds)| !holds).map(|(part, _)| part).collect()
}

#[test]
fn the_readme_lists_the_causes_there_are() {
    let readme = fs::read_to_string(root().join("README.md")).expect("the README");
    let (_, rest) = readme.split_once("<!-- causes -->").expect("the mark that begins the table");
    let (table, _) = rest.split_once("<!-- /causes -->").expect("the mark that ends the table");
    assert_eq!(table.trim(), causes_by_layer(CAUSES).trim());
}

fn known_ids() -> BTreeSet<&'static str> {
    let lines = include_str!("causes.txt").lines().filter(|line| !line.starts_with('#'));
    lines.flat_map(str::split_whitespace).collect()
}

/// Whether a cause's mask means this id, as the judge reads masks.
fn matches(pattern: &str, id: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == id, |prefix| id.starts_with(prefix))
}

fn has_layer_and_name(id: &str) -> bool {
    let word =
        |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    id.split_once('.').is_some_and(|(layer, name)| word(layer) && word(name))
}

/// Begins large, says something, and ends; what ends in an address or before a command has no full stop.
fn is_sentence(text: &str) -> bool {
    let last = text.split_whitespace().last().unwrap_or_default();
    text.starts_with(char::is_uppercase)
        && text.contains(' ')
        && (text.ends_with(['.', '?', ':']) || last.starts_with("https://"))
}
