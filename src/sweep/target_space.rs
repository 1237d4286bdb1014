//! All that a sweep asks, as numbers: which address and port a number is, and which number an address and port has.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use why5003_probes::model::Transport;

use super::sample::{address, samples};
use crate::catalogue::PortRange;

/// A port with its transport, spelled `tcp/443`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Port {
    /// TCP or UDP.
    pub transport: Transport,
    /// Not 0.
    pub number: u16,
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.transport, self.number)
    }
}

impl From<Port> for PortRange {
    fn from(Port { transport, number }: Port) -> Self {
        Self { transport, first: number, last: number }
    }
}

/// One prefix at one port: what a firewall rule lets through, and what a sweep judges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrefixPort {
    /// The prefix.
    pub prefix: IpNet,
    /// The port.
    pub port: Port,
    /// An address that nobody can own: an answer from it is forged.
    pub canary: bool,
}

/// How many addresses of each prefix.
///
/// Closed on purpose: some or all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// So many, the borders first.
    PerPrefix(u32),
    /// Every one.
    All,
}

/// Numbered targets, pair after pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetSpace {
    pairs: Vec<PrefixPort>,
    /// The addresses of each pair; `None` is every one of its prefix.
    chosen: Vec<Option<Vec<IpAddr>>>,
    /// The number at which each pair begins, and the count at the end.
    starts: Vec<u64>,
}

impl TargetSpace {
    /// The targets of these pairs, which do not overlap at the same port; `None` where they are more than 67 million.
    pub fn new(mut pairs: Vec<PrefixPort>, amount: Amount) -> Option<Self> {
        pairs.sort_by_key(|pair| (pair.port, pair.prefix.network()));
        let (mut chosen, mut starts) = (Vec::new(), vec![0_u64]);
        let mut count = 0_u64;
        for pair in &pairs {
            let addresses = match amount {
                Amount::PerPrefix(wanted) => Some(samples(pair.prefix, wanted)),
                Amount::All => None,
            };
            let free = u32::from(pair.prefix.max_prefix_len() - pair.prefix.prefix_len());
            let size = addresses.as_ref().map_or(1_u64.checked_shl(free), |few| u64::try_from(few.len()).ok());
            count = count.checked_add(size?).filter(|count| *count <= MOST)?;
            chosen.push(addresses);
            starts.push(count);
        }
        Some(Self { pairs, chosen, starts })
    }

    /// How many targets there are.
    pub fn count(&self) -> u64 {
        self.starts.last().copied().unwrap_or(0)
    }

    /// Prefixes and ports, in the order of port and prefix.
    pub fn pairs(&self) -> &[PrefixPort] {
        &self.pairs
    }

    /// The numbers of a pair.
    pub fn numbers(&self, pair: usize) -> std::ops::Range<u64> {
        let at = |pair: usize| self.starts.get(pair).copied().unwrap_or(self.count());
        at(pair)..at(pair + 1)
    }

    /// The numbers of the canaries.
    pub fn canaries(&self) -> impl Iterator<Item = u64> + '_ {
        let pairs = self.pairs.iter().enumerate().filter(|(_, pair)| pair.canary);
        pairs.flat_map(|(at, _)| self.numbers(at))
    }

    /// The numbers of a transport.
    pub fn numbers_of(&self, transport: Transport) -> std::ops::Range<u64> {
        let first = self.pairs.partition_point(|pair| pair.port.transport < transport);
        let last = self.pairs.partition_point(|pair| pair.port.transport <= transport);
        let at = |pair: usize| self.starts.get(pair).copied().unwrap_or(self.count());
        at(first)..at(last)
    }

    /// The pair that a number lies in.
    pub fn pair_of(&self, number: u64) -> usize {
        self.starts.partition_point(|start| *start <= number).saturating_sub(1)
    }

    /// The target of a number below the count; `None` above.
    pub fn target(&self, number: u64) -> Option<(SocketAddr, Transport)> {
        let at = self.pair_of(number);
        let pair = self.pairs.get(at)?;
        let within = number - self.starts.get(at)?;
        let ip = match self.chosen.get(at)? {
            Some(few) => *few.get(usize::try_from(within).ok()?)?,
            None => address(pair.prefix, u128::from(within)),
        };
        Some((SocketAddr::new(ip, pair.port.number), pair.port.transport))
    }

    /// The number of a target; `None` where it is none of these.
    pub fn number(&self, to: SocketAddr, transport: Transport) -> Option<u64> {
        let (ip, port) = (to.ip(), Port { transport, number: to.port() });
        let after = self.pairs.partition_point(|pair| (pair.port, pair.prefix.network()) <= (port, ip));
        let at = after.checked_sub(1)?;
        let pair = self.pairs.get(at).filter(|pair| pair.port == port && pair.prefix.contains(&ip))?;
        let within = match self.chosen.get(at)? {
            Some(few) => u64::try_from(few.binary_search(&ip).ok()?).ok()?,
            None => offset(pair.prefix, ip)?,
        };
        Some(self.starts.get(at)? + within)
    }
}

