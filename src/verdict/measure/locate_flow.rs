//! Where on the way a flow dies: its traceroute held against that of a flow that passes.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use why5003_probes::model::{HopAnswer, Role, Transport};

use crate::evidence::{Attempt, Evidence, Traceroute};
use crate::experiment::walks::role_by;
use crate::experiment::{Experiment, Question, probes};
use crate::verdict::model::Location;

/// What two traceroutes tell of a flow.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::verdict) struct FlowLocation {
    /// The last hop that answers for the flow, and the next one that answers for a passing flow alone.
    pub(in crate::verdict) location: Location,
    /// The flow's packets reach as far as anything can be seen to reach: nothing on the way stops them.
    pub(in crate::verdict) open_to_the_end: bool,
    /// The flow's packets reach the last router that the passing flow shows, or one beyond the fork of the two ways: what
    /// they have in common lets it pass.
    pub(in crate::verdict) past_the_shared_way: bool,
    /// The hop at which the passing flow ends, where the two ways do not part as far as anything can be seen.
    end: Option<u8>,
    /// The passing flow went to the same address, so the two share their way to its end.
    pub(in crate::verdict) by_the_same_address: bool,
    /// The traceroutes held against each other.
    pub(in crate::verdict) ids: Vec<u32>,
}

impl FlowLocation {
    /// The flow's packets reach the last router before the passing flow's end, by the same routers.
    pub(in crate::verdict) fn open_to_the_last_router(&self) -> bool {
        let next = self.location.hop.and_then(|hop| hop.checked_add(1));
        self.past_the_shared_way && self.end.is_some() && self.end == next
    }
}

/// Where the flow to `to` dies; `None` while the traceroutes that would tell are not there, or no router answers.
pub(in crate::verdict) fn locate_flow(
    evidence: &Evidence,
    to: SocketAddr,
    transport: Transport,
) -> Option<FlowLocation> {
    let compared = Compared::of(evidence, to, transport)?;
    match compared.affected.answered_at() {
        Some(hop) => Some(compared.answered(hop)),
        None => compared.end_of_the_flow(evidence),
    }
}

/// The traceroute of a flow, and the one that it is held against.
struct Compared<'a> {
    affected: Traceroute<'a>,
    neutral: Traceroute<'a>,
    /// The last hop that answers for the flow, 0 where not even the first does: this computer, or its own link.
    end: u8,
}

impl<'a> Compared<'a> {
    fn of(evidence: &'a Evidence, to: SocketAddr, transport: Transport) -> Option<Self> {
        let affected = walks(evidence, to, transport).max_by_key(|l| (l.answered_at().is_some(), l.last_router()))?;
        let end = affected.last_router().map_or(0, |(hop, _)| hop);
        let tells = |l: Traceroute<'_>| l.router_after(end).is_some() || l.answered_at() == end.checked_add(1);
        let neutral = evidence
            .traceroutes()
            .filter(|l| (l.to(), l.transport()) != (to, transport) && (passes(*l) || outruns(*l, affected)))
            .max_by_key(|l| (tells(*l), shares_way(*l, affected, end), same_address(*l, affected), l.reach()))?;
        Some(Self { affected, neutral, end })
    }

    /// The flow's own destination answered.
    fn answered(&self, hop: u8) -> FlowLocation {
        FlowLocation {
            location: Location { hop: Some(hop), address: Some(self.affected.to().ip()), next: None },
            open_to_the_end: true,
            past_the_shared_way: true,
            end: None,
            by_the_same_address: same_address(self.neutral, self.affected),
            ids: self.ids(),
        }
    }

    fn end_of_the_flow(&self, evidence: &Evidence) -> Option<FlowLocation> {
        let Self { neutral, end, .. } = *self;
        let by_the_same_address = same_address(neutral, self.affected);
        let address = self.affected.last_router().map(|(_, address)| address);
        // Beyond the hop at which two ways part, what one shows says nothing of the other.
        let shared = by_the_same_address || end == 0 || neutral.router_at(end) == address;
        let place = |next| FlowLocation {
            location: Location { hop: Some(end), address, next },
            open_to_the_end: false,
            past_the_shared_way: false,
            end: neutral.answered_at().filter(|_| shared),
            by_the_same_address,
            ids: self.ids(),
        };
        match neutral.router_after(end) {
            Some(after) if shared => Some(place(Some(self.nearer(evidence, after)))),
            // The passing flow shows another router there: the ways have parted before it.
            Some(_) if neutral.router_at(end).is_some() => {
                Some(FlowLocation { past_the_shared_way: true, ..place(None) })
            }
            Some(_) => Some(place(None)),
            None if end == 0 => None,
            // The passing flow shows no router beyond either. To the same address, and at this same distance, the way was
            // open to its last router.
            None => Some(FlowLocation {
                open_to_the_end: by_the_same_address && neutral.answered_at() == end.checked_add(1),
                past_the_shared_way: true,
                ..place(None)
            }),
        }
    }

