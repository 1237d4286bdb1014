//! What would tell how much a way loses, and at what rate flows go on it: the experiments that count.

use std::net::{IpAddr, SocketAddr};

use why5003_probes::model::{Family, How, Probe, ProbeName, Role, Settings, Target};

use super::attempts::controls;
use super::sign_in::{SignIn, sign_in_at, system_addresses};
use crate::evidence::{Attempt, Evidence};
use crate::experiment::names::NAME_AGAIN;
use crate::experiment::tries::HostAt;
use crate::experiment::{Experiment, Question, Setup, probes};
use crate::verdict::ruling::Doubt;

/// What would tell how much is lost. A burst, which tells whether connections are limited, comes before it: see [`limit`].
pub(in crate::verdict) fn questions(evidence: &Evidence) -> Vec<Question> {
    let names = evidence.background().decisive_hosts().filter(|host| system_addresses(evidence, host).is_empty());
    let names = names.map(|name| NAME_AGAIN.of(name.to_owned()));
    let counts = [counts_wanted(evidence), flows_wanted(evidence, FlowSize::default())].concat();
    // A name that got lost is asked for again meanwhile: it disturbs nothing.
    if counts.is_empty() { counts } else { counts.into_iter().chain(names).collect() }
}

/// What would count loss: SYNs to a neutral host, to Zoom, and to the gateway. None where no neutral host connects, or all is
/// counted already.
pub(in crate::verdict) fn counts_wanted(evidence: &Evidence) -> Vec<Question> {
    counts(evidence, Wanted { before: 0, syns: None, of_gateway: true })
}

/// What would tell more where the first count was too little: as many again, to a neutral host and to Zoom.
pub(in crate::verdict) fn counts_wanted_again(evidence: &Evidence) -> Vec<Question> {
    counts(evidence, Wanted { before: 1, syns: None, of_gateway: false })
}

/// What would tell how late answers are: a few SYNs to a neutral host and to Zoom.
pub(in crate::verdict) fn delays_wanted(evidence: &Evidence) -> Vec<Question> {
    counts(evidence, Wanted { before: 0, syns: Some(FEW), of_gateway: false })
}

/// Which counts are wanted.
#[derive(Clone, Copy)]
struct Wanted {
    /// Only where no more counts than these were made before.
    before: u16,
    /// SYNs of each; the probe's own number where `None`.
    syns: Option<u8>,
    /// The gateway is counted too.
    of_gateway: bool,
}

fn counts(evidence: &Evidence, wanted: Wanted) -> Vec<Question> {
    let Some((_, neutral)) = neutral(evidence) else { return Vec::new() };
    let of_the_family = |address: &IpAddr| Family::of(*address) == Family::of(neutral.ip());
    let gateway = evidence.host().routes().filter_map(|(_, route)| route.gateway).find(of_the_family);
    // A gateway is asked for what most of them serve; a refusal is an answer as well.
    let gateway = gateway.map(|address| (SocketAddr::new(address, 53), Role::Host));
    let counted = |to: SocketAddr| evidence.syn_counts().filter(|count| count.to() == to).count();
    let zoom = zoom(evidence).map(|(_, to)| (to, Role::Range));
    zoom.into_iter()
        .chain([(neutral, Role::Control)])
        .chain(gateway.filter(|_| wanted.of_gateway))
        .filter(|(to, _)| counted(*to) <= usize::from(wanted.before))
        .map(|(to, role)| LOSS.of(Syns { to, role, count: wanted.syns, before: wanted.before }))
        .collect()
}

/// What would tell whether flows that stand lose anything, and at what rate they go: of Zoom's and of neutral hosts.
///
/// Where they are all that is asked, a few exchanges in turn do; those of a count of loss keep to its time.
pub(in crate::verdict) fn flows_wanted(evidence: &Evidence, size: FlowSize) -> Vec<Question> {
    let Some(neutral) = neutral(evidence) else { return Vec::new() };
    let zoom = zoom(evidence).map(|to| (to, Role::SignIn));
    zoom.into_iter()
        .chain([(neutral, Role::Control)])
        .filter(|((_, to), _)| !evidence.flows().any(|flow| flow.to == *to && flow.transfer.is_some()))
        .map(|((host, to), role)| FLOW.of(Exchanges { at: HostAt { host, to }, role, size }))
        .collect()
}

/// A host of sign-in, at an address that is Zoom's own, and if possible at one that connects.
fn zoom(evidence: &Evidence) -> Option<(String, SocketAddr)> {
    let own = |a: &Attempt<'_>| a.role() == Role::SignIn && !a.proxied() && a.settings().prefix.is_some();
    let best = evidence.attempts().filter(own).max_by_key(|a| (a.connected().is_some(), std::cmp::Reverse(a.id())))?;
    Some((best.host()?.to_owned(), best.to()))
}

