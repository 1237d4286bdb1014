//! A system that knows names and nothing else.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::model::{
    CannotProbe, Client, HostsLine, Interface, Limit, Neighbour, Pending, ProxySetting, ResolverSetting, Route,
};
use crate::os::{Counters, Egress, System, SystemLookup};

/// Knows what these names give, and one thing of all others.
pub(crate) struct Names {
    known: HashMap<&'static str, SystemLookup>,
    others: SystemLookup,
}

impl Names {
    /// No name is known.
    pub(crate) fn none() -> Self {
        Self::all(SystemLookup::NotFound("Name or service not known".to_owned()))
    }

    /// Every name gives this.
    pub(crate) fn all(others: SystemLookup) -> Self {
        Self { known: HashMap::new(), others }
    }

    /// This name gives this.
    pub(crate) fn and(mut self, name: &'static str, gives: SystemLookup) -> Self {
        self.known.insert(name, gives);
        self
    }
}

impl System for Names {
    fn name(&self) -> &'static str {
        "test"
    }

    fn privileged(&self) -> bool {
        false
    }

    fn interfaces(&self) -> Result<Vec<Interface>, CannotProbe> {
        unknown()
    }

    fn route(&self, _: IpAddr) -> Result<Route, CannotProbe> {
        unknown()
    }

    fn neighbour(&self, _: IpAddr) -> Result<Option<Neighbour>, CannotProbe> {
        unknown()
    }

    fn egress(&self) -> Result<&dyn Egress, CannotProbe> {
        unknown()
    }

    fn hosts_lines(&self, _: &[String]) -> Result<Vec<HostsLine>, CannotProbe> {
        unknown()
    }

    fn resolvers(&self) -> Result<Vec<ResolverSetting>, CannotProbe> {
        unknown()
    }

    fn proxies(&self) -> Result<Vec<ProxySetting>, CannotProbe> {
        unknown()
    }

    fn limits(&self) -> Result<Vec<Limit>, CannotProbe> {
        unknown()
    }

    fn clients(&self) -> Result<Vec<Client>, CannotProbe> {
        unknown()
    }

    fn counters(&self, _: IpAddr) -> Result<Counters, CannotProbe> {
        Ok(Counters::default())
    }

    fn unacknowledged(&self, _: SocketAddr, _: SocketAddr) -> Result<Option<u32>, CannotProbe> {
        unknown()
    }

    fn lookup<'a>(&'a self, name: &'a str, _: Duration) -> Pending<'a, Result<SystemLookup, CannotProbe>> {
        Box::pin(async { Ok(self.known.get(name).unwrap_or(&self.others).clone()) })
    }
}

fn unknown<T>() -> Result<T, CannotProbe> {
    Err(CannotProbe::Unsupported { what: "anything but names", why: "a test's system" })
}
