//! What the rules know beforehand: the catalogue, and the kind of system this is. Never from the network.

use std::net::IpAddr;
use std::sync::Arc;

use crate::catalogue::{Catalogue, InspectorKind};

/// What the rules know beforehand.
#[derive(Clone, Debug)]
pub struct Background {
    catalogue: Arc<Catalogue>,
    os: String,
}

impl Background {
    /// The catalogue, and the operating system as remedies name it: `linux`, `macos`, `windows`.
    pub fn new(catalogue: Arc<Catalogue>, os: &str) -> Self {
        Self { catalogue, os: os.to_owned() }
    }

    /// The catalogue.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// Hosts without which a client cannot sign in.
    pub fn decisive_hosts(&self) -> impl Iterator<Item = &str> {
        self.catalogue.hosts.iter().filter(|host| host.decisive).map(|host| host.name.as_str())
    }

    /// Whether a client cannot sign in without this host.
    pub fn is_decisive(&self, host: &str) -> bool {
        self.catalogue.host(host).is_some_and(|host| host.decisive)
    }

    /// Whether nobody can own this address.
    pub fn is_canary(&self, address: IpAddr) -> bool {
        let canary = &self.catalogue.canary;
        canary.addresses.contains(&address) || canary.without_dns.contains(&address)
    }

    /// The product that issues certificates under this name, and whether it runs on this computer rather than a gateway.
    pub fn inspector(&self, issuer: &str) -> Option<(&str, bool)> {
        let inspector = self.catalogue.inspector(issuer)?;
        Some((&inspector.vendor, inspector.kind == InspectorKind::Suite))
    }

    /// Whose block page or sinkhole an address is, where that is known.
    pub fn block_page(&self, address: IpAddr) -> Option<&str> {
        let page = self.catalogue.block_pages.iter().find(|page| page.prefixes.iter().any(|p| p.contains(&address)))?;
        Some(&page.operator)
    }

    /// The oldest client version that Zoom still lets in on this system.
    pub fn minimum_client(&self) -> Option<String> {
        let client = self.catalogue.clients.iter().find(|client| client.os == self.os)?;
        Some(client.minimum.to_string())
    }
}
