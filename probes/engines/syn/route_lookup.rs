//! What the kernel says of all addresses of some prefixes: by which interface, source and gateway each leaves.
//!
//! It is asked for one address of each range between the ends of routes, so its own lookup decides, rules and tables included, as far
//! as they go by destination and source.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use super::address_range::{AddressRange, cut};
use crate::model::{CannotProbe, Family};
use crate::os::{Egress, Partings};

/// How the packets to some addresses leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KernelRoute {
    pub(super) interface: String,
    pub(super) gateway: Option<IpAddr>,
    pub(super) source: IpAddr,
    /// The kernel must send itself: it chooses for each flow among several next hops, of which one stands here, or encrypts.
    pub(super) by_kernel: bool,
}

/// Addresses that share a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RouteSpan {
    pub(super) range: AddressRange,
    /// The number of its route; `None`: no route leads there, or one refuses.
    pub(super) route: Option<usize>,
}

/// Asks for all addresses of these prefixes, packets to which come from `source` where its family fits.
///
/// # Errors [`CannotProbe`] where the kernel gives no routes, or more than can be followed. That is so for too many
/// ranges, and for flows over several sources.
pub(super) fn probe_up(
    egress: &dyn Egress,
    prefixes: &[IpNet],
    source: Option<IpAddr>,
) -> Result<(Vec<KernelRoute>, Vec<RouteSpan>), CannotProbe> {
    let prefixes = IpNet::aggregate(&prefixes.to_vec());
    let partings = egress.partings(&prefixes)?;
    let ranges = cut(&prefixes, &partings.inside);
    if ranges.len() > RANGES {
        return Err(CannotProbe::Unsupported {
            what: ROUTES,
            why: "more routes lead into these prefixes than it follows",
        });
    }
    let encrypts = egress.is_transformed();
    let (mut routes, mut spans) = (Vec::new(), Vec::<RouteSpan>::new());
    for range in ranges {
        let route = of_a_range(egress, range, source, &partings)?.map(|mut route| {
            route.by_kernel |= encrypts;
            routes.iter().position(|known| *known == route).unwrap_or_else(|| {
                routes.push(route);
                routes.len() - 1
            })
        });
        match spans.last_mut() {
            Some(before) if before.route == route && before.range.meets(range) => before.range.last = range.last,
            _ => spans.push(RouteSpan { range, route }),
        }
    }
    Ok((routes, spans))
}

fn of_a_range(
    egress: &dyn Egress,
    range: AddressRange,
    source: Option<IpAddr>,
    partings: &Partings,
) -> Result<Option<KernelRoute>, CannotProbe> {
    let given = source.filter(|source| Family::of(*source) == Family::of(range.first));
    let Some(mut told) = of_an_address(egress, range.first, given)? else { return Ok(None) };
    if partings.by_source && given.is_none() && told.source.is_ipv4() {
        // Once the kernel has chosen a source it looks again, with it (`ip_route_connect`); of IPv6 it does not.
        let Some(by_source) = of_an_address(egress, range.first, Some(told.source))? else { return Ok(None) };
        told = by_source;
    }
    if !partings.spread || !egress.spreads(range.first, given)? {
        return Ok(Some(told));
    }
    for address in range.some(TRIED) {
        if of_an_address(egress, address, given)?.is_some_and(|other| other.source != told.source) {
            return Err(CannotProbe::Unsupported { what: ROUTES, why: "flows are spread over several own addresses" });
        }
    }
    Ok(Some(KernelRoute { by_kernel: true, ..told }))
}

fn of_an_address(
    egress: &dyn Egress,
    address: IpAddr,
    source: Option<IpAddr>,
) -> Result<Option<KernelRoute>, CannotProbe> {
    let route = egress.route(address, source)?;
    let Some(interface) = route.interface else { return Ok(None) };
    // To an address of its own the kernel talks as that address.
    let kernels = route.source.filter(|source| *source != address);
    let loopback = if address.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() };
    let source = source.or(kernels).unwrap_or(loopback);
    Ok(Some(KernelRoute { interface, gateway: route.gateway, source, by_kernel: false }))
}

