//! A walk of the TTL along a flow, and how far it came.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use why5003_probes::model::{Fact, Hop, HopAnswer, Observation, Role, Settings, Transport};

/// A walk of the TTL along a flow.
#[derive(Clone, Copy, Debug)]
pub struct Traceroute<'a> {
    seen: &'a Observation,
    to: SocketAddr,
}

impl<'a> Traceroute<'a> {
    pub(super) fn of(seen: &'a Observation) -> Option<Self> {
        seen.probe.settings.traceroute?;
        Some(Self { seen, to: seen.probe.target.socket()? })
    }

    /// The observation's number.
    pub fn id(self) -> u32 {
        self.seen.id
    }

    /// When it began, from the run's start.
    pub fn began(self) -> Duration {
        self.seen.started
    }

    /// When it ended, from the run's start.
    pub fn ended(self) -> Duration {
        self.seen.started.saturating_add(self.seen.took)
    }

    /// What its destination is to Zoom, or to us.
    pub fn role(self) -> Role {
        self.seen.probe.role
    }

    /// The flow's destination.
    pub fn to(self) -> SocketAddr {
        self.to
    }

    /// The name of the flow's target, where it has one.
    pub fn host(self) -> Option<&'a str> {
        self.seen.probe.target.host.as_deref()
    }

    /// The variables of the probe.
    pub fn settings(self) -> &'a Settings {
        &self.seen.probe.settings
    }

    /// The flow's transport.
    pub fn transport(self) -> Transport {
        self.seen.probe.target.port.map_or(Transport::Tcp, |(_, transport)| transport)
    }

    /// The steps taken, in order.
    pub fn hops(self) -> impl Iterator<Item = &'a Hop> {
        self.seen.facts.iter().filter_map(|f| if let Fact::Hop(hop) = f { Some(hop) } else { None })
    }

    /// The last router that answered an expired TTL: its hop and address.
    pub fn last_router(self) -> Option<(u8, IpAddr)> {
        self.hops().filter(|h| h.came == HopAnswer::Expired).filter_map(|h| Some((h.ttl, h.from?))).last()
    }

    /// The router that answered at this hop.
    pub fn router_at(self, ttl: u8) -> Option<IpAddr> {
        self.hops().find(|h| h.ttl == ttl && h.came == HopAnswer::Expired)?.from
    }

    /// The first router beyond this hop that answered: its hop and address.
    pub fn router_after(self, ttl: u8) -> Option<(u8, IpAddr)> {
        self.hops().filter(|h| h.ttl > ttl && h.came == HopAnswer::Expired).find_map(|h| Some((h.ttl, h.from?)))
    }

    /// The step at which the destination answered or refused.
    pub fn answered_at(self) -> Option<u8> {
        self.hops().find(|h| matches!(h.came, HopAnswer::Answered | HopAnswer::Refused)).map(|h| h.ttl)
    }

    /// The step at which somebody on the way said that the flow may not pass, or goes nowhere.
    pub fn prohibited_at(self) -> Option<u8> {
        self.hops().find(|h| matches!(h.came, HopAnswer::Prohibited | HopAnswer::Unreachable)).map(|h| h.ttl)
    }

    /// The farthest step at which anything answered.
    pub fn reach(self) -> Option<u8> {
        self.hops().filter(|h| h.came != HopAnswer::Silent).map(|h| h.ttl).max()
    }
}
