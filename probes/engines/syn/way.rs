//! The ways that targets are reached by: source address, interface and next hop, as the kernel's routes say.
//!
//! Routes are asked once, before anything is sent. A prefix is one way where its first address, its last and the one in the middle
//! are; otherwise its halves are looked at, and theirs.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::time::Duration;

use ipnet::IpNet;
use nix::ifaddrs::getifaddrs;
use nix::sys::socket::LinkAddr;
use pnet::util::MacAddr;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::time::{MissedTickBehavior, interval};

use super::template::{Link, Segment, Template};
use crate::kit::{CannotLook, System};

/// How packets leave for some targets.
pub(super) struct Way {
    /// The address they come from.
    pub(super) source: IpAddr,
    /// The door they leave by.
    pub(super) exit: Exit,
    pub(super) syn: Template,
    pub(super) reset: Template,
}

/// By what packets leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    /// As frames to a gateway whose hardware address is known, on this interface.
    Frames(LinkAddr),
    /// As packets that the kernel routes: on loopback, which drops frames from its own addresses; through tunnels; to neighbours
    /// on the link, each of which has a hardware address of its own.
    Packets,
}

/// All ways, and which targets go by which.
pub(super) struct Ways {
    ways: Vec<Way>,
    /// In order, without overlaps.
    spans: Vec<Span>,
}

/// Addresses that share a way, the ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    first: IpAddr,
    last: IpAddr,
    /// Its number; `None`: there is no route.
    way: Option<usize>,
}

/// What the kernel says of one address.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Told {
    interface: String,
    gateway: Option<IpAddr>,
    source: IpAddr,
}

impl Ways {
    /// Asks for the ways to these prefixes. A gateway that is not known on the link is made known: one empty datagram to its discard
    /// port makes the kernel search for it.
    ///
    /// # Errors
    /// [`CannotLook`] where the system does not tell its routes.
    pub(super) async fn find(
        system: &dyn System,
        prefixes: &[IpNet],
        source: Option<IpAddr>,
    ) -> Result<Self, CannotLook> {
        let (mut told, mut spans) = (Vec::new(), Vec::new());
        let ask = |address: IpAddr| ask(system, address, source);
        for prefix in IpNet::aggregate(&prefixes.to_vec()) {
            divide(prefix, HALVINGS, &ask, &mut told, &mut spans)?;
        }
        spans.sort_unstable_by_key(|span| span.first);
        let mut ways = Vec::new();
        for told in told {
            ways.push(way(system, &told).await?);
        }
        Ok(Self { ways, spans })
    }

    /// The way to an address; `None` where there is no route.
    pub(super) fn to(&self, address: IpAddr) -> Option<&Way> {
        let at = self.spans.partition_point(|span| span.first <= address).checked_sub(1)?;
        let span = self.spans.get(at).filter(|span| address <= span.last)?;
        self.ways.get(span.way?)
    }

    /// Sets the timestamp of the SYNs that will leave by any of them.
    pub(super) fn stamp(&mut self, stamp: u32) {
        for way in &mut self.ways {
            way.syn.stamp(stamp);
        }
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Way> {
        self.ways.iter()
    }
}

fn ask(system: &dyn System, address: IpAddr, source: Option<IpAddr>) -> Result<Option<Told>, CannotLook> {
    let route = system.route(address)?;
    let Some(interface) = route.interface else { return Ok(None) };
    let fitting = source.filter(|source| source.is_ipv4() == address.is_ipv4());
    // To an address of its own the kernel talks as that address.
    let kernels = route.source.filter(|source| *source != address);
    let loopback = if address.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() };
    let source = fitting.or(kernels).unwrap_or(loopback);
    Ok(Some(Told { interface, gateway: route.gateway, source }))
}

/// Notes the ways of a prefix, by halves where it has several.
fn divide(
    prefix: IpNet,
    halvings: u8,
    ask: &dyn Fn(IpAddr) -> Result<Option<Told>, CannotLook>,
    told: &mut Vec<Told>,
    spans: &mut Vec<Span>,
) -> Result<(), CannotLook> {
    let (first, last) = (prefix.network(), prefix.broadcast());
    let halves: Vec<IpNet> = prefix.subnets(prefix.prefix_len() + 1).into_iter().flatten().collect();
    let way = ask(first)?;
    let mut same = true;
    for other in halves.get(1).map(IpNet::network).into_iter().chain([last]) {
        same = same && ask(other)? == way;
    }
    if !same && halvings > 0 {
        for half in halves {
            divide(half, halvings - 1, ask, told, spans)?;
        }
        return Ok(());
    }
    let way = way.map(|way| {
        told.iter().position(|known| *known == way).unwrap_or_else(|| {
            told.push(way);
            told.len() - 1
        })
    });
    spans.push(Span { first, last, way });
    Ok(())
}

async fn way(system: &dyn System, told: &Told) -> Result<Way, CannotLook> {
    let mut exit = Exit::Packets;
    let mut link = None;
    if let (Some(gateway), Some(own)) = (told.gateway, ethernet(&told.interface))
        && let Some(from) = own.addr()
        && let Some(to) = hardware_address(system, gateway, told, own.ifindex()).await?
    {
        exit = Exit::Frames(own);
        link = Some(Link { from: MacAddr::from(from), to: MacAddr::from(to) });
    }
    let template = |segment| Template::new(segment, told.source, link);
    Ok(Way { source: told.source, exit, syn: template(Segment::Syn), reset: template(Segment::Reset) })
}

