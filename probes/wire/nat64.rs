//! IPv4 behind IPv6: the addresses of a NAT64 (RFC 6146).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::Ipv6Net;

/// A name with IPv4 addresses alone: whoever gives IPv6 ones for it tells the prefix that is translated (RFC 7050, section 3).
pub const WELL_KNOWN_NAME: &str = "ipv4only.arpa";

/// What that name's IPv4 addresses are (RFC 7050, section 2.2).
const WELL_KNOWN_ADDRESSES: [Ipv4Addr; 2] = [Ipv4Addr::new(192, 0, 0, 170), Ipv4Addr::new(192, 0, 0, 171)];

/// The prefix that every network may translate (RFC 6052, section 2.1).
const WELL_KNOWN_PREFIX: Ipv6Addr = Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0);

/// Bits of the prefixes that are told apart here: of the lengths that RFC 6052 allows, the one that networks use.
const BITS: u8 = 96;

/// The prefix that every network may translate.
pub fn well_known_prefix() -> Ipv6Net {
    prefix_of(WELL_KNOWN_PREFIX)
}

/// An IPv4 address as a translator with such a prefix wants it (RFC 6052, section 2.2).
pub fn embed(prefix: Ipv6Net, address: Ipv4Addr) -> Ipv6Addr {
    Ipv6Addr::from_bits(prefix.network().to_bits() | u128::from(address.to_bits()))
}

/// The prefix that an answer for the well-known name tells; `None` where it is no translated address.
pub fn told_by(answer: IpAddr) -> Option<Ipv6Net> {
    match answer {
        IpAddr::V6(v6) => WELL_KNOWN_ADDRESSES.contains(&last_four(v6)).then(|| prefix_of(v6)),
        IpAddr::V4(_) => None,
    }
}

fn last_four(address: Ipv6Addr) -> Ipv4Addr {
    let [.., a, b, c, d] = address.octets();
    Ipv4Addr::new(a, b, c, d)
}

fn prefix_of(address: Ipv6Addr) -> Ipv6Net {
    Ipv6Net::new_assert(address, BITS).trunc()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_embedded_behind_the_prefix() {
        let embedded = embed(well_known_prefix(), Ipv4Addr::new(170, 114, 52, 2));
        assert_eq!(embedded, "64:ff9b::170.114.52.2".parse::<Ipv6Addr>().unwrap());
    }

    #[test]
    fn a_translated_answer_tells_the_prefix_and_any_other_does_not() {
        assert_eq!(
            told_by("2001:67c:2b0:db32:0:1:c000:aa".parse().unwrap()),
            "2001:67c:2b0:db32:0:1::/96".parse().ok()
        );
        assert_eq!(told_by("2001:db8::1".parse().unwrap()), None);
        assert_eq!(told_by("192.0.0.170".parse().unwrap()), None);
    }
}
