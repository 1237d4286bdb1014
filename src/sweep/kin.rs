//! Which lanes fare alike, so that not all of them need to be settled: ports that fare alike at the widest prefixes are taken to fare
//! alike at all, since a firewall's rule names ports and prefixes and not their pairs.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;
use why5003_probes::kit::Transport;

use super::ledger::Ledger;
use super::settle::{Settled, telling};
use super::space::{Lane, Port, Space};

/// What is known of lanes, and which ports fare alike.
pub struct Kin {
    /// Whether a lane's packets pass; one that does both is not here.
    known: BTreeMap<usize, bool>,
    /// The class of each port, named by its first port.
    classes: BTreeMap<Port, Port>,
    /// What is known of a prefix at ports of a class.
    of_class: BTreeMap<(IpNet, Port), BTreeSet<bool>>,
}

impl Kin {
    /// What was settled, and what answered, tells of lanes.
    pub fn of(space: &Space, ledger: &Ledger, settled: &Settled) -> Self {
        let mut told: BTreeMap<usize, BTreeSet<bool>> = BTreeMap::new();
        for (at, _) in space.lanes().iter().enumerate().filter(|(_, lane)| !lane.canary) {
            let (numbers, tally) = (space.numbers(at), ledger.tally(space.numbers(at)));
            let own = settled.within(numbers).filter_map(|(_, reach)| reach.passes());
            let answered = (tally.open > 0).then_some(true).into_iter().chain((tally.prohibited > 0).then_some(false));
            told.entry(at).or_default().extend(own.chain(answered));
        }
        let one = |said: &BTreeSet<bool>| if said.len() == 1 { said.first().copied() } else { None };
        let known: BTreeMap<usize, bool> = told.iter().filter_map(|(at, said)| Some((*at, one(said)?))).collect();
        let classes = classes(space, &known);
        let mut of_class: BTreeMap<(IpNet, Port), BTreeSet<bool>> = BTreeMap::new();
        for (at, said) in &told {
            if let Some(lane) = space.lanes().get(*at)
                && let Some(class) = classes.get(&lane.port)
            {
                of_class.entry((lane.prefix, *class)).or_default().extend(said);
            }
        }
        Self { known, classes, of_class }
    }

    /// Whether a lane's packets pass, by what is known of the same prefix at ports that fare alike: all of it passes.
    pub fn passes(&self, lane: Lane) -> bool {
        let class = self.classes.get(&lane.port).map(|class| (lane.prefix, *class));
        let said = class.and_then(|class| self.of_class.get(&class));
        said.is_some_and(|said| said.contains(&true) && !said.contains(&false))
    }
}

/// The first to be settled: every port, at the two widest prefixes that have it.
pub fn every_port(space: &Space, ledger: &Ledger) -> Vec<u64> {
    let widest = widest(space);
    let lanes = (0..).zip(space.lanes()).filter(|(_, lane)| widest.contains(&(lane.prefix, lane.port)));
    lanes.filter_map(|(at, _)| telling(space, ledger, at).first().copied()).collect()
}

/// The next: every prefix, at one port of each class; where something of a class is stopped there, at each of its ports, since that
/// a packet is stopped is never concluded from others.
pub fn every_prefix(space: &Space, ledger: &Ledger, kin: &Kin, settled: &Settled) -> Vec<u64> {
    let mut begun: BTreeSet<(IpNet, Port)> = BTreeSet::new();
    let lanes = (0..).zip(space.lanes()).filter(|(at, lane)| !lane.canary && !kin.known.contains_key(at));
    let open = lanes.filter(|(_, lane)| !kin.passes(**lane));
    let wanted = open.filter(|(_, lane)| {
        let class = (lane.prefix, kin.classes.get(&lane.port).copied().unwrap_or(lane.port));
        kin.of_class.get(&class).is_some_and(|said| said.contains(&false)) || begun.insert(class)
    });
    let first = wanted.filter_map(|(at, _)| telling(space, ledger, at).first().copied());
    first.filter(|number| settled.reach(*number).is_none()).collect()
}

/// The last: in each prefix a second and two middle targets, at one port of each class, TCP and the widest prefixes first: where a
/// mask that is too long shows.
pub fn every_half(space: &Space, ledger: &Ledger, kin: &Kin, settled: &Settled) -> Vec<u64> {
    let mut begun: BTreeSet<(IpNet, Port)> = BTreeSet::new();
    let mut lanes: Vec<(usize, &Lane)> = space.lanes().iter().enumerate().filter(|(_, lane)| !lane.canary).collect();
    lanes.sort_by_key(|(_, lane)| (lane.port.transport, lane.prefix.prefix_len()));
    let first_of_class = lanes.into_iter().filter(|(_, lane)| {
        let class = kin.classes.get(&lane.port).copied().unwrap_or(lane.port);
        begun.insert((lane.prefix, class))
    });
    first_of_class
        .flat_map(|(at, _)| telling(space, ledger, at))
        .filter(|number| settled.reach(*number).is_none())
        .collect()
}