    /// The nearest router beyond the flow's end: one that spares its errors for one flow may show them to another on the same
    /// way.
    fn nearer(&self, evidence: &Evidence, (hop, router): (u8, IpAddr)) -> IpAddr {
        let on_the_way = |l: &Traceroute<'_>| {
            passes(*l) && l.router_at(hop) == Some(router) && shares_way(*l, self.affected, self.end)
        };
        let nearest = evidence.traceroutes().filter(on_the_way).filter_map(|l| l.router_after(self.end)).min();
        nearest.map_or(router, |near| near.min((hop, router)).1)
    }

    fn ids(&self) -> Vec<u32> {
        vec![self.affected.id(), self.neutral.id()]
    }
}

fn same_address(traceroute: Traceroute<'_>, affected: Traceroute<'_>) -> bool {
    traceroute.to().ip() == affected.to().ip()
}

/// The same address by another port shares the way to its end; any other destination only its beginning.
fn shares_way(traceroute: Traceroute<'_>, affected: Traceroute<'_>, end: u8) -> bool {
    same_address(traceroute, affected) || end == 0 || traceroute.router_at(end) == affected.router_at(end)
}

/// The first of these tries whose flow was walked, or simply the first.
pub(in crate::verdict) fn first_walked<'a>(evidence: &Evidence, tries: &[Attempt<'a>]) -> Option<Attempt<'a>> {
    let walked = |a: &&Attempt<'_>| walks(evidence, a.to(), Transport::Tcp).next().is_some();
    tries.iter().find(walked).or(tries.first()).copied()
}

/// Whether this flow was walked, and a neutral one to hold it against.
pub(in crate::verdict) fn compared(evidence: &Evidence, to: SocketAddr) -> bool {
    let neutral = evidence.traceroutes().any(|l| l.role() == Role::Control && l.to() != to);
    neutral && walks(evidence, to, Transport::Tcp).next().is_some()
}

/// A walk of this flow alone, where routers were seen to spare their errors: one that was mute for it may have been heard by
/// others that asked at the same time.
pub(in crate::verdict) fn walk_again(evidence: &Evidence, to: SocketAddr, transport: Transport) -> Option<Question> {
    let walked: Vec<Traceroute<'_>> = walks(evidence, to, transport).collect();
    let [walk] = walked[..] else { return None };
    let shows = |hop: u8| evidence.traceroutes().any(|l| l.router_at(hop).is_some());
    let spared = evidence.traceroutes().any(|l| {
        let reach = l.reach().unwrap_or(0);
        l.hops().any(|hop| hop.came == HopAnswer::Silent && hop.ttl < reach && shows(hop.ttl))
    });
    (spared && others_beside(evidence, walk) > 1).then(|| WALK_AGAIN.of((to, transport)))
}

/// How many other flows were walked while this one asked its last hop for the first two times. One alone takes a router's error
/// from it once at most.
fn others_beside(evidence: &Evidence, walk: Traceroute<'_>) -> usize {
    let until = walk.began() + TWO_ROUNDS;
    evidence.traceroutes().filter(|l| l.id() != walk.id() && l.began() < until && walk.began() < l.ended()).count()
}

/// The walks along this flow.
fn walks(evidence: &Evidence, to: SocketAddr, transport: Transport) -> impl Iterator<Item = Traceroute<'_>> {
    evidence.traceroutes().filter(move |l| l.to() == to && l.transport() == transport)
}

/// The way to the same address by another TCP port, which is open there.
pub(in crate::verdict) fn the_address_by_another_port<'a>(
    evidence: &'a Evidence,
    traceroute: Traceroute<'_>,
) -> Option<Traceroute<'a>> {
    evidence.traceroutes().find(|l| {
        let opened = l.hops().any(|hop| hop.came == HopAnswer::Answered);
        l.to().ip() == traceroute.to().ip() && l.to() != traceroute.to() && l.transport() == Transport::Tcp && opened
    })
}

/// A flow to the same address by another port or protocol goes on where this one ends, though its end keeps silent too.
///
/// It does so by two routers at least: a single router that answered one flow alone may merely limit what it answers.
fn outruns(traceroute: Traceroute<'_>, affected: Traceroute<'_>) -> bool {
    let end = affected.reach().unwrap_or(0);
    let beyond = traceroute.hops().filter(|h| h.ttl > end && h.came == HopAnswer::Expired).count();
    traceroute.to().ip() == affected.to().ip() && beyond >= ROUTERS_BEYOND
}

/// A traceroute whose destination answered.
fn passes(traceroute: Traceroute<'_>) -> bool {
    traceroute.answered_at().is_some()
}

/// A walk asks a silent hop again after 1.1 s, and waits as long for the second answer as routers took.
const TWO_ROUNDS: Duration = Duration::from_millis(1_500);

/// Routers beyond a flow's end that make it an end where the destination answers nobody.
const ROUTERS_BEYOND: usize = 2;

/// At which hop does this flow die, when it alone asks the routers?
const WALK_AGAIN: Experiment<(SocketAddr, Transport)> = Experiment::new("walk-again", |_, &(to, transport)| {
    vec![probes::traceroute_again(role_by(transport), to, transport)]
});
