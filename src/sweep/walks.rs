//! Walks to silent targets: where packets end, and for which other targets that holds as well.

use why5003_probes::engines::Response;

use super::found::Found;
use super::settle::Reach;
use super::space::Lane;

/// The walks that were taken.
///
/// Each takes every router on the way a word, so not every target can be walked to. Of two that fared alike so far, neither is walked
/// to if all walks ended at one place, or if those to its own prefix and to its own port did: a network has few filters, and which of
/// them stops a packet is decided by prefix and port.
#[derive(Clone, Debug, Default)]
pub struct Walks {
    taken: Vec<(u64, Reach)>,
}

impl Walks {
    /// Which to walk to next, at most so many: those of prefixes and ports first that were not walked to.
    pub fn next(&self, found: Found<'_>, mute: &[u64], most: usize) -> Vec<u64> {
        let mut chosen: Vec<u64> = Vec::new();
        for number in mute {
            let others = || self.taken.iter().map(|(other, _)| *other).chain(chosen.iter().copied());
            let new = |same: Same| !others().any(|other| is_like(found, *number, other, same));
            if chosen.len() < most && (new(prefix) || new(port)) {
                chosen.push(*number);
            }
        }
        let rest = mute.iter().filter(|number| !chosen.contains(number)).take(most - chosen.len());
        let rest: Vec<u64> = rest.copied().collect();
        chosen.extend(rest);
        chosen
    }

    /// Notes where a walk ended.
    pub fn note(&mut self, number: u64, reach: Reach) {
        self.taken.push((number, reach));
    }

    /// Where packets to a target end; `None` where it must be walked to.
    pub fn reach(&self, found: Found<'_>, number: u64) -> Option<Reach> {
        if let Some((_, own)) = self.taken.iter().find(|(other, _)| *other == number) {
            return Some(*own);
        }
        // One that passes when it is walked to says nothing of another that stayed silent.
        let ends = |same: Same| {
            let like = self.taken.iter().filter(move |(other, _)| is_like(found, number, *other, same));
            like.map(|(_, reach)| *reach).filter(|reach| reach.passes() == Some(false))
        };
        let one = |mut reaches: Vec<Reach>| {
            let first = reaches.pop()?;
            reaches.iter().all(|other| other.ends_where(first)).then_some(first)
        };
        if ends(any).nth(ENOUGH - 1).is_some() {
            let all = one(ends(any).collect());
            if all.is_some() {
                return all;
            }
        }
        let (prefix, port) = (one(ends(prefix).collect())?, one(ends(port).collect())?);
        prefix.ends_where(port).then_some(prefix)
    }
}

type Same = fn(Lane, Lane) -> bool;

fn prefix(a: Lane, b: Lane) -> bool {
    a.prefix == b.prefix
}

fn port(a: Lane, b: Lane) -> bool {
    a.port == b.port
}

fn any(_: Lane, _: Lane) -> bool {
    true
}

/// Whether two targets responded alike, of one family and of such lanes.
fn is_like(found: Found<'_>, number: u64, other: u64, same: Same) -> bool {
    let lane = |number| found.space.lanes().get(found.space.lane_of(number)).copied();
    let reset = |number| matches!(found.ledger.response(number), Some(Response::Closed { .. }));
    let family = |lane: Lane| lane.prefix.addr().is_ipv4();
    reset(number) == reset(other)
        && lane(number).zip(lane(other)).is_some_and(|(a, b)| family(a) == family(b) && same(a, b))
}

/// Walks that end at one place before that is taken for the place of all: fewer may have met but one of two filters.
const ENOUGH: usize = 6;

#[cfg(test)]
mod tests {
    use why5003_probes::kit::Transport;

    use super::super::{Amount, Ledger, Port, Settled, Space, Trunks};
    use super::*;

    fn dies(hop: u8) -> Reach {
        Reach::Dies { hop, address: None, next: None }
    }

    /// What is concluded of a target of eight prefixes at two ports, after these walks; all of the first eight numbers are of port 443.
    fn concluded(walked: &[(u64, Reach)], of: u64) -> Option<Reach> {
        let lanes = (0..8_u8).flat_map(|last| {
            [443, 8801].map(|number| Lane {
                prefix: ipnet::IpNet::from(std::net::IpAddr::from([192, 0, 2, last])),
                port: Port { transport: Transport::Tcp, number },
                canary: false,
            })
        });
        let space = Space::new(lanes.collect(), Amount::All).unwrap();
        let mut ledger = Ledger::new(space.count());
        (0..space.count()).for_each(|number| assert!(ledger.note(number, Response::Silent)));
        // A RST came for the last.
        ledger.note(15, Response::Closed { ttl: None });
        let (settled, trunks) = (Settled::default(), Trunks::default());
        let found = Found { space: &space, ledger: &ledger, settled: &settled, trunks: &trunks };
        let mut walks = Walks::default();
        for (number, reach) in walked {
            walks.note(*number, *reach);
        }
        walks.reach(found, of)
    }

    #[test]
    fn what_shares_neither_prefix_nor_port_with_a_walk_is_walked_to() {
        assert_eq!(concluded(&[(0, dies(2))], 9), None);
        assert_eq!(concluded(&[(0, dies(2))], 8), None);
        assert_eq!(concluded(&[(0, dies(2))], 0), Some(dies(2)));
    }

    #[test]
    fn where_prefix_and_port_end_at_one_place_so_does_their_pair_and_where_they_differ_it_is_walked_to() {
        assert_eq!(concluded(&[(0, dies(2)), (9, dies(2))], 8), Some(dies(2)));
        assert_eq!(concluded(&[(0, dies(2)), (9, dies(3))], 8), None);
    }

    #[test]
    fn six_walks_that_end_at_one_place_speak_for_all_that_stayed_silent() {
        let six: Vec<(u64, Reach)> = (0..6).map(|number| (number, dies(2))).collect();
        assert_eq!((concluded(&six, 14), concluded(&six[1..], 14)), (Some(dies(2)), None));
        assert_eq!(concluded(&six, 15), None);
    }

    #[test]
    fn a_walk_that_arrives_says_nothing_of_others() {
        let passes = Reach::Passes { hop: 4, router: None };
        assert_eq!(concluded(&[(0, passes), (9, passes)], 8), None);
    }
}
