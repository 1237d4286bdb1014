//! Which prefixes this network translates to IPv4.

use ipnet::Ipv6Net;
use why5003_probes::wire::nat64;

use super::{Evidence, Lookup, Source};

impl Evidence {
    /// The prefixes that this network is known to translate: the well-known one, and what it tells of itself.
    pub fn nat64_prefixes(&self) -> Vec<Ipv6Net> {
        let mut prefixes = vec![nat64::well_known_prefix()];
        let told = self.lookups_of(nat64::WELL_KNOWN_NAME).filter(|l| l.source() == Source::System);
        for prefix in told.flat_map(Lookup::addresses).filter_map(nat64::told_by) {
            if !prefixes.contains(&prefix) {
                prefixes.push(prefix);
            }
        }
        prefixes
    }
}
