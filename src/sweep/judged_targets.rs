//! The state of each target: by its own response, by its trace, or by its neighbours on both sides.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use why5003_probes::engines::Response;
use why5003_probes::model::{AddressScope, Location, Transport};

use super::common_path::{CommonPath, CommonPaths};
use super::found::Found;
use super::reach::Reach;
use super::target_state::{FromSweep, Refuser, TargetState, is_just_before, state_of};

/// A target and its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct JudgedTarget {
    pub(super) number: u64,
    pub(super) ip: IpAddr,
    pub(super) state: TargetState,
    /// It was told of this target itself, not concluded from its neighbours.
    pub(super) own: bool,
}

/// Addresses for which somebody else answered: those that nobody can own, and where all that were doubted, of several prefixes, were
/// answered on the way, those. While there are any, no `open` of their transport is believed.
pub(super) fn forged(found: Found<'_>) -> Vec<(SocketAddr, Transport)> {
    let Found { space, results, reaches, .. } = found;
    let is_open = |number: &u64| matches!(results.response(*number), Some(Response::Open));
    let mut forged: Vec<u64> = space.canaries().filter(is_open).collect();
    let doubted = reaches.within(0..space.count()).filter(|(number, _)| is_open(number));
    let (on_the_way, there): (Vec<_>, Vec<_>) = doubted.partition(|(_, reach)| *reach == Reach::Forged);
    let is_there = there.iter().any(|(_, reach)| reach.passes() == Some(true));
    let prefix = |number: u64| space.pairs().get(space.pair_of(number)).map(|pair| pair.prefix);
    // One host that is nearer than all others may be Zoom's own at the provider.
    let several = on_the_way.windows(2).any(|pair| matches!(pair, [(a, _), (b, _)] if prefix(*a) != prefix(*b)));
    if several && !is_there {
        forged.extend(on_the_way.into_iter().map(|(number, _)| number));
    }
    forged.into_iter().filter_map(|number| space.target(number)).collect()
}

/// The state of every probed target of a pair.
///
/// Of most silent targets nothing is told but what is told of others: one is in the state of those on both sides of it, if they are in the same state. At
/// the ends of what was traced, it is in the state of the last that was.
pub(super) fn target_states(found: Found<'_>, pair: usize, withdrawn: bool) -> Vec<JudgedTarget> {
    let mut judged = Vec::new();
    let mut gap: Vec<Target> = Vec::new();
    let mut before = None;
    for target in told(found, pair, withdrawn) {
        match target.own {
            None => gap.push(target),
            Some(own) => {
                judged.extend(gap.drain(..).map(|between| between.by_neighbours(before, Some(own))));
                judged.push(JudgedTarget { number: target.number, ip: target.ip, state: own.state, own: true });
                before = Some(own);
            }
        }
    }
    judged.extend(gap.drain(..).map(|between| between.by_neighbours(before, None)));
    as_who_refuses(&mut judged);
    judged
}

/// One who refuses does not do so for each packet, if he sends few ICMP errors: what dies right before him, he refuses as well.
fn as_who_refuses(judged: &mut [JudgedTarget]) {
    let mut refusals: Vec<TargetState> = Vec::new();
    for one in judged.iter() {
        let names_itself = one.state.stopped_at().is_some_and(|location| location.address.is_some());
        if names_itself && !refusals.contains(&one.state) {
            refusals.push(one.state);
        }
    }
    for one in judged.iter_mut() {
        if let Some(location) = one.state.stopped_at()
            && let Some(refusal) = refusals.iter().find(|refusal| is_just_before(location, **refusal))
        {
            one.state = *refusal;
        }
    }
}

