//! Interfaces with their addresses, and what each one is.
//!
//! Everything comes from the kernel's own answers and not from `/sys/class/net`: that shows the network namespace in
//! which it was mounted, which is not always ours.

use ipnet::IpNet;
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::link::{InfoKind, LinkAttribute, LinkInfo, LinkLayerType, LinkMessage};
use pnet::datalink::{self, NetworkInterface};

use super::netlink::{Amount, Answer, ask};
use crate::model::{CannotProbe, Interface, InterfaceKind};

/// All interfaces, in the kernel's order.
pub(super) fn interfaces() -> Result<Vec<Interface>, CannotProbe> {
    let links = links()?;
    let mut interfaces: Vec<Interface> = Vec::new();
    for seen in datalink::interfaces() {
        let name = plain_name(&seen.name);
        let addresses = seen.ips.iter().filter_map(|ip| IpNet::new(ip.ip(), ip.prefix()).ok());
        if let Some(known) = interfaces.iter_mut().find(|known| known.name == name) {
            known.addresses.extend(addresses);
            continue;
        }
        let link = links.iter().find(|link| link.header.index == seen.index);
        interfaces.push(Interface {
            name: name.to_owned(),
            up: is_up(&seen),
            kind: link.map_or_else(|| kind_by_flags(&seen), |link| kind(name, link)),
            addresses: addresses.collect(),
            mtu_bytes: link.and_then(mtu),
        });
    }
    Ok(interfaces)
}

fn links() -> Result<Vec<LinkMessage>, CannotProbe> {
    let request = RouteNetlinkMessage::GetLink(LinkMessage::default());
    let operation = "list the interfaces";
    match ask(request, Amount::All, operation)? {
        Answer::Refused(errno) => Err(CannotProbe::Io { operation, source: std::io::Error::from_raw_os_error(errno) }),
        Answer::Told(messages) => Ok(messages
            .into_iter()
            .filter_map(|message| match message {
                RouteNetlinkMessage::NewLink(link) => Some(link),
                _ => None,
            })
            .collect()),
    }
}

/// An address may carry a label of its own, `eth0:1` (ip-address(8)); the interface is what stands before the colon.
fn plain_name(label: &str) -> &str {
    label.split_once(':').map_or(label, |(name, _)| name)
}

/// `IFF_RUNNING` is the kernel's word for "carrier, or a driver that does not tell" (RFC 2863 state up or unknown).
fn is_up(seen: &NetworkInterface) -> bool {
    seen.is_up() && seen.is_running()
}

fn mtu(link: &LinkMessage) -> Option<u32> {
    link.attributes.iter().find_map(|attribute| match attribute {
        LinkAttribute::Mtu(mtu) => Some(*mtu),
        _ => None,
    })
}

/// By the hardware type (`ARPHRD_*`, `linux/if_arp.h`).
///
/// `ARPHRD_NONE` is what TUN, WireGuard, OpenVPN and XFRM have, but also mobile modems in raw-IP mode (`qmi_wwan`),
/// which only their name tells: `ww…` (systemd.net-naming-scheme(7)), or the link kind `wwan`.
fn kind(name: &str, link: &LinkMessage) -> InterfaceKind {
    match link.header.link_layer_type {
        LinkLayerType::Loopback => InterfaceKind::Loopback,
        LinkLayerType::None if name.starts_with("ww") || is_modem(link) => InterfaceKind::Link,
        LinkLayerType::None
        | LinkLayerType::Ppp
        | LinkLayerType::Slip
        | LinkLayerType::Tunnel
        | LinkLayerType::Tunnel6
        | LinkLayerType::Sit
        | LinkLayerType::Ipgre
        | LinkLayerType::Ip6gre => InterfaceKind::Tunnel,
        _ => InterfaceKind::Link,
    }
}

fn is_modem(link: &LinkMessage) -> bool {
    link.attributes.iter().any(|attribute| match attribute {
        LinkAttribute::LinkInfo(infos) => infos.iter().any(|info| matches!(info, LinkInfo::Kind(InfoKind::Wwan))),
        _ => false,
    })
}

/// For a link whose message could not be read.
fn kind_by_flags(seen: &NetworkInterface) -> InterfaceKind {
    if seen.is_loopback() {
        InterfaceKind::Loopback
    } else if seen.is_point_to_point() {
        InterfaceKind::Tunnel
    } else {
        InterfaceKind::Link
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(layer: LinkLayerType, attributes: Vec<LinkAttribute>) -> LinkMessage {
        let mut link = LinkMessage::default();
        link.header.link_layer_type = layer;
        link.attributes = attributes;
        link
    }

    #[test]
    fn loopback_is_there_and_is_loopback() {
        let interfaces = interfaces().unwrap();
        let lo = interfaces.iter().find(|interface| interface.name == "lo").unwrap();
        assert_eq!(lo.kind, InterfaceKind::Loopback);
        assert_eq!(lo.mtu_bytes, Some(65536));
    }

    #[test]
    fn a_tunnel_is_told_from_a_modem_of_the_same_hardware_type() {
        assert_eq!(kind("tun0", &link(LinkLayerType::None, vec![])), InterfaceKind::Tunnel);
        assert_eq!(kind("wwp0s20", &link(LinkLayerType::None, vec![])), InterfaceKind::Link);
        let wwan = LinkAttribute::LinkInfo(vec![LinkInfo::Kind(InfoKind::Wwan)]);
        assert_eq!(kind("mob0", &link(LinkLayerType::None, vec![wwan])), InterfaceKind::Link);
    }

    #[test]
    fn ppp_gre_and_sit_are_tunnels_and_ethernet_is_a_link() {
        for layer in [LinkLayerType::Ppp, LinkLayerType::Ipgre, LinkLayerType::Ip6gre, LinkLayerType::Sit] {
            assert_eq!(kind("x", &link(layer, vec![])), InterfaceKind::Tunnel);
        }
        assert_eq!(kind("eth0", &link(LinkLayerType::Ether, vec![])), InterfaceKind::Link);
    }

    #[test]
    fn a_label_belongs_to_its_interface() {
        assert_eq!(plain_name("eth0:1"), "eth0");
    }
}
