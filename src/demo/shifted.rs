//! The network of a world: the real one, led to the addresses where the world's servers really are.
//!
//! Whatever is dialled, nothing leaves the world's block of loopback: an address without a house is as silent as most of
//! the internet, and there is no IPv6.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use why5003_probes::model::{CannotProbe, How, Pending, Transport};
use why5003_probes::net::{Datagram, DatagramOptions, Dial, Dialled, Heard, Network, Outcome, SegmentTtl};

use super::block::{self, Block};
use super::houses::{THIS_COMPUTER, VOID};
use super::path::Path;

/// Where somebody is, by logical port. Shared by all who need to know.
#[derive(Clone, Debug, Default)]
pub(super) struct Endpoints(Arc<HashSet<(Ipv4Addr, u16, Transport)>>);

impl Endpoints {
    /// Whether somebody is there.
    pub(super) fn holds(&self, address: Ipv4Addr, port: u16, transport: Transport) -> bool {
        self.0.contains(&(address, port, transport))
    }
}

impl FromIterator<(Ipv4Addr, u16, Transport)> for Endpoints {
    fn from_iter<I: IntoIterator<Item = (Ipv4Addr, u16, Transport)>>(endpoints: I) -> Self {
        Self(Arc::new(endpoints.into_iter().collect()))
    }
}

/// A network whose ports are shifted and whose ends are in one block of loopback.
pub struct Shifted {
    inner: Arc<dyn Network>,
    block: Block,
    endpoints: Endpoints,
    path: Path,
}

impl Shifted {
    pub(super) fn new(inner: Arc<dyn Network>, block: Block, endpoints: Endpoints, path: Path) -> Self {
        Self { inner, block, endpoints, path }
    }

    /// Where a logical address and port really is; `None` for IPv6, to which this computer has no route.
    fn real(&self, to: SocketAddr, transport: Transport) -> Option<SocketAddr> {
        let IpAddr::V4(address) = to.ip() else { return None };
        Some(if self.endpoints.holds(address, to.port(), transport) {
            block::real(address, to.port())
        } else {
            void(self.block)
        })
    }

    /// The source to send from: this computer's address in the world, whatever else was asked for.
    fn source(&self) -> IpAddr {
        IpAddr::V4(self.block.at(THIS_COMPUTER))
    }

    fn led(&self, dial: &Dial) -> Option<Dial> {
        let to = self.real(dial.to, Transport::Tcp)?;
        Some(Dial { to, source: Some(self.source()), ..dial.clone() })
    }
}

/// Where silence is, for TCP and UDP.
pub(super) fn void(block: Block) -> SocketAddr {
    block::real(block.at(VOID), VOID_PORT)
}

impl Network for Shifted {
    fn dial(&self, dial: Dial) -> Pending<'_, Result<Dialled, CannotProbe>> {
        if let Some(ended) = self.path.dial(&dial) {
            return Box::pin(async { Ok(ended.await) });
        }
        match self.led(&dial) {
            Some(dial) => self.inner.dial(dial),
            None => Box::pin(async { Ok(no_route()) }),
        }
    }

    fn datagram(
        &self,
        to: SocketAddr,
        options: DatagramOptions,
    ) -> Pending<'_, Result<Box<dyn Datagram>, CannotProbe>> {
        if let Some(ended) = self.path.datagram(to, options.ttl, SocketAddr::new(self.source(), 0)) {
            return Box::pin(async { Ok(ended) });
        }
        match self.real(to, Transport::Udp) {
            Some(to) => self.inner.datagram(to, DatagramOptions { source: Some(self.source()), ..options }),
            None => Box::pin(async { Ok(Box::new(Unrouted) as Box<dyn Datagram>) }),
        }
    }

    fn segment_ttls(&self, _dial: Dial) -> Pending<'_, Result<Vec<SegmentTtl>, CannotProbe>> {
        Box::pin(async {
            let why = "the demo's world is on loopback, where every segment arrives with the TTL it was sent with";
            Err(CannotProbe::Unsupported { what: "the IP TTL of segments", why })
        })
    }
}

fn no_route() -> Dialled {
    Dialled { outcome: Outcome::Failed(How::NoRoute, Some("ENETUNREACH")), took: Duration::ZERO, icmp: Vec::new() }
}

/// A UDP socket towards an address to which there is no route.
struct Unrouted;

impl Datagram for Unrouted {
    fn send<'a>(&'a mut self, _bytes: &'a [u8]) -> Pending<'a, Result<(), How>> {
        Box::pin(async { Err(How::NoRoute) })
    }

    fn hear(&mut self, _wait: Duration) -> Pending<'_, Heard> {
        Box::pin(async { Heard::Failed(How::NoRoute) })
    }

    fn local(&self) -> SocketAddr {
        SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), 0)
    }
}

/// Any port: nothing is ever answered there.
const VOID_PORT: u16 = 1;
