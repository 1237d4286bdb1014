//! Silence settled: does a packet to a silent target reach the last router that all ways share, or does it die before?
//!
//! Most of Zoom's addresses have no host, so silence alone says nothing. A packet whose TTL ends at the last shared router brings
//! an ICMP "time exceeded" from there if nothing on this network's side of it stops the flow; a walk of the TTL tells where it
//! dies if something does. A router answers an expired TTL before it filters what it forwards, so what answers last stands
//! before the filter, or is it.

use std::collections::BTreeMap;
use std::net::IpAddr;

use why5003_probes::engines::Response;
use why5003_probes::kit::{Hop, HopAnswer};

use super::ledger::Ledger;
use super::space::Space;

/// How far packets to a target come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// To the last router that all ways share: nothing on this side of it stops them.
    Passes {
        /// Which hop that is.
        hop: u8,
        /// Who answered there.
        router: Option<IpAddr>,
    },
    /// No farther than here, while a neutral flow goes on.
    Dies {
        /// The last hop that answers for them; 0 where not even the first does.
        hop: u8,
        /// Who answered there.
        address: Option<IpAddr>,
        /// The first who answers for the neutral flow alone.
        next: Option<IpAddr>,
    },
    /// A RST comes back though the packet's TTL ended before the target: a router answers an expired TTL before it filters, so who
    /// sent the RST is the one before, or sits behind it.
    Reset {
        /// The last hop before that; 0 where it came from this computer or its link.
        hop: u8,
        /// The router there.
        address: Option<IpAddr>,
    },
    /// Somebody on the way says that they may not pass, or do not.
    Refused {
        /// Who.
        by: Option<IpAddr>,
    },
    /// It could not be told: routers do not answer, or answer too seldom.
    Untold,
}

impl Reach {
    /// Whether packets pass; `None` where that is not known.
    pub fn passes(self) -> Option<bool> {
        match self {
            Self::Passes { .. } => Some(true),
            Self::Dies { .. } | Self::Reset { .. } | Self::Refused { .. } => Some(false),
            Self::Untold => None,
        }
    }
}

/// The routers that the ways to several neutral operators share, from this computer on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trunk {
    /// Who answers at hop 1, 2, …; `None` where nobody does.
    routers: Vec<Option<IpAddr>>,
}

impl Trunk {
    /// What walks to neutral hosts have in common; a router that was silent in one walk is taken from another.
    pub fn shared(walks: &[Vec<Hop>]) -> Self {
        let mut routers = Vec::new();
        for ttl in 1..=u8::MAX {
            let at: Vec<&Hop> = walks.iter().filter_map(|walk| walk.iter().find(|hop| hop.ttl == ttl)).collect();
            let ended = walks.iter().any(|walk| {
                walk.iter().any(|hop| hop.ttl <= ttl && !matches!(hop.came, HopAnswer::Expired | HopAnswer::Silent))
            });
            let mut names = at.iter().filter(|hop| hop.came == HopAnswer::Expired).filter_map(|hop| hop.from);
            let first = names.next();
            // At least two must be there to agree.
            if ended || at.len() < 2 || names.any(|name| Some(name) != first) {
                break;
            }
            routers.push(first);
        }
        while routers.last() == Some(&None) {
            routers.pop();
        }
        Self { routers }
    }

    /// The hop of its last router; 0 where nothing is shared.
    pub fn end(&self) -> u8 {
        u8::try_from(self.routers.len()).unwrap_or(u8::MAX)
    }

    /// The hop of a router of it.
    pub fn hop_of(&self, router: IpAddr) -> Option<u8> {
        let at = self.routers.iter().position(|other| *other == Some(router))?;
        u8::try_from(at + 1).ok()
    }

    /// The first router beyond a hop.
    fn after(&self, hop: u8) -> Option<IpAddr> {
        self.routers.iter().skip(usize::from(hop)).find_map(|router| *router)
    }

