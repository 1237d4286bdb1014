//! Silence settled: does a packet to a silent target reach the last router that all ways share, or does it die before?
//!
//! Most of Zoom's addresses have no host, so silence alone says nothing. A packet whose TTL ends at the last shared router brings
//! an ICMP "time exceeded" from there if nothing on this network's side of it stops the flow; packets that end nearer tell where
//! it dies if something does. A router answers an expired TTL before it filters what it forwards, so what answers last stands
//! before the filter, or is it.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use why5003_probes::model::{Family, Hop, HopAnswer};

/// How far packets to a target come.
///
/// Closed on purpose: it is a word of the sweep's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Reach {
    /// To the last router that all ways share: nothing on this side of it stops them.
    Passes {
        /// Which hop that is.
        hop: u8,
        /// Who answered there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        router: Option<IpAddr>,
    },
    /// No farther than here, while a neutral flow goes on.
    Dies {
        /// The last hop that answers for them; 0 where not even the first does.
        hop: u8,
        /// Who answered there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        address: Option<IpAddr>,
        /// The first who answers for the neutral flow alone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next: Option<IpAddr>,
    },
    /// A RST comes back though the packet's TTL ended before the target: a router answers an expired TTL before it filters, so who
    /// sent the RST is the one before, or sits behind it.
    Reset {
        /// The last hop before that; 0 where it came from this computer or its link.
        hop: u8,
        /// The router there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        address: Option<IpAddr>,
    },
    /// Somebody on the way says that they may not pass.
    Prohibited {
        /// Who.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<IpAddr>,
    },
    /// A router on the way says that it knows no way for them.
    NoRoute {
        /// Which.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<IpAddr>,
    },
    /// They are answered on the way, by somebody in the target's place.
    Forged,
    /// It could not be told: routers do not answer, or answer too seldom.
    Untold,
}

impl Reach {
    /// Whether packets pass; `None` where that is not known.
    pub fn passes(self) -> Option<bool> {
        match self {
            Self::Passes { .. } => Some(true),
            Self::Dies { .. } | Self::Reset { .. } | Self::Prohibited { .. } | Self::NoRoute { .. } => Some(false),
            Self::Forged | Self::Untold => None,
        }
    }

    /// Whether packets are stopped in the same manner at the same place; the first router beyond differs from flow to flow.
    pub fn ends_where(self, other: Self) -> bool {
        let plain = |reach| match reach {
            Self::Dies { hop, address, .. } => Self::Dies { hop, address, next: None },
            reach => reach,
        };
        plain(self) == plain(other)
    }
}

/// The routers that the ways to several neutral operators share, from this computer on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trunk {
    /// Who answers at hop 1, 2, …; `None` where nobody does.
    routers: Vec<Option<IpAddr>>,
    /// Flows were seen to go on behind it: what comes to its end is on its way out of this network.
    proven: bool,
    /// Who answers at which hop on the way to neutral hosts that were not reached: names, and no yardstick.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    near: Vec<Option<IpAddr>>,
}

impl Trunk {
    /// What walks to different neutral hosts have in common; a router that was silent in one walk is taken from another.
    ///
    /// Those that did not arrive, by an answer of the host's own, count for nothing: they may have died at the very filter that is
    /// looked for, and what comes so far has not passed it.
    pub fn shared(walks: &[Vec<Hop>]) -> Self {
        let (arrived, others): (Vec<_>, Vec<_>) = walks.iter().partition(|walk| Self::arrived(walk));
        let routers = in_common(&arrived);
        let end = u8::try_from(routers.len()).unwrap_or(u8::MAX);
        // A router answers an expired TTL before it filters. So one alone, which is the gateway, proves nothing, and neither does
        // one behind which all are mute: it may itself be the filter that is looked for.
        let goes_on = arrived.iter().flat_map(|walk| walk.iter()).any(|hop| match hop.came {
            HopAnswer::Expired => hop.ttl > end,
            HopAnswer::Answered => hop.ttl == end.saturating_add(1),
            _ => false,
        });
        Self { routers, proven: end > 1 && goes_on, near: in_common(&others) }
    }

    /// Whether what comes to its end is on its way out of this network.
    pub fn is_proven(&self) -> bool {
        self.proven
    }

    /// Whether a walk came to its end.
    pub fn arrived(walk: &[Hop]) -> bool {
        walk.iter().any(|hop| hop.came == HopAnswer::Answered)
    }

    /// The hop of its last router; 0 where nothing is shared.
    pub fn end(&self) -> u8 {
        u8::try_from(self.routers.len()).unwrap_or(u8::MAX)
    }

    /// The hop of a router of it, or on the way to a neutral host that was not reached.
    pub fn hop_of(&self, router: IpAddr) -> Option<u8> {
        let of = |routers: &[Option<IpAddr>]| routers.iter().position(|other| *other == Some(router));
        let at = of(&self.routers).or_else(|| of(&self.near))?;
        u8::try_from(at + 1).ok()
    }

    /// The last hop of a router of it: some answer for two in a row.
    pub fn last_hop_of(&self, router: IpAddr) -> Option<u8> {
        let at = self.routers.iter().rposition(|other| *other == Some(router))?;
        u8::try_from(at + 1).ok()
    }

