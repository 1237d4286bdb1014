//! Zoom's plain prefix lists: reading one, telling what changed, and writing it into a catalogue's text.
//!
//! It fetches nothing and writes no file. A catalogue's text is changed only at the values that change: comments stay.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;
use toml_edit::{Array, DocumentMut, Item, TomlError, Value};
use why5003_probes::model::Family;

use super::fields::{self, quoted};
use super::model::{Catalogue, List};
use super::parse::{CatalogueError, Step, span_of};

/// Reads a plain list as Zoom publishes it: a CIDR a line, LF or CRLF, the last line with or without an end.
///
/// A single address counts as its /32 or /128. Blank lines and text after a `#` do not count, and a repeated prefix
/// counts once. The file's name is for errors.
///
/// # Errors
/// [`CatalogueError`] at the first line that holds anything else, such as a portal's page in the place of the list.
/// Also when no line holds a prefix, and when there are more than 10 000 lines.
pub fn parse_prefix_list(text: &str, file: &str) -> Result<Vec<IpNet>, CatalogueError> {
    let mut prefixes = Vec::new();
    let mut seen = BTreeSet::new();
    let mut offset = 0;
    for (nth, line) in text.split_inclusive('\n').enumerate() {
        let wrong = |at, problem: &str| Err(CatalogueError::new(text, file, at, problem));
        if nth >= MAX_LINES {
            return wrong(offset, "list has more than 10000 lines; give a list of Zoom's");
        }
        let content = line.split('#').next().unwrap_or_default();
        let content = content.strip_prefix(BYTE_ORDER_MARK).unwrap_or(content);
        let entry = content.trim();
        if !entry.is_empty() {
            let single = entry.parse::<IpAddr>().map(IpNet::from);
            match single.or_else(|_| fields::prefix(entry)) {
                Ok(prefix) if seen.insert(prefix) => prefixes.push(prefix),
                Ok(_) => {}
                Err(problem) => return wrong(offset + line.find(entry).unwrap_or_default(), &problem),
            }
        }
        offset += line.len();
    }
    if prefixes.is_empty() {
        return Err(CatalogueError::new(
            text,
            file,
            0,
            "list holds no prefix; write one a line, such as 170.114.0.0/16",
        ));
    }
    Ok(prefixes)
}

/// What changed from one list to another, entry for entry: a prefix that was split is removed, its parts are added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drift {
    /// Only in the new one, in order of address.
    pub added: Vec<IpNet>,
    /// Only in the current one, in order of address.
    pub removed: Vec<IpNet>,
}

/// Compares two lists; order and repetition do not count.
pub fn drift(current: &[IpNet], new: &[IpNet]) -> Drift {
    let current: BTreeSet<IpNet> = current.iter().copied().collect();
    let new: BTreeSet<IpNet> = new.iter().copied().collect();
    Drift { added: new.difference(&current).copied().collect(), removed: current.difference(&new).copied().collect() }
}

/// A prefix list that is to take the place of a catalogue's.
#[derive(Clone, Copy, Debug)]
pub struct Import<'a> {
    /// The list's name in the catalogue, such as `meetings`.
    pub list: &'a str,
    /// What it holds from now on, none twice.
    pub prefixes: &'a [IpNet],
    /// Where it came from.
    pub source: &'a str,
    /// The day it was retrieved, `2026-10-08`; it becomes the catalogue's revision.
    pub retrieved: &'a str,
}

/// Writes a list into a catalogue's text, and gives the new text, which reads as a catalogue.
///
/// Comments between the old prefixes go with them; all others stay. `file` is the name that errors give.
///
/// # Errors
/// [`CatalogueError`] when the text is no catalogue or has no such list. Also when the old list holds IPv4 or IPv6 and the
/// new one holds none of it: then it is the list's other file. Also when the date is malformed or a prefix stands twice.
pub fn to_toml(text: &str, file: &str, import: &Import<'_>) -> Result<String, CatalogueError> {
    let wrong = |steps: &[Step<'_>], problem: &str| {
        let start = span_of(text, steps).map_or(0, |span| span.start);
        CatalogueError::new(text, file, start, problem)
    };
    let catalogue = Catalogue::parse(text, file)?;
    let Some(current) = catalogue.lists.get(import.list) else {
        let known = catalogue.lists.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        let problem = format!("list {} is unknown; write one of {known}", quoted(import.list));
        return Err(wrong(&[Step::Key("lists")], &problem));
    };
    let at = |key| [Step::Key("lists"), Step::Key(import.list), Step::Key(key)];
    if let Some(family) = lost_family(current, import.prefixes) {
        let problem =
            format!("list {} holds {family} and the new one holds none; give it {}", import.list, current.url);
        return Err(wrong(&at("prefixes"), &problem));
    }
    fields::calendar_date(import.retrieved).map_err(|problem| wrong(&[Step::Key("revision")], &problem))?;

    let mut document: DocumentMut = text.parse().map_err(|error: TomlError| {
        CatalogueError::new(text, file, error.span().map_or(0, |span| span.start), error.message())
    })?;
    let at = |key| ["lists", import.list, key];
    for (keys, value) in [
        (&["revision"][..], Value::from(import.retrieved)),
        (&at("source"), Value::from(import.source)),
        (&at("retrieved"), Value::from(import.retrieved)),
        (&at("prefixes"), Value::Array(array(import.prefixes))),
    ] {
        let place = keys.iter().try_fold(document.as_item_mut(), |item, key| item.get_mut(*key));
        let place = place.and_then(Item::as_value_mut).ok_or_else(|| wrong(&[], "value has no place in the text"))?;
        *place = with_surroundings_of(place, value);
    }
    let new = document.to_string();
    Catalogue::parse(&new, file)?;
    Ok(new)
}

