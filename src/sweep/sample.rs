//! Which addresses of a prefix are asked first: where a rule with a wrong mask shows.
//!
//! A rule written for half a prefix lets one half pass and not the other. So the ends of the prefix and of its halves
//! come first, then those of its quarters, and so on, each border once. Where borders are spent (a border of each
//! eighth was taken), the rest is spread evenly.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

/// Up to `wanted` different addresses of the prefix, in the order of the addresses.
pub fn samples(prefix: IpNet, wanted: u32) -> Vec<IpAddr> {
    let free = prefix.max_prefix_len() - prefix.prefix_len();
    let wanted = usize::try_from(wanted).unwrap_or(usize::MAX).min(size(free));
    let mut offsets = BTreeSet::new();
    for offset in borders(free).chain(spread(free)) {
        if offsets.len() >= wanted {
            break;
        }
        offsets.insert(offset);
    }
    offsets.into_iter().map(|offset| address(prefix, offset)).collect()
}

/// The address so far into a prefix.
pub(super) fn address(prefix: IpNet, offset: u128) -> IpAddr {
    match prefix {
        IpNet::V4(net) => {
            let low = u32::try_from(offset).unwrap_or(u32::MAX);
            IpAddr::V4(Ipv4Addr::from(u32::from(net.network()).saturating_add(low)))
        }
        IpNet::V6(net) => IpAddr::V6(Ipv6Addr::from(u128::from(net.network()).saturating_add(offset))),
    }
}

/// How many addresses so many free bits make, as far as a list of them could be held.
fn size(free: u8) -> usize {
    1_usize.checked_shl(u32::from(free)).unwrap_or(usize::MAX)
}

/// First and last offset of the whole, of its halves, quarters and eighths.
fn borders(free: u8) -> impl Iterator<Item = u128> {
    (0..=LEVELS.min(free)).flat_map(move |level| {
        (0..1_u128 << level).flat_map(move |part| {
            let width = free - level;
            let first = part.checked_shl(u32::from(width)).unwrap_or(0);
            let last = first | all_ones(width);
            [first, last]
        })
    })
}

/// Offsets that fill the prefix evenly however many are taken: the numbers from 1 on with their bits reversed (van der Corput).
fn spread(free: u8) -> impl Iterator<Item = u128> {
    let most = all_ones(free.min(63));
    (1..=most).map(move |n| if free == 0 { 0 } else { n.reverse_bits() >> (u128::BITS - u32::from(free)) })
}

/// The number of which so many low bits are set.
fn all_ones(bits: u8) -> u128 {
    1_u128.checked_shl(u32::from(bits)).map_or(u128::MAX, |above| above - 1)
}

/// Halves, quarters, eighths.
const LEVELS: u8 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    fn of(prefix: &str, wanted: u32) -> Vec<String> {
        samples(prefix.parse().unwrap(), wanted).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_ends_come_first_and_then_those_of_the_halves() {
        assert_eq!(of("170.114.0.0/16", 2), ["170.114.0.0", "170.114.255.255"]);
        assert_eq!(of("170.114.0.0/16", 4), ["170.114.0.0", "170.114.127.255", "170.114.128.0", "170.114.255.255"]);
    }

    #[test]
    fn a_small_prefix_is_taken_whole_and_no_address_twice() {
        assert_eq!(of("3.235.96.26/31", 8), ["3.235.96.26", "3.235.96.27"]);
        assert_eq!(of("192.0.2.1/32", 8), ["192.0.2.1"]);
        assert_eq!(of("192.0.2.0/24", 1_000).len(), 256);
    }

    #[test]
    fn a_prefix_of_ipv6_has_ends_too() {
        assert_eq!(of("2407:30c0:180::/47", 2), ["2407:30c0:180::", "2407:30c0:181:ffff:ffff:ffff:ffff:ffff"]);
        assert_eq!(of("::/0", 40).len(), 40);
    }

    #[test]
    fn beyond_the_borders_the_samples_leave_no_wide_gap() {
        let asked = samples("170.114.0.0/16".parse().unwrap(), 64);
        let low = |address: &IpAddr| if let IpAddr::V4(v4) = address { u32::from(*v4) } else { 0 };
        let widest = asked.windows(2).map(|pair| low(&pair[1]) - low(&pair[0])).max().unwrap();
        assert!(asked.len() == 64 && widest <= 2_048, "{widest}");
    }
}
