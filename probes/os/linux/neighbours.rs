//! The kernel's neighbour (ARP, NDP) entry of an address; it reads the table and asks nobody.

use std::net::{IpAddr, Ipv6Addr};

use netlink_packet_route::neighbour::{NeighbourAddress, NeighbourAttribute, NeighbourMessage, NeighbourState};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use nix::ifaddrs::getifaddrs;
use nix::net::if_::InterfaceFlags;

use super::netlink::{Amount, Answer, ask};
use super::routes::{interface_name, route};
use crate::model::{CannotProbe, Neighbour};
use crate::os::HardwareAddress;

const OPERATION: &str = "read the neighbour table";

/// The entry of that address on the interface that leads to it, `None` where there is none.
///
/// An address on a link that does no neighbour search (a tunnel) has the state `noarp`, with or without an entry.
pub(super) fn neighbour(address: IpAddr) -> Result<Option<Neighbour>, CannotProbe> {
    let on = interface_towards(address)?;
    let entries = entries(address)?;
    if let Some(entry) = choose(entries, on.as_deref()) {
        return Ok(Some(entry));
    }
    Ok(on.filter(|name| searches_no_neighbours(name)).map(|interface| Neighbour {
        address,
        interface,
        state: "noarp".to_owned(),
    }))
}

/// The interface on whose link the address stands, where that can be told.
///
/// A link-local gateway (RFC 4861) can stand on several links, and its own route does not tell which one is meant: the
/// default route does, if the address is its gateway.
fn interface_towards(address: IpAddr) -> Result<Option<String>, CannotProbe> {
    // Any global address that no table lists by itself: the IPv6 documentation prefix, RFC 3849.
    const BEYOND: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1));
    let link_local = matches!(address, IpAddr::V6(v6) if v6.is_unicast_link_local());
    let way = route(if link_local { BEYOND } else { address }, None)?;
    let leads_there = way.gateway == link_local.then_some(address);
    Ok(way.interface.filter(|_| leads_there))
}

/// The entry on that interface; where none is known, the only entry there is.
fn choose(mut entries: Vec<Neighbour>, on: Option<&str>) -> Option<Neighbour> {
    if let Some(on) = on {
        entries.retain(|entry| entry.interface == on);
    }
    if entries.len() == 1 { entries.pop() } else { None }
}

/// The Ethernet address in the entry of that address on that interface, `None` where there is none or its search failed.
pub(super) fn hardware_address(address: IpAddr, interface: &str) -> Result<Option<HardwareAddress>, CannotProbe> {
    let entries = messages(address)?;
    let mut on_it = entries
        .iter()
        .filter(|entry| !matches!(entry.header.state, NeighbourState::Failed | NeighbourState::Incomplete))
        .filter(|entry| interface_name(entry.header.ifindex).as_deref() == Some(interface));
    Ok(on_it.find_map(|entry| {
        let octets = entry.attributes.iter().find_map(|attribute| match attribute {
            NeighbourAttribute::LinkLayerAddress(bytes) => bytes.as_slice().try_into().ok(),
            _ => None,
        })?;
        Some(HardwareAddress { octets, stale: entry.header.state == NeighbourState::Stale })
    }))
}

fn entries(address: IpAddr) -> Result<Vec<Neighbour>, CannotProbe> {
    let entries = messages(address)?;
    let read = |entry: &NeighbourMessage| {
        let interface = interface_name(entry.header.ifindex)?;
        Some(Neighbour { address, interface, state: word(entry.header.state)? })
    };
    Ok(entries.iter().filter_map(read).collect())
}

/// The kernel's entries of that address, on all interfaces.
fn messages(address: IpAddr) -> Result<Vec<NeighbourMessage>, CannotProbe> {
    let mut request = NeighbourMessage::default();
    request.header.family = match address {
        IpAddr::V4(_) => AddressFamily::Inet,
        IpAddr::V6(_) => AddressFamily::Inet6,
    };
    match ask(RouteNetlinkMessage::GetNeighbour(request), Amount::All, OPERATION)? {
        Answer::Refused(errno) => {
            Err(CannotProbe::Io { operation: OPERATION, source: std::io::Error::from_raw_os_error(errno) })
        }
        Answer::Told(messages) => Ok(messages
            .into_iter()
            .filter_map(|message| match message {
                RouteNetlinkMessage::NewNeighbour(entry) => Some(entry),
                _ => None,
            })
            .filter(|entry| is_for(entry, address))
            .collect()),
    }
}

fn is_for(entry: &NeighbourMessage, address: IpAddr) -> bool {
    let wanted = NeighbourAddress::from(address);
    entry.attributes.iter().any(|attribute| matches!(attribute, NeighbourAttribute::Destination(to) if *to == wanted))
}

/// The kernel's word, as `ip neigh` prints it; an entry without a state (`NUD_NONE`) is none.
fn word(state: NeighbourState) -> Option<String> {
    match state {
        NeighbourState::None => None,
        NeighbourState::Other(bits) => Some(format!("{bits:#x}")),
        named => Some(named.to_string()),
    }
}

/// `IFF_NOARP` (netdevice(7)).
fn searches_no_neighbours(interface: &str) -> bool {
    getifaddrs().is_ok_and(|mut all| {
        all.any(|one| one.interface_name == interface && one.flags.contains(InterfaceFlags::IFF_NOARP))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(interface: &str) -> Neighbour {
        Neighbour { address: Ipv6Addr::LOCALHOST.into(), interface: interface.to_owned(), state: "stale".to_owned() }
    }

    #[test]
    fn of_two_links_with_the_same_gateway_address_the_one_of_the_route_counts() {
        let both = || vec![entry("eth0"), entry("wlan0")];
        assert_eq!(choose(both(), Some("wlan0")), Some(entry("wlan0")));
        assert_eq!(choose(both(), None), None);
        assert_eq!(choose(both(), Some("eth1")), None);
        assert_eq!(choose(vec![entry("eth0")], None), Some(entry("eth0")));
    }

    #[test]
    fn a_documentation_address_has_no_entry() {
        assert_eq!(neighbour(IpAddr::from([203, 0, 113, 77])).unwrap(), None);
    }

    #[test]
    fn states_have_the_words_of_ip_neigh() {
        assert_eq!(word(NeighbourState::Reachable).as_deref(), Some("reachable"));
        assert_eq!(word(NeighbourState::Noarp).as_deref(), Some("noarp"));
        assert_eq!(word(NeighbourState::None), None);
        assert_eq!(word(NeighbourState::Other(0x300)).as_deref(), Some("0x300"));
    }
}