    /// Whether it is one of its routers.
    pub fn has(&self, router: IpAddr) -> bool {
        self.routers.contains(&Some(router))
    }

    /// Whether who answers a packet that ends at such a hop is a router of the trunk, and not the one of that hop: the packet goes in a
    /// circle, or by a way that is longer. One that comes to the last of them has come to the end, by whichever way.
    pub fn is_astray(&self, from: Option<IpAddr>, ttl: u8) -> bool {
        let Some(from) = from else { return false };
        // Some routers answer for two hops in a row.
        let is_there = self.router(ttl) == Some(from) || (ttl >= self.end() && self.router(self.end()) == Some(from));
        !is_there && self.hop_of(from).is_some_and(|hop| hop != ttl)
    }

    /// How far packets come by a way of their own, by who has those that end at hops in a row, from its end on.
    pub fn comes_farther(&self, came: &[(u8, Option<IpAddr>)]) -> Farther {
        let came: Vec<(u8, IpAddr)> = came.iter().filter_map(|(ttl, from)| Some((*ttl, (*from)?))).collect();
        if let Some((ttl, _)) = came.iter().find(|(_, from)| self.router(self.end()) == Some(*from)) {
            return Farther::To(*ttl);
        }
        if came.iter().any(|(ttl, from)| self.is_astray(Some(*from), *ttl)) {
            // Some routers answer for two hops in a row, and none for three.
            let again = |(ttl, from): &(u8, IpAddr)| came.iter().any(|(later, by)| *later > ttl + 1 && by == from);
            return if came.iter().any(again) { Farther::No } else { Farther::Unclear };
        }
        came.first().map_or(Farther::No, |(ttl, _)| Farther::To(*ttl))
    }

    /// Whether another walk found the same routers, as far as they answered both times.
    pub fn agrees(&self, other: &Self) -> bool {
        let same = |(a, b): (&Option<IpAddr>, &Option<IpAddr>)| a.is_none() || b.is_none() || a == b;
        self.routers.len() == other.routers.len()
            && self.proven == other.proven
            && self.routers.iter().zip(&other.routers).all(same)
    }

    /// The router at a hop, if it answers.
    pub(super) fn router(&self, hop: u8) -> Option<IpAddr> {
        usize::from(hop).checked_sub(1).and_then(|at| self.routers.get(at).copied().flatten())
    }

    /// The first hop beyond one at which a router of it answers.
    pub fn next_hop(&self, hop: u8) -> Option<u8> {
        (hop.saturating_add(1)..=self.end()).find(|hop| self.router(*hop).is_some())
    }

    /// The first router beyond a hop.
    pub(super) fn after(&self, hop: u8) -> Option<IpAddr> {
        self.routers.iter().skip(usize::from(hop)).find_map(|router| *router)
    }
}

/// How far packets come that bring nothing at the end of the trunk.
///
/// Closed on purpose: these are the answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Farther {
    /// Nobody has them there or behind, or they go in a circle.
    No,
    /// To this hop, where somebody answers.
    To(u8),
    /// They come by routers of the trunk that others come by sooner: by a way that is longer, or in a circle that is.
    Unclear,
}

/// The routers that walks have in common, from the first on.
fn in_common(walks: &[&Vec<Hop>]) -> Vec<Option<IpAddr>> {
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
    routers
}

/// The trunks of both families: their ways need not be of one length.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trunks {
    /// Of IPv4.
    pub v4: Trunk,
    /// Of IPv6.
    pub v6: Trunk,
    /// This computer's own addresses, which are no place on the way.
    pub own: Vec<IpAddr>,
}

impl Trunks {
    /// The one of a family.
    pub fn family(&mut self, family: Family) -> &mut Trunk {
        match family {
            Family::V4 => &mut self.v4,
            Family::V6 => &mut self.v6,
        }
    }

    /// The one of a family, to read.
    pub fn get(&self, family: Family) -> &Trunk {
        match family {
            Family::V4 => &self.v4,
            Family::V6 => &self.v6,
        }
    }

    /// The one of an address's family.
    pub fn of(&self, address: IpAddr) -> &Trunk {
        if address.is_ipv4() { &self.v4 } else { &self.v6 }
    }
}

/// What a packet brought that was to end at the end of a way, or to go all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply {
    /// What came.
    pub came: HopAnswer,
    /// Who sent it.
    pub from: Option<IpAddr>,
}

impl Reply {
    /// Nothing came.
    pub const SILENCE: Self = Self { came: HopAnswer::Silent, from: None };

