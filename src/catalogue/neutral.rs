//! The shapes of what is not Zoom's: controls, resolvers, canaries, and those who meddle on the way.
//!
//! They serve to compare and to name, and nothing here judges.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use why5003_probes::model::{Expect, Target};

use super::fields;
use super::model::Evidence;

/// A neutral HTTPS host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Control {
    /// Who runs it.
    pub operator: String,
    /// Its name, which its certificate carries.
    #[serde(deserialize_with = "fields::host_name")]
    pub name: String,
    /// TCP port.
    #[serde(deserialize_with = "fields::port")]
    pub port: u16,
    /// Its addresses, for a control without DNS; none where it is to be asked for by name.
    #[serde(default, deserialize_with = "fields::addresses")]
    pub addresses: Vec<IpAddr>,
    /// Who says so.
    pub source: String,
}

/// A plain-HTTP page whose content is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Portal {
    /// Who runs it.
    pub operator: String,
    /// Name or address, with its TCP port.
    #[serde(deserialize_with = "fields::tcp_target", serialize_with = "fields::as_text")]
    pub target: Target,
    /// The path of the page.
    #[serde(deserialize_with = "fields::path")]
    pub path: String,
    /// What the page is.
    pub expect: Expect,
    /// Who says so.
    pub source: String,
}

/// An independent resolver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resolver {
    /// Who runs it.
    pub operator: String,
    /// Where it answers: UDP and TCP 53, TCP 853 (DoT), TCP 443 (DoH).
    #[serde(deserialize_with = "fields::addresses")]
    pub addresses: Vec<IpAddr>,
    /// The name of its certificate for DoT (RFC 7858).
    #[serde(deserialize_with = "fields::host_name")]
    pub dot: String,
    /// How to ask it by DoH (RFC 8484).
    pub doh: Doh,
    /// Who says so.
    pub source: String,
}

/// A DoH service at a resolver's addresses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Doh {
    /// The name of its certificate, and of the request.
    #[serde(deserialize_with = "fields::host_name")]
    pub name: String,
    /// The path of the request.
    #[serde(deserialize_with = "fields::path")]
    pub path: String,
}

/// A neutral STUN server (RFC 8489).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StunServer {
    /// Who runs it.
    pub operator: String,
    /// Name or address, with its UDP port.
    #[serde(deserialize_with = "fields::udp_target", serialize_with = "fields::as_text")]
    pub target: Target,
    /// Who says so.
    pub source: String,
}

/// Documentation addresses (RFC 5737, RFC 3849): nobody can own them, so every answer from one is forged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Canary {
    /// Where nothing can answer on TCP.
    #[serde(deserialize_with = "fields::canaries")]
    pub addresses: Vec<IpAddr>,
    /// Where no resolver can be, to be asked as one.
    #[serde(deserialize_with = "fields::canaries")]
    pub without_dns: Vec<IpAddr>,
    /// Who says so.
    pub source: String,
}

/// A product that puts its own certificate in the place of the server's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inspector {
    /// Whose it is.
    pub vendor: String,
    /// Where it sits.
    pub kind: InspectorKind,
    /// Words that its certificates' issuer carries.
    #[serde(deserialize_with = "fields::words")]
    pub matches: Vec<String>,
}

impl Inspector {
    /// Whether the issuer carries one of its words whole, in any case: `ESET SSL Filter CA` does, `Preset CA` does not.
    pub fn is_named_in(&self, issuer: &str) -> bool {
        let issuer = issuer.to_ascii_lowercase();
        self.matches.iter().any(|word| holds_word(&issuer, &word.to_ascii_lowercase()))
    }
}

fn holds_word(text: &str, word: &str) -> bool {
    let ends = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    let whole = |(at, found): (usize, &str)| {
        let (before, after) = (text.get(..at), text.get(at + found.len()..));
        ends(before.and_then(|t| t.chars().next_back())) && ends(after.and_then(|t| t.chars().next()))
    };
    text.match_indices(word).any(whole)
}

/// Where an inspector sits, and so who can mend it.
///
/// Closed on purpose: the owner of a finding follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InspectorKind {
    /// A box or a service on the way: the network's owner.
    Gateway,
    /// A program on this computer: its user.
    Suite,
}

/// Addresses that a DNS filter answers with in the place of the true ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlockPage {
    /// Whose they are.
    pub operator: String,
    /// Where they are.
    #[serde(deserialize_with = "fields::prefixes")]
    pub prefixes: Vec<IpNet>,
    /// How sure it is.
    pub evidence: Evidence,
    /// Who says so.
    pub source: String,
}

/// A resolver that filters by design.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FamilyDns {
    /// Whose it is.
    pub operator: String,
    /// Where it answers.
    #[serde(deserialize_with = "fields::addresses")]
    pub addresses: Vec<IpAddr>,
    /// Who says so.
    pub source: String,
}

#[cfg(test)]
mod tests {
    use crate::catalogue::Catalogue;

    #[test]
    fn an_inspector_is_known_by_a_whole_word_of_the_issuer() {
        let catalogue = Catalogue::embedded();
        let vendor = |issuer| catalogue.inspector(issuer).map(|inspector| inspector.vendor.as_str());
        assert_eq!(
            [
                vendor("CN=ESET SSL Filter CA,O=ESET\\, spol. s r. o."),
                vendor("O=Zscaler Inc.,CN=zscaler intermediate root ca (zscaler.net)"),
                vendor("CN=Cisco Umbrella Primary SubCA"),
                vendor("CN=Preset CA,O=JAVG"),
                vendor("CN=DigiCert Global G2 TLS RSA SHA256 2020 CA1"),
            ],
            [Some("ESET"), Some("Zscaler"), Some("Cisco Umbrella"), None, None]
        );
    }
}
