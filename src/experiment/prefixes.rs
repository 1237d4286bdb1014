//! A shared experiment: which of Zoom's prefixes a filter lets pass.
//!
//! Its packets go to addresses of them and die just behind the filter, so that a router says whether they came so far. Most
//! of these addresses are silent, and nothing reaches them.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use ipnet::{IpNet, Ipv4Net};
use why5003_probes::model::{Probe, Role, Settings, Transport};

use super::{Experiment, Setup, probes};

/// Do packets to others of Zoom's published prefixes pass the filter at this hop?
pub const PREFIXES: Experiment<Prefixes> = Experiment::new("prefixes", prefixes);

/// A filter, and the prefix that it may close.
#[derive(Clone, Copy, Debug)]
pub struct Prefixes {
    /// The last hop that answers for the flow that dies.
    pub beyond: u8,
    /// The prefix of which two addresses must be asked, where one is suspected alone.
    pub suspect: Option<IpNet>,
}

/// Two addresses of the prefix that is suspected, and two of each of the largest.
fn prefixes(setup: &Setup<'_>, &Prefixes { beyond, suspect }: &Prefixes) -> Vec<Probe> {
    let mut asked = Vec::new();
    let large = largest(setup);
    let suspected = suspect.iter().filter_map(|prefix| if let IpNet::V4(v4) = prefix { Some(*v4) } else { None });
    for prefix in suspected.chain(large.into_iter().filter(|p| suspect != Some(IpNet::V4(*p)))).take(MOST) {
        // The two die at two routers: each sends its ICMP errors at a limited rate (Linux: six in a burst to one host).
        for (nth, ttl) in (0..).zip([beyond.saturating_add(1), beyond.saturating_add(2)]) {
            let to = SocketAddr::new(IpAddr::V4(sample(prefix, nth)), 443);
            let probe = probes::up_to(Role::Range, to, Transport::Tcp, ttl);
            // Two SYNs, a second apart.
            let settings = Settings { wait_ms: Some(1_300), ..probe.settings.clone() };
            asked.push(probe.with(settings));
        }
    }
    asked
}

/// The largest prefixes for meetings, in the order published where they are as large.
fn largest(setup: &Setup<'_>) -> Vec<Ipv4Net> {
    let Some(list) = setup.catalogue.lists.get("meetings") else { return Vec::new() };
    let of_v4 = |prefix: &IpNet| if let IpNet::V4(v4) = prefix { Some(*v4) } else { None };
    let mut prefixes: Vec<Ipv4Net> = list.prefixes.iter().filter_map(of_v4).collect();
    prefixes.sort_by_key(Ipv4Net::prefix_len);
    prefixes
}

/// An address of the prefix, far from its edges and from the other one's neighbourhood.
fn sample(prefix: Ipv4Net, nth: u32) -> Ipv4Addr {
    let size = 1_u32.checked_shl(u32::from(32 - prefix.prefix_len())).unwrap_or(u32::MAX);
    let base = u32::from(prefix.network());
    Ipv4Addr::from(base.saturating_add(size / 3 * (nth + 1)).saturating_add(7).min(u32::from(prefix.broadcast())))
}

/// Five of Zoom's prefixes are as large as /16: they hold most of its addresses.
const MOST: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_lie_in_their_prefix_and_apart() {
        let samples = |prefix: &str| [0, 1].map(|nth| sample(prefix.parse().unwrap(), nth).to_string());
        assert_eq!(samples("170.114.0.0/16"), ["170.114.85.92", "170.114.170.177"]);
        assert_eq!(samples("3.235.96.26/31"), ["3.235.96.27", "3.235.96.27"]);
    }
}
