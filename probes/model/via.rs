//! By which way a probe goes: direct, as the system does it, by a DNS server, through a proxy; and how each is spelled.
//!
//! A spelling never holds credentials, and no error repeats them.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use percent_encoding::percent_decode_str;

/// By which way a probe goes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Via {
    /// Straight to the target.
    Direct,
    /// As the system's own library does it (NSS for names).
    System,
    /// A DNS server, by its transport; the name is the one its certificate must carry (DoT, DoH).
    Dns {
        /// The transport of the query.
        transport: DnsTransport,
        /// Address and port of the server.
        server: SocketAddr,
        /// The server's name, for DoT and DoH.
        name: Option<String>,
    },
    /// Through a proxy.
    Proxy(Proxy),
}

/// The transport of a DNS query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DnsTransport {
    /// RFC 1035, port 53.
    Udp,
    /// RFC 7766, port 53.
    Tcp,
    /// RFC 7858, port 853.
    Dot,
    /// RFC 8484, port 443.
    Doh,
}

impl DnsTransport {
    fn scheme(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Dot => "dot",
            Self::Doh => "doh",
        }
    }
}

/// The protocol spoken to a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProxyScheme {
    /// CONNECT over plain TCP.
    Http,
    /// CONNECT over TLS.
    Https,
    /// SOCKS 5, RFC 1928.
    Socks5,
}

impl ProxyScheme {
    fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Socks5 => "socks5",
        }
    }
}

/// A proxy, by scheme, host and port; credentials never appear in its spelling.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Proxy {
    /// The protocol spoken to it.
    pub scheme: ProxyScheme,
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Credentials the user gave, sent as Basic (RFC 7617).
    pub credentials: Option<Secret>,
}

/// A text that is never printed.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Secret(String);

impl Secret {
    /// Keeps a text from being printed.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for sending.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.scheme.name();
        if self.host.contains(':') {
            write!(f, "{scheme}://[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{scheme}://{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Direct => f.write_str("direct"),
            Self::System => f.write_str("system"),
            Self::Dns { transport, server, name } => {
                write!(f, "{}://{server}", transport.scheme())?;
                match name {
                    Some(name) => write!(f, "#{name}"),
                    None => Ok(()),
                }
            }
            Self::Proxy(proxy) => write!(f, "proxy {proxy}"),
        }
    }
}

/// The text names no way.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "parse {0:?} as a way (write direct, system, udp://192.0.2.1:53, dot://192.0.2.1:853#name, doh://192.0.2.1:443#name or proxy http://host:3128)"
)]
pub struct ParseViaError(String);

impl FromStr for Proxy {
    type Err = ParseViaError;

    /// Reads `http://[user:password@]host[:port]`; the scheme may be left out and is then `http`, the port is then 80, 443 or 1080.
    ///
    /// # Errors
    /// [`ParseViaError`] when scheme, host or port is malformed.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || ParseViaError(scrub(text));
        let whole = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let url = url::Url::parse(&whole).map_err(|_| wrong())?;
        let (scheme, port) = match url.scheme() {
            "http" => (ProxyScheme::Http, 80),
            "https" => (ProxyScheme::Https, 443),
            "socks5" | "socks5h" | "socks" => (ProxyScheme::Socks5, 1080),
            _ => return Err(wrong()),
        };
        let host = url.host_str().filter(|h| !h.is_empty()).ok_or_else(wrong)?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let plain = |text| percent_decode_str(text).decode_utf8().map_err(|_| wrong());
        let credentials = if url.username().is_empty() {
            None
        } else {
            let (user, password) = (plain(url.username())?, plain(url.password().unwrap_or_default())?);
            Some(Secret::new(format!("{user}:{password}")))
        };
        Ok(Self { scheme, host, port: url.port().unwrap_or(port), credentials })
    }
}

/// A malformed proxy text may hold a password: what stands before an `@` is not repeated.
fn scrub(text: &str) -> String {
    match text.rsplit_once('@') {
        Some((_, rest)) => format!("…@{rest}"),
        None => text.to_owned(),
    }
}

impl FromStr for Via {
    type Err = ParseViaError;

    /// Reads the spelling that [`Via`] prints.
    ///
    /// # Errors
    /// [`ParseViaError`] when the text is none of those.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || ParseViaError(scrub(text));
        match text {
            "direct" => return Ok(Self::Direct),
            "system" => return Ok(Self::System),
            _ => {}
        }
        if let Some(proxy) = text.strip_prefix("proxy ") {
            return proxy.parse().map(Self::Proxy);
        }
        let (scheme, rest) = text.split_once("://").ok_or_else(wrong)?;
        let (transport, port) = match scheme {
            "udp" => (DnsTransport::Udp, 53),
            "tcp" => (DnsTransport::Tcp, 53),
            "dot" => (DnsTransport::Dot, 853),
            "doh" => (DnsTransport::Doh, 443),
            _ => return Err(wrong()),
        };
        let (server, name) = match rest.split_once('#') {
            Some((server, name)) => (server, Some(name.to_owned())),
            None => (rest, None),
        };
        let server = server
            .parse::<SocketAddr>()
            .or_else(|_| server.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, port)))
            .map_err(|_| wrong())?;
        Ok(Self::Dns { transport, server, name })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_reads_back_as_itself() {
        for text in [
            "direct",
            "system",
            "udp://192.0.2.1:53",
            "tcp://[2001:db8::1]:53",
            "dot://192.0.2.1:853#dns.example",
            "doh://192.0.2.1:443#dns.example",
            "proxy http://proxy.example:3128",
            "proxy socks5://[::1]:1080",
        ] {
            assert_eq!(text.parse::<Via>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn an_encoded_password_is_kept_as_the_user_means_it() {
        let proxy: Proxy = "http://ann:p%40ss%3A@proxy.example:3128".parse().unwrap();
        assert_eq!(proxy.credentials, Some(Secret::new("ann:p@ss:")));
    }

    #[test]
    fn a_password_is_neither_printed_nor_repeated_in_an_error() {
        let proxy: Proxy = "http://ann:s3cret@proxy.example:3128".parse().unwrap();
        assert!(!format!("{proxy} {proxy:?}").contains("s3cret"));
        let error = "http://ann:s3cret@:port".parse::<Proxy>().unwrap_err();
        assert!(!format!("{error} {error:?}").contains("s3cret"));
    }
}