    /// What a walk towards a silent target tells.
    pub fn reach_of(&self, walk: &[Hop]) -> Reach {
        if let Some(hop) = walk.iter().find(|hop| matches!(hop.came, HopAnswer::Prohibited | HopAnswer::Unreachable)) {
            return Reach::Refused { by: hop.from };
        }
        if let Some(hop) = walk.iter().find(|hop| matches!(hop.came, HopAnswer::Answered | HopAnswer::Refused)) {
            let reset_on_the_way = hop.came == HopAnswer::Refused && hop.ttl <= self.end();
            if reset_on_the_way {
                let before = hop.ttl.saturating_sub(1);
                let router = usize::from(before).checked_sub(1).and_then(|at| self.routers.get(at).copied().flatten());
                return Reach::Reset { hop: before, address: router };
            }
            return Reach::Passes { hop: hop.ttl, router: hop.from };
        }
        let last = walk.iter().rev().find(|hop| hop.came == HopAnswer::Expired);
        let (hop, address) = last.map_or((0, None), |hop| (hop.ttl, hop.from));
        if self.end() == 0 {
            return Reach::Untold;
        }
        if hop >= self.end() {
            return Reach::Passes { hop, router: address };
        }
        match self.after(hop) {
            Some(next) => Reach::Dies { hop, address, next: Some(next) },
            None => Reach::Untold,
        }
    }
}

/// The trunks of both families: their ways need not be of one length.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trunks {
    /// Of IPv4.
    pub v4: Trunk,
    /// Of IPv6.
    pub v6: Trunk,
}

impl Trunks {
    /// The one of an address's family.
    pub fn of(&self, address: IpAddr) -> &Trunk {
        if address.is_ipv4() { &self.v4 } else { &self.v6 }
    }
}

/// What a packet whose TTL ends at the end of the trunk brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AtTheEnd {
    /// What came.
    pub came: HopAnswer,
    /// Who sent it.
    pub from: Option<IpAddr>,
}

impl AtTheEnd {
    /// What it tells; `None` where it tells nothing.
    pub fn reach(self, trunk: &Trunk) -> Option<Reach> {
        match self.came {
            HopAnswer::Expired => Some(Reach::Passes { hop: trunk.end(), router: self.from }),
            HopAnswer::Prohibited | HopAnswer::Unreachable => Some(Reach::Refused { by: self.from }),
            // Who answers here is nearer than the target can be: only a walk tells where.
            HopAnswer::Silent | HopAnswer::Answered | HopAnswer::Refused => None,
        }
    }
}

/// The first, the last and the two middle targets of a lane of which it is not clear who kept silent or refused.
pub(super) fn telling(space: &Space, ledger: &Ledger, lane: usize) -> Vec<u64> {
    let numbers = space.numbers(lane);
    let is_open = ledger.tally(numbers.clone()).open > 0;
    // A RST may come from the way as well; beside a target that is open it is the far end's.
    let unclear = |number: &u64| match ledger.response(*number) {
        Some(Response::Silent) => true,
        Some(Response::Closed { .. }) => !is_open,
        _ => false,
    };
    let middle = numbers.start.midpoint(numbers.end);
    let picks = [
        numbers.clone().find(unclear),
        numbers.clone().rev().find(unclear),
        (numbers.start..middle).rev().find(unclear),
        (middle..numbers.end).find(unclear),
    ];
    let mut chosen = Vec::new();
    for number in picks.into_iter().flatten() {
        if !chosen.contains(&number) {
            chosen.push(number);
        }
    }
    chosen
}

/// The silent targets half-way between two of a lane that fare differently: so a border is found by bisection.
pub fn at_borders(space: &Space, ledger: &Ledger, settled: &Settled) -> Vec<u64> {
    let mut halfway = Vec::new();
    for lane in 0..space.lanes().len() {
        let known: Vec<(u64, Reach)> = settled.within(space.numbers(lane)).collect();
        for pair in known.windows(2) {
            let [(low, here), (high, there)] = pair else { continue };
            if here.passes() == there.passes() {
                continue;
            }
            let between: Vec<u64> =
                (low + 1..*high).filter(|number| matches!(ledger.response(*number), Some(Response::Silent))).collect();
            halfway.extend(between.get(between.len() / 2));
        }
    }
    halfway
}

/// What was settled, by target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    reaches: BTreeMap<u64, Reach>,
}

impl Settled {
    /// Notes how far packets to a target come.
    pub fn note(&mut self, number: u64, reach: Reach) {
        self.reaches.insert(number, reach);
    }

    /// How far packets to a target come, where that was settled.
    pub fn reach(&self, number: u64) -> Option<Reach> {
        self.reaches.get(&number).copied()
    }

