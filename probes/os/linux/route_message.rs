//! What a route message of netlink says beyond its fields, for lookups and tables alike.

use std::net::IpAddr;

use netlink_packet_route::route::{RouteAddress, RouteAttribute, RouteMessage};

/// Whether the kernel has a choice, or may have: next hops that are objects of their own (ip-nexthop(8)) need not be told with the
/// route (`nexthop_compat_mode`).
pub(super) fn has_several_hops(route: &RouteMessage) -> bool {
    let has = |such: fn(&RouteAttribute) -> bool| route.attributes.iter().any(such);
    has(|attribute| matches!(attribute, RouteAttribute::MultiPath(hops) if hops.len() > 1))
        || has(|attribute| matches!(attribute, RouteAttribute::NhId(_)))
            && !has(|attribute| matches!(attribute, RouteAttribute::Oif(_)))
}

/// An address of IP; MPLS has others.
pub(super) fn ip(address: &RouteAddress) -> Option<IpAddr> {
    match address {
        RouteAddress::Inet(v4) => Some((*v4).into()),
        RouteAddress::Inet6(v6) => Some((*v6).into()),
        _ => None,
    }
}
