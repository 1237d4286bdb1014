//! Where a flow that does not pass ends: found by packets whose TTL ends at ever other hops of the trunk, halving what is left.
//!
//! A walk would ask every router at once, and those that send few ICMP errors would keep back the one that tells.

use std::net::IpAddr;

use why5003_probes::kit::HopAnswer;

use super::settle::{Brought, Reach, Trunk};

/// What is known of where a flow ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    /// The farthest hop that it comes to.
    passed: u8,
    /// Who answered there: not always the router that neutral flows come to.
    by: Option<IpAddr>,
    /// The nearest hop that it does not come to.
    stopped: u8,
    /// What comes instead, from there on.
    instead: Brought,
}

impl Ending {
    /// Of a flow that does not come to the end of the trunk; a RST comes instead, or nothing does.
    pub fn new(trunk: &Trunk, is_reset: bool) -> Self {
        let came = if is_reset { HopAnswer::Refused } else { HopAnswer::Silent };
        Self { passed: 0, by: None, stopped: trunk.end(), instead: Brought { came, from: None } }
    }

    /// The hop at which the next packet is to end: the middle one of those that answer, if there is any left.
    pub fn next(&self, trunk: &Trunk) -> Option<u8> {
        let left: Vec<u8> =
            (self.passed.saturating_add(1)..self.stopped).filter(|hop| trunk.router(*hop).is_some()).collect();
        left.get(left.len() / 2).copied()
    }

    /// Notes what a packet brought that was to end at such a hop.
    pub fn note(&mut self, trunk: &Trunk, ttl: u8, brought: Brought) {
        if brought.came == HopAnswer::Expired && !trunk.is_astray(brought.from, ttl) {
            if ttl > self.passed {
                (self.passed, self.by) = (ttl, brought.from);
            }
            return;
        }
        self.stopped = self.stopped.min(ttl);
        if !matches!(brought.came, HopAnswer::Silent | HopAnswer::Expired) {
            self.instead = brought;
        }
    }

    /// What is known by now.
    pub fn reach(&self, trunk: &Trunk) -> Reach {
        let (hop, address) = (self.passed, self.by);
        match self.instead.came {
            HopAnswer::Prohibited => Reach::Prohibited { by: self.instead.from },
            HopAnswer::Unreachable => Reach::NoRoute { by: self.instead.from },
            HopAnswer::Refused => Reach::Reset { hop, address },
            HopAnswer::Silent | HopAnswer::Expired => match trunk.after(hop) {
                Some(next) => Reach::Dies { hop, address, next: Some(next) },
                None => Reach::Untold,
            },
            HopAnswer::Answered => Reach::Untold,
        }
    }
}

#[cfg(test)]
mod tests {
    use HopAnswer::{Answered, Expired, Prohibited, Refused, Silent, Unreachable};
    use why5003_probes::kit::Hop;

    use super::*;

    fn name(n: u8) -> IpAddr {
        IpAddr::from([10, 0, n, 1])
    }

    /// Eight routers, of which the third is mute.
    fn trunk() -> Trunk {
        let came = |ttl: u8| match ttl {
            3 => Silent,
            9 => Answered,
            _ => Expired,
        };
        let hop = |ttl| Hop { ttl, came: came(ttl), from: (ttl != 3).then(|| name(ttl)), rtt_us: None };
        let walk: Vec<Hop> = (1..=9).map(hop).collect();
        Trunk::shared(&[walk.clone(), walk])
    }

    /// Searches, where packets pass up to a hop and bring this beyond; and how many it took.
    fn found(last: u8, beyond: Brought) -> (Reach, usize) {
        let trunk = trunk();
        let mut ending = Ending::new(&trunk, beyond.came == Refused);
        let mut asked = 0;
        while let Some(ttl) = ending.next(&trunk) {
            asked += 1;
            let passes = Brought { came: Expired, from: Some(name(ttl)) };
            ending.note(&trunk, ttl, if ttl <= last { passes } else { beyond });
        }
        (ending.reach(&trunk), asked)
    }

    #[test]
    fn the_last_router_that_a_flow_comes_to_is_found_by_halving() {
        let silence = Brought { came: Silent, from: None };
        for last in [0, 1, 2, 4, 5, 6, 7] {
            let next = Some(name(if last == 2 { 4 } else { last + 1 }));
            let address = (last > 0).then(|| name(last));
            let (reach, asked) = found(last, silence);
            assert_eq!(reach, Reach::Dies { hop: last, address, next }, "{last}");
            assert!(asked <= 3, "{last}: {asked}");
        }
        // The third says nothing: whether a flow that comes to it does so is not known.
        assert_eq!(found(3, silence).0, Reach::Dies { hop: 2, address: Some(name(2)), next: Some(name(4)) });
    }

    #[test]
    fn what_comes_instead_says_how_it_is_stopped() {
        let by = Some(name(5));
        assert_eq!(found(5, Brought { came: Prohibited, from: by }).0, Reach::Prohibited { by });
        assert_eq!(found(5, Brought { came: Unreachable, from: by }).0, Reach::NoRoute { by });
        assert_eq!(found(5, Brought { came: Refused, from: None }).0, Reach::Reset { hop: 5, address: by });
    }

    #[test]
    fn a_router_beside_the_way_is_named_and_not_the_one_of_that_hop_on_it() {
        let (trunk, beside) = (trunk(), Some(IpAddr::from([10, 9, 9, 9])));
        let mut ending = Ending::new(&trunk, false);
        while let Some(ttl) = ending.next(&trunk) {
            let came = if ttl <= 4 { Expired } else { Silent };
            ending.note(&trunk, ttl, Brought { came, from: if ttl == 4 { beside } else { Some(name(ttl)) } });
        }
        assert_eq!(ending.reach(&trunk), Reach::Dies { hop: 4, address: beside, next: Some(name(5)) });
    }

    #[test]
    fn a_packet_that_goes_in_a_circle_comes_no_farther_than_where_it_turns_back() {
        // The sixth sends it back to the fifth.
        let back = Brought { came: Expired, from: Some(name(5)) };
        assert_eq!(found(6, back).0, Reach::Dies { hop: 6, address: Some(name(6)), next: Some(name(7)) });
    }
}
