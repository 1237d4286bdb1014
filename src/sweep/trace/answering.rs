//! The paths to targets that answer: Zoom's flows may diverge from the common path, and still pass.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;
use why5003_probes::model::{Family, Hop, Transport};

use super::super::common_path::CommonPath;
use super::super::reach::Reach;
use super::knowledge::{Knowledge, Turn};
use super::pacing::ALIVE;
use super::probe::{Depth, Request};

/// Makes traceroutes to a few targets that answered the sweep, and to reference targets that answered: once. Only those that arrive count.
pub(super) fn trace_answering(known: &mut Knowledge<'_>) -> Turn<Vec<Vec<Hop>>> {
    if let Some(answering) = &known.of.answering {
        return Turn::Continue(answering.clone());
    }
    let came = known.traceroutes(|known| {
        // A box that answers in a target's place stands on the way.
        let is_there = |target: &u64| known.result.reaches.reach(*target) != Some(Reach::Forged);
        let targets = known.open_targets(Some(known.of.family), ALIVE).into_iter().filter(is_there);
        let targets = targets.filter_map(|target| known.request(target, Depth::EveryHop));
        let of_family = known.of.references.iter().filter(|to| Family::of(to.ip()) == known.of.family);
        let references = of_family.map(|to| Request { to: *to, transport: Transport::Tcp, depth: Depth::EveryHop });
        targets.chain(references).take(ALIVE).collect()
    })?;
    let arrived: Vec<Vec<Hop>> = came.into_iter().filter(|hops| CommonPath::arrived(hops)).collect();
    Turn::Continue(known.of.answering.insert(arrived).clone())
}

/// A target whose packet a router had that is none of the common path.
#[derive(Clone, Copy, Debug)]
pub(super) struct BesideThePath {
    pub(super) target: u64,
    /// What that tells, if the path leads where answers come from.
    pub(super) reach: Reach,
    hop: u8,
    router: IpAddr,
}

impl BesideThePath {
    /// `None` where a router of the common path had it.
    pub(super) fn of(known: &Knowledge<'_>, target: u64, reach: Reach) -> Option<Self> {
        match reach {
            Reach::Passes { hop, router: Some(router) } if !known.path().has(router) => {
                Some(Self { target, reach, hop, router })
            }
            _ => None,
        }
    }

    fn is_on(&self, traces: &[Vec<Hop>]) -> bool {
        traces.iter().flatten().any(|at| at.ttl == self.hop && at.from == Some(self.router))
    }
}

/// Those of such targets whose router lies on the path to a target that answered.
///
/// Where no traceroute led there so far, one to an answering target of the same prefix may.
pub(super) struct LedToAnswers {
    beside: Vec<BesideThePath>,
    /// The targets that are traced, by prefix; `None` before they were chosen.
    traced: Option<BTreeMap<IpNet, u64>>,
}

impl LedToAnswers {
    pub(super) fn new(beside: Vec<BesideThePath>) -> Self {
        Self { beside, traced: None }
    }

    pub(super) fn advance(&mut self, known: &mut Knowledge<'_>) -> Turn<BTreeSet<u64>> {
        if self.beside.is_empty() {
            return Turn::Continue(BTreeSet::new());
        }
        let mut answering = trace_answering(known)?;
        let targets: Vec<u64> =
            self.traced.get_or_insert_with(|| choose(known, &self.beside, &answering)).values().copied().collect();
        let came = known.traceroutes(|known| known.requests(&targets, Depth::EveryHop))?;
        answering.extend(came.into_iter().filter(|hops| CommonPath::arrived(hops)));
        let led = self.beside.iter().filter(|one| one.is_on(&answering)).map(|one| one.target).collect();
        known.of.answering = Some(answering);
        Turn::Continue(led)
    }
}

/// An answering target of each prefix whose router no traceroute showed; each prefix once.
fn choose(known: &mut Knowledge<'_>, beside: &[BesideThePath], answering: &[Vec<Hop>]) -> BTreeMap<IpNet, u64> {
    let unseen = beside.iter().filter(|one| !one.is_on(answering));
    let prefixes = unseen.filter_map(|one| Some(known.prefix_transport(one.target)?.prefix));
    let open: BTreeMap<IpNet, u64> =
        prefixes.filter_map(|prefix| Some((prefix, open_target_of(known, prefix)?))).collect();
    open.into_iter().filter(|(prefix, _)| known.of.traced.insert(*prefix)).collect()
}

/// A target of a prefix that answered the sweep by TCP.
fn open_target_of(known: &Knowledge<'_>, prefix: IpNet) -> Option<u64> {
    let mut pairs = known
        .space
        .pairs()
        .iter()
        .enumerate()
        .filter(|(_, pair)| (pair.prefix, pair.port.transport, pair.canary) == (prefix, Transport::Tcp, false));
    pairs.find_map(|(at, _)| known.space.numbers(at).find(|target| known.is_open(*target)))
}
