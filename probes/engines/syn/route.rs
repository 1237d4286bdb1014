//! A route that packets take: source address, interface and next hop.

use std::net::IpAddr;

use nix::ifaddrs::getifaddrs;
use nix::net::if_::InterfaceFlags;
use nix::sys::socket::LinkAddr;
use pnet::util::MacAddr;

use super::route_lookup::KernelRoute;
use super::template::{Link, Segment, Template};
use crate::model::CannotProbe;
use crate::net::errno::io_error;
use crate::os::Egress;

/// How packets leave for some targets.
pub(super) struct Route {
    /// The address they come from.
    pub(super) source: IpAddr,
    /// The sender they leave by.
    pub(super) send_as: SendAs,
    /// The kernel would ask the gateway whether it is still there, if it sent by it.
    pub(super) stale: bool,
    pub(super) syn: Template,
    pub(super) reset: Template,
}

/// By what packets leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SendAs {
    /// As frames to a gateway whose hardware address is known, on this interface.
    Frames(LinkAddr),
    /// As packets that the kernel routes. That is so on loopback, which drops frames from its own addresses, through
    /// tunnels, and to neighbours on the link, which have a hardware address each. It is so too where the kernel has a
    /// choice of next hops, and where it may encrypt.
    Packets,
}

/// Why there is no route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unroutable {
    /// No route leads there, or one refuses.
    NoRoute,
    /// The interface is down, or its link is.
    LinkDown,
    /// The gateway does not answer on the link.
    NoGateway,
}

/// The interfaces of this computer, as they are now.
pub(super) struct Interfaces(Vec<(String, InterfaceFlags, Option<LinkAddr>)>);

impl Interfaces {
    /// Reads them.
    ///
    /// # Errors
    /// [`CannotProbe`] where the system does not tell.
    pub(super) fn read() -> Result<Self, CannotProbe> {
        let all = getifaddrs().map_err(|errno| io_error("list the interfaces")(errno.into()))?;
        let link = |address: nix::sys::socket::SockaddrStorage| address.as_link_addr().copied();
        Ok(Self(all.map(|one| (one.interface_name, one.flags, one.address.and_then(link))).collect()))
    }

    /// Whether it is up, and its link with it, where that is told (netdevice(7)): the carrier shows at once, what else an interface
    /// waits for within a second.
    fn is_up(&self, name: &str) -> bool {
        let up = InterfaceFlags::IFF_UP | InterfaceFlags::IFF_LOWER_UP | InterfaceFlags::IFF_RUNNING;
        self.0.iter().any(|(known, flags, _)| known == name && flags.contains(up))
    }

    /// Its link address, if it is Ethernet's and has neighbours to be searched for.
    pub(super) fn ethernet(&self, name: &str) -> Option<LinkAddr> {
        let searches = |flags: &InterfaceFlags| !flags.contains(InterfaceFlags::IFF_NOARP);
        let mut own = self.0.iter().filter(|(known, flags, _)| known == name && searches(flags));
        own.find_map(|(_, _, link)| link.filter(|link| link.hatype() == ARPHRD_ETHER && link.addr().is_some()))
    }
}

impl Route {
    /// The route that the kernel told of, if it can be gone now.
    ///
    /// # Errors
    /// [`CannotProbe`] where the system does not tell of neighbours.
    pub(super) fn of(
        told: &KernelRoute,
        interfaces: &Interfaces,
        egress: &dyn Egress,
    ) -> Result<Result<Self, Unroutable>, CannotProbe> {
        if !interfaces.is_up(&told.interface) {
            return Ok(Err(Unroutable::LinkDown));
        }
        let frames = told.gateway.filter(|_| !told.by_kernel).zip(interfaces.ethernet(&told.interface));
        let (mut send_as, mut link, mut stale) = (SendAs::Packets, None, false);
        if let Some((gateway, own)) = frames {
            let known = egress.hardware_address(gateway, &told.interface)?;
            let (Some(from), Some(to)) = (own.addr(), known) else { return Ok(Err(Unroutable::NoGateway)) };
            send_as = SendAs::Frames(own);
            stale = to.stale;
            link = Some(Link { from: MacAddr::from(from), to: MacAddr::from(to.octets) });
        }
        let template = |segment| Template::new(segment, told.source, link);
        Ok(Ok(Self {
            source: told.source,
            send_as,
            stale,
            syn: template(Segment::Syn),
            reset: template(Segment::Reset),
        }))
    }
}

/// `linux/if_arp.h`.
const ARPHRD_ETHER: u16 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_no_ethernet_and_what_is_not_there_is_not_up() {
        let interfaces = Interfaces::read().unwrap();
        assert_eq!(interfaces.ethernet("lo"), None);
        assert!(!interfaces.is_up("nowhere0"));
    }
}
