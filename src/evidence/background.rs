//! What the rules know beforehand, taken from the catalogue: never from the network.

use std::net::IpAddr;

use ipnet::IpNet;

/// What the rules know beforehand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Background {
    /// Hosts without which a client cannot sign in.
    pub decisive: Vec<String>,
    /// Addresses that nobody can own.
    pub canaries: Vec<IpAddr>,
    /// Products that inspect TLS, by what their issuer names contain.
    pub inspectors: Vec<Inspector>,
    /// Known sinkholes and block pages.
    pub block_pages: Vec<(IpNet, String)>,
    /// Oldest client version that Zoom still lets in, on this system.
    pub minimum_client: Option<String>,
    /// The operating system, as remedies name it.
    pub os: String,
}

/// A product that inspects TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspector {
    /// What its issuer names contain, lower case.
    pub matches: Vec<String>,
    /// Its name.
    pub vendor: String,
    /// Whether it runs on this computer, else on a gateway.
    pub on_this_computer: bool,
}

impl Background {
    /// The product that issues certificates under this name, where one is known.
    pub fn inspector(&self, issuer: &str) -> Option<&Inspector> {
        let issuer = issuer.to_lowercase();
        self.inspectors.iter().find(|inspector| inspector.matches.iter().any(|word| issuer.contains(word.as_str())))
    }

    /// Whose block page or sinkhole an address is, where that is known.
    pub fn block_page(&self, address: IpAddr) -> Option<&str> {
        self.block_pages.iter().find(|(prefix, _)| prefix.contains(&address)).map(|(_, whose)| whose.as_str())
    }
}
