//! All observations of a run, and the views that rules take of them. Pure.

mod attempt;
mod background;
mod host;
mod lookup;
mod names;
mod nat64;
mod passage;
mod proxied;
mod quality;
mod script;
mod traceroute;

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use why5003_probes::model::{Fact, IcmpMeaning, Observation, ProbeName, Role, Via};

pub use attempt::Attempt;
pub use background::Background;
pub use host::HostState;
pub use lookup::{Lookup, Named, Source};
pub use names::Names;
pub use passage::Passage;
pub use proxied::SetWay;
pub use quality::{DirectConnection, Flow, RoundTrips, SynCount, Tries};
pub use script::ScriptRun;
pub use traceroute::Traceroute;

/// What was not probed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct NotProbed {
    /// What.
    pub what: String,
    /// Why.
    pub why: String,
}

/// All observations of a run.
#[derive(Clone, Debug)]
pub struct Evidence {
    observations: Vec<Observation>,
    not_probed: Vec<NotProbed>,
    background: Background,
    by_host: HashMap<String, Vec<usize>>,
    /// Looks at this computer itself: few, and asked for at every lookup.
    of_this_host: Vec<usize>,
    /// traceroutes of first packets: few, and asked for at every flow.
    traceroutes: Vec<usize>,
    /// traceroutes of a ClientHello on a connection that stands.
    hellos: Vec<usize>,
    /// An answer came from an address where no resolver can be.
    redirected: bool,
}