const ROUTES: &str = "the way that each target's packets take";
/// Lookups, each of which takes some ten microseconds: all Zoom's prefixes are some hundred, and with all routes of the Internet
/// inside them some thousand.
const RANGES: usize = 1 << 14;
/// Addresses of a range that are tried for other sources: two equal next hops show but once in 2^31 times as one.
const TRIED: u8 = 32;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Route;
    use crate::os::HardwareAddress;

    /// Destinations and their gateways, the longest prefix first; of two gateways the even addresses get the first.
    struct Routes(&'static [(&'static str, &'static [&'static str])]);

    impl Routes {
        fn of(&self, to: IpAddr) -> &'static [&'static str] {
            let holds = |route: &&(&str, _)| route.0.parse::<IpNet>().unwrap().contains(&to);
            self.0.iter().find(holds).map_or(&[], |route| route.1)
        }
    }

    impl Egress for Routes {
        fn route(&self, to: IpAddr, source: Option<IpAddr>) -> Result<Route, CannotProbe> {
            let hops = self.of(to);
            let odd = matches!(to, IpAddr::V4(v4) if v4.octets()[2] % 2 == 1);
            let gateway = hops.get(usize::from(odd && hops.len() > 1)).map(|hop| ip(hop));
            // Each gateway's network has an own address.
            let own = gateway.map(|gateway| match gateway {
                IpAddr::V4(v4) => IpAddr::from([v4.octets()[0], v4.octets()[1], v4.octets()[2], 1]),
                IpAddr::V6(_) => ip("2001:db8::1"),
            });
            let interface = gateway.map(|_| "eth0".to_owned());
            Ok(Route { to, interface, gateway, source: source.or(own), refuses: None })
        }

        fn partings(&self, prefixes: &[IpNet]) -> Result<Partings, CannotProbe> {
            let inside = self.0.iter().map(|(route, _)| route.parse::<IpNet>().unwrap());
            let inside = inside.filter(|route| prefixes.iter().any(|prefix| prefix.contains(route))).collect();
            Ok(Partings { inside, spread: self.0.iter().any(|(_, hops)| hops.len() > 1), by_source: false })
        }

        fn spreads(&self, to: IpAddr, _: Option<IpAddr>) -> Result<bool, CannotProbe> {
            Ok(self.of(to).len() > 1)
        }

        fn hardware_address(&self, _: IpAddr, _: &str) -> Result<Option<HardwareAddress>, CannotProbe> {
            Ok(None)
        }

        fn is_transformed(&self) -> bool {
            false
        }
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn asked(
        prefix: &str,
        routes: &'static [(&'static str, &'static [&'static str])],
    ) -> Result<(Vec<KernelRoute>, Vec<String>), CannotProbe> {
        let (told, spans) = probe_up(&Routes(routes), &[prefix.parse().unwrap()], None)?;
        let spans = spans.iter().map(|span| format!("{} {} {:?}", span.range.first, span.range.last, span.route));
        Ok((told, spans.collect()))
    }

    fn by(gateway: &str, source: &str) -> KernelRoute {
        KernelRoute { interface: "eth0".to_owned(), gateway: Some(ip(gateway)), source: ip(source), by_kernel: false }
    }

    #[test]
    fn a_narrow_route_in_the_midst_of_a_prefix_is_found() {
        let routes: &[(&str, &[&str])] = &[("170.114.10.0/24", &["192.0.2.253"]), ("0.0.0.0/0", &["192.0.2.254"])];
        let (told, spans) = asked("170.114.0.0/16", routes).unwrap();
        assert_eq!(told, [by("192.0.2.254", "192.0.2.1"), by("192.0.2.253", "192.0.2.1")]);
        let wanted = [
            "170.114.0.0 170.114.9.255 Some(0)",
            "170.114.10.0 170.114.10.255 Some(1)",
            "170.114.11.0 170.114.255.255 Some(0)",
        ];
        assert_eq!(spans, wanted);
    }

    #[test]
    fn routes_that_lead_the_same_way_part_nothing() {
        let routes: &[(&str, &[&str])] = &[("170.114.10.0/24", &["192.0.2.254"]), ("0.0.0.0/0", &["192.0.2.254"])];
        let (_, spans) = asked("170.114.0.0/16", routes).unwrap();
        assert_eq!(spans, ["170.114.0.0 170.114.255.255 Some(0)"]);
    }

    #[test]
    fn addresses_that_a_route_refuses_have_no_way() {
        let (told, spans) = asked("2407:30c0::/126", &[("2407:30c0::2/128", &[]), ("::/0", &["fe80::1"])]).unwrap();
        assert_eq!(told, [by("fe80::1", "2001:db8::1")]);
        let wanted =
            ["2407:30c0:: 2407:30c0::1 Some(0)", "2407:30c0::2 2407:30c0::2 None", "2407:30c0::3 2407:30c0::3 Some(0)"];
        assert_eq!(spans, wanted);
    }

    #[test]
    fn next_hops_of_one_source_are_the_kernels_to_choose() {
        let (told, spans) = asked("170.114.0.0/16", &[("0.0.0.0/0", &["192.0.2.253", "192.0.2.254"])]).unwrap();
        assert_eq!(told, [KernelRoute { by_kernel: true, ..by("192.0.2.253", "192.0.2.1") }]);
        assert_eq!(spans, ["170.114.0.0 170.114.255.255 Some(0)"]);
    }

    #[test]
    fn next_hops_of_several_sources_cannot_be_followed() {
        let asked = asked("170.114.0.0/16", &[("0.0.0.0/0", &["192.0.2.254", "198.51.100.254"])]);
        assert!(matches!(asked, Err(CannotProbe::Unsupported { .. })), "{asked:?}");
    }

    #[test]
    fn the_source_that_was_given_counts_for_its_family() {
        let routes = Routes(&[("0.0.0.0/0", &["192.0.2.254"]), ("::/0", &["fe80::1"])]);
        let prefixes = ["170.114.0.0/16", "2407:30c0::/32"].map(|prefix| prefix.parse().unwrap());
        let (told, _) = probe_up(&routes, &prefixes, Some(ip("192.0.2.77"))).unwrap();
        assert_eq!(told, [by("192.0.2.254", "192.0.2.77"), by("fe80::1", "2001:db8::1")]);
    }
}
