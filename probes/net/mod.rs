//! The network, as probes are handed it, and this computer's sockets behind it.
//!
//! It offers [`Network`] with TCP connections, UDP sockets and the ICMP errors that came for them, a traceroute by TTL, and what
//! a socket's error means. What one system alone can do lies in that system's folder, under the same names in each. It speaks no
//! protocol above TCP and UDP, resolves no name and judges nothing.

pub(crate) mod async_fd;
pub(crate) mod concurrent;
pub(crate) mod counting_stream;
#[cfg(any(test, not(target_os = "linux")))]
mod elsewhere;
pub(crate) mod errno;
#[cfg(target_os = "linux")]
mod linux;
mod network;
mod options;
mod sockets;
mod tcp;
pub(crate) mod traceroute;
mod udp;

#[cfg(not(target_os = "linux"))]
pub(crate) use elsewhere::{dont_fragment, error_queue, fd_limit, segment_ttls, system_errno};
#[cfg(target_os = "linux")]
pub(crate) use linux::{dont_fragment, error_queue, fd_limit, segment_ttls, system_errno};
pub use network::{Datagram, DatagramOptions, Dial, Dialled, Heard, Network, Outcome, SegmentTtl, Stream};
pub use sockets::Sockets;