    /// What it tells, if it was to end at such a hop: the end of the trunk, or one behind it on a way of its own; `None` where it tells
    /// nothing. Who refuses behind the trunk is not on the way that all share, unless he is a router of it.
    pub fn at_the_end(self, trunk: &Trunk, hop: u8) -> Option<Reach> {
        match self.came {
            HopAnswer::Expired if trunk.is_astray(self.from, hop) => None,
            HopAnswer::Expired if !trunk.is_proven() => Some(Reach::Untold),
            HopAnswer::Expired => Some(Reach::Passes { hop, router: self.from }),
            HopAnswer::Prohibited | HopAnswer::Unreachable
                if hop > trunk.end() && self.from.is_none_or(|by| trunk.hop_of(by).is_none()) =>
            {
                Some(Reach::Untold)
            }
            HopAnswer::Prohibited => Some(Reach::Prohibited { by: self.from }),
            HopAnswer::Unreachable => Some(Reach::NoRoute { by: self.from }),
            // Who answers here is nearer than the target can be: where, a search tells.
            HopAnswer::Silent | HopAnswer::Answered | HopAnswer::Refused => None,
        }
    }

    /// What it tells, if it was to go all the way to a target that somebody may refuse: that somebody does.
    pub fn all_the_way(self) -> Option<Reach> {
        (self.came == HopAnswer::Prohibited).then_some(Reach::Prohibited { by: self.from })
    }
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

    /// Forgets all others.
    pub fn keep(&mut self, wanted: impl Fn(u64) -> bool) {
        self.reaches.retain(|number, _| wanted(*number));
    }

    /// What was settled within a range.
    pub fn within(&self, numbers: std::ops::Range<u64>) -> impl Iterator<Item = (u64, Reach)> + '_ {
        self.reaches.range(numbers).map(|(number, reach)| (*number, *reach))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use HopAnswer::{Answered, Expired, Refused, Silent};

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
    fn walks_that_did_not_arrive_are_no_yardstick() {
        let dead = || walk(&[(Expired, 1), (Expired, 2), (Silent, 0), (Silent, 0)]);
        let reset = || walk(&[(Expired, 1), (Expired, 2), (Refused, 9)]);
        let arrived = |last| walk(&[(Expired, 1), (Expired, 2), (Expired, 3), (Answered, last)]);
        assert_eq!(Trunk::shared(&[dead(), dead(), dead()]).end(), 0);
        assert_eq!(Trunk::shared(&[reset(), reset(), arrived(8)]).end(), 0);
        assert_eq!(Trunk::shared(&[dead(), arrived(8), arrived(9)]).end(), 3);
    }

    #[test]
    fn what_somebody_has_behind_the_trunk_comes_farther_unless_it_goes_in_a_circle() {
        let farther = |names: [u8; 4]| {
            let name = |router: u8| (router > 0).then(|| IpAddr::from([10, 0, router, 1]));
            let came: Vec<_> = (4..).zip(names.map(name)).collect();
            trunk().comes_farther(&came)
        };
        assert_eq!(farther([0, 7, 8, 9]), Farther::To(5));
        assert_eq!(farther([0, 0, 8, 0]), Farther::To(6));
        assert_eq!(farther([0; 4]), Farther::No);
        assert_eq!(farther([2, 7, 2, 7]), Farther::No);
        assert_eq!(farther([7, 1, 2, 7]), Farther::No);
        // A way with two hops more comes to the last shared router; of one with more still it can't be told.
        assert_eq!(farther([2, 3, 4, 0]), Farther::To(6));
        assert_eq!(farther([0, 0, 1, 2]), Farther::Unclear);
    }

    #[test]
    fn who_refuses_behind_the_trunk_says_nothing_of_the_way_that_all_share() {
        let told = |router: u8, hop| {
            let from = Some(IpAddr::from([10, 0, router, 1]));
            Reply { came: HopAnswer::Unreachable, from }.at_the_end(&trunk(), hop)
        };
        let by = |router: u8| Some(Reach::NoRoute { by: Some(IpAddr::from([10, 0, router, 1])) });
        assert_eq!((told(9, 5), told(2, 5), told(9, 4)), (Some(Reach::Untold), by(2), by(9)));
    }

    #[test]
    fn what_expires_at_the_end_of_a_trunk_passes_only_where_flows_go_on_behind_it() {
        let at_the_end = |trunk: &Trunk, router: u8| {
            let from = Some(IpAddr::from([10, 0, router, 1]));
            Reply { came: Expired, from }.at_the_end(trunk, trunk.end())
        };
        assert_eq!(at_the_end(&trunk(), 4).and_then(Reach::passes), Some(true));
        // The second router has it a second time.
        assert_eq!(at_the_end(&trunk(), 2), None);
        // One that answers for two hops in a row has it once.
        let twice = |last| walk(&[(Expired, 1), (Expired, 2), (Expired, 2), (Expired, last), (Answered, 9)]);
        let twice = Trunk::shared(&[twice(4), twice(5)]);
        assert_eq!((twice.end(), at_the_end(&twice, 2).and_then(Reach::passes)), (3, Some(true)));
        assert_eq!(at_the_end(&twice, 1), None);
        let mute = walk(&[(Expired, 1), (Expired, 2), (Silent, 0), (Silent, 0), (Answered, 9)]);
        assert_eq!(at_the_end(&Trunk::shared(&[mute.clone(), mute]), 2), Some(Reach::Untold));
        let gateway = walk(&[(Expired, 1), (Answered, 9)]);
        assert_eq!(at_the_end(&Trunk::shared(&[gateway.clone(), gateway]), 1), Some(Reach::Untold));
    }
}
