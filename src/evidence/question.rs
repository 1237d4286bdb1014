//! What a rule would have to know before it can decide.
//!
//! A rule asks; the plan turns the question into the looks that would answer it. Neither knows the other.

use std::net::{IpAddr, SocketAddr};

use ipnet::{IpNet, Ipv6Net};
use why5003_probes::model::{Proxy, Role, Transport};

/// What of a ClientHello kills it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Telling {
    /// The server name: another one passes.
    Name,
    /// The size, of the message or of its packet: a small one passes.
    Size,
    /// That there is one: none passes.
    Presence,
}

/// What a rule would have to know before it can decide.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Question {
    /// What do independent resolvers say of this name, by transports that are harder to forge too?
    Independently {
        /// The name.
        name: String,
    },
    /// Does the name resolve at this resolver when DNSSEC checking is off?
    WithoutChecking {
        /// The name.
        name: String,
        /// The resolver.
        server: SocketAddr,
    },
    /// Does this resolver answer for neutral names?
    Neutral {
        /// The resolver.
        server: SocketAddr,
    },
    /// Does a resolver answer where none can be, and with what?
    NoResolver {
        /// The name.
        name: String,
    },
    /// Do the catalogue's own addresses of this host work?
    KnownAddresses {
        /// The host.
        name: String,
    },
    /// Does the same look end the same way again?
    Again {
        /// The host.
        host: String,
        /// Where to.
        to: SocketAddr,
    },
    /// What does this configured resolver say of the names that the system's library was asked for, and is late with?
    NamesFrom {
        /// The resolver.
        server: SocketAddr,
    },
    /// Does the system's library resolve the name when it is asked again?
    NameAgain {
        /// The name.
        name: String,
    },
    /// Does one of several more tries end well, as a client makes them?
    AsAClient {
        /// The host.
        host: String,
        /// Where to.
        to: SocketAddr,
    },
    /// How many of many lone SYNs are answered, and how soon?
    Loss {
        /// Where to.
        to: SocketAddr,
        /// What the target is to Zoom, or to the diagnosis.
        role: Role,
        /// How many; the probe's own number where `None`.
        syns: Option<u8>,
    },
    /// Does a flow that stands lose packets, and at what rate do its answers come?
    Flow {
        /// The host.
        host: String,
        /// Where to.
        to: SocketAddr,
        /// What the target is to Zoom, or to the diagnosis.
        role: Role,
        /// How many exchanges in turn; the probe's own number where `None`.
        turns: Option<u8>,
        /// How many exchanges at once; the probe's own number where `None`.
        at_once: Option<u16>,
    },
    /// At which hop does this flow die, and which hops does a passing flow reach?
    Where {
        /// The flow's destination.
        to: SocketAddr,
        /// Its transport.
        transport: Transport,
        /// A destination whose TCP connections pass.
        passing: SocketAddr,
    },
    /// At which hop does this flow die, and which hops does another flow to the same address reach?
    Beside {
        /// The flow's destination.
        to: SocketAddr,
        /// Its transport.
        transport: Transport,
        /// A port of the same address whose flow passes, or may.
        port: u16,
        /// That flow's transport.
        by: Transport,
    },
    /// Do packets to others of Zoom's published prefixes pass the filter at this hop?
    Prefixes {
        /// The last hop that answers for the flow that dies.
        beyond: u8,
        /// The prefix of which two addresses must be asked, where one is suspected alone.
        suspect: Option<IpNet>,
    },
    /// Are many connections at once let through, and as many one by one?
    Burst {
        /// Where to.
        to: SocketAddr,
    },
    /// After how many bytes of one connection to this host does it die, twice and with another hello, and a neutral one?
    Sustained {
        /// The host.
        host: String,
        /// Its address.
        to: SocketAddr,
    },
    /// After how many datagrams does a UDP flow to this server fall silent, each time anew, and one to a neutral server?
    OnOneFlow {
        /// Where to.
        to: SocketAddr,
    },
    /// How far does this flow come, where nothing is known to pass?
    HowFar {
        /// The flow's destination.
        to: SocketAddr,
    },
    /// Which routers does this flow meet, which passes, asked when nothing else makes them spend their errors?
    NeutralWay {
        /// The flow's destination.
        to: SocketAddr,
    },
    /// Do other ports and protocols to this address die where TCP 443 does?
    Everything {
        /// The address.
        address: IpAddr,
    },
    /// Which prefix does this network translate to IPv4 (RFC 7050)?
    Nat64Prefix,
    /// Do neutral IPv4 hosts answer by way of this NAT64 prefix (RFC 6052)?
    ThroughNat64 {
        /// The prefix, of 96 bits.
        prefix: Ipv6Net,
    },
    /// Which hops does a flow to this address meet?
    Way {
        /// The address.
        to: SocketAddr,
    },
    /// At which hop does a ClientHello die, and which hops does one reach that passes?
    WhereHello {
        /// The host.
        host: String,
        /// Its address, which takes connections.
        to: SocketAddr,
        /// What of the hello kills it.
        telling: Telling,
        /// How many hops the address is away.
        distance: u8,
    },
    /// At which hop does this flow die, when it alone asks the routers?
    WalkAgain {
        /// The flow's destination.
        to: SocketAddr,
        /// Its transport.
        transport: Transport,
    },
    /// At which hop does the same address answer by another port?
    AnotherPort {
        /// The address, by the port that does not answer as it should.
        to: SocketAddr,
    },
    /// Do packets for this address leave this computer, and are its answers let in?
    Passage {
        /// The address.
        to: SocketAddr,
        /// It is a neutral one, for comparison.
        neutral: bool,
        /// How often it was counted before: what others received meanwhile stood in the way.
        before: u8,
    },
    /// Does the same address take another server name, and a neutral address this one?
    OtherNames {
        /// The host.
        host: String,
        /// Its address.
        to: SocketAddr,
    },
    /// Does a ClientHello in one segment pass where one in two does not, and does TLS 1.2 alone?
    OtherHello {
        /// The host.
        host: String,
        /// Its address.
        to: SocketAddr,
    },
    /// Which packet size passes?
    Size {
        /// The host.
        host: String,
        /// Its address.
        to: SocketAddr,
    },
    /// Do fragments arrive at another neutral server?
    Fragments,
    /// Which routers are on the way of this flow of datagrams to a neutral server?
    RoutersTo {
        /// The server.
        to: SocketAddr,
    },
    /// Do fragments arrive at these routers themselves?
    FragmentsAt {
        /// Their addresses, nearest first.
        routers: Vec<IpAddr>,
    },
    /// Do other addresses in Zoom's published prefixes answer?
    OtherPrefixes,
    /// What does Zoom's status page say?
    StatusPage,
    /// How is the neighbour state of this gateway now, after the tries?
    Gateway {
        /// Its address.
        address: IpAddr,
    },
    /// Does this proxy open tunnels to neutral hosts?
    NeutralTunnel {
        /// The proxy.
        proxy: Proxy,
    },
    /// Does this proxy open tunnels to other ports than that of HTTPS?
    OtherPorts {
        /// The proxy.
        proxy: Proxy,
    },
    /// Does a proxy lead out that this network offers, by WPAD or at its gateway, or that is set for plain HTTP alone?
    OfferedProxies,
    /// Does somebody take connections to addresses that nobody can own?
    Nobody {
        /// A destination of the same family and port.
        like: SocketAddr,
    },
    /// At which hop is this flow answered?
    Approach {
        /// The flow's destination.
        to: SocketAddr,
    },
    /// Does a router forward other packets to this address at this hop, and at the next one?
    Routers {
        /// The address.
        address: IpAddr,
        /// The first of the two hops.
        hop: u8,
    },
    /// Do the other plain-HTTP pages come as they are known?
    KnownPages,
    /// What do neutral HTTP servers say the time is?
    Time,
}

impl Question {
    /// Whether looks at anything else would disturb the answer: a burst tells how fast connections are let through, and every
    /// other packet of this computer counts against the same limit.
    pub fn wants_to_be_alone(&self) -> bool {
        matches!(self, Self::Burst { .. })
    }

    /// Whether looks that begin at the same time would disturb the answer: the kernel's counters count what they send too, and a
    /// router has few errors left.
    pub fn wants_to_begin_alone(&self) -> bool {
        matches!(self, Self::Passage { .. } | Self::NeutralWay { .. })
    }

    /// Whether looks that are still under way would disturb the answer: what counts packets wants a quiet way, and so does what
    /// asks a router for the last of its errors.
    pub fn wants_a_quiet_way(&self) -> bool {
        matches!(self, Self::Burst { .. } | Self::Loss { .. } | Self::Flow { .. } | Self::NeutralWay { .. })
    }
}
