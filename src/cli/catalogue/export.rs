//! `why5003 catalogue export`: what must be let out, as rules for a firewall.

use anyhow::ensure;
use why5003_probes::model::Family;

use crate::cli::args::CatalogueExport;
use crate::cli::settings::Settings;
use crate::cli::{files, rules};
use crate::rules::{Published, Ruleset, published};

pub(super) fn run(settings: &Settings, export: &CatalogueExport) -> anyhow::Result<()> {
    let catalogue = files::catalogue(settings)?.catalogue;
    let Published { mut header, mut allows } = published(&catalogue, &export.service)?;
    if let Some(family) = settings.family {
        for allow in &mut allows {
            allow.prefixes.retain(|prefix| Family::of(prefix.addr()) == family);
        }
        header.push(format!("{family} alone, as asked for"));
    }
    let ruleset = Ruleset::new(&header, &allows);
    ensure!(
        !ruleset.is_empty(),
        "could not write rules: what was asked for has no prefixes; let it out by name (why5003 catalogue show)"
    );
    rules::write(settings, export.firewall, &ruleset, export.out.as_deref())
}
