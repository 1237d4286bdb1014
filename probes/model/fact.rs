//! What a probe can see: one type for each kind of thing seen, in the form that reports carry.
//!
//! Facts are what was seen, never what it means. Text that came from a peer is escaped before it stands here.

mod computer;
mod http;
mod name;
mod packet;
mod proxy;
mod tls;

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use computer::{
    Client, ClientProcess, HostsLine, Interface, InterfaceKind, Limit, Neighbour, ResolverSetting, Route,
};
pub use http::{Response, StatusPage};
pub use name::Answer;
pub use packet::{
    Connected, Exchange, Hop, HopAnswer, IcmpError, IcmpMeaning, MtuMethod, PathMtu, Reply, Segment, Volley,
};
pub use proxy::{PacChoice, PacScript, ProxySays, ProxySetting, Tunnel};
pub use tls::{Certificate, CertificateFault, Handshake, Roots};

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
    /// One step of a traceroute.
    Hop(Hop),
    /// How much of what was sent on a connection its other end had not acknowledged when the probe ended.
    Unacknowledged {
        /// In bytes.
        bytes: u32,
    },
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
    /// What the kernel counted beside connections begun at once.
    Counted {
        /// Connections begun, each with one SYN.
        begun: u16,
        /// Packets that left meanwhile by the interface that most left by, those of other programs among them.
        left: u64,
        /// Packets that arrived until the end and were handed to nobody, those for other programs among them.
        withheld: u64,
    },
    /// How long answers to single packets took.
    RoundTrips {
        /// The shortest, in microseconds.
        least_us: u64,
        /// The middle one, in microseconds.
        median_us: u64,
        /// The longest, in microseconds.
        most_us: u64,
    },
    /// Bytes that came on one connection.
    Transfer {
        /// How many.
        bytes: u64,
        /// How long they took, in microseconds.
        took_us: u64,
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
    /// Requests followed each other on one flow.
    Exchange(Exchange),
    /// Connections were opened at a pace.
    Volley(Volley),
    /// Where a proxy setting was found.
    ProxySetting(ProxySetting),
    /// A proxy's answer to CONNECT.
    Tunnel(Tunnel),
    /// A proxy auto-configuration script.
    PacScript(PacScript),
    /// What a proxy script, run, chose for one host.
    PacChoice(PacChoice),
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
    /// A probe that was part of this one and could not be taken.
    NotProbed {
        /// What.
        what: String,
        /// Why.
        why: String,
    },
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it by reference")]
fn is_false(value: &bool) -> bool {
    !value
}

/// A time in whole microseconds, as facts carry it.
pub(crate) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
