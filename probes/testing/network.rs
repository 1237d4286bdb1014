//! The kernel's sockets, as the program uses them, held to loopback.

use std::net::SocketAddr;

use crate::model::{CannotProbe, Pending};
use crate::net::{Datagram, DatagramOptions, Dial, Dialled, Network, SegmentTtl, Sockets};

/// Real sockets; a test that would reach beyond loopback fails instead.
pub(crate) struct Loopback;

impl Network for Loopback {
    fn dial(&self, dial: Dial) -> Pending<'_, Result<Dialled, CannotProbe>> {
        stay(dial.to);
        Box::pin(async { Sockets::new().dial(dial).await })
    }

    fn datagram(
        &self,
        to: SocketAddr,
        options: DatagramOptions,
    ) -> Pending<'_, Result<Box<dyn Datagram>, CannotProbe>> {
        stay(to);
        Box::pin(async move { Sockets::new().datagram(to, options).await })
    }

    fn segment_ttls(&self, dial: Dial) -> Pending<'_, Result<Vec<SegmentTtl>, CannotProbe>> {
        stay(dial.to);
        Box::pin(async { Sockets::new().segment_ttls(dial).await })
    }
}

fn stay(to: SocketAddr) {
    assert!(to.ip().is_loopback(), "a test stays on loopback and may not reach {to}");
}
