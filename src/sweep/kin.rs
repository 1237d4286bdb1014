//! Which lanes fare alike, so that not all of them need to be settled: ports that fare alike at the widest prefixes are taken to fare
//! alike at all, since a firewall's rule names ports and prefixes and not their pairs.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;
use why5003_probes::model::Transport;

use super::found::Found;
use super::space::{Lane, Port, Space};

/// What is known of lanes, and which ports fare alike.
pub(super) struct Kin {
    /// Whether a lane's packets pass; one that does both is not here.
    pub(super) known: BTreeMap<usize, bool>,
    /// The class of each port, named by its first port.
    classes: BTreeMap<Port, Port>,
    /// What is known of a prefix at ports of a class.
    of_class: BTreeMap<(IpNet, Port), BTreeSet<bool>>,
}

impl Kin {
    /// What was settled, and what answered, tells of lanes.
    pub(super) fn of(found: Found<'_>) -> Self {
        let Found { space, ledger, settled, .. } = found;
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

    /// The class of a port.
    pub(super) fn class(&self, port: Port) -> Port {
        self.classes.get(&port).copied().unwrap_or(port)
    }

    /// Whether something of a prefix is stopped at a port of a class.
    pub(super) fn is_stopped(&self, prefix: IpNet, class: Port) -> bool {
        self.of_class.get(&(prefix, class)).is_some_and(|said| said.contains(&false))
    }

    /// Whether something of a prefix is stopped at a port of a class, and something is not.
    pub(super) fn is_partly(&self, prefix: IpNet, class: Port) -> bool {
        self.of_class.get(&(prefix, class)).is_some_and(|said| said.len() > 1)
    }

    /// Whether a lane's packets pass, by what is known of the same prefix at ports that fare alike: all of it passes.
    pub(super) fn passes(&self, lane: Lane) -> bool {
        let class = self.classes.get(&lane.port).map(|class| (lane.prefix, *class));
        let said = class.and_then(|class| self.of_class.get(&class));
        said.is_some_and(|said| said.contains(&true) && !said.contains(&false))
    }
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
pub(super) fn widest(space: &Space) -> BTreeSet<(IpNet, Port)> {
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
