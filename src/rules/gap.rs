//! The smallest rules that let through what was found closed, and nothing that was not tested or that passes already.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use why5003_probes::model::Transport;

use super::ports::{TRANSPORTS, joined};
use crate::catalogue::PortRange;

/// A prefix at a port, or at ports that share one result, and whether this network blocks it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tested {
    /// The block that the result stands for.
    pub prefix: IpNet,
    /// At these ports.
    pub ports: PortRange,
    /// It does not get through.
    pub blocked: bool,
}

/// Prefixes that are closed at the same ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// The fewest that hold exactly what is closed, IPv4 first, in order.
    pub prefixes: Vec<IpNet>,
    /// The fewest ranges, TCP first, in order.
    pub ports: Vec<PortRange>,
}

/// What is closed, in the fewest prefixes for each port; ports at which the same is closed stand together, and those in a row
/// are one range.
///
/// Where a tested prefix lies in another, the narrower one decides for its addresses; where the same was told twice, it
/// passes, since a rule is missing only where nothing gets through. What was not tested is not covered.
pub fn gap(tested: &[Tested]) -> Vec<Missing> {
    let mut closed: BTreeMap<Vec<IpNet>, Vec<PortRange>> = BTreeMap::new();
    for ports in TRANSPORTS.into_iter().flat_map(|transport| pieces(tested, transport)) {
        let mut told: BTreeMap<IpNet, bool> = BTreeMap::new();
        for item in tested.iter().filter(|item| item.ports.holds(ports)) {
            *told.entry(item.prefix.trunc()).or_insert(true) &= item.blocked;
        }
        let prefixes = blocked(&told);
        if !prefixes.is_empty() {
            closed.entry(prefixes).or_default().push(ports);
        }
    }
    let missing = closed.into_iter().map(|(prefixes, ports)| Missing { prefixes, ports: joined(&ports) });
    let mut missing: Vec<Missing> = missing.collect();
    missing.sort_by(|a, b| (&a.ports, &a.prefixes).cmp(&(&b.ports, &b.prefixes)));
    missing
}

/// The ranges between the borders of all tested ones, so that each is tested as a whole or not at all.
fn pieces(tested: &[Tested], transport: Transport) -> Vec<PortRange> {
    let ranges = || tested.iter().map(|item| item.ports).filter(|ports| ports.transport == transport);
    let starts = ranges().flat_map(|ports| [u32::from(ports.first), u32::from(ports.last) + 1]);
    let starts: Vec<u32> = starts.collect::<BTreeSet<u32>>().into_iter().collect();
    let between = starts.iter().zip(starts.iter().skip(1)).filter_map(|(first, next)| {
        let (first, last) = (u16::try_from(*first).ok()?, u16::try_from(next - 1).ok()?);
        Some(PortRange { transport, first, last })
    });
    between.filter(|piece| ranges().any(|ports| ports.holds(*piece))).collect()
}

/// The fewest prefixes that hold the addresses whose narrowest prefix is blocked.
fn blocked(told: &BTreeMap<IpNet, bool>) -> Vec<IpNet> {
    // A prefix stands right before what lies in it.
    let mut told: Vec<(IpNet, bool)> = told.iter().map(|(prefix, blocked)| (*prefix, *blocked)).collect();
    told.sort_by_key(|(prefix, _)| (prefix.network(), prefix.prefix_len()));
    let (v4, v6) = told.split_at(told.partition_point(|(prefix, _)| matches!(prefix, IpNet::V4(_))));
    let mut found = Vec::new();
    within(WHOLE_V4, false, v4, &mut found);
    within(WHOLE_V6, false, v6, &mut found);
    found
}

