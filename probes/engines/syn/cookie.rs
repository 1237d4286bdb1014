//! What a SYN carries so that its answer is known without a memory of what was sent.

use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, SocketAddr};

/// The first sequence number of each flow: a keyed hash (SipHash) of both ends, which nobody can guess who does not see the SYN.
pub(super) struct Cookies(pub(super) RandomState);

impl Cookies {
    /// The number for a flow.
    pub(super) fn of(&self, from: SocketAddr, to: SocketAddr) -> u32 {
        let ports = u32::from(from.port()) << 16 | u32::from(to.port());
        let hash = match (from.ip(), to.ip()) {
            (IpAddr::V4(from), IpAddr::V4(to)) => {
                self.0.hash_one((u64::from(from.to_bits()) << 32 | u64::from(to.to_bits()), ports))
            }
            (from, to) => self.0.hash_one((from, to, ports)),
        };
        // The upper half is as good as the lower one.
        u32::try_from(hash >> 32).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_end_and_the_key_count() {
        let cookies = Cookies(RandomState::new());
        let of = |from: &str, to: &str| cookies.of(from.parse().unwrap(), to.parse().unwrap());
        let one = of("192.0.2.1:40000", "170.114.0.1:443");
        assert_eq!(one, of("192.0.2.1:40000", "170.114.0.1:443"));
        let others = [
            of("192.0.2.1:40001", "170.114.0.1:443"),
            of("192.0.2.2:40000", "170.114.0.1:443"),
            of("192.0.2.1:40000", "170.114.0.2:443"),
            of("192.0.2.1:40000", "170.114.0.1:80"),
            of("[2001:db8::1]:40000", "[2407:30c0::1]:443"),
            Cookies(RandomState::new()).of("192.0.2.1:40000".parse().unwrap(), "170.114.0.1:443".parse().unwrap()),
        ];
        // Each is the same by chance once in four thousand million.
        assert!(!others.contains(&one));
    }
}
