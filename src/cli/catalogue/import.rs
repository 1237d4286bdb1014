//! `why5003 catalogue import`: reads Zoom's plain lists from files and writes the catalogue with them.

use std::path::Path;

use anyhow::{Context, bail};
use why5003_probes::os::{Clock, SystemClock};
use why5003_probes::wire::text::shown;

use super::renewal::{Fresh, renew};
use super::{Base, day, publish};
use crate::catalogue::{Catalogue, parse_prefix_list};
use crate::cli::args::CatalogueImport;
use crate::cli::files;
use crate::cli::settings::Settings;

pub(super) fn run(settings: &Settings, import: &CatalogueImport) -> anyhow::Result<()> {
    let base = Base::given(settings)?;
    let mut lists: Vec<Fresh> = Vec::new();
    for path in &import.files {
        let fresh = read(path, &base.read)?;
        if lists.iter().any(|list| list.list == fresh.list) {
            bail!("could not use {}: list {} is given twice; give one file of it", path.display(), fresh.list);
        }
        lists.push(fresh);
    }
    let renewed = renew(&base, &lists, &day(SystemClock::start().wall()))?;
    publish(settings, &renewed, import.out.as_deref())
}

fn read(path: &Path, catalogue: &Catalogue) -> anyhow::Result<Fresh> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let Some(list) = list_of(&name, catalogue) else {
        let known = known_files(catalogue).map(|(file, _)| file).collect::<Vec<_>>().join(", ");
        bail!("could not tell which list {} is: name it as Zoom does, one of {known}", path.display());
    };
    let text = files::read(path, "list")?;
    let prefixes = parse_prefix_list(&text, &path.display().to_string()).context("could not use the list")?;
    // Without the folder, which may carry a user's name into a file that is handed on.
    Ok(Fresh { list: list.to_owned(), prefixes, source: format!("file {}", shown(&name, NAME_CHARS)) })
}

/// The list that Zoom publishes under this file name, in any case.
fn list_of<'a>(name: &str, catalogue: &'a Catalogue) -> Option<&'a str> {
    known_files(catalogue).find(|(file, _)| file.eq_ignore_ascii_case(name)).map(|(_, list)| list)
}

/// The file names that the lists' URLs end in, and each its list; Zoom.txt too, which held what ZoomMeetings.txt holds
/// entry for entry on 2026-10-01.
fn known_files(catalogue: &Catalogue) -> impl Iterator<Item = (&str, &str)> {
    let by_url = catalogue.lists.iter().map(|(list, of)| (file_name(&of.url), list.as_str()));
    let meetings = catalogue.lists.get_key_value("meetings").map(|(list, _)| ("Zoom.txt", list.as_str()));
    by_url.filter(|(file, _)| !file.is_empty()).chain(meetings)
}

/// The last part of a URL's path.
pub(super) fn file_name(url: &str) -> &str {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    path.rsplit('/').next().unwrap_or_default()
}

const NAME_CHARS: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_known_by_the_name_of_zooms_file() {
        let catalogue = Catalogue::embedded();
        let names = [
            "ZoomMeetings.txt",
            "Zoom.txt",
            "zoommeetings-ipv6.txt",
            "ZoomCDN.txt",
            "ZoomCDN-IPv6.txt",
            "ZoomPhone.txt",
            "ZoomCC.txt",
            "",
        ];
        assert_eq!(
            names.map(|name| list_of(name, &catalogue)),
            [
                Some("meetings"),
                Some("meetings"),
                Some("meetings-ipv6"),
                Some("cdn"),
                Some("cdn-ipv6"),
                Some("phone"),
                None,
                None,
            ]
        );
    }
}
