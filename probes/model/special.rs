//! Special-purpose address blocks: how far an address of each has a meaning, in one table.
//!
//! The table follows IANA's registries of special-purpose addresses (RFC 6890) for IPv4 and IPv6, as of November 2026, with
//! multicast and site-local addresses added.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// How far an address has a meaning: which hosts can have it, and from where it is reached.
///
/// Closed on purpose: callers ask the questions below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressScope {
    /// The host itself.
    Host,
    /// One link.
    Link,
    /// A private network.
    Network,
    /// A provider's network, between it and its customers.
    Provider,
    /// No host may have it: it is for documentation or benchmarks, reserved, or of a group.
    Nowhere,
    /// The internet, where an ordinary address is; special ones are of public services or lead to public hosts.
    Internet,
}

impl AddressScope {
    /// The scope of an address; that of an IPv4 address mapped into IPv6 (RFC 4291, 2.5.5.2) is the IPv4 address's.
    pub fn of(address: IpAddr) -> Self {
        let address = address.to_canonical();
        let holding = BLOCKS.iter().filter(|block| block.prefix.contains(&address));
        holding.max_by_key(|block| block.prefix.prefix_len()).map_or(Self::Internet, |block| block.scope)
    }

    /// Whether a public service can be at it.
    pub fn is_public(self) -> bool {
        self == Self::Internet
    }

    /// Whether packets to or from it can leave their link.
    pub fn leaves_the_link(self) -> bool {
        !matches!(self, Self::Host | Self::Link)
    }

    /// Whether it belongs to a router or host of this network, or of its provider.
    pub fn is_internal(self) -> bool {
        matches!(self, Self::Link | Self::Network | Self::Provider)
    }

    /// Whether it says where in the internet a host is. An address that no host may have counts: networks use such as their own.
    pub fn tells_where(self) -> bool {
        matches!(self, Self::Internet | Self::Nowhere)
    }
}

/// A block with a scope of its own; inside it, a smaller block counts.
struct Block {
    prefix: IpNet,
    scope: AddressScope,
    /// Where it is defined; the tests hold that every block says so.
    #[cfg_attr(not(test), expect(dead_code, reason = "it is for who reads and mends the table"))]
    source: &'static str,
}

const fn v4(octets: [u8; 4], length: u8, scope: AddressScope, source: &'static str) -> Block {
    let [a, b, c, d] = octets;
    Block { prefix: IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), length)), scope, source }
}

const fn v6(address: u128, length: u8, scope: AddressScope, source: &'static str) -> Block {
    Block { prefix: IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::from_bits(address), length)), scope, source }
}

use AddressScope::{Host, Internet, Link, Network, Nowhere, Provider};

