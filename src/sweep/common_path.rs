//! The routers that the paths to several neutral hosts have in common, and what a reply to a TTL-limited packet says beside them.
//!
//! Most of Zoom's addresses have no host, so silence alone says nothing. A packet whose TTL ends at the last router of
//! the common path brings an ICMP "time exceeded" from there, unless something nearer stops the flow. Packets that end
//! nearer then show where the flow dies. A router answers an expired TTL before it filters what it forwards, so the
//! last router that answers stands before the filter, or is it.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use why5003_probes::model::{Family, Hop, HopAnswer};

use super::reach::Reach;

/// The common path: the routers that the paths to several neutral hosts share, from this computer on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommonPath {
    /// The router at hop 1, 2, …; `None` where none answers.
    routers: Vec<Option<IpAddr>>,
    /// Flows were seen to go on behind it: a packet that comes to its end is on its way out of this network.
    proven: bool,
    /// The routers on the paths to neutral hosts that were not reached: they name hops, and prove nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    near: Vec<Option<IpAddr>>,
}

impl CommonPath {
    /// What traceroutes to different neutral hosts have in common. A router that was silent in one is taken from another.
    ///
    /// A traceroute counts only if its host answered: otherwise its packets may have died at the very filter that is searched for.
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

    /// Whether a packet that comes to its end is on its way out of this network.
    pub fn is_proven(&self) -> bool {
        self.proven
    }

    /// Whether the target of a traceroute answered.
    pub fn arrived(walk: &[Hop]) -> bool {
        walk.iter().any(|hop| hop.came == HopAnswer::Answered)
    }

    /// The hop of its last router; 0 if there is no common path.
    pub fn end(&self) -> u8 {
        u8::try_from(self.routers.len()).unwrap_or(u8::MAX)
    }

    /// The hop of one of its routers, or of a router on the path to a neutral host that was not reached.
    pub fn hop_of(&self, router: IpAddr) -> Option<u8> {
        let of = |routers: &[Option<IpAddr>]| routers.iter().position(|other| *other == Some(router));
        let at = of(&self.routers).or_else(|| of(&self.near))?;
        u8::try_from(at + 1).ok()
    }

    /// The last hop of one of its routers: some answer for two hops in a row.
    pub fn last_hop_of(&self, router: IpAddr) -> Option<u8> {
        let at = self.routers.iter().rposition(|other| *other == Some(router))?;
        u8::try_from(at + 1).ok()
    }

    /// Whether it is one of its routers.
    pub fn has(&self, router: IpAddr) -> bool {
        self.routers.contains(&Some(router))
    }

    /// Whether a router of the common path answers at a hop that is not its own: the packet loops, or its path is longer. A packet that
    /// comes to the last router has come to the end, by whichever path.
    pub fn is_astray(&self, from: Option<IpAddr>, ttl: u8) -> bool {
        let Some(from) = from else { return false };
        // Some routers answer for two hops in a row.
        let is_there = self.router(ttl) == Some(from) || (ttl >= self.end() && self.router(self.end()) == Some(from));
        !is_there && self.hop_of(from).is_some_and(|hop| hop != ttl)
    }

    /// How far packets come behind the common path, by the routers that answer at hops in a row, from its end on.
    pub(super) fn comes_farther(&self, came: &[(u8, Option<IpAddr>)]) -> Farther {
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

    /// Whether another trace found the same routers, as far as they answered both times.
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

/// How far packets come that bring nothing at the end of the common path.
///
/// Closed on purpose: these are the answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Farther {
    /// No router answers there or behind, or they loop.
    No,
    /// To this hop, where a router answers.
    To(u8),
    /// Routers of the common path answer at later hops than for other flows: the path is longer, or it loops.
    Unclear,
}

/// The routers that traceroutes have in common, from the first on.
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

/// The common paths of both families, which need not be of one length.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommonPaths {
    /// Of IPv4.
    pub v4: CommonPath,
    /// Of IPv6.
    pub v6: CommonPath,
    /// This computer's own addresses, which are at no hop.
    pub own: Vec<IpAddr>,
}

impl CommonPaths {
    /// The one of a family.
    pub fn family(&mut self, family: Family) -> &mut CommonPath {
        match family {
            Family::V4 => &mut self.v4,
            Family::V6 => &mut self.v6,
        }
    }

    /// The one of a family, to read.
    pub fn get(&self, family: Family) -> &CommonPath {
        match family {
            Family::V4 => &self.v4,
            Family::V6 => &self.v6,
        }
    }

    /// The one of an address's family.
    pub fn of(&self, address: IpAddr) -> &CommonPath {
        if address.is_ipv4() { &self.v4 } else { &self.v6 }
    }
}

/// What a packet brought that was to end at a hop, or to go to its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The kind of reply.
    pub came: HopAnswer,
    /// Its sender.
    pub from: Option<IpAddr>,
}

impl Reply {
    /// Nothing came.
    pub const SILENCE: Self = Self { came: HopAnswer::Silent, from: None };

