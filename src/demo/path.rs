//! The way from this computer to the world's houses, as a traceroute sees it: three routers, the second of which filters.
//!
//! Loopback has no routers, so this part of the network is simulated; sockets with their usual TTL never meet it.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use why5003_probes::model::{How, IcmpError, IcmpMeaning, Pending, Transport};
use why5003_probes::net::{Datagram, Dial, Dialled, Heard, Outcome};

use super::block::Block;

/// What the filtering router does with a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Filter {
    /// It forwards nothing and says nothing.
    Drops,
    /// It answers in the server's name with a RST.
    Resets,
}

/// The routers on the way, and the flows that the second of them filters.
#[derive(Clone, Debug)]
pub(super) struct Path {
    block: Block,
    filtered: HashMap<(Ipv4Addr, u16, Transport), Filter>,
}

/// What becomes of a packet with a small TTL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// It reaches the house.
    Arrives,
    /// This router answers that its time is over.
    Expires(IpAddr),
    /// Nothing comes back.
    Vanishes,
    /// A RST comes back.
    IsReset,
}

impl Path {
    pub(super) fn new(block: Block, filtered: HashMap<(Ipv4Addr, u16, Transport), Filter>) -> Self {
        Self { block, filtered }
    }

    /// A dial that ends on the way, if its TTL is too small to arrive.
    pub(super) fn dial(&self, dial: &Dial) -> Option<Pending<'static, Dialled>> {
        let wait = dial.wait;
        let ended = |outcome, took, icmp| Dialled { outcome, took, icmp };
        Some(match self.fate(dial.to, Transport::Tcp, dial.ttl?) {
            Fate::Arrives => return None,
            Fate::Expires(router) => {
                let outcome = Outcome::Failed(How::Expired, Some("EHOSTUNREACH"));
                let done = ended(outcome, HOP, vec![expired(router)]);
                Box::pin(async { done })
            }
            Fate::IsReset => {
                let done = ended(Outcome::Failed(How::Refused, Some("ECONNREFUSED")), HOP, Vec::new());
                Box::pin(async { done })
            }
            Fate::Vanishes => Box::pin(async move {
                tokio::time::sleep(wait).await;
                ended(Outcome::Failed(How::Silent, None), wait, Vec::new())
            }),
        })
    }

    /// A UDP socket whose datagrams end on the way, if their TTL is too small to arrive.
    pub(super) fn datagram(&self, to: SocketAddr, ttl: Option<u8>, local: SocketAddr) -> Option<Box<dyn Datagram>> {
        let router = match self.fate(to, Transport::Udp, ttl?) {
            Fate::Arrives => return None,
            Fate::Expires(router) => Some(router),
            Fate::Vanishes | Fate::IsReset => None,
        };
        Some(Box::new(OnTheWay { router, told: false, local }))
    }

    fn fate(&self, to: SocketAddr, transport: Transport, ttl: u8) -> Fate {
        let IpAddr::V4(address) = to.ip() else { return Fate::Arrives };
        let [_, _, _, last] = address.octets();
        let on_link = self.block.at(last) == address && last < FIRST_BEYOND;
        let filter = self.filtered.get(&(address, to.port(), transport));
        match (filter, ttl) {
            _ if on_link => Fate::Arrives,
            // A router answers an expired TTL before it filters what it forwards (RFC 1812, 5.2.1.2 and 5.3.1).
            (_, 1..=FILTERING) => Fate::Expires(self.router(ttl)),
            (Some(Filter::Drops), _) => Fate::Vanishes,
            (Some(Filter::Resets), _) => Fate::IsReset,
            (None, ttl) if ttl <= ROUTERS => Fate::Expires(self.router(ttl)),
            (None, _) => Fate::Arrives,
        }
    }

    fn router(&self, hop: u8) -> IpAddr {
        IpAddr::V4(self.block.at(ROUTER + hop))
    }
}

fn expired(router: IpAddr) -> IcmpError {
    IcmpError { from: Some(router), meaning: IcmpMeaning::TimeExceeded, kind: 11, code: 0, own: false, mtu: None }
}

/// A UDP socket whose datagrams do not arrive.
struct OnTheWay {
    router: Option<IpAddr>,
    told: bool,
    local: SocketAddr,
}

impl Datagram for OnTheWay {
    fn send<'a>(&'a mut self, _bytes: &'a [u8]) -> Pending<'a, Result<(), How>> {
        self.told = false;
        Box::pin(async { Ok(()) })
    }

    fn hear(&mut self, wait: Duration) -> Pending<'_, Heard> {
        Box::pin(async move {
            match self.router {
                Some(router) if !self.told => {
                    self.told = true;
                    Heard::Icmp(expired(router))
                }
                _ => {
                    tokio::time::sleep(wait).await;
                    Heard::Nothing
                }
            }
        })
    }

    fn local(&self) -> SocketAddr {
        self.local
    }
}

/// Addresses of the block below this last octet are on this computer's own link.
const FIRST_BEYOND: u8 = 32;
/// How many routers there are.
const ROUTERS: u8 = 3;
/// The one that filters.
const FILTERING: u8 = 2;
/// Routers' last octets count from here.
const ROUTER: u8 = 240;
/// How long a hop takes to answer.
const HOP: Duration = Duration::from_millis(1);

#[cfg(test)]
mod tests {
    use super::*;

    fn fates(filter: Option<Filter>) -> Vec<Fate> {
        let block = Block::next();
        let to = (block.at(40), 443, Transport::Tcp);
        let path = Path::new(block, filter.map(|filter| (to, filter)).into_iter().collect());
        (1..=4).map(|ttl| path.fate(SocketAddr::from((to.0, to.1)), Transport::Tcp, ttl)).collect()
    }

    #[test]
    fn a_free_flow_meets_three_routers_and_arrives() {
        let fates = fates(None);
        assert!(matches!(fates[..], [Fate::Expires(_), Fate::Expires(_), Fate::Expires(_), Fate::Arrives]));
    }

    #[test]
    fn the_router_that_filters_still_answers_an_expired_ttl() {
        assert!(matches!(
            fates(Some(Filter::Drops))[..],
            [Fate::Expires(_), Fate::Expires(_), Fate::Vanishes, Fate::Vanishes]
        ));
        assert!(matches!(
            fates(Some(Filter::Resets))[..],
            [Fate::Expires(_), Fate::Expires(_), Fate::IsReset, Fate::IsReset]
        ));
    }
}
