//! What packets brought back: connections, replies, ICMP errors, hops, path MTUs.

use std::net::{IpAddr, SocketAddr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A TCP connection that stood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Connected {
    /// From the first SYN to the finished handshake, in microseconds.
    pub rtt_us: u64,
    /// This end.
    pub local: SocketAddr,
    /// The far end: the target, or the proxy on the way to it.
    pub peer: SocketAddr,
}

/// An ICMP error, as the socket's error queue or a raw socket told it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IcmpError {
    /// Who sent it; unknown where the system does not tell.
    pub from: Option<IpAddr>,
    /// Its meaning.
    pub meaning: IcmpMeaning,
    /// ICMP or ICMPv6 type.
    pub kind: u8,
    /// ICMP or ICMPv6 code.
    pub code: u8,
    /// The sender is an address of this computer.
    pub own: bool,
    /// The next hop's MTU in bytes, where it says one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mtu: Option<u32>,
}

/// What an ICMP error means, for both families.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IcmpMeaning {
    /// RFC 792 type 11, RFC 4443 type 3.
    TimeExceeded,
    /// RFC 792 type 3 code 0, RFC 4443 type 1 code 0.
    NetworkUnreachable,
    /// RFC 792 type 3 code 1, RFC 4443 type 1 code 3.
    HostUnreachable,
    /// RFC 792 type 3 code 2.
    ProtocolUnreachable,
    /// RFC 792 type 3 code 3, RFC 4443 type 1 code 4.
    PortUnreachable,
    /// RFC 792 type 3 code 4, RFC 4443 type 2.
    PacketTooBig,
    /// RFC 1812, 5.2.7.1: type 3 codes 9, 10, 13; RFC 4443 type 1 codes 1, 5, 6.
    Prohibited,
    /// Any other; type and code stand beside it.
    Unlisted,
}

/// One step of a traceroute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Hop {
    /// The TTL that was set.
    pub ttl: u8,
    /// What came back.
    pub came: HopAnswer,
    /// Who sent it, where someone did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<IpAddr>,
    /// How long it took, in microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rtt_us: Option<u64>,
}

/// What came back at one step of a traceroute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HopAnswer {
    /// ICMP time exceeded: the packet reached this router.
    Expired,
    /// The target itself answered: connected, or a datagram.
    Answered,
    /// A RST, or ICMP port unreachable.
    Refused,
    /// ICMP administratively prohibited.
    Prohibited,
    /// ICMP host or network unreachable.
    Unreachable,
    /// Nothing.
    Silent,
}

/// A TCP segment that can answer a SYN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Segment {
    /// SYN with ACK.
    SynAck,
    /// RST.
    Rst,
}

/// A UDP reply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reply {
    /// Whether it is a well-formed answer to what was asked.
    pub well_formed: bool,
    /// Our address and port as the peer saw them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapped: Option<SocketAddr>,
    /// Its size in bytes.
    pub bytes: u32,
    /// Its IP TTL on arrival, where the system tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl: Option<u8>,
    /// From the first datagram sent, in microseconds.
    pub rtt_us: u64,
}

/// Requests that followed each other on one flow, as far as they were answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Exchange {
    /// How many were to be sent.
    pub wanted: u16,
    /// How many were answered.
    pub answered: u16,
    /// The last one that was answered, counted from 1; 0 where none was. Less than `wanted` where the flow fell silent.
    pub last: u16,
    /// Bytes sent on the flow, a handshake before the requests included.
    pub sent_bytes: u64,
    /// Bytes received on it, likewise.
    pub received_bytes: u64,
    /// From the flow's beginning to its last answer, in microseconds.
    pub took_us: u64,
}

/// Connections opened one after the other, at a pace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Volley {
    /// From one to the next, in milliseconds; 0 where all were opened at once.
    pub gap_ms: u32,
    /// How many were opened, all of them held to the end.
    pub made: u16,
    /// How many of them stood before a SYN was sent twice.
    pub passed: u16,
    /// How many of the first ones, in the order they were opened, stood without one failing among them.
    pub passed_first: u16,
}

/// A path MTU.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PathMtu {
    /// In bytes, IP header included.
    pub mtu_bytes: u16,
    /// How it was found.
    pub by: MtuMethod,
    /// The router that announced it by ICMP, where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub announced_by: Option<IpAddr>,
}

/// How a path MTU was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MtuMethod {
    /// Datagrams that may not be fragmented.
    Datagram,
    /// TLS handshakes at chosen segment sizes.
    Handshake,
}
