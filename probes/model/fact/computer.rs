//! What this computer's own system tells.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::is_false;

/// An interface of this computer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// Administratively up and with carrier.
    pub up: bool,
    /// What it is.
    pub kind: InterfaceKind,
    /// Its addresses with their prefix lengths.
    #[schemars(with = "Vec<String>")]
    pub addresses: Vec<IpNet>,
    /// Its MTU in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mtu_bytes: Option<u32>,
}

/// What an interface is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InterfaceKind {
    /// Loopback.
    Loopback,
    /// Ethernet, Wi-Fi, mobile, virtual Ethernet.
    Link,
    /// TUN, WireGuard, PPP, IPsec, GRE: a tunnel.
    Tunnel,
}

/// The kernel's route to an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Route {
    /// The address asked about.
    pub to: IpAddr,
    /// The interface it leaves by; `None`: there is no route.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interface: Option<String>,
    /// The next hop, where it is not on the link itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway: Option<IpAddr>,
    /// The source address the kernel would choose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<IpAddr>,
    /// What kind of route refuses it, where one does: `unreachable`, `blackhole`, `prohibit`, `throw`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refuses: Option<String>,
}

/// The neighbour entry of a gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Neighbour {
    /// The gateway's address.
    pub address: IpAddr,
    /// The interface.
    pub interface: String,
    /// The kernel's word for it: `reachable`, `stale`, `delay`, `probe`, `permanent`, `noarp`, `incomplete`, `failed`.
    pub state: String,
}

/// A line of the hosts file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HostsLine {
    /// The file.
    pub file: String,
    /// The line's number, from 1.
    pub line: u32,
    /// The address it pins.
    pub address: IpAddr,
    /// The names of the catalogue that it pins.
    pub names: Vec<String>,
}

/// A resolver this computer is configured to use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ResolverSetting {
    /// Its address and port.
    pub server: SocketAddr,
    /// Where that is configured.
    pub source: String,
    /// It is a stub on this computer (systemd-resolved, dnsmasq) that asks others.
    #[serde(default, skip_serializing_if = "is_false")]
    pub stub: bool,
    /// How long the library waits for its answer before it asks the next one, in seconds, where that is set; 5 where it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_s: Option<u8>,
}

/// A limit of this process or computer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Limit {
    /// Of what: `descriptors`, `ephemeral-ports`.
    pub of: String,
    /// How many may be used.
    pub limit: u64,
    /// How many are in use, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used: Option<u64>,
}

/// The installed Zoom client. Only these keys of its files are ever read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Client {
    /// Where it was found, without a user's name.
    pub found_at: String,
    /// Its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// How it is packaged: `native`, `flatpak`, `snap`.
    pub packaging: String,
    /// The web host it is configured to use (`conf.webserver`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web_host: Option<String>,
    /// Its running processes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub processes: Vec<ClientProcess>,
    /// Its data folder is there and can be written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_writable: Option<bool>,
}

/// A running process of the Zoom client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ClientProcess {
    /// Process id.
    pub pid: u32,
    /// The program's name.
    pub name: String,
    /// How long it has been running, in seconds.
    pub age_s: u64,
}
