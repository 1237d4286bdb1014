//! Where a proxy script is, as a setting says it.

use std::net::IpAddr;

use crate::model::{ProxySays, Settings, Target};

/// Where a proxy script is, by plain HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// Its server's name or address.
    pub host: String,
    /// Its server's port.
    pub port: u16,
    /// Its path, with the slash.
    pub path: String,
}

impl Script {
    /// The script that a setting names; `None` where it names none, or one that is not had by plain HTTP.
    pub fn of(says: &ProxySays) -> Option<Self> {
        match says {
            ProxySays::Script(url) => Self::at(url),
            ProxySays::Discover => Some(Self::discovered()),
            ProxySays::Use(_) | ProxySays::ForHttp(_) | ProxySays::Unreadable(_) => None,
        }
    }

    /// What browsers look for below the search domain, which the system's library adds.
    pub fn discovered() -> Self {
        Self { host: "wpad".to_owned(), port: 80, path: "/wpad.dat".to_owned() }
    }

    fn at(url: &str) -> Option<Self> {
        let rest = url.strip_prefix("http://")?;
        let (authority, path) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, "/"),
        };
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) => (host, port.parse().ok()?),
            None => (authority, 80),
        };
        Some(Self { host: host.to_owned(), port, path: path.to_owned() })
    }

    /// Whether a look at this target with these settings fetches it.
    pub fn is_fetched_by(&self, target: &Target, settings: &Settings) -> bool {
        let Target { host, address, port, .. } = target;
        let Settings { fetch: Some(fetch), .. } = settings else { return false };
        let same_host = host.as_deref() == Some(&self.host)
            || host.is_none() && self.host.parse::<IpAddr>().ok().is_some_and(|wanted| *address == Some(wanted));
        same_host && port.is_some_and(|(port, _)| port == self.port) && fetch.path == self.path
    }
}

impl std::fmt::Display for Script {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { host, port, path } = self;
        if *port == 80 { write!(f, "http://{host}{path}") } else { write!(f, "http://{host}:{port}{path}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_fetched_from_the_place_its_url_names() {
        let script = |host: &str, port, path: &str| Some(Script { host: host.to_owned(), port, path: path.to_owned() });
        let at = |url: &str| Script::of(&ProxySays::Script(url.to_owned()));
        assert_eq!(at("http://proxy.example/a.pac"), script("proxy.example", 80, "/a.pac"));
        assert_eq!(at("http://192.0.2.1:8080"), script("192.0.2.1", 8080, "/"));
        assert_eq!(at("https://proxy.example/a.pac"), None);
        assert_eq!(at("file:///etc/proxy.pac"), None);
    }
}
