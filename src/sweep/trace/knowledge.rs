//! All that a trace knows: the one owner of what its phases find out.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::time::Duration;

use ipnet::IpNet;
use why5003_probes::engines::Response;
use why5003_probes::model::{Family, Hop, Transport};

use super::super::common_path::{CommonPath, Reply};
use super::super::found::Found;
use super::super::judged_targets::limiters;
use super::super::next::next_to_trace;
use super::super::reach::Reach;
use super::super::target_space::TargetSpace;
use super::super::{Port, PrefixPort, Results};
use super::ask::{Answers, Ask, Asking, Wanted};
use super::diverging_path::{DivergingPath, PrefixTransport};
use super::hop_searches::HopSearches;
use super::hosts::Hosts;
use super::paced::Paced;
use super::pacing::{SPACING, TRACEROUTE_GAP, TRACEROUTE_PACKETS, UNLIMITED};
use super::probe::{Depth, Heard, Request};
use super::result::{TraceEvent, TraceResult};

/// What a phase needs: `Break` asks for packets, after which the phase is called again; `Continue` is its result.
pub(super) type Turn<T> = ControlFlow<Batch, T>;

/// Packets that a phase waits for.
#[derive(Debug)]
pub(super) enum Batch {
    /// One after the other, at a distance.
    Paced(Paced),
    /// Of several hops side by side, each as fast as its router answers.
    Asks(Vec<Ask>),
}

/// What they brought.
#[derive(Debug)]
pub(super) enum Came {
    Paced(Vec<Heard>),
    Asks(Vec<Answers>),
}

/// All that a trace knows.
pub(super) struct Knowledge<'a> {
    pub(super) space: &'a TargetSpace,
    pub(super) results: &'a Results,
    pub(super) hosts: Hosts,
    /// Packets a second, at most.
    pub(super) rate: Option<u32>,
    pub(super) now: Duration,
    pub(super) result: TraceResult,
    pub(super) events: VecDeque<TraceEvent>,
    /// What the last batch brought, for the phase that asked.
    pub(super) came: Option<Came>,
    /// What is known of the family that is traced.
    pub(super) of: FamilyKnowledge,
}

/// What is known of one family's paths, beside its common path and how far its targets' packets come.
pub(super) struct FamilyKnowledge {
    pub(super) family: Family,
    /// After that nothing of it is begun.
    pub(super) until: Duration,
    /// A target was refused: without a common path, packets to other targets may tell what else is.
    pub(super) refused: bool,
    /// A neutral host behind the common path.
    pub(super) neutral: Option<SocketAddr>,
    /// Reference targets that answered, though the sweep heard nothing of their prefix.
    pub(super) references: Vec<SocketAddr>,
    /// Where packets to targets end, so far.
    pub(super) searches: HopSearches,
    /// When the end of a path answered last for a flow that may pass, by transport.
    pub(super) heard: BTreeMap<Transport, Duration>,
    /// Packets are lost at random: silence is asked about more often.
    pub(super) lossy: bool,
    /// The targets that die beside others that pass were asked once more.
    pub(super) asked_again: bool,
    /// The diverging paths, by prefix and transport.
    pub(super) diverging: BTreeMap<PrefixTransport, DivergingPath>,
    /// The traceroutes to a few targets that answered; `None` before they were made.
    pub(super) answering: Option<Vec<Vec<Hop>>>,
    /// Prefixes of which one more such target was traced.
    pub(super) traced: BTreeSet<IpNet>,
}

impl FamilyKnowledge {
    pub(super) fn new(family: Family, until: Duration) -> Self {
        Self {
            family,
            until,
            refused: false,
            neutral: None,
            references: Vec::new(),
            searches: HopSearches::default(),
            heard: BTreeMap::new(),
            lossy: false,
            asked_again: false,
            diverging: BTreeMap::new(),
            answering: None,
            traced: BTreeSet::new(),
        }
    }
}

