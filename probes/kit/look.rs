//! One look, as a value: which probe, at what, by which way, with which variables set.
//!
//! It says what is asked, never how it is done. Two looks that differ in one setting are an experiment and its baseline.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use ipnet::IpNet;
use percent_encoding::percent_decode_str;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Target;

/// A look to be taken.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Look {
    /// The probe kind's name.
    pub probe: &'static str,
    /// What the target is to Zoom, or to us.
    pub role: Role,
    /// What it points at.
    pub target: Target,
    /// By which way.
    pub via: Via,
    /// The variables of the experiment; all unset is the baseline.
    pub settings: Settings,
}

impl Look {
    /// A baseline look, direct.
    pub fn new(probe: &'static str, role: Role, target: Target) -> Self {
        Self { probe, role, target, via: Via::Direct, settings: Settings::default() }
    }

    /// The same look by another way.
    #[must_use]
    pub fn by(mut self, via: Via) -> Self {
        self.via = via;
        self
    }

    /// The same look with other settings.
    #[must_use]
    pub fn with(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }
}

/// What a target is to Zoom's client, or to the diagnosis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// A web host on the way to sign-in: without it the client shows 5003.
    SignIn,
    /// Another name of Zoom's that a client uses (log, push, CDN, a web cluster).
    Side,
    /// An address of Zoom's published ranges, or known to be Zoom's, asked without a name of its own.
    Range,
    /// Zoom's media ports.
    Media,
    /// A host of certificate revocation (OCSP, CRL).
    Certificate,
    /// Zoom's public status page.
    Status,
    /// A neutral host, for comparison.
    Control,
    /// A plain-HTTP page whose content is known, for captive portals.
    Portal,
    /// A resolver.
    Resolver,
    /// An address that nobody can own (RFC 5737, RFC 3849): every answer from it is forged.
    Canary,
    /// This computer, its gateway, its proxies.
    Host,
}

/// By which way a look goes.
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

/// The variables a look may set; `None` is the baseline's value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Which record a DNS query asks for; A where unset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<RecordType>,
    /// DNS "checking disabled" bit (RFC 4035, 3.2.2); off where unset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checking_disabled: Option<bool>,
    /// IP time to live, or hop limit, of what is sent: 1 to 255.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttl: Option<u8>,
    /// Walk the TTL from 1 up to this hop instead of one plain look.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ladder: Option<u8>,
    /// TCP maximum segment size set before connecting, in bytes: 88 to 32767 (`tcp(7)`, `TCP_MAXSEG`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mss: Option<u16>,
    /// The local address to send from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<IpAddr>,
    /// The server name in the ClientHello; the target's own where unset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sni: Option<Sni>,
    /// The size of the ClientHello; large (post-quantum key share) where unset, as current clients send it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hello: Option<Hello>,
    /// TLS versions offered; 1.2 and 1.3 where unset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<TlsVersions>,
    /// What a UDP look says; Zoom's dialect where unset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dialect: Option<Dialect>,
    /// One HTTP request after the handshake; none where unset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fetch: Option<Fetch>,
    /// How often it is tried before silence is believed; the probe's own number where unset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tries: Option<u8>,
    /// How long each answer is waited for, in milliseconds; the probe's own number where unset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait_ms: Option<u32>,
    /// How long a second, disagreeing answer to one DNS query is waited for, in milliseconds; not at all where unset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub second_answer_ms: Option<u32>,
    /// Also read the IP TTL of the segments that answer a TCP look, which needs raw sockets; off where unset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segment_ttls: Option<bool>,
    /// The published prefix that the target's address is a sample of.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub prefix: Option<IpNet>,
    /// The names that a look at this computer seeks in its hosts file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub names: Option<Vec<String>>,
    /// The addresses that a look at this computer asks the kernel's routes for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub addresses: Option<Vec<IpAddr>>,
}

/// The DNS record types a client asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum RecordType {
    /// IPv4 address.
    A,
    /// IPv6 address.
    #[serde(rename = "AAAA")]
    Aaaa,
}

/// The server name a ClientHello carries (RFC 6066, section 3).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Sni {
    /// This name instead of the target's own.
    Name(String),
    /// No server name at all.
    Absent,
}

/// The size of the ClientHello.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Hello {
    /// With the X25519MLKEM768 key share: about 1.5 kB, two segments at the usual MSS.
    Large,
    /// Without it: about 300 bytes, one segment.
    Small,
}

/// TLS versions a ClientHello offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TlsVersions {
    /// TLS 1.2 alone (RFC 5246).
    #[serde(rename = "1.2")]
    Only12,
    /// TLS 1.3 alone (RFC 8446).
    #[serde(rename = "1.3")]
    Only13,
}

/// What a UDP look says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Dialect {
    /// The 44-byte request of Zoom's clients on 3478 and 3479.
    Zoom,
    /// A STUN Binding request (RFC 8489).
    Stun,
}

/// One HTTP request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fetch {
    /// GET or HEAD.
    pub method: Method,
    /// Path with query, beginning with a slash.
    pub path: String,
    /// What the body is read for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<Expect>,
}

/// What a response body is read for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Expect {
    /// A Statuspage summary (JSON).
    StatusPage,
    /// A page that holds this text.
    Text(String),
    /// An empty page with this status.
    Status(u16),
}

/// The HTTP methods that this program ever sends to a Zoom or neutral host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// RFC 9110, 9.3.1.
    Get,
    /// RFC 9110, 9.3.2.
    Head,
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