impl Evidence {
    /// Evidence of these observations, which are put in the order of their numbers.
    pub fn new(mut observations: Vec<Observation>, mut not_probed: Vec<NotProbed>, background: Background) -> Self {
        observations.sort_by_key(|o| o.id);
        for observation in &observations {
            for fact in &observation.facts {
                if let Fact::NotProbed { what, why } = fact {
                    not_probed.push(NotProbed { what: what.clone(), why: why.clone() });
                }
            }
        }
        not_probed.sort();
        not_probed.dedup();
        let mut by_host: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, observation) in observations.iter().enumerate() {
            if let Some(host) = &observation.probe.target.host {
                by_host.entry(host.clone()).or_default().push(at);
            }
        }
        let places = |is: fn(&Observation) -> bool| -> Vec<usize> {
            observations.iter().enumerate().filter(|(_, o)| is(o)).map(|(at, _)| at).collect()
        };
        let of_this_host = places(|o| o.probe.kind == ProbeName::Host);
        let traceroutes = places(|o| o.probe.settings.traceroute.is_some() && o.probe.kind != ProbeName::Tls);
        let hellos = places(|o| o.probe.settings.traceroute.is_some() && o.probe.kind == ProbeName::Tls);
        let canary = |o: &Observation| match &o.probe.via {
            Via::Dns { server, .. } => background.is_canary(server.ip()),
            _ => false,
        };
        let answered = |o: &Observation| o.facts.iter().any(|fact| matches!(fact, Fact::Answer(_)));
        let redirected = observations.iter().any(|o| canary(o) && answered(o));
        Self { observations, not_probed, background, by_host, of_this_host, traceroutes, hellos, redirected }
    }

    /// Takes in more observations of the same run, and more of what could not be probed.
    pub fn add(&mut self, observations: Vec<Observation>, not_probed: Vec<NotProbed>) {
        if observations.is_empty() && not_probed.is_empty() {
            return;
        }
        let mut all = std::mem::take(&mut self.observations);
        let mut missed = std::mem::take(&mut self.not_probed);
        all.extend(observations);
        missed.extend(not_probed);
        *self = Self::new(all, missed, self.background.clone());
    }

    /// The observations, for whoever needs nothing else of it any more.
    pub fn into_observations(self) -> Vec<Observation> {
        self.observations
    }

    /// Whether DNS queries are answered by somebody else than who was asked: then nothing unencrypted comes from an
    /// independent resolver, for any name.
    pub fn dns_is_redirected(&self) -> bool {
        self.redirected
    }

    /// The observations, in the order of the plan.
    pub fn observations(&self) -> &[Observation] {
        &self.observations
    }

    /// What could not be probed.
    pub fn not_probed(&self) -> &[NotProbed] {
        &self.not_probed
    }

    /// What was known beforehand.
    pub fn background(&self) -> &Background {
        &self.background
    }

    /// Every try to reach a TCP service.
    pub fn attempts(&self) -> impl Iterator<Item = Attempt<'_>> {
        self.observations.iter().filter_map(Attempt::of)
    }

    /// Tries to reach this host.
    pub fn attempts_at(&self, host: &str) -> impl Iterator<Item = Attempt<'_>> {
        self.at(host).filter_map(Attempt::of)
    }

    /// Every question for a name.
    pub fn lookups(&self) -> impl Iterator<Item = Lookup<'_>> {
        self.observations.iter().filter_map(|o| self.lookup(o))
    }

    /// Questions for this name.
    pub fn lookups_of(&self, name: &str) -> impl Iterator<Item = Lookup<'_>> {
        self.at(name).filter_map(|o| self.lookup(o))
    }

    /// Every traceroute of a ClientHello's first segment, on a connection that stands.
    pub fn hello_traceroutes(&self) -> impl Iterator<Item = Traceroute<'_>> {
        self.hellos.iter().filter_map(|&at| self.observations.get(at)).filter_map(Traceroute::of)
    }

    /// Every traceroute of a flow's first packet.
    pub fn traceroutes(&self) -> impl Iterator<Item = Traceroute<'_>> {
        self.all_traceroutes().filter(|traceroute| traceroute.role() != Role::Canary)
    }

    /// The observation of a datagram to this address whose TTL ended at this hop, and the router that said so.
    ///
    /// The router is `None` where it kept silent; the whole is `None` where no such datagram was sent.
    pub fn datagram_ended(&self, address: IpAddr, hop: u8) -> Option<(u32, Option<IpAddr>)> {
        let ends_there = |o: &&Observation| {
            o.probe.kind == ProbeName::Udp
                && o.probe.settings.ttl == Some(hop)
                && o.probe.target.address == Some(address)
        };
        let seen = self.observations.iter().find(ends_there)?;
        let router = seen.facts.iter().find_map(|fact| match fact {
            Fact::Icmp(icmp) if icmp.meaning == IcmpMeaning::TimeExceeded => icmp.from,
            _ => None,
        });
        Some((seen.id, router))
    }

    /// The traceroutes towards addresses that nobody can own.
    pub fn traceroutes_to_nobody(&self) -> impl Iterator<Item = Traceroute<'_>> {
        self.all_traceroutes().filter(|traceroute| traceroute.role() == Role::Canary)
    }

    fn all_traceroutes(&self) -> impl Iterator<Item = Traceroute<'_>> {
        self.traceroutes.iter().filter_map(|&at| self.observations.get(at)).filter_map(Traceroute::of)
    }

    /// What was counted of SYNs and answers on their way through this computer.
    pub fn passages(&self) -> impl Iterator<Item = Passage> {
        self.observations.iter().filter(|o| o.probe.kind == ProbeName::Passage).filter_map(Passage::of)
    }

    /// What this computer tells of itself.
    pub fn host(&self) -> HostState<'_> {
        HostState::of(&self.observations, &self.of_this_host)
    }

    /// Names of this role that were asked for or tried, each once, in order.
    pub fn hosts(&self, role: Role) -> Vec<&str> {
        let mut names = Vec::new();
        let mut seen = std::collections::HashSet::new();
        for observation in &self.observations {
            if observation.probe.role == role
                && let Some(host) = observation.probe.target.host.as_deref()
                && seen.insert(host)
            {
                names.push(host);
            }
        }
        names
    }

    /// Addresses at which this host proved by a public root that it is itself.
    pub fn genuine_addresses(&self, host: &str) -> Vec<IpAddr> {
        self.attempts_at(host).filter(|a| a.genuine() && a.baseline()).map(|a| a.to().ip()).collect()
    }

    /// Every question that was put to this configured resolver directly.
    pub fn asked_of(&self, server: SocketAddr) -> impl Iterator<Item = Lookup<'_>> {
        self.lookups().filter(move |lookup| lookup.source() == Source::Configured(server))
    }

    fn at(&self, host: &str) -> impl Iterator<Item = &Observation> {
        self.by_host.get(host).into_iter().flatten().filter_map(|&at| self.observations.get(at))
    }

    fn lookup<'a>(&'a self, seen: &'a Observation) -> Option<Lookup<'a>> {
        if seen.probe.kind != ProbeName::Dns {
            return None;
        }
        let source = match &seen.probe.via {
            Via::System => Source::System,
            Via::Dns { server, .. } if self.background.is_canary(server.ip()) => Source::Nobody(*server),
            Via::Dns { server, .. } if self.host().resolvers().any(|r| r.ip() == server.ip()) => {
                Source::Configured(*server)
            }
            Via::Dns { server, .. } => Source::Independent(*server),
            Via::Direct | Via::Proxy(_) => return None,
        };
        Some(Lookup::of(seen, source))
    }
}
