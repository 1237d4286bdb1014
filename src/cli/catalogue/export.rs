//! `why5003 catalogue export`: what must be let out, as rules for a firewall.

use anyhow::ensure;
use ipnet::IpNet;

use crate::cli::args::CatalogueExport;
use crate::cli::settings::Settings;
use crate::cli::{files, rules};
use crate::plan::Family;
use crate::rules::{Published, Ruleset, published};

pub(super) fn run(settings: &Settings, export: &CatalogueExport) -> anyhow::Result<()> {
    let catalogue = files::catalogue(settings)?.catalogue;
    let Published { mut header, mut allows } = published(&catalogue, &export.service)?;
    for allow in &mut allows {
        allow.prefixes.retain(|prefix| is_wanted(settings, prefix));
    }
    if let Some(family) = settings.family {
        let name = match family {
            Family::V4 => "IPv4",
            Family::V6 => "IPv6",
        };
        header.push(format!("{name} alone, as asked for"));
    }
    let ruleset = Ruleset::new(&header, &allows);
    ensure!(
        !ruleset.is_empty(),
        "could not write rules: what was asked for has no prefixes; let it out by name (why5003 catalogue show)"
    );
    rules::write(settings, export.firewall, &ruleset, export.out.as_deref())
}

fn is_wanted(settings: &Settings, prefix: &IpNet) -> bool {
    match prefix {
        IpNet::V4(_) => settings.family != Some(Family::V6),
        IpNet::V6(_) => settings.family != Some(Family::V4),
    }
}