    /// What was settled within a range.
    pub fn within(&self, numbers: std::ops::Range<u64>) -> impl Iterator<Item = (u64, Reach)> + '_ {
        self.reaches.range(numbers).map(|(number, reach)| (*number, *reach))
    }
}

#[cfg(test)]
mod tests {
    use why5003_probes::kit::Transport;

    use super::super::{Amount, Lane, Port};
    use super::*;
    use HopAnswer::{Answered, Expired, Prohibited, Refused, Silent};

    fn walk(hops: &[(HopAnswer, u8)]) -> Vec<Hop> {
        let hop = |(ttl, (came, router)): (u8, &(HopAnswer, u8))| Hop {
            ttl,
            came: *came,
            from: (*came != Silent).then(|| IpAddr::from([10, 0, *router, 1])),
            rtt_us: None,
        };
        (1..).zip(hops).map(hop).collect()
    }

    fn trunk() -> Trunk {
        Trunk::shared(&[
            walk(&[(Expired, 1), (Expired, 2), (Silent, 0), (Expired, 4), (Expired, 5), (Answered, 9)]),
            walk(&[(Expired, 1), (Silent, 0), (Silent, 0), (Expired, 4), (Expired, 6), (Answered, 8)]),
        ])
    }

    #[test]
    fn the_trunk_ends_where_neutral_ways_part() {
        assert_eq!(trunk().end(), 4);
        assert_eq!(Trunk::shared(&[walk(&[(Expired, 1), (Answered, 2)])]).end(), 0);
    }

    #[test]
    fn what_reaches_the_end_of_the_trunk_passes_and_what_ends_before_dies_there() {
        let router = |n: u8| Some(IpAddr::from([10, 0, n, 1]));
        let reach = |hops: &[(HopAnswer, u8)]| trunk().reach_of(&walk(hops));
        assert_eq!(
            reach(&[(Expired, 1), (Silent, 0), (Silent, 0), (Expired, 4), (Silent, 0)]),
            Reach::Passes { hop: 4, router: router(4) }
        );
        assert_eq!(
            reach(&[(Expired, 1), (Silent, 0), (Silent, 0), (Silent, 0)]),
            Reach::Dies { hop: 1, address: router(1), next: router(2) }
        );
        // Nobody answers at hop 3 for the neutral flow either: the next that would is hop 4's.
        assert_eq!(
            reach(&[(Expired, 1), (Expired, 2), (Silent, 0), (Silent, 0)]),
            Reach::Dies { hop: 2, address: router(2), next: router(4) }
        );
        assert_eq!(reach(&[(Silent, 0); 4]), Reach::Dies { hop: 0, address: None, next: router(1) });
        assert_eq!(reach(&[(Expired, 1), (Refused, 9)]), Reach::Reset { hop: 1, address: router(1) });
        assert_eq!(reach(&[(Expired, 1), (Prohibited, 2)]), Reach::Refused { by: router(2) });
    }

    #[test]
    fn without_a_trunk_nothing_is_told() {
        assert_eq!(Trunk::default().reach_of(&walk(&[(Expired, 1), (Silent, 0)])), Reach::Untold);
    }

    #[test]
    fn a_border_within_a_prefix_is_found_by_bisection() {
        let port = Port { transport: Transport::Tcp, number: 443 };
        let lanes = vec![Lane { prefix: "170.114.0.0/16".parse().unwrap(), port, canary: false }];
        let space = Space::new(lanes, Amount::All).unwrap();
        let mut ledger = Ledger::new(space.count());
        (0..space.count()).for_each(|number| assert!(ledger.note(number, Response::Silent)));
        let passes = Reach::Passes { hop: 4, router: None };
        let truth =
            |number: u64| if number < 0x4000 { passes } else { Reach::Dies { hop: 1, address: None, next: None } };
        let mut settled = Settled::default();
        let mut asked = telling(&space, &ledger, 0);
        let mut tests = 0;
        while !asked.is_empty() {
            tests += asked.len();
            for number in asked {
                settled.note(number, truth(number));
            }
            asked = at_borders(&space, &ledger, &settled);
        }
        assert_eq!((settled.reach(0x3fff), settled.reach(0x4000)), (Some(truth(0)), Some(truth(0xffff))));
        assert!(tests <= 20, "{tests}");
    }
}
