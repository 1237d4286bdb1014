//! Cuts prefixes where routes begin and end: the addresses of each range are in the same state.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use crate::model::Family;

/// Addresses of one family that follow each other, the ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AddressRange {
    pub(super) first: IpAddr,
    pub(super) last: IpAddr,
}

impl AddressRange {
    /// Up to so many of its addresses, evenly spread, in order.
    pub(super) fn some(self, many: u8) -> impl Iterator<Item = IpAddr> {
        let (first, last) = (number(self.first), number(self.last));
        let step = ((last - first) / u128::from(many.max(1))).max(1);
        let family = Family::of(self.first);
        (0..u128::from(many)).map_while(move |nth| {
            let at = first + nth * step;
            (at <= last).then(|| address(family, at))
        })
    }

    /// Whether the other one begins where this one ends.
    pub(super) fn meets(self, other: Self) -> bool {
        let follows = number(self.last).checked_add(1) == Some(number(other.first));
        follows && Family::of(self.last) == Family::of(other.first)
    }
}

/// Cuts prefixes, none of which overlaps another, at both ends of each destination that lies inside one; in order.
pub(super) fn cut(prefixes: &[IpNet], inside: &[IpNet]) -> Vec<AddressRange> {
    let mut prefixes = prefixes.to_vec();
    prefixes.sort_unstable();
    let mut cuts: Vec<(Family, u128)> = inside
        .iter()
        .flat_map(|destination| {
            let after = number(destination.broadcast()).checked_add(1);
            [Some(number(destination.network())), after]
                .into_iter()
                .flatten()
                .map(|at| (Family::of(destination.addr()), at))
        })
        .collect();
    cuts.sort_unstable();
    cuts.dedup();
    let mut ranges = Vec::new();
    for prefix in prefixes {
        let family = Family::of(prefix.addr());
        let (mut first, last) = (number(prefix.network()), number(prefix.broadcast()));
        let from = cuts.partition_point(|cut| *cut <= (family, first));
        let to = cuts.partition_point(|cut| *cut <= (family, last));
        for (_, cut) in cuts.get(from..to).unwrap_or_default() {
            ranges.push(AddressRange { first: address(family, first), last: address(family, cut - 1) });
            first = *cut;
        }
        ranges.push(AddressRange { first: address(family, first), last: address(family, last) });
    }
    ranges
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => v4.to_bits().into(),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

/// The address of that number; of IPv4 there are no more than 32 bits of it.
fn address(family: Family, number: u128) -> IpAddr {
    match family {
        Family::V4 => Ipv4Addr::from_bits(u32::try_from(number).unwrap_or(u32::MAX)).into(),
        Family::V6 => Ipv6Addr::from_bits(number).into(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn nets(texts: &[&str]) -> Vec<IpNet> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn pieces(prefixes: &[&str], inside: &[&str]) -> Vec<String> {
        let ranges = cut(&nets(prefixes), &nets(inside));
        ranges.iter().map(|range| format!("{} {}", range.first, range.last)).collect()
    }

    #[test]
    fn a_prefix_without_routes_inside_is_one_piece() {
        let whole = ["170.114.0.0 170.114.255.255"];
        assert_eq!(pieces(&["170.114.0.0/16"], &[]), whole);
        assert_eq!(pieces(&["170.114.0.0/16"], &["170.114.0.0/16", "170.115.0.0/24", "::/0"]), whole);
    }

    #[test]
    fn each_route_inside_is_cut_out() {
        let inside = ["170.114.10.0/24", "170.114.10.7/32", "170.114.255.0/24"];
        let wanted = [
            "170.114.0.0 170.114.9.255",
            "170.114.10.0 170.114.10.6",
            "170.114.10.7 170.114.10.7",
            "170.114.10.8 170.114.10.255",
            "170.114.11.0 170.114.254.255",
            "170.114.255.0 170.114.255.255",
        ];
        assert_eq!(pieces(&["170.114.0.0/16"], &inside), wanted);
    }

    #[test]
    fn the_ends_of_all_addresses_are_ends() {
        assert_eq!(
            pieces(&["0.0.0.0/0"], &["255.255.255.255/32"]),
            ["0.0.0.0 255.255.255.254", "255.255.255.255 255.255.255.255"]
        );
        assert_eq!(
            pieces(&["::/0"], &["8000::/1"]),
            [":: 7fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "8000:: ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"]
        );
    }

    #[test]
    fn some_addresses_of_a_piece_are_spread_over_it() {
        let range =
            |first: &str, last: &str| AddressRange { first: first.parse().unwrap(), last: last.parse().unwrap() };
        let some = |range: AddressRange| range.some(4).map(|address| address.to_string()).collect::<Vec<_>>();
        assert_eq!(some(range("10.0.0.0", "10.0.0.8")), ["10.0.0.0", "10.0.0.2", "10.0.0.4", "10.0.0.6"]);
        assert_eq!(some(range("10.0.0.9", "10.0.0.10")), ["10.0.0.9", "10.0.0.10"]);
        assert_eq!(some(range("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")).len(), 4);
    }

    proptest! {
        #[test]
        fn the_addresses_of_a_piece_are_inside_the_same_routes(
            routes in prop::collection::vec((any::<u16>(), 16_u8..=32), 0..12), address: u16,
        ) {
            let at = |low: u16| IpAddr::from([170, 114, low.to_be_bytes()[0], low.to_be_bytes()[1]]);
            let routes: Vec<IpNet> =
                routes.iter().map(|(low, length)| IpNet::new(at(*low), *length).unwrap().trunc()).collect();
            let ranges = cut(&nets(&["170.114.0.0/16"]), &routes);
            prop_assert!(ranges.array_windows().all(|[one, next]| one.meets(*next)));
            prop_assert_eq!((ranges[0].first, ranges[ranges.len() - 1].last), (at(0), at(u16::MAX)));
            let address = at(address);
            let range = ranges.iter().find(|range| range.first <= address && address <= range.last).unwrap();
            for route in &routes {
                prop_assert!(route.contains(&range.first) == route.contains(&address));
                prop_assert!(route.contains(&range.last) == route.contains(&address));
            }
        }
    }
}