/// What a phase asks for.
impl Knowledge<'_> {
    /// Sends these one after the other, and returns what came in their order.
    pub(super) fn send(&mut self, list: impl FnOnce(&mut Self) -> (Vec<Request>, Duration)) -> Turn<Vec<Heard>> {
        if let Some(Came::Paced(heard)) = self.came.take() {
            return Turn::Continue(heard);
        }
        let (requests, gap) = list(self);
        Turn::Break(Batch::Paced(Paced::new(requests, gap, self.now)))
    }

    /// Makes these traceroutes one after the other, and returns their hops in the same order.
    pub(super) fn traceroutes(&mut self, list: impl FnOnce(&mut Self) -> Vec<Request>) -> Turn<Vec<Vec<Hop>>> {
        let heard = self.send(|known| (list(known), known.at_least(TRACEROUTE_GAP, TRACEROUTE_PACKETS)))?;
        Turn::Continue(heard.into_iter().map(Heard::into_hops).collect())
    }

    /// Asks targets at several hops side by side, and returns what each brought.
    pub(super) fn ask_all(&mut self, list: impl FnOnce(&mut Self) -> Vec<Asking>) -> Turn<Vec<Answers>> {
        if let Some(Came::Asks(answers)) = self.came.take() {
            return Turn::Continue(answers);
        }
        let asks = list(self);
        Turn::Break(Batch::Asks(asks.into_iter().map(|asking| Ask::new(asking, self.now)).collect()))
    }

    /// Asks targets at one hop.
    pub(super) fn ask(&mut self, asking: impl FnOnce(&mut Self) -> Asking) -> Turn<Answers> {
        let answers = self.ask_all(|known| vec![asking(known)])?;
        Turn::Continue(answers.into_iter().next().unwrap_or_default())
    }

    /// Asks which router these targets' packets end at; four such questions share the rate, and may share the router.
    pub(super) fn asking_router(&self, targets: Vec<u64>, hop: u8) -> Asking {
        Asking {
            targets,
            depth: Depth::Hop(hop),
            wanted: Wanted::Router,
            tries: 2,
            until: self.of.until,
            spacing: self.at_least(SPACING, 4),
        }
    }

    /// So long, or as long as so many packets take at the rate.
    pub(super) fn at_least(&self, time: Duration, packets: u32) -> Duration {
        let own = self.rate.map(|rate| Duration::from_secs_f64(f64::from(packets) / f64::from(rate.max(1))));
        time.max(own.unwrap_or_default())
    }

    /// Between two packets to the end of the path: more where a router limits how much passes, and refuses the rest.
    pub(super) fn spacing_at_the_end(&self) -> Duration {
        let is_limited = !limiters(self.found()).is_empty();
        self.at_least(if is_limited { UNLIMITED } else { SPACING }, 1)
    }

    pub(super) fn stage(&mut self, what: &'static str, of: usize) {
        self.events.push_back(TraceEvent::Stage(what, of));
    }

    pub(super) fn note(&mut self, target: u64, reach: Reach) {
        self.result.reaches.note(target, reach);
        self.events.push_back(TraceEvent::Reached(target, reach));
    }

    pub(super) fn note_all(&mut self, targets: Vec<u64>, reach: Reach) {
        for target in targets {
            self.note(target, reach);
        }
    }

    /// Notes at once what an answer says clearly, so that a trace that is cut off keeps it.
    pub(super) fn note_answer(&mut self, wanted: Wanted, hop: u8, target: u64, reply: Reply) {
        let reach = match wanted {
            Wanted::Reach => reply.at_the_end(self.path(), hop).filter(|reach| self.is_clear(*reach)),
            Wanted::Limit => reply.at_the_end(self.path(), hop).filter(|reach| self.is_of_limit(target, *reach)),
            Wanted::Refusal => reply.all_the_way(),
            Wanted::Router | Wanted::Any => None,
        };
        let Some(reach) = reach else { return };
        self.note(target, reach);
        if let Some((_, transport)) = self.space.target(target).filter(|_| reach.passes() == Some(true))
            && wanted == Wanted::Reach
        {
            self.of.heard.insert(transport, self.now);
        }
    }

    /// Whether it says by itself how far packets come: a missing route may be a failing line's, and a router beside the common path
    /// may lead through filters that no neutral flow meets.
    fn is_clear(&self, reach: Reach) -> bool {
        !matches!(reach, Reach::NoRoute { .. }) && !self.is_beside_the_path(reach)
    }

    /// Whether a router answered that is none of the common path.
    pub(super) fn is_beside_the_path(&self, reach: Reach) -> bool {
        matches!(reach, Reach::Passes { router: Some(router), .. } if !self.path().has(router))
    }

    /// Whether a target that a router refused is told of by what its packets bring now.
    fn is_of_limit(&self, target: u64, reach: Reach) -> bool {
        match (self.results.response(target), reach) {
            // The packet came to that router, and to none behind it.
            (Some(Response::Prohibited { by }), Reach::Passes { router, .. }) if by == router => false,
            (_, reach) => !self.is_beside_the_path(reach),
        }
    }
}

