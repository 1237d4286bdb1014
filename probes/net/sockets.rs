//! The network as this computer has it: the door to TCP connections, UDP sockets and raw segments.
//!
//! It opens what it is asked to open, once, and tells how that ended; it never repeats and never judges.

use std::net::SocketAddr;

use super::tcp::Attempt;
use super::{Datagram, DatagramOptions, Dial, Dialled, Network, SegmentTtl, error_queue, segment_ttls, udp};
use crate::model::{CannotProbe, Pending};

/// The network as this computer's kernel has it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sockets;

impl Sockets {
    /// The kernel's sockets; nothing is opened yet.
    pub fn new() -> Self {
        Self
    }
}

impl Network for Sockets {
    fn dial(&self, dial: Dial) -> Pending<'_, Result<Dialled, CannotProbe>> {
        Box::pin(async move {
            needs_icmp_errors(dial.ttl)?;
            match Attempt::start(&dial)? {
                Ok(attempt) => attempt.finish(dial.wait).await,
                Err(at_once) => Ok(at_once),
            }
        })
    }

    fn datagram(
        &self,
        to: SocketAddr,
        options: DatagramOptions,
    ) -> Pending<'_, Result<Box<dyn Datagram>, CannotProbe>> {
        Box::pin(async move {
            needs_icmp_errors(options.ttl)?;
            udp::open(to, &options)
        })
    }

    fn segment_ttls(&self, dial: Dial) -> Pending<'_, Result<Vec<SegmentTtl>, CannotProbe>> {
        Box::pin(segment_ttls::segment_ttls(dial))
    }
}

/// A packet with a limited TTL is sent to learn where it dies. Where that cannot be seen, its silence would say nothing.
fn needs_icmp_errors(ttl: Option<u8>) -> Result<(), CannotProbe> {
    if ttl.is_some() { error_queue::visible() } else { Ok(()) }
}