/// The link address of an interface, if it is Ethernet's.
fn ethernet(interface: &str) -> Option<LinkAddr> {
    let all = getifaddrs().ok()?;
    let named = all.filter(|one| one.interface_name == interface);
    let links = named.filter_map(|one| one.address.and_then(|address| address.as_link_addr().copied()));
    links.into_iter().find(|link| link.hatype() == ARPHRD_ETHER)
}

/// The hardware address of a gateway, searched for if it is not known; `None` where it does not answer.
async fn hardware_address(
    system: &dyn System,
    gateway: IpAddr,
    told: &Told,
    interface: usize,
) -> Result<Option<[u8; 6]>, CannotLook> {
    if let Some(known) = system.egress()?.hardware_address(gateway, &told.interface)? {
        return Ok(Some(known.octets));
    }
    let to = match gateway {
        IpAddr::V4(_) => SocketAddr::new(gateway, DISCARD),
        IpAddr::V6(gateway) => SocketAddrV6::new(gateway, DISCARD, 0, u32::try_from(interface).unwrap_or(0)).into(),
    };
    let asked = Socket::new(Domain::for_address(to), Type::DGRAM.nonblocking(), Some(Protocol::UDP))
        .and_then(|socket| socket.connect(&to.into()).and_then(|()| socket.send(&[])));
    if asked.is_err() {
        return Ok(None);
    }
    // The kernel tells of new neighbours only those that listen on netlink all the time: a few looks at its table do.
    let mut looks = interval(BETWEEN_LOOKS);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for _ in 0..LOOKS {
        looks.tick().await;
        if let Some(found) = system.egress()?.hardware_address(gateway, &told.interface)? {
            return Ok(Some(found.octets));
        }
    }
    Ok(None)
}

/// `linux/if_arp.h`.
const ARPHRD_ETHER: u16 = 1;
/// RFC 863: whoever has it open throws away what comes.
const DISCARD: u16 = 9;
/// In all as long as the kernel searches: three times a second apart (`mcast_solicit`, `retrans_time_ms`).
const LOOKS: u32 = 300;
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);
/// How often a prefix is halved to find where its ways part: an IPv4 prefix of Zoom's is then four addresses.
const HALVINGS: u8 = 14;

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    /// By the first of these prefixes that holds the address, a way by its gateway; elsewhere there is none.
    fn divided(prefix: &str, routes: &[(&str, &str)]) -> (Vec<IpAddr>, Vec<Span>) {
        let (mut told, mut spans) = (Vec::new(), Vec::new());
        let ask = |address: IpAddr| {
            let holds = |route: &&(&str, &str)| route.0.parse::<IpNet>().unwrap().contains(&address);
            let gateway = routes.iter().find(holds).map(|(_, gateway)| ip(gateway));
            Ok(gateway.map(|gateway| Told {
                interface: "eth0".to_owned(),
                gateway: Some(gateway),
                source: ip("192.0.2.1"),
            }))
        };
        divide(prefix.parse().unwrap(), HALVINGS, &ask, &mut told, &mut spans).unwrap();
        (told.into_iter().filter_map(|told| told.gateway).collect(), spans)
    }

    fn span(first: &str, last: &str, way: Option<usize>) -> Span {
        Span { first: ip(first), last: ip(last), way }
    }

    #[test]
    fn a_prefix_with_one_route_is_one_way() {
        let (gateways, spans) = divided("170.114.0.0/16", &[("0.0.0.0/0", "192.0.2.254")]);
        assert_eq!(gateways, [ip("192.0.2.254")]);
        assert_eq!(spans, [span("170.114.0.0", "170.114.255.255", Some(0))]);
    }

    #[test]
    fn where_the_ways_of_a_prefix_part_it_is_halved() {
        let routes = [("170.114.192.0/18", "192.0.2.253"), ("170.114.0.0/16", "192.0.2.254")];
        let (gateways, spans) = divided("170.114.0.0/16", &routes);
        assert_eq!(gateways, [ip("192.0.2.254"), ip("192.0.2.253")]);
        let wanted = [
            span("170.114.0.0", "170.114.127.255", Some(0)),
            span("170.114.128.0", "170.114.191.255", Some(0)),
            span("170.114.192.0", "170.114.255.255", Some(1)),
        ];
        assert_eq!(spans, wanted);
        let ways = Ways { ways: Vec::new(), spans };
        assert!(ways.to(ip("170.115.0.0")).is_none());
    }

    #[test]
    fn addresses_without_a_route_have_no_way() {
        let (gateways, spans) = divided("2407:30c0::/127", &[("2407:30c0::/128", "fe80::1")]);
        assert_eq!(gateways, [ip("fe80::1")]);
        assert_eq!(spans, [span("2407:30c0::", "2407:30c0::", Some(0)), span("2407:30c0::1", "2407:30c0::1", None)]);
    }
}
