//! One probe, as a value: which probe, at what, by which way, with which variables set.
//!
//! It says what is asked, never how it is done. Two probes that differ in one setting are an experiment and its baseline.

use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ProbeName, Target, Via};

/// A probe to be taken.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Probe {
    /// The probe kind.
    pub kind: ProbeName,
    /// What the target is to Zoom, or to us.
    pub role: Role,
    /// What it points at.
    pub target: Target,
    /// By which way.
    pub via: Via,
    /// The variables of the experiment; all unset is the baseline.
    pub settings: Settings,
    /// How many equal ones were asked before it: what tells a repetition from the first.
    pub repeat: u16,
}

impl Probe {
    /// A baseline look, direct.
    pub fn new(kind: ProbeName, role: Role, target: Target) -> Self {
        Self { kind, role, target, via: Via::Direct, settings: Settings::default(), repeat: 0 }
    }

    /// The same probe by another way.
    #[must_use]
    pub fn by(mut self, via: Via) -> Self {
        self.via = via;
        self
    }

    /// The same probe with other settings.
    #[must_use]
    pub fn with(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// The same probe once more; `nth` counts from 1, and no repetition is 0.
    #[must_use]
    pub fn repeated(mut self, nth: u16) -> Self {
        self.repeat = nth;
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

/// The variables a probe may set; `None` is the baseline's value.
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
    /// Walk the TTL from 1 up to this hop instead of one plain probe.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traceroute: Option<u8>,
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
    /// What a UDP probe says; Zoom's dialect where unset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dialect: Option<Dialect>,
    /// One HTTP request after the handshake; none where unset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fetch: Option<Fetch>,
    /// How many requests are sent on one flow, one answered before the next (a `flow` look: at once, after those in turn); one, or
    /// the probe's own number, where unset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exchange: Option<u16>,
    /// How often it is tried before silence is believed; the probe's own number where unset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tries: Option<u8>,
    /// How long each answer is waited for, in milliseconds; the probe's own number where unset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait_ms: Option<u32>,
    /// How long a second, disagreeing answer to one DNS query is waited for, in milliseconds; not at all where unset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub second_answer_ms: Option<u32>,
    /// Also read the IP TTL of the segments that answer a TCP probe, which needs raw sockets; off where unset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segment_ttls: Option<bool>,
    /// The published prefix that the target's address is a sample of.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub prefix: Option<IpNet>,
    /// The names that a probe of this computer seeks in its hosts file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub names: Option<Vec<String>>,
    /// The addresses that a probe of this computer asks the kernel's routes for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub addresses: Option<Vec<IpAddr>>,
}

impl Settings {
    /// How long each answer is waited for, where the probe's own number is this.
    pub(crate) fn wait_or(&self, usual: Duration) -> Duration {
        self.wait_ms.map_or(usual, |ms| Duration::from_millis(ms.into()))
    }
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

/// What a UDP probe says.
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
