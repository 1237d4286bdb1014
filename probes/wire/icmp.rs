//! ICMP and ICMPv6 errors by number: what they mean, and how a probe ends by them.
//!
//! It reads no packets: the numbers come from the socket's error queue, or from the packets that a sweep reads.

use crate::model::{How, IcmpMeaning};

/// The meaning of an ICMP error (RFC 792, RFC 1812 5.2.7.1).
pub(crate) fn meaning_v4(kind: u8, code: u8) -> IcmpMeaning {
    match (kind, code) {
        (11, _) => IcmpMeaning::TimeExceeded,
        (3, 0) => IcmpMeaning::NetworkUnreachable,
        (3, 1) => IcmpMeaning::HostUnreachable,
        (3, 2) => IcmpMeaning::ProtocolUnreachable,
        (3, 3) => IcmpMeaning::PortUnreachable,
        (3, 4) => IcmpMeaning::PacketTooBig,
        (3, 9 | 10 | 13) => IcmpMeaning::Prohibited,
        _ => IcmpMeaning::Unlisted,
    }
}

/// The meaning of an ICMPv6 error (RFC 4443, section 3).
pub(crate) fn meaning_v6(kind: u8, code: u8) -> IcmpMeaning {
    match (kind, code) {
        (3, _) => IcmpMeaning::TimeExceeded,
        (2, _) => IcmpMeaning::PacketTooBig,
        (1, 0) => IcmpMeaning::NetworkUnreachable,
        (1, 3) => IcmpMeaning::HostUnreachable,
        (1, 4) => IcmpMeaning::PortUnreachable,
        (1, 1 | 5 | 6) => IcmpMeaning::Prohibited,
        _ => IcmpMeaning::Unlisted,
    }
}

impl How {
    /// How a probe ends whose packet met that error.
    pub(crate) fn by_icmp(meaning: IcmpMeaning) -> Self {
        match meaning {
            IcmpMeaning::TimeExceeded => Self::Expired,
            IcmpMeaning::PortUnreachable | IcmpMeaning::ProtocolUnreachable => Self::Refused,
            IcmpMeaning::PacketTooBig => Self::TooBig,
            IcmpMeaning::Prohibited => Self::Prohibited,
            IcmpMeaning::NetworkUnreachable | IcmpMeaning::HostUnreachable | IcmpMeaning::Unlisted => Self::Unreachable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_firewalls_send_is_prohibited_in_both_families() {
        assert_eq!([9, 10, 13].map(|code| meaning_v4(3, code)), [IcmpMeaning::Prohibited; 3]);
        assert_eq!([1, 5, 6].map(|code| meaning_v6(1, code)), [IcmpMeaning::Prohibited; 3]);
    }

    #[test]
    fn the_same_number_means_another_thing_in_the_other_family() {
        assert_eq!((meaning_v4(3, 1), meaning_v6(3, 1)), (IcmpMeaning::HostUnreachable, IcmpMeaning::TimeExceeded));
    }
}
