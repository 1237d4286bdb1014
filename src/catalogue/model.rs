//! The shapes of what Zoom publishes: services, prefixes, hosts, versions, error codes.
//!
//! Values are typed here and looked up; reading them from text is the work of `parse` and `fields`.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use serde::{Deserialize, Serialize, Serializer};
use why5003_probes::model::{Role, Transport};

use super::fields;
use super::neutral::{BlockPage, Canary, Control, FamilyDns, Inspector, Portal, Resolver, StunServer};

/// All that the program knows about the world outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Catalogue {
    /// The date of what is in it, `2026-10-08`.
    pub revision: String,
    /// Where it was gathered.
    pub source: String,
    /// SHA-256 of the text it was read from, hexadecimal.
    pub sha256: String,
    /// Prefix lists by name, one for each file that Zoom publishes.
    pub lists: BTreeMap<String, List>,
    /// What a firewall must let out.
    pub services: Vec<Service>,
    /// What a client asks for by name; no name stands twice, and at least one is decisive.
    pub hosts: Vec<Host>,
    /// Where Zoom tells of its outages, names outside zoom.us first.
    pub status: Vec<StatusSource>,
    /// Neutral HTTPS hosts.
    pub controls: Vec<Control>,
    /// Plain-HTTP pages whose content is known.
    pub portals: Vec<Portal>,
    /// Independent resolvers.
    pub resolvers: Vec<Resolver>,
    /// Neutral STUN servers.
    pub stun: Vec<StunServer>,
    /// Zoom's own addresses that speak its STUN-like dialect.
    pub media: Media,
    /// Addresses that nobody can own.
    pub canary: Canary,
    /// The lowest versions that may sign in.
    pub clients: Vec<Client>,
    /// The error codes of the 5003 family.
    pub errors: Vec<ErrorCode>,
    /// What is known of Zoom's certificates.
    pub certificates: Certificates,
    /// Who puts its own certificate in the place of the server's.
    pub inspectors: Vec<Inspector>,
    /// Addresses that DNS filters answer with.
    pub block_pages: Vec<BlockPage>,
    /// Resolvers that filter by design.
    pub family_dns: Vec<FamilyDns>,
}

impl Catalogue {
    /// The longest published prefix that holds the address; an IPv4-mapped address counts as IPv4.
    pub fn prefix_of(&self, address: IpAddr) -> Option<IpNet> {
        let address = address.to_canonical();
        let prefixes = self.services.iter().flat_map(|service| &service.prefixes);
        prefixes.filter(|prefix| prefix.contains(&address)).max_by_key(|prefix| prefix.prefix_len()).copied()
    }

    /// The host of that name, in any case, with or without a final dot.
    pub fn host(&self, name: &str) -> Option<&Host> {
        let name = normal(name);
        self.hosts.iter().find(|host| host.name == name)
    }

    /// What a Zoom client needs by address: its meetings and its downloads. A catalogue of the user's own may lack either.
    pub fn of_a_client(&self) -> impl Iterator<Item = &Service> {
        self.services.iter().filter(|service| ["meetings", "cdn"].contains(&service.id.as_str()))
    }

    /// The inspection product that a certificate's issuer names.
    pub fn inspector(&self, issuer: &str) -> Option<&Inspector> {
        self.inspectors.iter().find(|inspector| inspector.is_named_in(issuer))
    }
}

fn normal(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

/// How sure an entry is.
///
/// Closed on purpose: a report says which it was, and every reader must know all three.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Evidence {
    /// Zoom, or the operator, says so.
    Documented,
    /// Seen in public captures, code or logs.
    Observed,
    /// Concluded from the above.
    Inferred,
}

/// A prefix list, as one file of Zoom's holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct List {
    /// Where Zoom publishes it.
    pub url: String,
    /// Where this copy came from.
    pub source: String,
    /// The date of the copy, `2026-10-08`.
    #[serde(deserialize_with = "fields::date")]
    pub retrieved: String,
    /// In the order published; none stands twice.
    #[serde(deserialize_with = "fields::prefixes")]
    pub prefixes: Vec<IpNet>,
}

/// A service of Zoom's, as a firewall sees it: outgoing, from any client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Its id, unique.
    pub id: String,
    /// What it is.
    pub title: String,
    /// The ports at the far end.
    pub ports: Vec<PortRange>,
    /// Zoom's own names of it.
    #[serde(default)]
    pub names: Vec<NamePattern>,
    /// Other operators' names that it needs.
    #[serde(default)]
    pub third_party: Vec<NamePattern>,
    /// The lists whose prefixes it takes in.
    #[serde(default)]
    pub lists: Vec<String>,
    /// Its prefixes; once read, those of its lists first and then its own.
    #[serde(default, deserialize_with = "fields::prefixes")]
    pub prefixes: Vec<IpNet>,
    /// How sure it is.
    pub evidence: Evidence,
    /// Who says so.
    pub source: String,
}