/// Ports of which the same is known at the widest prefixes; one of which nothing is known is alone.
fn classes(space: &Space, known: &BTreeMap<usize, bool>) -> BTreeMap<Port, Port> {
    let widest = widest(space);
    let mut rows: BTreeMap<Port, Vec<(IpNet, bool)>> = BTreeMap::new();
    for (at, lane) in (0..).zip(space.lanes()).filter(|(_, lane)| widest.contains(&(lane.prefix, lane.port))) {
        let row = rows.entry(lane.port).or_default();
        row.extend(known.get(&at).map(|passes| (lane.prefix, *passes)));
    }
    let mut first_with: BTreeMap<(Transport, Vec<(IpNet, bool)>), Port> = BTreeMap::new();
    let class = |(port, row): (Port, Vec<(IpNet, bool)>)| {
        if row.is_empty() { (port, port) } else { (port, *first_with.entry((port.transport, row)).or_insert(port)) }
    };
    rows.into_iter().map(class).collect()
}

/// The two widest prefixes of each port.
fn widest(space: &Space) -> BTreeSet<(IpNet, Port)> {
    let mut lanes: Vec<&Lane> = space.lanes().iter().filter(|lane| !lane.canary).collect();
    // Stable: within a width, the order of port and prefix.
    lanes.sort_by_key(|lane| lane.prefix.prefix_len());
    let mut count: BTreeMap<Port, u8> = BTreeMap::new();
    let mut widest = BTreeSet::new();
    for lane in lanes {
        let of_port = count.entry(lane.port).or_default();
        *of_port = of_port.saturating_add(1);
        if *of_port <= 2 {
            widest.insert((lane.prefix, lane.port));
        }
    }
    widest
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use why5003_probes::engines::Response;

    use super::super::{Amount, Reach};
    use super::*;

    /// So many prefixes of one address, each at two ports, all silent.
    fn silent(prefixes: u8) -> (Space, Ledger) {
        let lanes = (0..prefixes).flat_map(|last| {
            [443, 8801].map(|number| Lane {
                prefix: IpNet::from(IpAddr::from([192, 0, 2, last])),
                port: Port { transport: Transport::Tcp, number },
                canary: false,
            })
        });
        let space = Space::new(lanes.collect(), Amount::All).unwrap();
        let mut ledger = Ledger::new(space.count());
        (0..space.count()).for_each(|number| assert!(ledger.note(number, Response::Silent)));
        (space, ledger)
    }

    fn named(space: &Space, numbers: &[u64]) -> Vec<String> {
        numbers.iter().filter_map(|number| space.target(*number)).map(|(to, _)| to.to_string()).collect()
    }

    /// Settles these, which die where they are named.
    fn settle(space: &Space, settled: &mut Settled, numbers: &[u64], dying: &[&str]) {
        for (number, name) in numbers.iter().zip(named(space, numbers)) {
            let dies = Reach::Dies { hop: 1, address: None, next: None };
            let passes = Reach::Passes { hop: 4, router: None };
            settled.note(*number, if dying.contains(&name.as_str()) { dies } else { passes });
        }
    }

    #[test]
    fn ports_that_fare_alike_at_the_widest_prefixes_are_settled_once_in_every_other() {
        let (space, ledger) = silent(4);
        let mut settled = Settled::default();
        let first = every_port(&space, &ledger);
        assert_eq!(named(&space, &first), ["192.0.2.0:443", "192.0.2.1:443", "192.0.2.0:8801", "192.0.2.1:8801"]);
        settle(&space, &mut settled, &first, &[]);
        let next = every_prefix(&space, &ledger, &Kin::of(&space, &ledger, &settled), &settled);
        assert_eq!(named(&space, &next), ["192.0.2.2:443", "192.0.2.3:443"]);
        settle(&space, &mut settled, &next, &["192.0.2.3:443"]);
        let kin = Kin::of(&space, &ledger, &settled);
        let fares: Vec<_> = space.lanes().iter().skip(4).map(|lane| kin.passes(*lane)).collect();
        assert_eq!(fares, [true, true, true, false]);
        assert_eq!(named(&space, &every_prefix(&space, &ledger, &kin, &settled)), ["192.0.2.3:8801"]);
    }

    #[test]
    fn where_half_of_a_prefix_is_blocked_at_one_port_its_other_ports_are_settled_by_themselves() {
        let lanes = ["192.0.2.0/31", "198.51.100.0/32", "203.0.113.0/32"].into_iter().flat_map(|prefix| {
            [443, 8801].map(|number| Lane {
                prefix: prefix.parse().unwrap(),
                port: Port { transport: Transport::Tcp, number },
                canary: false,
            })
        });
        let space = Space::new(lanes.collect(), Amount::All).unwrap();
        let mut ledger = Ledger::new(space.count());
        (0..space.count()).for_each(|number| assert!(ledger.note(number, Response::Silent)));
        let mut settled = Settled::default();
        // At port 443 one of the first prefix's two dies; at 8801 of that prefix nothing is settled.
        settle(&space, &mut settled, &[0, 1, 2, 6], &["192.0.2.1:443"]);
        let next = every_prefix(&space, &ledger, &Kin::of(&space, &ledger, &settled), &settled);
        assert!(named(&space, &next).contains(&"192.0.2.0:8801".to_owned()), "{next:?}");
    }

    #[test]
    fn ports_that_fare_differently_somewhere_are_settled_apart_everywhere() {
        let (space, ledger) = silent(3);
        let mut settled = Settled::default();
        settle(&space, &mut settled, &every_port(&space, &ledger), &["192.0.2.1:8801"]);
        let next = every_prefix(&space, &ledger, &Kin::of(&space, &ledger, &settled), &settled);
        assert_eq!(named(&space, &next), ["192.0.2.2:443", "192.0.2.2:8801"]);
    }
}