/// What a phase looks up.
impl Knowledge<'_> {
    pub(super) fn found(&self) -> Found<'_> {
        let TraceResult { reaches, common_paths, .. } = &self.result;
        Found { space: self.space, results: self.results, reaches, common_paths }
    }

    /// The common path of the family that is traced.
    pub(super) fn path(&self) -> &CommonPath {
        self.result.common_paths.get(self.of.family)
    }

    /// The targets that tell most, of the family that is traced.
    pub(super) fn next_targets(&self) -> Vec<u64> {
        next_to_trace(self.found(), |pair| self.is_of_family(pair))
    }

    pub(super) fn is_of_family(&self, pair: usize) -> bool {
        self.space.pairs().get(pair).is_some_and(|pair| Family::of(pair.prefix.addr()) == self.of.family)
    }

    pub(super) fn pair(&self, target: u64) -> Option<PrefixPort> {
        self.space.pairs().get(self.space.pair_of(target)).copied()
    }

    pub(super) fn prefix_transport(&self, target: u64) -> Option<PrefixTransport> {
        self.pair(target).map(|pair| PrefixTransport { prefix: pair.prefix, transport: pair.port.transport })
    }

    pub(super) fn is_open(&self, target: u64) -> bool {
        self.results.response(target) == Some(Response::Open)
    }

    pub(super) fn request(&self, target: u64, depth: Depth) -> Option<Request> {
        self.space.target(target).map(|(to, transport)| Request { to, transport, depth })
    }

    pub(super) fn requests(&self, targets: &[u64], depth: Depth) -> Vec<Request> {
        targets.iter().filter_map(|target| self.request(*target, depth)).collect()
    }

    /// A few targets that answered the sweep by TCP: first one of each port, of prefixes as wide as there are.
    pub(super) fn open_targets(&self, family: Option<Family>, most: usize) -> Vec<u64> {
        let mut pairs: Vec<_> = self.space.pairs().iter().enumerate().collect();
        pairs.retain(|(_, pair)| {
            let of = Family::of(pair.prefix.addr());
            !pair.canary && pair.port.transport == Transport::Tcp && family.is_none_or(|family| family == of)
        });
        pairs.sort_by_key(|(_, pair)| pair.prefix.prefix_len());
        let open = pairs.into_iter().filter(|(at, _)| self.results.tally(self.space.numbers(*at)).open > 0);
        let open = open
            .filter_map(|(at, pair)| Some((pair.port, self.space.numbers(at).find(|target| self.is_open(*target))?)));
        let mut first: Vec<(Port, u64)> = Vec::new();
        let mut others = Vec::new();
        for (port, target) in open {
            if first.iter().any(|(other, _)| *other == port) {
                others.push(target);
            } else {
                first.push((port, target));
            }
        }
        first.into_iter().map(|(_, target)| target).chain(others).take(most).collect()
    }
}