fn lost_family(current: &List, new: &[IpNet]) -> Option<Family> {
    let has = |prefixes: &[IpNet], family| prefixes.iter().any(|prefix| Family::of(prefix.addr()) == family);
    Family::BOTH.into_iter().find(|family| has(&current.prefixes, *family) && !has(new, *family))
}

/// The new value, between the blanks and comments that stand around the old one.
fn with_surroundings_of(old: &Value, mut new: Value) -> Value {
    *new.decor_mut() = old.decor().clone();
    new
}

/// One prefix a line.
fn array(prefixes: &[IpNet]) -> Array {
    let mut array = Array::new();
    for prefix in prefixes {
        array.push_formatted(Value::from(prefix.to_string()).decorated("\n  ", ""));
    }
    array.set_trailing("\n");
    array.set_trailing_comma(!prefixes.is_empty());
    array
}

/// Zoom's longest list (ZoomApps.txt) had some 1 700 lines in 2026.
const MAX_LINES: usize = 10_000;
const BYTE_ORDER_MARK: char = '\u{feff}';

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn nets(texts: &[&str]) -> Vec<IpNet> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[track_caller]
    fn refused(text: &str, error: &str) {
        assert_eq!(parse_prefix_list(text, "Zoom.txt").unwrap_err().to_string(), error);
    }

    #[test]
    fn zooms_ipv6_list_reads_as_it_is_served() {
        // Capital C, LF, no end of the last line: sha256 c262a1a2…3b98 of 2026-10-01.
        let text = "2407:30C0::/32\n2600:9000:2600::/48\n2620:123:2000::/40";
        assert_eq!(
            parse_prefix_list(text, "ZoomMeetings-IPv6.txt"),
            Ok(nets(&["2407:30c0::/32", "2600:9000:2600::/48", "2620:123:2000::/40"]))
        );
    }

    #[test]
    fn line_ends_comments_blanks_and_repetition_do_not_count() {
        let text = "\u{feff}# Zoom\r\n\r\n 3.7.35.0/25 # Mumbai\r\n3.7.35.0/25\r\n52.84.151.7\r\n";
        assert_eq!(parse_prefix_list(text, "Zoom.txt"), Ok(nets(&["3.7.35.0/25", "52.84.151.7/32"])));
    }

    #[test]
    fn a_page_in_the_place_of_a_list_is_refused_at_its_first_line() {
        refused(
            "<!DOCTYPE html>\n<p>Sign in to Wi-Fi",
            r#"Zoom.txt:1:1: prefix "<!DOCTYPE html>" is malformed; write 170.114.0.0/16 or 2407:30c0::/32"#,
        );
    }

    #[test]
    fn a_prefix_with_host_bits_is_refused_at_its_line_and_column() {
        refused(
            "3.7.35.0/25\n  170.114.1.0/16\n",
            "Zoom.txt:2:3: prefix 170.114.1.0/16 has host bits set; write 170.114.0.0/16",
        );
    }

    #[test]
    fn an_empty_list_is_refused() {
        refused("", "Zoom.txt:1:1: list holds no prefix; write one a line, such as 170.114.0.0/16");
        refused("# nothing\n\n", "Zoom.txt:1:1: list holds no prefix; write one a line, such as 170.114.0.0/16");
    }

    #[test]
    fn a_list_of_more_than_ten_thousand_lines_is_refused() {
        assert!(parse_prefix_list(&"3.7.35.0/25\n".repeat(10_000), "Zoom.txt").is_ok());
        refused(
            &"3.7.35.0/25\n".repeat(10_001),
            "Zoom.txt:10001:1: list has more than 10000 lines; give a list of Zoom's",
        );
    }

    #[test]
    fn drift_is_what_only_one_list_holds() {
        let old = nets(&["3.235.96.0/23", "170.114.0.0/16", "3.7.35.0/25"]);
        let new = nets(&["3.7.35.0/25", "3.235.96.158/31", "3.235.96.26/31", "170.114.0.0/16", "170.114.0.0/16"]);
        assert_eq!(
            drift(&old, &new),
            Drift { added: nets(&["3.235.96.26/31", "3.235.96.158/31"]), removed: nets(&["3.235.96.0/23"]) }
        );
        assert_eq!(drift(&new, &new), Drift::default());
    }

    #[test]
    fn an_imported_list_reads_back_and_nothing_else_changes() {
        let prefixes = nets(&["170.114.0.0/16", "206.247.0.0/16"]);
        let source = "a \"quoted\" \\ source";
        let import = Import { list: "meetings", prefixes: &prefixes, source, retrieved: "2026-11-23" };
        let text = to_toml(Catalogue::EMBEDDED, "catalogue.toml", &import).unwrap();
        let new = Catalogue::parse(&text, "catalogue.toml").unwrap();

        let old = Catalogue::embedded();
        let mut expected = old.clone();
        expected.revision = "2026-11-23".to_owned();
        expected.sha256 = new.sha256.clone();
        let list = expected.lists.get_mut("meetings").unwrap();
        (list.prefixes, list.source, list.retrieved) = (prefixes.clone(), source.to_owned(), "2026-11-23".to_owned());
        let gone = drift(&old.lists["meetings"].prefixes, &prefixes).removed;
        for service in &mut expected.services {
            if service.lists.iter().any(|name| name == "meetings") {
                service.prefixes.retain(|prefix| !gone.contains(prefix));
            }
        }
        assert_eq!(new, expected);
        let comments =
            |text: &str| text.lines().filter(|line| line.starts_with('#')).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(comments(&text), comments(Catalogue::EMBEDDED));
    }

    #[test]
    fn importing_what_is_there_already_changes_no_byte() {
        let list = &Catalogue::embedded().lists["meetings"];
        let (source, retrieved) = (list.source.as_str(), list.retrieved.as_str());
        let import = Import { list: "meetings", prefixes: &list.prefixes, source, retrieved };
        assert_eq!(to_toml(Catalogue::EMBEDDED, "catalogue.toml", &import).as_deref(), Ok(Catalogue::EMBEDDED));
    }

    #[track_caller]
    fn not_taken(import: Import<'_>, error: &str) {
        let text = include_str!("fixtures/minimal.toml");
        assert_eq!(to_toml(text, "my.toml", &import).unwrap_err().to_string(), error);
    }

    #[test]
    fn an_import_that_would_spoil_the_catalogue_is_refused() {
        let (v4, v6) = (nets(&["3.7.35.0/25"]), nets(&["2407:30c0::/32"]));
        let good = Import { list: "meetings", prefixes: &v4, source: "a test", retrieved: "2026-11-23" };
        not_taken(
            Import { list: "meeting", ..good },
            r#"my.toml:5:2: list "meeting" is unknown; write one of meetings"#,
        );
        not_taken(
            Import { prefixes: &v6, ..good },
            "my.toml:9:12: list meetings holds IPv4 and the new one holds none; give it https://zoom.example/ZoomMeetings.txt",
        );
        not_taken(
            Import { prefixes: &[], ..good },
            "my.toml:9:12: list meetings holds IPv4 and the new one holds none; give it https://zoom.example/ZoomMeetings.txt",
        );
        not_taken(
            Import { retrieved: "today", ..good },
            r#"my.toml:2:12: date "today" is malformed; write 2026-10-08"#,
        );
        not_taken(
            Import { prefixes: &nets(&["3.7.35.0/25", "3.7.35.0/25"]), ..good },
            "my.toml:11:3: prefix 3.7.35.0/25 stands twice; keep one",
        );
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_of_lists_panic(text in "\\PC{0,40}|[0-9a-fA-F./:#\r\n ]{0,80}|(170\\.114\\.[0-9]{1,3}\\.0/[0-9]{1,2}(\r\n|\n)){0,6}") {
            let _ = parse_prefix_list(&text, "any.txt");
        }

        #[test]
        fn every_list_of_prefixes_imports_and_reads_back(
            octets in prop::collection::btree_set((1u8..=223, any::<u8>()), 1..40),
            source in "\\PC{0,20}|[\"\\\\\r\n\t\u{1}a]{0,8}",
        ) {
            let prefixes: Vec<IpNet> = octets.iter().map(|(a, b)| format!("{a}.{b}.0.0/16").parse().unwrap()).collect();
            let import = Import { list: "meetings", prefixes: &prefixes, source: &source, retrieved: "2026-11-23" };
            let text = to_toml(include_str!("fixtures/minimal.toml"), "my.toml", &import).unwrap();
            let list = &Catalogue::parse(&text, "my.toml").unwrap().lists["meetings"];
            prop_assert_eq!((&list.prefixes, &list.source), (&prefixes, &source));
        }
    }
}
