//! Where on the way a ClientHello dies, on a connection that stands: its traceroute held against that of a hello that passes.
//!
//! Once a connection stands the kernel tells that a TTL ended, not at whose: the routers are those that SYNs to the same
//! address meet at the same hops.

use std::net::SocketAddr;

use why5003_probes::model::{Hello, HopAnswer, Probe, Role, Settings, Sni, Transport};

use crate::evidence::{Evidence, Traceroute};
use crate::experiment::tries::HostAt;
use crate::experiment::{Experiment, Question, Setup, probes};
use crate::verdict::model::Location;

/// What of a ClientHello kills it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::verdict) enum Trigger {
    /// The server name: another one passes.
    Name,
    /// The size, of the message or of its packet: a small one passes.
    Size,
    /// That there is one: none passes.
    Presence,
}

/// What is known of where a hello dies.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::verdict) enum HelloLocation {
    /// This would have to be known first.
    Ask(Question),
    /// There, by these traceroutes.
    Found(Location, Vec<u32>),
    /// It cannot be told from here.
    Unknown,
}

impl HelloLocation {
    /// The place and the traceroutes that tell it, and the question still to be asked.
    pub(in crate::verdict) fn parts(self) -> (Option<Location>, Vec<u32>, Option<Question>) {
        match self {
            Self::Ask(question) => (None, Vec::new(), Some(question)),
            Self::Found(location, ids) => (Some(location), ids, None),
            Self::Unknown => (None, Vec::new(), None),
        }
    }
}

/// Where the hello for `host` dies on its way to `to`.
pub(in crate::verdict) fn locate_hello(
    evidence: &Evidence,
    host: &str,
    to: SocketAddr,
    trigger: Trigger,
) -> HelloLocation {
    let syn = evidence.traceroutes().find(|l| l.to() == to && l.transport() == Transport::Tcp);
    let Some(syn) = syn else { return HelloLocation::Ask(WAY.of(to)) };
    let Some(distance) = opened_at(syn).filter(|distance| *distance > 1) else { return HelloLocation::Unknown };
    let walked = |form: fn(Traceroute<'_>, Trigger) -> bool| {
        evidence.hello_traceroutes().find(|l| l.to() == to && l.host() == Some(host) && form(*l, trigger))
    };
    let Some(dying) = walked(dies) else {
        return HelloLocation::Ask(WHERE_HELLO.of(HelloWalk { at: HostAt::new(host, to), trigger, distance }));
    };
    let passing = walked(passes);
    if passing.is_none() && trigger != Trigger::Presence {
        return HelloLocation::Unknown;
    }
    // Of a hello that nothing passes but the connection itself, the connection's SYN is the one that passes.
    let passing = passing.unwrap_or(syn);
    let router = |hop: u8| syn.router_at(hop);
    let found = |hop: u8, next: u8| {
        let location = Location { hop: Some(hop), address: router(hop), next: router(next) };
        HelloLocation::Found(location, vec![dying.id(), passing.id(), syn.id()])
    };
    if let Some(answered) = ended_at(dying) {
        // From the far end itself it says nothing of the way; and the passing one must have got beyond it.
        let goes_on =
            passing.hops().any(|h| h.ttl >= answered && h.came == HopAnswer::Expired) || passing.id() == syn.id();
        return match answered.checked_sub(1) {
            Some(before) if answered < distance && goes_on => found(before, answered),
            _ => HelloLocation::Unknown,
        };
    }
    let last = expired(dying).max().unwrap_or(0);
    // An error from the far end's hop is no expired TTL.
    if last >= distance {
        return HelloLocation::Unknown;
    }
    match expired(passing).find(|hop| *hop > last && *hop < distance) {
        Some(next) => found(last, next),
        None => HelloLocation::Unknown,
    }
}

/// The hello that dies, of these forms.
fn dies(traceroute: Traceroute<'_>, trigger: Trigger) -> bool {
    let settings = traceroute.settings();
    settings.sni.is_none()
        && match trigger {
            Trigger::Name | Trigger::Presence => settings.hello == Some(Hello::Small),
            Trigger::Size => settings.hello.is_none(),
        }
}

/// The hello that passes, of these forms.
fn passes(traceroute: Traceroute<'_>, trigger: Trigger) -> bool {
    let settings = traceroute.settings();
    let small = settings.hello == Some(Hello::Small);
    match trigger {
        Trigger::Name => small && matches!(settings.sni, Some(Sni::Name(_))),
        Trigger::Size => small && settings.sni.is_none(),
        Trigger::Presence => false,
    }
}

/// The hop at which a connection stood.
fn opened_at(traceroute: Traceroute<'_>) -> Option<u8> {
    traceroute.hops().find(|h| h.came == HopAnswer::Answered).map(|h| h.ttl)
}

/// The hop at which something answered for good.
fn ended_at(traceroute: Traceroute<'_>) -> Option<u8> {
    traceroute.hops().find(|h| !matches!(h.came, HopAnswer::Expired | HopAnswer::Silent)).map(|h| h.ttl)
}

/// The hops at which a TTL ended.
fn expired(traceroute: Traceroute<'_>) -> impl Iterator<Item = u8> {
    traceroute.hops().filter(|h| h.came == HopAnswer::Expired).map(|h| h.ttl)
}

/// Which hops does a flow to this address meet?
const WAY: Experiment<SocketAddr> =
    Experiment::new("way", |_, to| vec![probes::traceroute(Role::Range, *to, Transport::Tcp)]);

/// At which hop does a ClientHello die, and which hops does one reach that passes?
const WHERE_HELLO: Experiment<HelloWalk> = Experiment::new("where-hello", where_hello);

/// A hello that dies on its way to an address that takes connections.
#[derive(Clone, Debug)]
struct HelloWalk {
    at: HostAt,
    trigger: Trigger,
    /// How many hops the address is away.
    distance: u8,
}

/// The hello that dies, and one that differs only in what kills it; each in one segment.
fn where_hello(setup: &Setup<'_>, walk: &HelloWalk) -> Vec<Probe> {
    let HostAt { host, to } = &walk.at;
    let small = Settings { hello: Some(Hello::Small), ..Settings::default() };
    let neutral_name = setup.neutral_name().map(|name| Sni::Name(name.to_owned()));
    let forms = match walk.trigger {
        Trigger::Name => vec![small.clone(), Settings { sni: neutral_name, ..small }],
        Trigger::Size => vec![Settings::default(), small],
        Trigger::Presence => vec![small],
    };
    let traceroute = Some(walk.distance);
    let probe =
        |form: Settings| probes::handshake(host, setup.role_of(host), *to).with(Settings { traceroute, ..form });
    forms.into_iter().map(probe).collect()
}
