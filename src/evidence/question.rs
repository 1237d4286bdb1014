//! What a rule would have to know before it can decide.
//!
//! A rule asks; the plan turns the question into the looks that would answer it. Neither knows the other.

use std::net::{IpAddr, SocketAddr};

use why5003_probes::kit::{Proxy, Role, Transport};

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
    /// Does the system's library resolve the name when it is asked again?
    NameAgain {
        /// The name.
        name: String,
    },
    /// How many of many lone SYNs are answered, and how soon?
    Loss {
        /// Where to.
        to: SocketAddr,
        /// What the target is to Zoom, or to the diagnosis.
        role: Role,
    },
    /// How many connections stand at once there?
    Hold {
        /// Where to.
        to: SocketAddr,
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
    /// Do the other plain-HTTP pages come as they are known?
    KnownPages,
    /// What do neutral HTTP servers say the time is?
    Time,
}
