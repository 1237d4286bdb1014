//! Silence settled: does a packet to a silent target reach the last router that all ways share, or does it die before?
//!
//! Most of Zoom's addresses have no host, so silence alone says nothing. A packet whose TTL ends at the last shared router brings
//! an ICMP "time exceeded" from there if nothing on this network's side of it stops the flow; a walk of the TTL tells where it
//! dies if something does. A router answers an expired TTL before it filters what it forwards, so what answers last stands
//! before the filter, or is it.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use why5003_probes::kit::{Hop, HopAnswer};

use super::found::Found;

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

    /// The one of two walks to the same target that came farther.
    #[must_use]
    pub fn farther(self, other: Self) -> Self {
        match (self, other) {
            (Self::Dies { hop: here, .. }, Self::Dies { hop: there, .. }) => {
                if here >= there {
                    self
                } else {
                    other
                }
            }
            (Self::Untold | Self::Dies { .. }, other) => other,
            (this, _) => this,
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
}

impl Trunk {
    /// What walks to different neutral hosts have in common; a router that was silent in one walk is taken from another.
    ///
    /// Those that did not arrive, by an answer of the host's own, count for nothing: they may have died at the very filter that is
    /// looked for, and what comes so far has not passed it.
    pub fn shared(walks: &[Vec<Hop>]) -> Self {
        let walks: Vec<&Vec<Hop>> = walks.iter().filter(|walk| Self::arrived(walk)).collect();
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
        let end = u8::try_from(routers.len()).unwrap_or(u8::MAX);
        // A router answers an expired TTL before it filters. So one alone, which is the gateway, proves nothing, and neither does
        // one behind which all are mute: it may itself be the filter that is looked for.
        let goes_on = walks.iter().flat_map(|walk| walk.iter()).any(|hop| match hop.came {
            HopAnswer::Expired => hop.ttl > end,
            HopAnswer::Answered => hop.ttl == end.saturating_add(1),
            _ => false,
        });
        Self { routers, proven: end > 1 && goes_on }
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

    /// The hop of a router of it.
    pub fn hop_of(&self, router: IpAddr) -> Option<u8> {
        let at = self.routers.iter().position(|other| *other == Some(router))?;
        u8::try_from(at + 1).ok()
    }

    /// Whether another walk found the same routers, as far as they answered both times.
    pub fn agrees(&self, other: &Self) -> bool {
        let same = |(a, b): (&Option<IpAddr>, &Option<IpAddr>)| a.is_none() || b.is_none() || a == b;
        self.routers.len() == other.routers.len()
            && self.proven == other.proven
            && self.routers.iter().zip(&other.routers).all(same)
    }

    /// The first router beyond a hop.
    fn after(&self, hop: u8) -> Option<IpAddr> {
        self.routers.iter().skip(usize::from(hop)).find_map(|router| *router)
    }

    /// What a walk towards a silent target tells.
    pub fn reach_of(&self, walk: &[Hop]) -> Reach {
        let said = |came: HopAnswer| walk.iter().find(|hop| hop.came == came);
        if let Some(hop) = said(HopAnswer::Prohibited) {
            return Reach::Prohibited { by: hop.from };
        }
        // Beyond the trunk, a router that finds no such host lets packets come so far.
        if let Some(hop) = said(HopAnswer::Unreachable).filter(|hop| hop.ttl <= self.end()) {
            return Reach::NoRoute { by: hop.from };
        }
        if let Some(hop) = walk.iter().find(|hop| matches!(hop.came, HopAnswer::Answered | HopAnswer::Refused)) {
            let reset_on_the_way = hop.came == HopAnswer::Refused && hop.ttl <= self.end();
            if reset_on_the_way {
                let before = hop.ttl.saturating_sub(1);
                let router = usize::from(before).checked_sub(1).and_then(|at| self.routers.get(at).copied().flatten());
                return Reach::Reset { hop: before, address: router };
            }
            let told = self.proven && hop.ttl > self.end();
            return if told { Reach::Passes { hop: hop.ttl, router: hop.from } } else { Reach::Untold };
        }
        // A router of the trunk that answers at another hop than its own has the packet a second time: it goes in a circle.
        let astray = |hop: &&Hop| hop.from.and_then(|from| self.hop_of(from)).is_some_and(|own| own != hop.ttl);
        let expired = || walk.iter().filter(|hop| hop.came == HopAnswer::Expired);
        let circles = expired().any(|hop| astray(&hop));
        let last = expired().rfind(|hop| !astray(hop) && (!circles || hop.ttl < self.end()));
        let (hop, address) = last.map_or((0, None), |hop| (hop.ttl, hop.from));
        if self.end() == 0 {
            return Reach::Untold;
        }
        if hop >= self.end() {
            return if self.proven { Reach::Passes { hop, router: address } } else { Reach::Untold };
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
    /// This computer's own addresses, which are no place on the way.
    pub own: Vec<IpAddr>,
}

impl Trunks {
    /// The one of a family.
    pub fn family(&mut self, ipv6: bool) -> &mut Trunk {
        if ipv6 { &mut self.v6 } else { &mut self.v4 }
    }

    /// The one of an address's family.
    pub fn of(&self, address: IpAddr) -> &Trunk {
        if address.is_ipv4() { &self.v4 } else { &self.v6 }
    }
}

/// What a packet brought that was to end at the end of the trunk, or to go all the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Brought {
    /// What came.
    pub came: HopAnswer,
    /// Who sent it.
    pub from: Option<IpAddr>,
}

impl Brought {
    /// What it tells, if it was to end at the end of the trunk; `None` where it tells nothing.
    pub fn at_the_end(self, trunk: &Trunk) -> Option<Reach> {
        match self.came {
            // A nearer router of the trunk has it a second time: it goes in a circle.
            HopAnswer::Expired
                if self.from.and_then(|from| trunk.hop_of(from)).is_some_and(|hop| hop != trunk.end()) =>
            {
                None
            }
            HopAnswer::Expired if !trunk.is_proven() => Some(Reach::Untold),
            HopAnswer::Expired => Some(Reach::Passes { hop: trunk.end(), router: self.from }),
            HopAnswer::Prohibited => Some(Reach::Prohibited { by: self.from }),
            HopAnswer::Unreachable => Some(Reach::NoRoute { by: self.from }),
            // Who answers here is nearer than the target can be: only a walk tells where.
            HopAnswer::Silent | HopAnswer::Answered | HopAnswer::Refused => None,
        }
    }

    /// What it tells, if it was to go all the way to a target that somebody may refuse: that somebody does.
    pub fn all_the_way(self) -> Option<Reach> {
        (self.came == HopAnswer::Prohibited).then_some(Reach::Prohibited { by: self.from })
    }
}

/// Whether somebody refuses a part of a lane, where no shared router is known: then packets that go all the way are all that tells.
pub fn is_refused_unseen(found: Found<'_>, lane: usize) -> bool {
    let Found { space, ledger, trunks, .. } = found;
    let trunk = space.lanes().get(lane).map(|lane| trunks.of(lane.prefix.addr()));
    trunk.is_some_and(|trunk| trunk.end() == 0) && ledger.tally(space.numbers(lane)).prohibited > 0
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
    fn walks_that_did_not_arrive_are_no_yardstick() {
        let dead = || walk(&[(Expired, 1), (Expired, 2), (Silent, 0), (Silent, 0)]);
        let reset = || walk(&[(Expired, 1), (Expired, 2), (Refused, 9)]);
        let arrived = |last| walk(&[(Expired, 1), (Expired, 2), (Expired, 3), (Answered, last)]);
        assert_eq!(Trunk::shared(&[dead(), dead(), dead()]).end(), 0);
        assert_eq!(Trunk::shared(&[reset(), reset(), arrived(8)]).end(), 0);
        assert_eq!(Trunk::shared(&[dead(), arrived(8), arrived(9)]).end(), 3);
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
        assert_eq!(reach(&[(Expired, 1), (Prohibited, 2)]), Reach::Prohibited { by: router(2) });
    }

    #[test]
    fn a_packet_that_a_router_has_a_second_time_has_not_passed() {
        // The fourth router's packets come back to the second.
        let circle = walk(&[(Expired, 1), (Expired, 2), (Silent, 0), (Expired, 2), (Silent, 0), (Expired, 2)]);
        let router = |n: u8| Some(IpAddr::from([10, 0, n, 1]));
        assert_eq!(trunk().reach_of(&circle), Reach::Dies { hop: 2, address: router(2), next: router(4) });
        let came = Brought { came: Expired, from: router(2) };
        assert_eq!(came.at_the_end(&trunk()), None);
    }

    #[test]
    fn a_trunk_behind_which_nothing_was_seen_to_go_on_proves_nothing() {
        let reach = |trunk: &Trunk| trunk.reach_of(&walk(&[(Expired, 1), (Expired, 2), (Silent, 0)]));
        let mute = walk(&[(Expired, 1), (Expired, 2), (Silent, 0), (Silent, 0), (Answered, 9)]);
        assert_eq!(reach(&Trunk::shared(&[mute.clone(), mute])), Reach::Untold);
        let gateway = walk(&[(Expired, 1), (Answered, 9)]);
        assert_eq!(reach(&Trunk::shared(&[gateway.clone(), gateway])), Reach::Untold);
    }

    #[test]
    fn without_a_trunk_nothing_is_told() {
        assert_eq!(Trunk::default().reach_of(&walk(&[(Expired, 1), (Silent, 0)])), Reach::Untold);
    }
}
