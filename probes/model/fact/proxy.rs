//! What is set of proxies, and what a proxy said.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A proxy setting, and where it was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProxySetting {
    /// Where: `--proxy`, `environment`, `/etc/environment`, `gnome`, `kde`, `zoom process 4711`, `wpad`, ….
    pub source: String,
    /// What it says.
    pub says: ProxySays,
    /// Hosts that it exempts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exempt: Vec<String>,
}

/// What a proxy setting says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProxySays {
    /// Use this proxy for HTTPS; never with credentials.
    Use(String),
    /// Use this proxy for plain HTTP, and none for HTTPS: `http_proxy` alone. Without credentials as well.
    ForHttp(String),
    /// Ask the script at this address.
    Script(String),
    /// Find a script by WPAD.
    Discover,
    /// Something that could not be read as a setting.
    Unreadable(String),
}

/// A proxy's answer to CONNECT.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tunnel {
    /// The status code; SOCKS replies are mapped: granted is 200.
    pub status: u16,
    /// The reason phrase, escaped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Authentication schemes of a 407, in the order offered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub schemes: Vec<String>,
    /// The proxy's own word on the error (`X-Squid-Error`), escaped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// `Via` or `Server` of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// From the request to the answer, in microseconds.
    pub took_us: u64,
}

/// A proxy auto-configuration script, as fetched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PacScript {
    /// The HTTP status it came with.
    pub status: u16,
    /// Its size in bytes.
    pub bytes: u32,
    /// Whether it defines `FindProxyForURL`.
    pub is_script: bool,
    /// The proxies that its text names, in order; twenty at most.
    pub names_proxies: Vec<String>,
    /// Whether its text says DIRECT anywhere.
    pub names_direct: bool,
}

/// What a proxy script, run, chose for one host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PacChoice {
    /// The host that it was asked for, as `https://HOST/`.
    pub host: String,
    /// The ways in the order that it gave: `direct`, or a proxy as `http://proxy.example:3128`; ten at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ways: Vec<String>,
    /// Why it gave none: the engine's words, or an answer that names no way, escaped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}
