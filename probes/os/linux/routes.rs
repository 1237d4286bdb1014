//! The kernel's route to one address, as `ip route get` asks it; nothing is sent to the address.

use std::io;
use std::net::IpAddr;

use netlink_packet_route::route::{RouteAttribute, RouteFlags, RouteMessage, RouteType, RouteVia};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use nix::errno::Errno;
use nix::net::if_::if_indextoname;

use super::netlink::{Amount, Answer, ask};
use super::route_message::{has_several_hops, ip};
use crate::model::{CannotProbe, Route};

const OPERATION: &str = "ask the kernel for a route";

/// The route to that address, from that source where one is given.
///
/// The answer is one TCP or UDP socket of this user without a mark would get: rules by user apply, rules by mark
/// (as some VPNs set for their own packets) are not.
pub(super) fn route(to: IpAddr, source: Option<IpAddr>) -> Result<Route, CannotProbe> {
    read(to, probe_up(request(to, source))?)
}

/// Whether that route has several next hops: it is asked for itself, and not for what the kernel makes of it for this address.
pub(super) fn spreads(to: IpAddr, source: Option<IpAddr>) -> Result<bool, CannotProbe> {
    let mut request = request(to, source);
    request.header.flags = RouteFlags::FibMatch;
    Ok(matches!(probe_up(request)?, Told::Way(route) if has_several_hops(&route)))
}

fn probe_up(request: RouteMessage) -> Result<Told, CannotProbe> {
    match ask(RouteNetlinkMessage::GetRoute(request), Amount::One, OPERATION)? {
        Answer::Refused(errno) => Ok(Told::Refused(Errno::from_raw(errno))),
        Answer::Told(messages) => messages
            .into_iter()
            .find_map(|message| match message {
                RouteNetlinkMessage::NewRoute(route) => Some(Told::Way(route)),
                _ => None,
            })
            .ok_or_else(|| unreadable("the kernel's answer could not be read")),
    }
}

/// The interface's name, by the kernel's number for it.
pub(super) fn interface_name(index: u32) -> Option<String> {
    if_indextoname(index).ok().map(|name| name.to_string_lossy().into_owned())
}

fn request(to: IpAddr, source: Option<IpAddr>) -> RouteMessage {
    let mut message = RouteMessage::default();
    let (family, length) = match to {
        IpAddr::V4(_) => (AddressFamily::Inet, 32),
        IpAddr::V6(_) => (AddressFamily::Inet6, 128),
    };
    (message.header.address_family, message.header.destination_prefix_length) = (family, length);
    message.attributes.push(RouteAttribute::Destination(to.into()));
    if let Some(source) = source {
        message.header.source_prefix_length = length;
        message.attributes.push(RouteAttribute::Source(source.into()));
    }
    message
}

enum Told {
    Way(RouteMessage),
    Refused(Errno),
}

fn read(to: IpAddr, told: Told) -> Result<Route, CannotProbe> {
    let mut route = Route { to, interface: None, gateway: None, source: None, refuses: None };
    let message = match told {
        Told::Way(message) => message,
        Told::Refused(errno) => {
            route.refuses = refusal(errno)?.map(str::to_owned);
            return Ok(route);
        }
    };
    // Linux 6.18 refuses with an error in both families; a refusing route told as a message, on interface lo, is no way
    // either.
    if let Some(word) = refusing(message.header.kind) {
        route.refuses = Some(word.to_owned());
        return Ok(route);
    }
    for attribute in message.attributes {
        match attribute {
            RouteAttribute::Oif(index) => route.interface = interface_name(index),
            RouteAttribute::Gateway(address) => route.gateway = ip(&address),
            // An IPv4 route whose next hop is an IPv6 address (RFC 8950).
            RouteAttribute::Via(RouteVia::Inet6(address)) => route.gateway = Some(address.into()),
            RouteAttribute::Via(RouteVia::Inet(address)) => route.gateway = Some(address.into()),
            RouteAttribute::PrefSource(address) => route.source = ip(&address),
            _ => {}
        }
    }
    if route.interface.is_none() {
        return Err(unreadable("the kernel's route names no interface"));
    }
    Ok(route)
}

