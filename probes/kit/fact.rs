//! What a look can see: one type for each kind of thing seen, in the form that reports carry.
//!
//! Facts are what was seen, never what it means. Text that came from a peer is escaped before it stands here.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One thing seen. The tag `fact` names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "fact", rename_all = "snake_case")]
pub enum Fact {
    /// A DNS answer, or what the system's library gave for a name.
    Answer(Answer),
    /// A TCP connection stood.
    Connected(Connected),
    /// An ICMP error came.
    Icmp(IcmpError),
    /// One step of a TTL ladder.
    Hop(Hop),
    /// The IP TTL of a segment that answered.
    SegmentTtl {
        /// SYN-ACK or RST.
        segment: Segment,
        /// TTL or hop limit on arrival.
        ttl: u8,
        /// From the first SYN to its arrival, in microseconds.
        after_us: u64,
    },
    /// Repeated tries and how many of them were answered.
    Tries {
        /// How many were made.
        made: u16,
        /// How many got an answer of any kind.
        answered: u16,
    },
    /// The ClientHello that was sent.
    HelloSent {
        /// Its size in bytes, record header included.
        bytes: u32,
        /// The server name in it.
        server_name: Option<String>,
        /// Whether it carried a post-quantum key share.
        post_quantum: bool,
    },
    /// A TLS handshake finished.
    Handshake(Handshake),
    /// A TLS alert came.
    Alert {
        /// Its name in RFC 8446, section 6, such as `unrecognized_name`.
        name: String,
    },
    /// The certificates the server sent, its own first.
    Chain {
        /// In the order sent; ten at most are kept.
        certificates: Vec<Certificate>,
    },
    /// What a set of roots says of that chain for the target's name.
    Verified {
        /// Which roots.
        roots: Roots,
        /// `None`: accepted.
        fault: Option<CertificateFault>,
        /// Where the fault is one of date: what else is wrong once the date is put within the certificate's time.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        besides: Option<CertificateFault>,
    },
    /// The first bytes of something that is not the protocol.
    Garbage {
        /// Up to 120 bytes, escaped.
        text: String,
    },
    /// An HTTP response.
    Response(Response),
    /// What Zoom's status page says.
    StatusPage(StatusPage),
    /// A UDP reply.
    Reply(Reply),
    /// Where a proxy setting was found.
    ProxySetting(ProxySetting),
    /// A proxy's answer to CONNECT.
    Tunnel(Tunnel),
    /// A proxy auto-configuration script.
    PacScript(PacScript),
    /// A path MTU, as found.
    PathMtu(PathMtu),
    /// One try of a path MTU search.
    SizeTried {
        /// IP packet size in bytes.
        bytes: u16,
        /// Whether it passed.
        passed: bool,
    },
    /// An interface of this computer.
    Interface(Interface),
    /// The kernel's route to an address.
    Route(Route),
    /// The neighbour (ARP, NDP) entry of a gateway.
    Neighbour(Neighbour),
    /// A line of the hosts file that names a host of the catalogue.
    HostsLine(HostsLine),
    /// A resolver this computer is configured to use.
    Resolver(ResolverSetting),
    /// A limit of this process or computer.
    Limit(Limit),
    /// The installed Zoom client.
    Client(Client),
    /// A look that was part of this one and could not be taken.
    NotLooked {
        /// What.
        what: String,
        /// Why.
        why: String,
    },
}

/// A DNS answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Answer {
    /// The response code's name (`NOERROR`, `NXDOMAIN`, `SERVFAIL`, `REFUSED`, …); from the system's library only
    /// `NOERROR` where there are addresses.
    pub rcode: String,
    /// The addresses, in the order given.
    pub addresses: Vec<IpAddr>,
    /// The CNAME chain, in order, without the name asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// The smallest TTL of the answer, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl_s: Option<u32>,
    /// The answer was truncated (TC).
    #[serde(default, skip_serializing_if = "is_false")]
    pub truncated: bool,
    /// The resolver says that DNSSEC proved it (AD).
    #[serde(default, skip_serializing_if = "is_false")]
    pub authentic: bool,
    /// 1 for the first answer to the query, 2 for a second one that came later.
    pub nth: u8,
    /// From the query to this answer, in microseconds.
    pub rtt_us: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it by reference")]
fn is_false(value: &bool) -> bool {
    !value
}

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

/// One step of a TTL ladder.
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

/// What came back at one step of a TTL ladder.
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

/// A finished TLS handshake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Handshake {
    /// `1.2` or `1.3`.
    pub version: String,
    /// The cipher suite's IANA name.
    pub cipher: String,
    /// The key exchange group's IANA name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The application protocol agreed on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alpn: Option<String>,
    /// From the ClientHello to the end, in microseconds.
    pub took_us: u64,
}

/// A certificate, as far as a verdict needs it. All text is the certificate's own, escaped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Certificate {
    /// Subject, RFC 4514.
    pub subject: String,
    /// Issuer, RFC 4514.
    pub issuer: String,
    /// The issuer's organisation, or else its common name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer_name: Option<String>,
    /// The DNS names it is for; twenty at most are kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// Start of validity, seconds since 1970.
    pub not_before_s: i64,
    /// End of validity, seconds since 1970.
    pub not_after_s: i64,
    /// SHA-256 of the certificate, hexadecimal.
    pub sha256: String,
    /// Subject and issuer are the same.
    #[serde(default, skip_serializing_if = "is_false")]
    pub self_issued: bool,
}

/// A set of root certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Roots {
    /// Mozilla's, or those of `--roots`.
    Public,
    /// This computer's own store.
    System,
}

/// Why a chain was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CertificateFault {
    /// It leads to none of the roots.
    UnknownIssuer,
    /// It is for other names.
    WrongName,
    /// Its time is over.
    Expired,
    /// Its time has not begun.
    NotYetValid,
    /// It is revoked.
    Revoked,
    /// A signature or the encoding is wrong, or it may not be used so.
    Invalid,
    /// There are no roots to judge by.
    NoRoots,
}

/// An HTTP response. All text is the server's own, escaped and cut.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// `Server`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// `Via`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<String>,
    /// Scheme, host and path of `Location`; its query is not kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// `Content-Type`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// The page's title, or the beginning of its text, 200 characters at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excerpt: Option<String>,
    /// `Date`, seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date_s: Option<i64>,
    /// This computer's clock minus `Date`, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_ahead_s: Option<i64>,
    /// Whether it is what was expected, where something was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_expected: Option<bool>,
    /// From the request to the response's head, in microseconds.
    pub took_us: u64,
}

/// What a Statuspage summary says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StatusPage {
    /// `none`, `minor`, `major` or `critical`.
    pub indicator: String,
    /// Its sentence.
    pub description: String,
    /// Names of components that are not operational, with their state; thirty at most are kept.
    pub impaired: Vec<String>,
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
    /// From the first datagram sent, in microseconds.
    pub rtt_us: u64,
}

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
