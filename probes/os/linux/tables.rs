//! What the kernel's routes and rules, of all tables, hold of some prefixes.

use std::io;

use ipnet::IpNet;
use netlink_packet_route::route::{RouteAttribute, RouteMessage};
use netlink_packet_route::rule::{RuleAttribute, RuleMessage};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};

use super::netlink::{Amount, ask_each};
use super::route_message::{has_several_hops, ip};
use crate::model::{CannotProbe, Family};
use crate::os::Partings;

const OPERATION: &str = "read the routes";

/// What parts the addresses of these prefixes.
///
/// An address that is an interface's own has a route too; a rule parts addresses by its destination.
pub(super) fn partings(prefixes: &[IpNet]) -> Result<Partings, CannotProbe> {
    let mut partings = Partings::default();
    for of in Family::BOTH {
        let wanted: Vec<IpNet> = prefixes.iter().filter(|prefix| Family::of(prefix.addr()) == of).copied().collect();
        if wanted.is_empty() {
            continue;
        }
        let family = match of {
            Family::V4 => AddressFamily::Inet,
            Family::V6 => AddressFamily::Inet6,
        };
        let (mut route, mut rule) = (RouteMessage::default(), RuleMessage::default());
        (route.header.address_family, rule.header.family) = (family, family);
        for request in [RouteNetlinkMessage::GetRoute(route), RouteNetlinkMessage::GetRule(rule)] {
            add(request, &wanted, &mut partings)?;
        }
    }
    partings.inside.sort_unstable();
    partings.inside.dedup();
    Ok(partings)
}

/// Adds what one table tells. One that is refused is not there: a kernel may lack IPv6, and rules.
fn add(request: RouteNetlinkMessage, wanted: &[IpNet], partings: &mut Partings) -> Result<(), CannotProbe> {
    let mut unread = false;
    ask_each(request, Amount::All, OPERATION, |message| {
        let Some(message) = message else {
            unread = true;
            return;
        };
        partings.spread |= matches!(&message, RouteNetlinkMessage::NewRoute(route) if has_several_hops(route));
        partings.by_source |= matches!(&message, RouteNetlinkMessage::NewRule(rule) if rule.header.src_len > 0);
        partings.inside.extend(
            destination(&message).filter(|destination| wanted.iter().any(|prefix| prefix.contains(destination))),
        );
    })?;
    if unread {
        let source = io::Error::new(io::ErrorKind::InvalidData, "one of the kernel's routes could not be read");
        return Err(CannotProbe::Io { operation: OPERATION, source });
    }
    Ok(())
}

/// For whom a route or a rule is; `None` where it is for all.
fn destination(message: &RouteNetlinkMessage) -> Option<IpNet> {
    let (address, length) = match message {
        RouteNetlinkMessage::NewRoute(route) => {
            let to = route.attributes.iter().find_map(|attribute| match attribute {
                RouteAttribute::Destination(address) => ip(address),
                _ => None,
            });
            (to?, route.header.destination_prefix_length)
        }
        RouteNetlinkMessage::NewRule(rule) => {
            let to = rule.attributes.iter().find_map(|attribute| match attribute {
                RuleAttribute::Destination(address) => Some(*address),
                _ => None,
            });
            (to?, rule.header.dst_len)
        }
        _ => return None,
    };
    IpNet::new(address, length).ok().map(|destination| destination.trunc())
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use netlink_packet_route::route::RouteNextHop;

    use super::*;

    #[test]
    fn a_route_and_a_rule_are_for_their_destination_and_a_default_route_for_all() {
        let (mut route, mut rule) = (RouteMessage::default(), RuleMessage::default());
        assert_eq!(destination(&RouteNetlinkMessage::NewRoute(route.clone())), None);
        route.header.destination_prefix_length = 24;
        route.attributes.push(RouteAttribute::Destination(Ipv4Addr::new(170, 114, 10, 0).into()));
        rule.header.dst_len = 23;
        rule.attributes.push(RuleAttribute::Destination(Ipv4Addr::new(170, 114, 10, 0).into()));
        let told = [RouteNetlinkMessage::NewRoute(route), RouteNetlinkMessage::NewRule(rule)];
        let told = told.map(|message| destination(&message).unwrap().to_string());
        assert_eq!(told, ["170.114.10.0/24", "170.114.10.0/23"]);
    }

    #[test]
    fn next_hops_that_are_not_told_may_be_several() {
        let route = |attributes| {
            let mut route = RouteMessage::default();
            route.attributes = attributes;
            has_several_hops(&route)
        };
        let hops = |count| RouteAttribute::MultiPath(vec![RouteNextHop::default(); count]);
        assert!(!route(vec![RouteAttribute::Oif(1)]) && !route(vec![hops(1)]));
        assert!(!route(vec![RouteAttribute::NhId(7), RouteAttribute::Oif(1)]));
        assert!(route(vec![hops(2)]) && route(vec![RouteAttribute::NhId(7)]));
    }

    #[test]
    fn what_lies_inside_is_told_once_and_in_order() {
        let loopback: IpNet = "127.0.0.0/8".parse().unwrap();
        let inside = partings(&[loopback]).unwrap().inside;
        // Nothing where loopback is down.
        assert!(inside.is_sorted() && inside.iter().all(|destination| loopback.contains(destination)), "{inside:?}");
        assert_eq!(inside.iter().filter(|destination| **destination == loopback).count(), inside.len().min(1));
    }
}