/// The kind of the route that refuses, by the errno with which the kernel answers (`fib_props`, `fib_semantics.c`;
/// `ip6_rt_type_to_error`, `net/ipv6/route.c`); `None`: there is no route at all.
///
/// A `throw` route is never seen here: the kernel goes on to the next table, and says ENETUNREACH in the end.
fn refusal(errno: Errno) -> Result<Option<&'static str>, CannotProbe> {
    match errno {
        Errno::EHOSTUNREACH => Ok(Some("unreachable")),
        Errno::EINVAL => Ok(Some("blackhole")),
        Errno::EACCES => Ok(Some("prohibit")),
        Errno::EAGAIN => Ok(Some("throw")),
        // The last two: a kernel without this family, usually IPv6.
        Errno::ENETUNREACH | Errno::EAFNOSUPPORT | Errno::EOPNOTSUPP => Ok(None),
        other => Err(CannotProbe::Io { operation: OPERATION, source: other.into() }),
    }
}

fn refusing(kind: RouteType) -> Option<&'static str> {
    match kind {
        RouteType::Unreachable => Some("unreachable"),
        RouteType::BlackHole => Some("blackhole"),
        RouteType::Prohibit => Some("prohibit"),
        RouteType::Throw => Some("throw"),
        _ => None,
    }
}

fn unreadable(why: &'static str) -> CannotProbe {
    CannotProbe::Io { operation: OPERATION, source: io::Error::new(io::ErrorKind::InvalidData, why) }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const TO: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

    fn refused(errno: Errno) -> Route {
        read(TO, Told::Refused(errno)).unwrap()
    }

    fn nowhere() -> Route {
        Route { to: TO, interface: None, gateway: None, source: None, refuses: None }
    }

    #[test]
    fn loopback_leaves_by_lo_unless_that_is_down() {
        let route = route(IpAddr::V4(Ipv4Addr::LOCALHOST), None).unwrap();
        assert_eq!(route.gateway, None);
        assert!(matches!(route.interface.as_deref(), Some("lo") | None), "{route:?}");
    }

    #[test]
    fn no_route_is_told_from_a_route_that_refuses() {
        assert_eq!(refused(Errno::ENETUNREACH), nowhere());
        assert_eq!(refused(Errno::EHOSTUNREACH), Route { refuses: Some("unreachable".into()), ..nowhere() });
        assert_eq!(refused(Errno::EINVAL), Route { refuses: Some("blackhole".into()), ..nowhere() });
        assert_eq!(refused(Errno::EACCES), Route { refuses: Some("prohibit".into()), ..nowhere() });
    }

    #[test]
    fn an_error_of_our_own_is_no_route_of_the_kernel() {
        assert!(read(TO, Told::Refused(Errno::ENOBUFS)).is_err());
    }

    #[test]
    fn a_refusing_route_that_is_told_as_a_message_has_no_interface() {
        let mut message = RouteMessage::default();
        message.header.kind = RouteType::Prohibit;
        message.attributes.push(RouteAttribute::Oif(1));
        assert_eq!(read(TO, Told::Way(message)).unwrap(), Route { refuses: Some("prohibit".into()), ..nowhere() });
    }

    #[test]
    fn gateway_and_source_are_read() {
        let gateway = Ipv4Addr::new(192, 0, 2, 254);
        let source = Ipv4Addr::new(192, 0, 2, 7);
        let mut message = RouteMessage::default();
        message.attributes = vec![
            RouteAttribute::Oif(1),
            RouteAttribute::Gateway(gateway.into()),
            RouteAttribute::PrefSource(source.into()),
        ];
        let route = read(TO, Told::Way(message)).unwrap();
        assert_eq!((route.gateway, route.source), (Some(gateway.into()), Some(source.into())));
    }
}
