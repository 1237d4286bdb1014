//! `why5003 catalogue export`: what must be let out, as rules for a firewall.

use anyhow::ensure;
use ipnet::IpNet;

use crate::cli::args::{CatalogueExport, Options};
use crate::cli::{given, rules};
use crate::rules::{Published, Ruleset, published};

pub(super) fn run(options: &Options, export: &CatalogueExport) -> anyhow::Result<()> {
    let (catalogue, _) = given::catalogue(options)?;
    let Published { mut header, mut allows } = published(&catalogue, &export.service)?;
    for allow in &mut allows {
        allow.prefixes.retain(|prefix| is_wanted(options, prefix));
    }
    if options.ipv4 || options.ipv6 {
        header.push(format!("{} alone, as asked for", if options.ipv4 { "IPv4" } else { "IPv6" }));
    }
    let ruleset = Ruleset::new(&header, &allows);
    ensure!(
        !ruleset.is_empty(),
        "could not write rules: what was asked for has no prefixes; let it out by name (why5003 catalogue show)"
    );
    rules::write(options, export.firewall, &ruleset, export.out.as_deref())
}

fn is_wanted(options: &Options, prefix: &IpNet) -> bool {
    match prefix {
        IpNet::V4(_) => !options.ipv6,
        IpNet::V6(_) => !options.ipv4,
    }
}
