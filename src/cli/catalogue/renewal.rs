//! Puts fresh prefix lists into a catalogue's text, and says what changed with them.
//!
//! It reads and writes no file.

use std::fmt::Write as _;

use anyhow::Context;
use ipnet::IpNet;

use super::Base;
use crate::catalogue::{Drift, Import, drift, to_toml};

/// A list that was read.
pub(super) struct Fresh {
    /// Its name in the catalogue.
    pub(super) list: String,
    /// What it holds.
    pub(super) prefixes: Vec<IpNet>,
    /// Where it came from.
    pub(super) source: String,
}

/// A catalogue with fresh lists.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Renewed {
    /// The catalogue's text.
    pub(super) text: String,
    /// What changed, for people.
    pub(super) drift: String,
}

/// Writes each list into the catalogue in turn.
///
/// # Errors
/// Those of [`to_toml`].
pub(super) fn renew(base: &Base, lists: &[Fresh], day: &str) -> anyhow::Result<Renewed> {
    let mut renewed = Renewed { text: base.text.clone(), drift: String::new() };
    for Fresh { list, prefixes, source } in lists {
        let current = base.read.lists.get(list).map_or(&[][..], |list| &list.prefixes);
        tell(&mut renewed.drift, list, &drift(current, prefixes), (current.len(), prefixes.len()));
        let import = Import { list, prefixes, source, retrieved: day };
        renewed.text = to_toml(&renewed.text, &base.file, &import)
            .with_context(|| format!("could not write list {list} into the catalogue"))?;
    }
    Ok(renewed)
}

fn tell(text: &mut String, list: &str, drift: &Drift, (before, now): (usize, usize)) {
    let Drift { added, removed } = drift;
    // Writing to a String cannot fail.
    let _ = if added.is_empty() && removed.is_empty() {
        writeln!(text, "{list}: no change, {now} prefixes")
    } else {
        writeln!(text, "{list}: {} added, {} removed, {before} before, {now} now", added.len(), removed.len())
    };
    for (mark, prefixes) in [('+', added), ('-', removed)] {
        for prefix in prefixes {
            let _ = writeln!(text, "  {mark} {prefix}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Catalogue;

    fn fresh(list: &str, prefixes: &[&str]) -> Fresh {
        let prefixes = prefixes.iter().map(|prefix| prefix.parse().unwrap()).collect();
        Fresh { list: list.to_owned(), prefixes, source: "a test".to_owned() }
    }

    fn embedded() -> Base {
        Base::of(Catalogue::EMBEDDED.to_owned(), "built-in catalogue".to_owned()).unwrap()
    }

    #[test]
    fn several_lists_are_renewed_at_once_and_their_drift_is_told() {
        let lists = [
            fresh("cdn", &["52.84.151.0/24", "170.114.45.0/24", "170.114.48.0/24"]),
            fresh("meetings-ipv6", &["2620:123:2000::/40", "2407:30c0::/32", "2600:9000:2600::/48"]),
        ];
        let renewed = renew(&embedded(), &lists, "2026-11-24").unwrap();
        assert_eq!(
            renewed.drift,
            "cdn: 1 added, 1 removed, 3 before, 3 now\n  + 170.114.48.0/24\n  - 170.114.46.0/24\n\
             meetings-ipv6: no change, 3 prefixes\n"
        );
        let new = Catalogue::parse(&renewed.text, "new").unwrap();
        assert_eq!(new.revision, "2026-11-24");
        assert_eq!((&new.lists["cdn"].prefixes, &new.lists["cdn"].retrieved), (&lists[0].prefixes, &new.revision));
        assert_eq!(new.lists["meetings-ipv6"].prefixes, lists[1].prefixes);
        assert_eq!(new.lists["meetings"], embedded().read.lists["meetings"]);
    }

    #[test]
    fn a_list_of_the_other_family_is_refused_by_its_name() {
        let error = renew(&embedded(), &[fresh("cdn", &["2407:30c0::/32"])], "2026-11-24").unwrap_err();
        let text = format!("{error:#}");
        assert!(text.starts_with("could not write list cdn into the catalogue: built-in catalogue:"), "{text}");
    }
}
