//! The searches for last hops that were made, and for which other targets they hold as well.

use why5003_probes::engines::Response;

use super::super::found::Found;
use super::super::reach::Reach;
use super::super::target_space::PrefixPort;

/// The searches that were made.
///
/// A search is skipped when six earlier searches ended at one hop, or when a search with the same prefix and one with the same port ended
/// at one hop. A network has few filters, and prefix and port decide which of them stops a packet.
#[derive(Clone, Debug, Default)]
pub(super) struct HopSearches {
    made: Vec<(u64, Reach)>,
}

impl HopSearches {
    /// The targets to search for next, at most so many: prefixes and ports first that no search has had.
    pub(super) fn next(&self, found: Found<'_>, mute: &[u64], most: usize) -> Vec<u64> {
        let mut chosen: Vec<u64> = Vec::new();
        for number in mute {
            let others = || self.made.iter().map(|(other, _)| *other).chain(chosen.iter().copied());
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

    /// Notes where the packets to a target end.
    pub(super) fn note(&mut self, number: u64, reach: Reach) {
        self.made.push((number, reach));
    }

    /// Whether a search found where packets end for a target of the same prefix that responded alike.
    pub(super) fn is_of_known_prefix(&self, found: Found<'_>, number: u64) -> bool {
        let mut ended = self.made.iter().filter(|(_, reach)| reach.passes() == Some(false));
        ended.any(|(other, _)| Self::are_of_one_prefix(found, number, *other))
    }

    /// Whether two targets are of one prefix, family and transport, and responded alike.
    pub(super) fn are_of_one_prefix(found: Found<'_>, number: u64, other: u64) -> bool {
        is_like(found, number, other, |a, b| a.prefix == b.prefix)
    }

    /// Forgets the search for a target that was heard after all.
    pub(super) fn forget(&mut self, number: u64) {
        self.made.retain(|(other, _)| *other != number);
    }

    /// Where packets to a target end; `None` if it must be searched for.
    pub(super) fn reach(&self, found: Found<'_>, number: u64) -> Option<Reach> {
        if let Some((_, own)) = self.made.iter().find(|(other, _)| *other == number) {
            return Some(*own);
        }
        // A search that found nothing says nothing of another silent target.
        let ends = |same: Same| {
            let like = self.made.iter().filter(move |(other, _)| is_like(found, number, *other, same));
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

type Same = fn(PrefixPort, PrefixPort) -> bool;

fn prefix(a: PrefixPort, b: PrefixPort) -> bool {
    a.prefix == b.prefix && a.port != b.port
}

fn port(a: PrefixPort, b: PrefixPort) -> bool {
    a.port == b.port && a.prefix != b.prefix
}

fn any(_: PrefixPort, _: PrefixPort) -> bool {
    true
}

/// Whether two targets responded alike, and are of one family, one transport, and such pairs. A filter of one transport need not stop the
/// other.
fn is_like(found: Found<'_>, number: u64, other: u64, same: Same) -> bool {
    let pair = |number| found.space.pairs().get(found.space.pair_of(number)).copied();
    let reset = |number| matches!(found.results.response(number), Some(Response::Closed { .. }));
    let kind = |pair: PrefixPort| (pair.prefix.addr().is_ipv4(), pair.port.transport);
    reset(number) == reset(other)
        && pair(number).zip(pair(other)).is_some_and(|(a, b)| kind(a) == kind(b) && same(a, b))
}

/// So many searches must end at one place before that is taken for the place of all: fewer may have met only one of two filters.
const ENOUGH: usize = 6;

#[cfg(test)]
mod tests {
    use why5003_probes::model::Transport;

    use super::super::super::{Amount, CommonPaths, Port, Reaches, Results, TargetSpace};
    use super::*;

    fn dies(hop: u8) -> Reach {
        Reach::Dies { hop, address: None, next: None }
    }

    /// What is concluded of a target of eight prefixes at two ports, after these searches; all of the first eight numbers are of port 443.
    fn concluded(searched: &[(u64, Reach)], of: u64) -> Option<Reach> {
        concluded_at([(Transport::Tcp, 443), (Transport::Tcp, 8801)], searched, of)
    }

    fn concluded_at(ports: [(Transport, u16); 2], searched: &[(u64, Reach)], of: u64) -> Option<Reach> {
        let pairs = (0..8_u8).flat_map(|last| {
            ports.map(|(transport, number)| PrefixPort {
                prefix: ipnet::IpNet::from(std::net::IpAddr::from([192, 0, 2, last])),
                port: Port { transport, number },
                canary: false,
            })
        });
        let space = TargetSpace::new(pairs.collect(), Amount::All).unwrap();
        let mut results = Results::new(space.count());
        (0..space.count()).for_each(|number| assert!(results.note(number, Response::Silent)));
        // A RST came for the last.
        results.note(15, Response::Closed { ttl: None });
        let (reaches, common_paths) = (Reaches::default(), CommonPaths::default());
        let found = Found { space: &space, results: &results, reaches: &reaches, common_paths: &common_paths };
        let mut all = HopSearches::default();
        for (number, reach) in searched {
            all.note(*number, *reach);
        }
        all.reach(found, of)
    }

    #[test]
    fn what_shares_neither_prefix_nor_port_with_a_search_is_searched_for() {
        assert_eq!(concluded(&[(0, dies(2))], 9), None);
        assert_eq!(concluded(&[(0, dies(2))], 8), None);
        assert_eq!(concluded(&[(0, dies(2))], 0), Some(dies(2)));
    }

    #[test]
    fn where_prefix_and_port_end_at_one_place_so_does_their_pair_and_where_they_differ_it_is_searched_for() {
        assert_eq!(concluded(&[(0, dies(2)), (9, dies(2))], 8), Some(dies(2)));
        assert_eq!(concluded(&[(0, dies(2)), (9, dies(3))], 8), None);
    }

    #[test]
    fn six_searches_that_end_at_one_place_speak_for_all_that_stayed_silent() {
        let six: Vec<(u64, Reach)> = (0..6).map(|number| (number, dies(2))).collect();
        assert_eq!((concluded(&six, 14), concluded(&six[1..], 14)), (Some(dies(2)), None));
        assert_eq!(concluded(&six, 15), None);
    }

    #[test]
    fn searches_by_tcp_say_nothing_of_where_udp_ends() {
        let six: Vec<(u64, Reach)> = (0..6).map(|number| (number, dies(2))).collect();
        let concluded = |of| concluded_at([(Transport::Tcp, 443), (Transport::Udp, 8801)], &six, of);
        assert_eq!((concluded(7), concluded(8)), (Some(dies(2)), None));
    }

    #[test]
    fn a_search_that_finds_nothing_says_nothing_of_others() {
        let passes = Reach::Passes { hop: 4, router: None };
        assert_eq!(concluded(&[(0, passes), (9, passes)], 8), None);
    }
}