    /// How far the flow gets, for a packet that was to end at the last hop of the common path, or behind it on a
    /// diverging path. `None` if that is not known. A box that refuses behind the common path counts only if it is one
    /// of its routers.
    pub fn at_the_end(self, common_path: &CommonPath, hop: u8) -> Option<Reach> {
        match self.came {
            HopAnswer::Expired if common_path.is_astray(self.from, hop) => None,
            HopAnswer::Expired if !common_path.is_proven() => Some(Reach::Unknown),
            HopAnswer::Expired => Some(Reach::Passes { hop, router: self.from }),
            HopAnswer::Prohibited | HopAnswer::Unreachable
                if hop > common_path.end() && self.from.is_none_or(|by| common_path.hop_of(by).is_none()) =>
            {
                Some(Reach::Unknown)
            }
            HopAnswer::Prohibited => Some(Reach::Prohibited { by: self.from }),
            HopAnswer::Unreachable => Some(Reach::NoRoute { by: self.from }),
            // A box that answers here is nearer than the target can be: a search tells at which hop.
            HopAnswer::Silent | HopAnswer::Answered | HopAnswer::Refused => None,
        }
    }

    /// How far the flow comes, if the packet was to go to its target: only a refusal tells that.
    pub fn all_the_way(self) -> Option<Reach> {
        (self.came == HopAnswer::Prohibited).then_some(Reach::Prohibited { by: self.from })
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

    fn common_path() -> CommonPath {
        CommonPath::shared(&[
            walk(&[(Expired, 1), (Expired, 2), (Silent, 0), (Expired, 4), (Expired, 5), (Answered, 9)]),
            walk(&[(Expired, 1), (Silent, 0), (Silent, 0), (Expired, 4), (Expired, 6), (Answered, 8)]),
        ])
    }

    #[test]
    fn the_common_path_ends_where_neutral_ways_part() {
        assert_eq!(common_path().end(), 4);
        assert_eq!(CommonPath::shared(&[walk(&[(Expired, 1), (Answered, 2)])]).end(), 0);
    }

    #[test]
    fn walks_that_did_not_arrive_are_no_yardstick() {
        let dead = || walk(&[(Expired, 1), (Expired, 2), (Silent, 0), (Silent, 0)]);
        let reset = || walk(&[(Expired, 1), (Expired, 2), (Refused, 9)]);
        let arrived = |last| walk(&[(Expired, 1), (Expired, 2), (Expired, 3), (Answered, last)]);
        assert_eq!(CommonPath::shared(&[dead(), dead(), dead()]).end(), 0);
        assert_eq!(CommonPath::shared(&[reset(), reset(), arrived(8)]).end(), 0);
        assert_eq!(CommonPath::shared(&[dead(), arrived(8), arrived(9)]).end(), 3);
    }

    #[test]
    fn what_somebody_has_behind_the_common_path_comes_farther_unless_it_goes_in_a_circle() {
        let farther = |names: [u8; 4]| {
            let name = |router: u8| (router > 0).then(|| IpAddr::from([10, 0, router, 1]));
            let came: Vec<_> = (4..).zip(names.map(name)).collect();
            common_path().comes_farther(&came)
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
    fn who_refuses_behind_the_common_path_says_nothing_of_the_way_that_all_share() {
        let told = |router: u8, hop| {
            let from = Some(IpAddr::from([10, 0, router, 1]));
            Reply { came: HopAnswer::Unreachable, from }.at_the_end(&common_path(), hop)
        };
        let by = |router: u8| Some(Reach::NoRoute { by: Some(IpAddr::from([10, 0, router, 1])) });
        assert_eq!((told(9, 5), told(2, 5), told(9, 4)), (Some(Reach::Unknown), by(2), by(9)));
    }

    #[test]
    fn what_expires_at_the_end_of_a_common_path_passes_only_where_flows_go_on_behind_it() {
        let at_the_end = |common_path: &CommonPath, router: u8| {
            let from = Some(IpAddr::from([10, 0, router, 1]));
            Reply { came: Expired, from }.at_the_end(common_path, common_path.end())
        };
        assert_eq!(at_the_end(&common_path(), 4).and_then(Reach::passes), Some(true));
        // The second router has it a second time.
        assert_eq!(at_the_end(&common_path(), 2), None);
        // One that answers for two hops in a row has it once.
        let twice = |last| walk(&[(Expired, 1), (Expired, 2), (Expired, 2), (Expired, last), (Answered, 9)]);
        let twice = CommonPath::shared(&[twice(4), twice(5)]);
        assert_eq!((twice.end(), at_the_end(&twice, 2).and_then(Reach::passes)), (3, Some(true)));
        assert_eq!(at_the_end(&twice, 1), None);
        let mute = walk(&[(Expired, 1), (Expired, 2), (Silent, 0), (Silent, 0), (Answered, 9)]);
        assert_eq!(at_the_end(&CommonPath::shared(&[mute.clone(), mute]), 2), Some(Reach::Unknown));
        let gateway = walk(&[(Expired, 1), (Answered, 9)]);
        assert_eq!(at_the_end(&CommonPath::shared(&[gateway.clone(), gateway]), 1), Some(Reach::Unknown));
    }
}