/// A neutral host that connects, of the family by which Zoom is reached here; if possible one that answered a request.
fn neutral(evidence: &Evidence) -> Option<(String, SocketAddr)> {
    let like = zoom(evidence).map(|(_, to)| Family::of(to.ip()));
    let stands = |a: &Attempt<'_>| a.connected().is_some() && a.is_tls() && a.host().is_some();
    let best = controls(evidence).filter(stands).max_by_key(|a| {
        let same = like.is_none_or(|family| family == Family::of(a.to().ip()));
        (same, a.response().is_some(), a.settings().fetch.is_some(), std::cmp::Reverse(a.id()))
    })?;
    Some((best.host()?.to_owned(), best.to()))
}

/// The way to sign-in may have failed by bad luck: then what ended in silence is tried once more.
pub(in crate::verdict) fn once_more(evidence: &Evidence) -> Option<Doubt> {
    let mut questions = Vec::new();
    for host in evidence.background().decisive_hosts() {
        if !matches!(sign_in_at(evidence, host), SignIn::Fails(_)) {
            continue;
        }
        if system_addresses(evidence, host).is_empty() {
            questions.push(NAME_AGAIN.of(host.to_owned()));
        }
        let silent = evidence
            .attempts_at(host)
            .filter(|a| a.baseline() && !a.proxied() && a.failure().is_some_and(|f| f.how == How::Silent));
        questions.extend(silent.map(|a| AS_A_CLIENT.of(HostAt::new(host, a.to()))));
    }
    let next_test = "try the way to sign-in again".to_owned();
    (!questions.is_empty()).then_some(Doubt { next_test, questions })
}

/// How many of many lone SYNs are answered, and how soon?
const LOSS: Experiment<Syns> = Experiment { quiet: true, ..Experiment::new("loss", count_syns) };

/// Does a flow that stands lose packets, and at what rate do its answers come?
const FLOW: Experiment<Exchanges> = Experiment { quiet: true, ..Experiment::new("flow", exchange) };

/// Does one of several more tries end well, as a client makes them?
const AS_A_CLIENT: Experiment<HostAt> = Experiment::new("as-a-client", as_a_client);

/// Lone SYNs, and where to.
#[derive(Clone, Copy, Debug)]
struct Syns {
    to: SocketAddr,
    /// What the target is to Zoom, or to the diagnosis.
    role: Role,
    /// How many; the probe's own number where `None`.
    count: Option<u8>,
    /// How often they were counted before.
    before: u16,
}

/// A flow that exchanges requests.
#[derive(Clone, Debug)]
struct Exchanges {
    at: HostAt,
    /// What the target is to Zoom, or to the diagnosis.
    role: Role,
    size: FlowSize,
}

/// How many exchanges a flow makes; the probe's own numbers where `None`.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::verdict) struct FlowSize {
    /// In turn.
    pub(in crate::verdict) turns: Option<u8>,
    /// At once.
    pub(in crate::verdict) at_once: Option<u16>,
}

impl FlowSize {
    /// Enough where flows are all that is asked.
    pub(in crate::verdict) const SHORT: Self = Self { turns: Some(TURNS), at_once: None };
}

fn count_syns(_: &Setup<'_>, counted: &Syns) -> Vec<Probe> {
    let settings = Settings { tries: counted.count, ..Settings::default() };
    vec![Probe::new(ProbeName::Loss, counted.role, Target::tcp(counted.to)).with(settings).repeated(counted.before)]
}

fn exchange(_: &Setup<'_>, flow: &Exchanges) -> Vec<Probe> {
    let settings = Settings { tries: flow.size.turns, exchange: flow.size.at_once, ..Settings::default() };
    vec![Probe::new(ProbeName::Flow, flow.role, Target::tcp(flow.at.to).called(&flow.at.host)).with(settings)]
}

fn as_a_client(setup: &Setup<'_>, HostAt { host, to }: &HostAt) -> Vec<Probe> {
    let once = probes::web(host, setup.role_of(host), *to);
    // As clients try: a few side by side. The first repetition is `experiment::tries::AGAIN`.
    (2..2 + MORE_TRIES).map(|nth| once.clone().repeated(nth)).collect()
}

/// Half of so many tell a way whose every packet is late from a queue that comes and goes.
const FEW: u8 = 16;
/// Exchanges in turn that show that single ones pass.
const TURNS: u8 = 6;
/// How often a handshake that got lost is tried again.
const MORE_TRIES: u16 = 3;