/// A host that a client asks for by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Host {
    /// Lower case, no final dot.
    #[serde(deserialize_with = "fields::host_name")]
    pub name: String,
    /// TCP port.
    #[serde(deserialize_with = "fields::port")]
    pub port: u16,
    /// What it is to a client.
    pub role: Role,
    /// Without it a client shows 5003; only sign-in hosts are.
    #[serde(default)]
    pub decisive: bool,
    /// What it does for a client.
    pub what: String,
    /// Addresses it had once, to carry on with when its name is poisoned; only the certificate says whether it still
    /// is there.
    #[serde(default, deserialize_with = "fields::addresses")]
    pub known_addresses: Vec<IpAddr>,
    /// How sure it is.
    pub evidence: Evidence,
    /// The year of the newest evidence, where it is dated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub year: Option<u16>,
    /// Who says so.
    pub source: String,
}

/// A status page of Zoom's in Statuspage's JSON form, over HTTPS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusSource {
    /// Its name.
    #[serde(deserialize_with = "fields::host_name")]
    pub host: String,
    /// The path of the summary.
    #[serde(deserialize_with = "fields::path")]
    pub path: String,
    /// How sure it is.
    pub evidence: Evidence,
    /// Who says so.
    pub source: String,
}

/// Zoom's addresses that answered its STUN-like dialect on UDP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Media {
    /// Addresses with ports.
    #[serde(deserialize_with = "fields::sockets")]
    pub servers: Vec<SocketAddr>,
    /// How sure it is.
    pub evidence: Evidence,
    /// The year of the newest evidence.
    pub year: u16,
    /// Who says so.
    pub source: String,
}

/// The lowest client version that may sign in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// `windows`, `macos`, `linux`, `ios`, `android`.
    pub os: String,
    /// The version.
    pub minimum: Version,
    /// From that date on, `2025-11-01`.
    #[serde(deserialize_with = "fields::date")]
    pub since: String,
    /// Who says so.
    pub source: String,
}

/// An error code of the family of 5003.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorCode {
    /// The number a client shows.
    pub code: u32,
    /// The name of its constant, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it means.
    pub meaning: String,
    /// Who says so.
    pub source: String,
}

/// What is known of Zoom's certificates; for naming, never for judging.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificates {
    /// Organisations of public issuers.
    pub issuers: Vec<String>,
    /// Who says so.
    pub source: String,
}

/// One port or several in a row, spelled `tcp/443` or `udp/8801-8810`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortRange {
    /// TCP or UDP.
    pub transport: Transport,
    /// The lowest, not 0.
    pub first: u16,
    /// The highest, not below `first`.
    pub last: u16,
}

impl PortRange {
    /// Whether every port of the other is one of this.
    pub fn holds(self, other: Self) -> bool {
        self.transport == other.transport && self.first <= other.first && other.last <= self.last
    }
}

impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.transport, self.first)?;
        if self.last == self.first { Ok(()) } else { write!(f, "-{}", self.last) }
    }
}

/// A name, or every name below one: `zoom.us`, `*.zoom.us`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NamePattern {
    /// This name alone.
    Name(String),
    /// Every name below this one, however deep, and not this one itself.
    Below(String),
}

impl fmt::Display for NamePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Below(parent) => write!(f, "*.{parent}"),
        }
    }
}

/// A client version: major, minor, patch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub u32, pub u32, pub u32);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(major, minor, patch) = self;
        write!(f, "{major}.{minor}.{patch}")
    }
}

impl Serialize for PortRange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for NamePattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_prefix_names_an_address() {
        let catalogue = Catalogue::embedded();
        let prefix = |address: &str| catalogue.prefix_of(address.parse().unwrap()).map(|prefix| prefix.to_string());
        assert_eq!(
            [
                prefix("170.114.52.2"),
                prefix("170.114.45.9"),
                prefix("::ffff:170.114.52.2"),
                prefix("2407:30c0:181::1"),
                prefix("192.0.2.1"),
            ],
            [
                Some("170.114.0.0/16".to_owned()),
                Some("170.114.45.0/24".to_owned()),
                Some("170.114.0.0/16".to_owned()),
                Some("2407:30c0:180::/47".to_owned()),
                None,
            ]
        );
    }

    #[test]
    fn a_host_is_found_in_any_spelling_of_its_name() {
        let catalogue = Catalogue::embedded();
        assert_eq!(catalogue.host("Zoom.US.").map(|host| host.name.as_str()), Some("zoom.us"));
        assert_eq!(catalogue.host("zoom.us.example"), None);
    }

    #[test]
    fn versions_compare_by_number_and_not_by_text() {
        assert!(Version(5, 9, 0) < Version(5, 17, 5) && Version(5, 17, 5) < Version(6, 0, 2));
    }
}
