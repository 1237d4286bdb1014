//! The network a probe is handed: connections and datagrams, with the errors that ICMP brought.
//!
//! What the network does comes back as a value; `Err` means that this computer could not even try.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};

use crate::model::{CannotProbe, How, IcmpError, Pending};

/// Sends and receives on behalf of probes.
pub trait Network: Send + Sync {
    /// Opens a TCP connection, and tells how that ended.
    ///
    /// # Errors [`CannotProbe`] when this computer could make no socket. Running out of sockets or ports is
    /// [`How::Exhausted`] instead, since it is evidence.
    fn dial(&self, dial: Dial) -> Pending<'_, Result<Dialled, CannotProbe>>;

    /// Opens a UDP socket that is connected to one peer, so that ICMP errors reach it.
    ///
    /// # Errors
    /// As for [`Network::dial`].
    fn datagram(&self, to: SocketAddr, options: DatagramOptions)
    -> Pending<'_, Result<Box<dyn Datagram>, CannotProbe>>;

    /// Dials while reading the IP TTL of the answering segments, which needs raw sockets.
    ///
    /// # Errors
    /// [`CannotProbe::Unprivileged`] or [`CannotProbe::Unsupported`] where that can't be had.
    fn segment_ttls(&self, dial: Dial) -> Pending<'_, Result<Vec<SegmentTtl>, CannotProbe>>;
}

/// A TCP connection to open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dial {
    /// Where to.
    pub to: SocketAddr,
    /// How long the handshake may take. The kernel sends its first SYN again after 1 s (RFC 6298, 2.1), so 3.2 s hold
    /// at least three.
    pub wait: Duration,
    /// IP time to live of the SYN and all that follows.
    pub ttl: Option<u8>,
    /// Maximum segment size, both offered and used.
    pub mss: Option<u16>,
    /// Local address to send from.
    pub source: Option<IpAddr>,
}

impl Dial {
    /// A plain connection.
    pub fn new(to: SocketAddr, wait: Duration) -> Self {
        Self { to, wait, ttl: None, mss: None, source: None }
    }
}

/// How a dial ended.
pub struct Dialled {
    /// A stream, or what came instead.
    pub outcome: Outcome,
    /// From the first SYN to the outcome.
    pub took: Duration,
    /// ICMP errors that came for this flow meanwhile, in order.
    pub icmp: Vec<IcmpError>,
}

/// A connection, or what came instead.
pub enum Outcome {
    /// The handshake finished.
    Connected(Box<dyn Stream>),
    /// It did not; the text is the errno's name where there was one.
    Failed(How, Option<&'static str>),
}

/// A TCP connection that stands.
///
/// Dropping it sends a RST rather than a FIN where the system allows that, so that no port stays in TIME_WAIT.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {
    /// This end's address.
    fn local(&self) -> SocketAddr;
    /// ICMP errors that came since they were last asked for.
    fn icmp(&mut self) -> Vec<IcmpError>;
    /// Sets the IP time to live of what is sent from now on; `false` where the system won't.
    fn set_ttl(&mut self, ttl: u8) -> bool;
    /// The error that an ICMP message left on the connection, which goes on all the same; reading does not wake for it.
    fn soft_error(&mut self) -> Option<std::io::Error> {
        None
    }
    /// Bytes of data that one segment holds now, TCP's options taken off; `None` where the system does not tell.
    fn segment_bytes(&self) -> Option<usize> {
        None
    }
}

/// Options of a UDP socket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DatagramOptions {
    /// IP time to live.
    pub ttl: Option<u8>,
    /// Local address to send from.
    pub source: Option<IpAddr>,
    /// Sets "don't fragment" and ignores what the kernel knows of the path MTU (`IP_PMTUDISC_PROBE`).
    pub dont_fragment: bool,
}

/// A UDP socket with one peer.
pub trait Datagram: Send {
    /// Sends one datagram; the network's or the kernel's refusal comes back as [`How`].
    fn send<'a>(&'a mut self, bytes: &'a [u8]) -> Pending<'a, Result<(), How>>;
    /// Waits for whatever comes first: a datagram, an ICMP error, or the end of the time.
    fn hear(&mut self, wait: Duration) -> Pending<'_, Heard>;
    /// This end's address.
    fn local(&self) -> SocketAddr;
    /// The IP TTL of the datagram heard last, where the system tells.
    fn heard_ttl(&self) -> Option<u8> {
        None
    }
}

/// What a UDP socket heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A datagram from the peer, cut at 65 535 bytes.
    Bytes(Vec<u8>),
    /// An ICMP error for what was sent.
    Icmp(IcmpError),
    /// An error of the socket for which no ICMP detail could be had.
    Failed(How),
    /// Nothing in the time given.
    Nothing,
}

/// The IP TTL of a segment that answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentTtl {
    /// Whether it was a RST, else a SYN-ACK.
    pub reset: bool,
    /// Its TTL or hop limit on arrival.
    pub ttl: u8,
    /// From the first SYN to its arrival.
    pub after: Duration,
}