/// Every block, in the order of the registries.
const BLOCKS: [Block; 50] = [
    v4([0, 0, 0, 0], 8, Host, "RFC 791, 3.2: this network"),
    v4([10, 0, 0, 0], 8, Network, "RFC 1918: private use"),
    v4([100, 64, 0, 0], 10, Provider, "RFC 6598: shared address space"),
    v4([127, 0, 0, 0], 8, Host, "RFC 1122, 3.2.1.3: loopback"),
    v4([169, 254, 0, 0], 16, Link, "RFC 3927: link-local"),
    v4([172, 16, 0, 0], 12, Network, "RFC 1918: private use"),
    v4([192, 0, 0, 0], 24, Nowhere, "RFC 6890, 2.1: IETF protocol assignments"),
    v4([192, 0, 0, 0], 29, Provider, "RFC 7335: IPv4 service continuity (DS-Lite, 464XLAT)"),
    v4([192, 0, 0, 8], 32, Nowhere, "RFC 7600: IPv4 dummy address"),
    v4([192, 0, 0, 9], 32, Internet, "RFC 7723: port control protocol anycast"),
    v4([192, 0, 0, 10], 32, Internet, "RFC 8155: TURN anycast"),
    v4([192, 0, 0, 170], 31, Nowhere, "RFC 8880 and RFC 7050, 2.2: NAT64 and DNS64 discovery"),
    v4([192, 0, 2, 0], 24, Nowhere, "RFC 5737: documentation"),
    v4([192, 31, 196, 0], 24, Internet, "RFC 7535: AS112"),
    v4([192, 52, 193, 0], 24, Internet, "RFC 7450: automatic multicast tunneling"),
    v4([192, 88, 99, 0], 24, Internet, "RFC 7526: 6to4 relay anycast, deprecated; some relays answer still"),
    v4([192, 168, 0, 0], 16, Network, "RFC 1918: private use"),
    v4([192, 175, 48, 0], 24, Internet, "RFC 7534: AS112, direct delegation"),
    v4([198, 18, 0, 0], 15, Nowhere, "RFC 2544: benchmarking"),
    v4([198, 51, 100, 0], 24, Nowhere, "RFC 5737: documentation"),
    v4([203, 0, 113, 0], 24, Nowhere, "RFC 5737: documentation"),
    v4([224, 0, 0, 0], 4, Nowhere, "RFC 5771: multicast"),
    v4([240, 0, 0, 0], 4, Nowhere, "RFC 1112, 4: reserved"),
    v4([255, 255, 255, 255], 32, Link, "RFC 919, 7: limited broadcast"),
    v6(0, 128, Host, "RFC 4291, 2.5.2: unspecified"),
    v6(1, 128, Host, "RFC 4291, 2.5.3: loopback"),
    v6(0x0064_ff9b << 96, 96, Internet, "RFC 6052: translated to IPv4; the host behind it is a public one"),
    v6(
        0x0064_ff9b_0001 << 80,
        48,
        Internet,
        "RFC 8215: translated to IPv4 by this network; the host behind it may be a public one",
    ),
    v6(0x0100 << 112, 64, Nowhere, "RFC 6666: discard only"),
    v6((0x0100 << 112) | (1 << 64), 64, Nowhere, "RFC 9780: dummy prefix"),
    v6(0x2001 << 112, 23, Nowhere, "RFC 2928: IETF protocol assignments"),
    v6(0x2001 << 112, 32, Internet, "RFC 4380: Teredo"),
    v6((0x2001_0001 << 96) | 1, 128, Internet, "RFC 7723: port control protocol anycast"),
    v6((0x2001_0001 << 96) | 2, 128, Internet, "RFC 8155: TURN anycast"),
    v6((0x2001_0001 << 96) | 3, 128, Internet, "RFC 9665: service registration anycast"),
    v6(0x2001_0002 << 96, 48, Nowhere, "RFC 5180: benchmarking"),
    v6(0x2001_0003 << 96, 32, Internet, "RFC 7450: automatic multicast tunneling"),
    v6(0x2001_0004_0112 << 80, 48, Internet, "RFC 7535: AS112"),
    v6(0x2001_0010 << 96, 28, Nowhere, "RFC 4843: ORCHID, deprecated"),
    v6(0x2001_0020 << 96, 28, Internet, "RFC 7343: ORCHIDv2"),
    v6(0x2001_0030 << 96, 28, Internet, "RFC 9374: drone remote identification tags"),
    v6(0x2001_0db8 << 96, 32, Nowhere, "RFC 3849: documentation"),
    v6(0x2002 << 112, 16, Internet, "RFC 3056: 6to4"),
    v6(0x2620_004f_8000 << 80, 48, Internet, "RFC 7534: AS112, direct delegation"),
    v6(0x3fff << 112, 20, Nowhere, "RFC 9637: documentation"),
    v6(0x5f00 << 112, 16, Network, "RFC 9602: segment routing identifiers"),
    v6(0xfc00 << 112, 7, Network, "RFC 4193: unique local"),
    v6(0xfe80 << 112, 10, Link, "RFC 4291, 2.5.6: link-local unicast"),
    v6(0xfec0 << 112, 10, Network, "RFC 3879: site-local, deprecated; old networks have it still"),
    v6(0xff00 << 112, 8, Nowhere, "RFC 4291, 2.7: multicast"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(address: &str) -> AddressScope {
        AddressScope::of(address.parse().unwrap())
    }

    /// A block's first address, its last, and the scope of both; a line for each block, in the order of the table.
    const ENDS: [(&str, &str, AddressScope); 50] = [
        ("0.0.0.0", "0.255.255.255", Host),
        ("10.0.0.0", "10.255.255.255", Network),
        ("100.64.0.0", "100.127.255.255", Provider),
        ("127.0.0.0", "127.255.255.255", Host),
        ("169.254.0.0", "169.254.255.255", Link),
        ("172.16.0.0", "172.31.255.255", Network),
        ("192.0.0.11", "192.0.0.255", Nowhere),
        ("192.0.0.0", "192.0.0.7", Provider),
        ("192.0.0.8", "192.0.0.8", Nowhere),
        ("192.0.0.9", "192.0.0.9", Internet),
        ("192.0.0.10", "192.0.0.10", Internet),
        ("192.0.0.170", "192.0.0.171", Nowhere),
        ("192.0.2.0", "192.0.2.255", Nowhere),
        ("192.31.196.0", "192.31.196.255", Internet),
        ("192.52.193.0", "192.52.193.255", Internet),
        ("192.88.99.0", "192.88.99.255", Internet),
        ("192.168.0.0", "192.168.255.255", Network),
        ("192.175.48.0", "192.175.48.255", Internet),
        ("198.18.0.0", "198.19.255.255", Nowhere),
        ("198.51.100.0", "198.51.100.255", Nowhere),
        ("203.0.113.0", "203.0.113.255", Nowhere),
        ("224.0.0.0", "239.255.255.255", Nowhere),
        ("240.0.0.0", "255.255.255.254", Nowhere),
        ("255.255.255.255", "255.255.255.255", Link),
        ("::", "::", Host),
        ("::1", "::1", Host),
        ("64:ff9b::", "64:ff9b::ffff:ffff", Internet),
        ("64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", Internet),
        ("100::", "100::ffff:ffff:ffff:ffff", Nowhere),
        ("100:0:0:1::", "100::1:ffff:ffff:ffff:ffff", Nowhere),
        ("2001:1::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", Nowhere),
        ("2001::", "2001:0:ffff:ffff:ffff:ffff:ffff:ffff", Internet),
        ("2001:1::1", "2001:1::1", Internet),
        ("2001:1::2", "2001:1::2", Internet),
        ("2001:1::3", "2001:1::3", Internet),
        ("2001:2::", "2001:2:0:ffff:ffff:ffff:ffff:ffff", Nowhere),
        ("2001:3::", "2001:3:ffff:ffff:ffff:ffff:ffff:ffff", Internet),
        ("2001:4:112::", "2001:4:112:ffff:ffff:ffff:ffff:ffff", Internet),
        ("2001:10::", "2001:1f:ffff:ffff:ffff:ffff:ffff:ffff", Nowhere),
        ("2001:20::", "2001:2f:ffff:ffff:ffff:ffff:ffff:ffff", Internet),
        ("2001:30::", "2001:3f:ffff:ffff:ffff:ffff:ffff:ffff", Internet),
        ("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", Nowhere),
        ("2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Internet),
        ("2620:4f:8000::", "2620:4f:8000:ffff:ffff:ffff:ffff:ffff", Internet),
        ("3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", Nowhere),
        ("5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Network),
        ("fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Network),
        ("fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Link),
        ("fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Network),
        ("ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Nowhere),
    ];

    #[test]
    fn every_block_has_its_scope_from_its_first_address_to_its_last() {
        for (block, (first, last, wanted)) in BLOCKS.iter().zip(ENDS) {
            assert!(block.prefix.contains(&first.parse::<IpAddr>().unwrap()), "{first} is of {}", block.prefix);
            assert!(block.prefix.contains(&last.parse::<IpAddr>().unwrap()), "{last} is of {}", block.prefix);
            assert_eq!((scope(first), scope(last)), (wanted, wanted), "{}", block.prefix);
        }
    }

    #[test]
    fn every_block_stands_once_and_cites_its_rfc() {
        for (at, block) in BLOCKS.iter().enumerate() {
            assert!(block.source.starts_with("RFC "), "{}", block.prefix);
            assert_eq!(block.prefix, block.prefix.trunc());
            assert!(BLOCKS[..at].iter().all(|before| before.prefix != block.prefix), "{}", block.prefix);
        }
    }

    #[test]
    fn what_lies_just_outside_a_block_is_ordinary() {
        for address in [
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "172.15.0.1",
            "172.32.0.0",
            "192.0.1.0",
            "192.0.3.0",
            "192.167.255.255",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "::2",
            "2001:200::",
            "2001:db7::",
            "2001:db9::",
            "2407:30c0::",
            "3fff:1000::",
            "fbff::",
        ] {
            assert_eq!(scope(address), Internet, "{address}");
        }
    }

    #[test]
    fn an_ipv4_address_mapped_into_ipv6_is_what_the_ipv4_address_is() {
        assert_eq!((scope("::ffff:10.0.0.1"), scope("::ffff:170.114.0.1")), (Network, Internet));
    }
}