/// Adds what is blocked in a prefix, given what is told of it and of prefixes in it, in order; `true` where that is all of it,
/// which then is one prefix.
fn within(whole: IpNet, inherited: bool, told: &[(IpNet, bool)], found: &mut Vec<IpNet>) -> bool {
    let (state, inner) = match told.split_first() {
        Some(((prefix, blocked), inner)) if *prefix == whole => (*blocked, inner),
        Some(_) | None => (inherited, told),
    };
    let halves = halves(whole);
    let (Some((low, high)), false) = (halves, inner.is_empty()) else {
        if state {
            found.push(whole);
        }
        return state;
    };
    let before = found.len();
    let (in_low, in_high) = inner.split_at(inner.partition_point(|(prefix, _)| low.contains(prefix)));
    let all_low = within(low, state, in_low, found);
    let all_high = within(high, state, in_high, found);
    if all_low && all_high {
        found.truncate(before);
        found.push(whole);
    }
    all_low && all_high
}

/// The two halves of a prefix, unless it is one address.
fn halves(prefix: IpNet) -> Option<(IpNet, IpNet)> {
    let mut halves = prefix.subnets(prefix.prefix_len().checked_add(1)?).ok()?;
    Some((halves.next()?, halves.next()?))
}

const WHOLE_V4: IpNet = IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::UNSPECIFIED, 0));
const WHOLE_V6: IpNet = IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::UNSPECIFIED, 0));

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use proptest::prelude::*;

    use super::*;

    fn tested(prefix: &str, ports: &str, blocked: bool) -> Tested {
        Tested { prefix: prefix.parse().unwrap(), ports: ports.parse().unwrap(), blocked }
    }

    fn told(tested: &[Tested]) -> Vec<String> {
        let words = |missing: Missing| {
            let ports: Vec<String> = missing.ports.iter().map(ToString::to_string).collect();
            let prefixes: Vec<String> = missing.prefixes.iter().map(ToString::to_string).collect();
            format!("{} {}", ports.join(","), prefixes.join(","))
        };
        gap(tested).into_iter().map(words).collect()
    }

    #[test]
    fn blocks_side_by_side_are_one_prefix_and_ports_in_a_row_one_range() {
        let ports = ["udp/8801", "udp/8802", "udp/8803"];
        let closed = ports
            .iter()
            .flat_map(|port| ["3.7.35.0/26", "3.7.35.64/26", "3.7.35.128/25"].map(|prefix| tested(prefix, port, true)));
        assert_eq!(told(&closed.collect::<Vec<_>>()), ["udp/8801-8803 3.7.35.0/24"]);
    }

    #[test]
    fn what_passes_is_cut_out() {
        let mask_too_long = [
            tested("170.114.0.0/17", "tcp/443", false),
            tested("170.114.128.0/17", "tcp/443", true),
            tested("170.114.200.0/24", "tcp/443", false),
            tested("2407:30c0::/33", "tcp/443", true),
            tested("2407:30c0:8000::/33", "tcp/443", true),
        ];
        assert_eq!(
            told(&mask_too_long),
            ["tcp/443 170.114.128.0/18,170.114.192.0/21,170.114.201.0/24,170.114.202.0/23,170.114.204.0/22,\
             170.114.208.0/20,170.114.224.0/19,2407:30c0::/32"]
        );
    }

    #[test]
    fn ports_with_other_prefixes_are_another_rule() {
        let some = [
            tested("3.7.35.0/25", "tcp/443", true),
            tested("3.7.35.0/25", "udp/8801", true),
            tested("3.7.35.128/25", "udp/8801", true),
            tested("3.7.35.0/25", "udp/3478-3479", true),
        ];
        assert_eq!(told(&some), ["tcp/443,udp/3478-3479 3.7.35.0/25", "udp/8801 3.7.35.0/24"]);
    }

    #[test]
    fn the_same_told_twice_passes_where_one_says_so() {
        let both = [tested("3.7.35.0/25", "tcp/443", true), tested("3.7.35.0/25", "tcp/443", false)];
        assert_eq!(told(&both), [""; 0]);
    }

    #[test]
    fn the_highest_port_and_the_last_address_are_no_special_case() {
        let last = [tested("255.255.255.255/32", "udp/65535", true), tested("ffff::/16", "udp/65534-65535", true)];
        assert_eq!(told(&last), ["udp/65534 ffff::/16", "udp/65535 255.255.255.255/32,ffff::/16"]);
    }

    #[test]
    fn everything_closed_is_everything() {
        assert_eq!(told(&[tested("0.0.0.0/0", "tcp/1-65535", true)]), ["tcp/1-65535 0.0.0.0/0"]);
    }

    /// Small prefixes of both families that often touch and nest, at ports that often do.
    fn items() -> impl Strategy<Value = Vec<Tested>> {
        let prefix = prop_oneof![
            (0_u32..32, 27_u8..=32).prop_map(|(host, length)| {
                IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::from_bits(0xAA72_0000 + host), length).trunc())
            }),
            (0_u128..32, 123_u8..=128).prop_map(|(host, length)| {
                IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::from_bits((0x2407_30c0 << 96) + host), length).trunc())
            }),
        ];
        let ports = (any::<bool>(), 8801_u16..8806, 0_u16..3).prop_map(|(tcp, first, more)| PortRange {
            transport: if tcp { Transport::Tcp } else { Transport::Udp },
            first,
            last: first + more,
        });
        let item = (prefix, ports, any::<bool>());
        prop::collection::vec(item.prop_map(|(prefix, ports, blocked)| Tested { prefix, ports, blocked }), 0..24)
    }

    /// The words of the specification, address by address: the narrowest prefix decides, and told twice it passes.
    fn is_blocked(tested: &[Tested], address: IpAddr, port: PortRange) -> bool {
        let about: Vec<&Tested> =
            tested.iter().filter(|item| item.ports.holds(port) && item.prefix.contains(&address)).collect();
        let Some(narrowest) = about.iter().map(|item| item.prefix.prefix_len()).max() else { return false };
        about.iter().filter(|item| item.prefix.prefix_len() == narrowest).all(|item| item.blocked)
    }

    fn addresses() -> Vec<IpAddr> {
        let v4 = (0..40).map(|host| IpAddr::V4(Ipv4Addr::from_bits(0xAA72_0000 + host)));
        let v6 = (0..40).map(|host| IpAddr::V6(Ipv6Addr::from_bits((0x2407_30c0 << 96) + host)));
        v4.chain(v6).collect()
    }

    proptest! {
        #[test]
        fn it_covers_what_is_blocked_and_nothing_else(tested in items()) {
            let missing = gap(&tested);
            for transport in TRANSPORTS {
                for number in 8800..8810 {
                    let port = PortRange { transport, first: number, last: number };
                    for address in addresses() {
                        let covered = missing.iter().any(|missing| {
                            missing.ports.iter().any(|ports| ports.holds(port))
                                && missing.prefixes.iter().any(|prefix| prefix.contains(&address))
                        });
                        prop_assert_eq!(covered, is_blocked(&tested, address, port), "{} {}", address, port);
                    }
                }
            }
        }

        #[test]
        fn it_is_the_least_at_every_port(tested in items()) {
            let missing = gap(&tested);
            let mut seen = BTreeSet::new();
            for Missing { prefixes, ports } in &missing {
                prop_assert_eq!(prefixes, &IpNet::aggregate(prefixes));
                prop_assert_eq!(ports, &joined(ports));
                prop_assert!(seen.insert(prefixes), "the same prefixes stand twice");
                for range in ports {
                    for number in range.first..=range.last {
                        let port = PortRange { first: number, last: number, ..*range };
                        let closed: Vec<IpNet> = addresses()
                            .into_iter()
                            .filter(|address| is_blocked(&tested, *address, port))
                            .map(IpNet::from)
                            .collect();
                        prop_assert_eq!(prefixes, &IpNet::aggregate(&closed));
                    }
                }
            }
        }

        #[test]
        fn the_order_of_what_was_tested_changes_nothing(tested in items()) {
            let mut reversed = tested.clone();
            reversed.reverse();
            prop_assert_eq!(gap(&tested), gap(&reversed));
        }
    }
}