/// How far into a prefix an address lies.
fn offset(prefix: IpNet, ip: IpAddr) -> Option<u64> {
    match (prefix.network(), ip) {
        (IpAddr::V4(first), IpAddr::V4(ip)) => Some(u64::from(u32::from(ip).checked_sub(u32::from(first))?)),
        (IpAddr::V6(first), IpAddr::V6(ip)) => u128::from(ip).checked_sub(u128::from(first))?.try_into().ok(),
        _ => None,
    }
}

/// Two bytes for each are kept: more would be neither polite nor of use. All that Zoom publishes for IPv4, at its 20 ports, is a
/// sixth of it.
const MOST: u64 = 1 << 26;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pair(prefix: &str, transport: Transport, number: u16) -> PrefixPort {
        PrefixPort { prefix: prefix.parse().unwrap(), port: Port { transport, number }, canary: false }
    }

    fn pairs() -> Vec<PrefixPort> {
        vec![
            pair("170.114.0.0/16", Transport::Tcp, 443),
            pair("3.235.96.26/31", Transport::Tcp, 443),
            pair("192.0.2.1/32", Transport::Udp, 8801),
            pair("170.114.0.0/16", Transport::Udp, 443),
            pair("2407:30c0:180::/112", Transport::Tcp, 443),
        ]
    }

    proptest! {
        #[test]
        fn a_number_and_its_target_name_each_other(pick: u64, all: bool) {
            let amount = if all { Amount::All } else { Amount::PerPrefix(9) };
            let space = TargetSpace::new(pairs(), amount).unwrap();
            let number = pick % space.count();
            let (to, transport) = space.target(number).unwrap();
            prop_assert_eq!(space.number(to, transport), Some(number));
            let pair = space.pair_of(number);
            prop_assert!(space.numbers(pair).contains(&number));
            prop_assert!(space.pairs()[pair].prefix.contains(&to.ip()));
        }
    }

    #[test]
    fn every_address_is_counted_once() {
        let count = |amount| TargetSpace::new(pairs(), amount).map(|space| space.count());
        assert_eq!(count(Amount::All), Some(65_536 + 2 + 1 + 65_536 + 65_536));
        assert_eq!(count(Amount::PerPrefix(4)), Some(4 + 2 + 1 + 4 + 4));
    }

    #[test]
    fn a_target_outside_has_no_number() {
        let space = TargetSpace::new(pairs(), Amount::PerPrefix(4)).unwrap();
        let number = |to: &str, transport| space.number(to.parse().unwrap(), transport);
        assert_eq!(number("170.114.0.0:443", Transport::Tcp), Some(2));
        assert_eq!(number("170.114.0.1:443", Transport::Tcp), None);
        assert_eq!(number("170.114.0.0:80", Transport::Tcp), None);
        assert_eq!(number("1.1.1.1:443", Transport::Tcp), None);
        assert_eq!(space.target(space.count()), None);
    }

    #[test]
    fn a_whole_prefix_of_ipv6_is_more_than_can_be_asked() {
        assert_eq!(TargetSpace::new(vec![pair("2407:30c0:180::/47", Transport::Tcp, 443)], Amount::All), None);
    }
}