/// The middle one of those of which nothing is told between two in different states: so a border is found by bisection.
pub(super) fn halfway(found: Found<'_>, pair: usize) -> Vec<u64> {
    let numbers = found.space.numbers(pair);
    let tally = found.results.tally(numbers.clone());
    let stops = |(_, reach): (u64, Reach)| reach.passes() == Some(false);
    if tally.prohibited + tally.unreachable == 0 && !found.reaches.within(numbers).any(stops) {
        return Vec::new();
    }
    let mut middles = Vec::new();
    let mut gap: Vec<u64> = Vec::new();
    let mut before: Option<Own> = None;
    for target in told(found, pair, false) {
        let Some(own) = target.own else {
            gap.push(target.number);
            continue;
        };
        if before.is_some_and(|before| !before.state.ends_like(own.state)) {
            middles.extend(gap.get(gap.len() / 2));
        }
        gap.clear();
        before = Some(own);
    }
    middles
}

/// The targets of a pair whose silence or refusal has an unknown sender: a RST, or an ICMP error from an unknown
/// router, may come from the path or from the far end.
pub(super) fn unclear(found: Found<'_>, pair: usize) -> impl DoubleEndedIterator<Item = u64> + '_ {
    let Found { space, results, common_paths, .. } = found;
    let common_path = space.pairs().get(pair).map(|pair| common_paths.of(pair.prefix.addr()));
    let retracted = retracted(found, pair);
    space.numbers(pair).filter(move |number| match results.response(*number) {
        Some(Response::Silent | Response::Closed { .. } | Response::Unreachable { by: Some(_) }) => true,
        Some(Response::Prohibited { by }) => {
            is_stranger(by, common_path) || by.is_some_and(|by| retracted.contains(&by))
        }
        _ => false,
    })
}

/// The limiters whose word a pair's targets got.
fn retracted(found: Found<'_>, pair: usize) -> BTreeSet<IpAddr> {
    let refused = found.results.tally(found.space.numbers(pair)).prohibited > 0;
    if refused { limiters(found) } else { BTreeSet::new() }
}

/// The routers on the way that let something pass that they had refused: they limit how much passes, so their word is of a moment, and of no
/// prefix.
pub fn limiters(found: Found<'_>) -> BTreeSet<IpAddr> {
    let Found { space, results, reaches, common_paths } = found;
    let passing = reaches.within(0..space.count()).filter(|(_, reach)| reach.passes() == Some(true));
    let refusers = passing.filter_map(|(number, _)| match (results.response(number)?, space.target(number)?) {
        (Response::Prohibited { by }, (to, _)) => by.filter(|_| !is_stranger(by, Some(common_paths.of(to.ip())))),
        _ => None,
    });
    refusers.collect()
}

/// Whether who says that packets may not pass is none of the shared routers: he may stand at the far end as well.
fn is_stranger(by: Option<IpAddr>, common_path: Option<&CommonPath>) -> bool {
    by.is_none_or(|by| common_path.is_none_or(|common_path| common_path.hop_of(by).is_none()))
}

/// A target that came back.
struct Target {
    number: u64,
    ip: IpAddr,
    sweep: FromSweep,
    /// What is told of it by itself.
    own: Option<Own>,
}

#[derive(Clone, Copy)]
struct Own {
    state: TargetState,
    /// It was traced; otherwise its response said so.
    reaches: bool,
}

impl Target {
    fn by_neighbours(&self, before: Option<Own>, after: Option<Own>) -> JudgedTarget {
        let state = match (before, after) {
            (Some(here), Some(there)) if here.state.passes() == there.state.passes() => here.state,
            // Both ends of a pair are traced, if there is time. Where there was none, what passes says nothing of what lies beyond it;
            // what is stopped is rarely a single address.
            (Some(only), None) | (None, Some(only)) if only.reaches && only.state.passes() == Some(false) => only.state,
            _ => TargetState::Unknown,
        };
        // A target is open or closed by itself alone.
        let state = if state.passes() == Some(true) { TargetState::Passes } else { state };
        JudgedTarget { number: self.number, ip: self.ip, state: state_of(self.sweep, state), own: false }
    }
}

/// The targets of a pair that came back, each with what is told of it by itself.
fn told(found: Found<'_>, pair: usize, withdrawn: bool) -> impl Iterator<Item = Target> + '_ {
    let Found { space, results, reaches, common_paths } = found;
    let retracted = retracted(found, pair);
    // One that is open and did not answer this computer's own connections speaks for all of its pair.
    let is_doubted = |(number, reach)| reach == Reach::Unknown && results.response(number) == Some(Response::Open);
    let doubted = reaches.within(space.numbers(pair)).any(is_doubted);
    space.numbers(pair).filter_map(move |number| {
        let (response, (to, _)) = (results.response(number)?, space.target(number)?);
        let (ip, reach) = (to.ip(), reaches.reach(number));
        let is_open = !withdrawn
            && match reach {
                // A box answered in its place, or our raw packets were answered and this computer's own are not.
                Some(Reach::Forged | Reach::Unknown) => false,
                None => !doubted,
                Some(_) => true,
            };
        let sweep = match response {
            Response::Open if is_open => FromSweep::Open,
            Response::Open => FromSweep::OpenInDoubt,
            Response::Closed { .. } => FromSweep::Closed,
            Response::Unreachable { by: None } => FromSweep::NotSent,
            Response::Silent | Response::Unreachable { by: Some(_) } => FromSweep::Silent,
            Response::Prohibited { by: Some(by) } if retracted.contains(&by) => FromSweep::Refused(Refuser::Limiter),
            Response::Prohibited { by } => FromSweep::Refused(refuser(by, common_paths, ip)),
        };
        let own = match reach.filter(|_| sweep.is_open_to_the_trace()) {
            Some(reach) => Some(Own { state: state_of(sweep, traced(reach, common_paths, ip)), reaches: true }),
            None => sweep.is_clear().then(|| Own { state: state_of(sweep, TargetState::Unknown), reaches: false }),
        };
        Some(Target { number, ip, sweep, own })
    })
}

/// Who refused a target.
fn refuser(by: Option<IpAddr>, common_paths: &CommonPaths, target: IpAddr) -> Refuser {
    let location = at_router(by, common_paths, target);
    let is_near = |by: IpAddr| by != target && (AddressScope::of(by).is_internal() || common_paths.own.contains(&by));
    if !is_stranger(by, Some(common_paths.of(target))) {
        Refuser::Router(location)
    } else if by.is_some_and(is_near) {
        Refuser::Near(location)
    } else {
        Refuser::Far
    }
}

/// What the trace says of a target.
fn traced(reach: Reach, common_paths: &CommonPaths, target: IpAddr) -> TargetState {
    let at = |by| at_router(by, common_paths, target);
    match reach {
        Reach::Passes { .. } => TargetState::Passes,
        Reach::Dies { hop, address, next } => {
            TargetState::Blocked { location: Location { hop: Some(hop), address, next } }
        }
        Reach::Reset { hop, address } => {
            TargetState::Reset { location: Location { hop: Some(hop), address, next: None } }
        }
        // Nothing but the same refusal again, where no router can be told from the far end.
        Reach::Prohibited { by }
            if common_paths.of(target).end() == 0 && refuser(by, common_paths, target) == Refuser::Far =>
        {
            TargetState::Prohibited { location: None }
        }
        // Where nobody but the target itself is named, that may be a bridge that speaks in its name, or it.
        Reach::Prohibited { by } => {
            TargetState::Prohibited { location: Some(at(by)).filter(|location| *location != Location::default()) }
        }
        Reach::NoRoute { by } => TargetState::Blocked { location: at(by) },
        Reach::Forged | Reach::Unknown => TargetState::Unknown,
    }
}

/// Where somebody stands who says that packets may not pass, or cannot.
fn at_router(address: Option<IpAddr>, common_paths: &CommonPaths, target: IpAddr) -> Location {
    match address {
        Some(own) if common_paths.own.contains(&own) => Location { hop: Some(0), ..Location::default() },
        Some(router) if router != target => {
            Location { hop: common_paths.of(router).hop_of(router), address, next: None }
        }
        Some(_) | None => Location::default(),
    }
}
