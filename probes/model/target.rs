//! The thing a probe points at: a host or address, a port, a transport.
//!
//! A target has one spelling, which reports carry and which parses back to the same value.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

/// The transport protocol a port number belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// TCP, RFC 9293.
    Tcp,
    /// UDP, RFC 768.
    Udp,
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        })
    }
}

/// What a probe points at.
///
/// Spelled `host`, `host:443/tcp`, `host@192.0.2.1:443/tcp`, `192.0.2.1:443/tcp` (IPv6 addresses in brackets before a port);
/// the computer itself is spelled `this-host`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target {
    /// The DNS name, lower case, without a final dot.
    pub host: Option<String>,
    /// The address that is looked at, where one is chosen.
    pub address: Option<IpAddr>,
    /// The port with its transport.
    pub port: Option<(u16, Transport)>,
}

const THIS_HOST: &str = "this-host";

impl Target {
    /// The computer the program runs on.
    pub fn this_host() -> Self {
        Self { host: None, address: None, port: None }
    }

    /// A DNS name alone.
    pub fn name(host: &str) -> Self {
        Self { host: Some(normal(host)), address: None, port: None }
    }

    /// An address alone.
    pub fn address(address: IpAddr) -> Self {
        Self { host: None, address: Some(address), port: None }
    }

    /// A TCP port at an address.
    pub fn tcp(to: SocketAddr) -> Self {
        Self { host: None, address: Some(to.ip()), port: Some((to.port(), Transport::Tcp)) }
    }

    /// A UDP port at an address.
    pub fn udp(to: SocketAddr) -> Self {
        Self { host: None, address: Some(to.ip()), port: Some((to.port(), Transport::Udp)) }
    }

    /// The same target under a DNS name.
    #[must_use]
    pub fn called(mut self, host: &str) -> Self {
        self.host = Some(normal(host));
        self
    }

    /// The same target with a port.
    #[must_use]
    pub fn at_port(mut self, port: u16, transport: Transport) -> Self {
        self.port = Some((port, transport));
        self
    }

    /// Address and port, where both are known.
    pub fn socket(&self) -> Option<SocketAddr> {
        Some(SocketAddr::new(self.address?, self.port?.0))
    }

    /// The name, or else the address, as text.
    pub fn label(&self) -> String {
        match (&self.host, self.address) {
            (Some(host), _) => host.clone(),
            (None, Some(address)) => address.to_string(),
            (None, None) => THIS_HOST.to_owned(),
        }
    }
}

fn normal(host: &str) -> String {
    host.trim_end_matches('.').to_ascii_lowercase()
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.host, self.address) {
            (None, None) => f.write_str(THIS_HOST)?,
            (Some(host), None) => f.write_str(host)?,
            (host, Some(address)) => {
                if let Some(host) = host {
                    write!(f, "{host}@")?;
                }
                match (address, self.port) {
                    (IpAddr::V6(v6), Some(_)) => write!(f, "[{v6}]")?,
                    (address, _) => write!(f, "{address}")?,
                }
            }
        }
        match self.port {
            Some((port, transport)) => write!(f, ":{port}/{transport}"),
            None => Ok(()),
        }
    }
}

/// The text is no target.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "parse {text:?} as a target: {reason} (write host, host:443, host@192.0.2.1:443/tcp or [2001:db8::1]:3478/udp)"
)]
pub struct ParseTargetError {
    text: String,
    reason: &'static str,
}

impl FromStr for Target {
    type Err = ParseTargetError;

    /// Reads the spelling that [`Target`] prints; a port without a transport is TCP.
    ///
    /// # Errors
    /// [`ParseTargetError`] when the text is empty, or its address, port or name is malformed.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = |reason| ParseTargetError { text: text.to_owned(), reason };
        if text == THIS_HOST {
            return Ok(Self::this_host());
        }
        let (host, rest) = match text.split_once('@') {
            Some((host, rest)) => (Some(host), rest),
            None => (None, text),
        };
        if let Ok(address) = rest.parse::<IpAddr>() {
            return Self::assemble(host, Some(address), None).ok_or_else(|| wrong("malformed name"));
        }
        let (place, port) = match rest.rsplit_once(':') {
            Some((place, port)) => (place, Some(parse_port(port).ok_or_else(|| wrong("malformed port"))?)),
            None => (rest, None),
        };
        let bare = place.strip_prefix('[').and_then(|p| p.strip_suffix(']')).unwrap_or(place);
        match (bare.parse::<IpAddr>(), host) {
            (Ok(address), _) => Self::assemble(host, Some(address), port),
            (Err(_), None) => Self::assemble(Some(place), None, port),
            (Err(_), Some(_)) => return Err(wrong("malformed address after @")),
        }
        .ok_or_else(|| wrong("malformed name"))
    }
}

impl Target {
    fn assemble(host: Option<&str>, address: Option<IpAddr>, port: Option<(u16, Transport)>) -> Option<Self> {
        let host = match host {
            Some(host) => Some(normal(host)).filter(|host| is_name(host))?.into(),
            None => None,
        };
        Some(Self { host, address, port })
    }
}

fn parse_port(text: &str) -> Option<(u16, Transport)> {
    let (port, transport) = match text.split_once('/') {
        Some((port, "tcp")) => (port, Transport::Tcp),
        Some((port, "udp")) => (port, Transport::Udp),
        Some(_) => return None,
        None => (text, Transport::Tcp),
    };
    port.parse().ok().filter(|&port| port != 0).map(|port| (port, transport))
}

/// Whether the text is a host name that may be asked for: RFC 1123 labels, underscores allowed, 253 octets at most (RFC 1035, 2.3.4).
fn is_name(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn reads_back(text: &str) {
        let target: Target = text.parse().unwrap();
        assert_eq!(target.to_string(), text);
    }

    #[test]
    fn every_spelling_reads_back_as_itself() {
        for text in [
            "this-host",
            "zoom.us",
            "zoom.us:443/tcp",
            "zoom.us@170.114.52.2:443/tcp",
            "zoom.us@[2407:30c0::1]:443/tcp",
            "192.0.2.1",
            "192.0.2.1:3478/udp",
            "2001:db8::1",
            "[2001:db8::1]:443/tcp",
        ] {
            reads_back(text);
        }
    }

    #[test]
    fn a_port_alone_is_tcp() {
        assert_eq!("Zoom.US.:443".parse::<Target>().unwrap(), Target::name("zoom.us").at_port(443, Transport::Tcp));
    }

    #[test]
    fn what_is_no_target_is_refused() {
        for text in ["", "a b", "zoom.us:0", "zoom.us:70000", "zoom.us@nowhere:443", "-a.example", "zoom.us:443/sctp"] {
            assert!(text.parse::<Target>().is_err(), "{text}");
        }
    }
}
