//! Classes of ports that the filter has treated alike so far, so that not every pair needs a trace. Ports that are in
//! the same state at the widest prefixes form a class: a firewall's rule names ports and prefixes, not their pairs.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;
use why5003_probes::model::Transport;

use super::found::Found;
use super::target_space::{Port, PrefixPort, TargetSpace};

/// What is known of pairs, and which ports are in the same state.
pub(super) struct PortClasses {
    /// Whether a pair's packets pass; one that does both is not here.
    pub(super) known: BTreeMap<usize, bool>,
    /// The class of each port, named by its first port.
    classes: BTreeMap<Port, Port>,
    /// What is known of a prefix at ports of a class.
    of_class: BTreeMap<(IpNet, Port), BTreeSet<bool>>,
}

impl PortClasses {
    /// What was traced, and what answered, tells of pairs.
    pub(super) fn of(found: Found<'_>) -> Self {
        let Found { space, results, reaches, .. } = found;
        let mut told: BTreeMap<usize, BTreeSet<bool>> = BTreeMap::new();
        for (at, _) in space.pairs().iter().enumerate().filter(|(_, pair)| !pair.canary) {
            let (numbers, tally) = (space.numbers(at), results.tally(space.numbers(at)));
            let own = reaches.within(numbers).filter_map(|(_, reach)| reach.passes());
            let answered = (tally.open > 0).then_some(true).into_iter().chain((tally.prohibited > 0).then_some(false));
            told.entry(at).or_default().extend(own.chain(answered));
        }
        let one = |said: &BTreeSet<bool>| if said.len() == 1 { said.first().copied() } else { None };
        let known: BTreeMap<usize, bool> = told.iter().filter_map(|(at, said)| Some((*at, one(said)?))).collect();
        let classes = classes(space, &known);
        let mut of_class: BTreeMap<(IpNet, Port), BTreeSet<bool>> = BTreeMap::new();
        for (at, said) in &told {
            if let Some(pair) = space.pairs().get(*at)
                && let Some(class) = classes.get(&pair.port)
            {
                of_class.entry((pair.prefix, *class)).or_default().extend(said);
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

    /// Whether a pair's packets pass, by what is known of the same prefix at ports that are in the same state: all of it passes.
    pub(super) fn passes(&self, pair: PrefixPort) -> bool {
        let class = self.classes.get(&pair.port).map(|class| (pair.prefix, *class));
        let said = class.and_then(|class| self.of_class.get(&class));
        said.is_some_and(|said| said.contains(&true) && !said.contains(&false))
    }
}

/// Ports of which the same is known at the widest prefixes; one of which nothing is known is alone.
fn classes(space: &TargetSpace, known: &BTreeMap<usize, bool>) -> BTreeMap<Port, Port> {
    let widest = widest(space);
    let mut rows: BTreeMap<Port, Vec<(IpNet, bool)>> = BTreeMap::new();
    for (at, pair) in (0..).zip(space.pairs()).filter(|(_, pair)| widest.contains(&(pair.prefix, pair.port))) {
        let row = rows.entry(pair.port).or_default();
        row.extend(known.get(&at).map(|passes| (pair.prefix, *passes)));
    }
    let mut first_with: BTreeMap<(Transport, Vec<(IpNet, bool)>), Port> = BTreeMap::new();
    let class = |(port, row): (Port, Vec<(IpNet, bool)>)| {
        if row.is_empty() { (port, port) } else { (port, *first_with.entry((port.transport, row)).or_insert(port)) }
    };
    rows.into_iter().map(class).collect()
}

/// The two widest prefixes of each port.
pub(super) fn widest(space: &TargetSpace) -> BTreeSet<(IpNet, Port)> {
    let mut pairs: Vec<&PrefixPort> = space.pairs().iter().filter(|pair| !pair.canary).collect();
    // Stable: within a width, the order of port and prefix.
    pairs.sort_by_key(|pair| pair.prefix.prefix_len());
    let mut count: BTreeMap<Port, u8> = BTreeMap::new();
    let mut widest = BTreeSet::new();
    for pair in pairs {
        let of_port = count.entry(pair.port).or_default();
        *of_port = of_port.saturating_add(1);
        if *of_port <= 2 {
            widest.insert((pair.prefix, pair.port));
        }
    }
    widest
}
