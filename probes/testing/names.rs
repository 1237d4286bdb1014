//! A system that knows names and nothing else.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::model::{
    CannotLook, Client, HostsLine, Interface, Limit, Neighbour, Pending, ProxySetting, ResolverSetting, Route,
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

    fn interfaces(&self) -> Result<Vec<Interface>, CannotLook> {
        untold()
    }

    fn route(&self, _: IpAddr) -> Result<Route, CannotLook> {
        untold()
    }

    fn neighbour(&self, _: IpAddr) -> Result<Option<Neighbour>, CannotLook> {
        untold()
    }

    fn egress(&self) -> Result<&dyn Egress, CannotLook> {
        untold()
    }

    fn hosts_lines(&self, _: &[String]) -> Result<Vec<HostsLine>, CannotLook> {
        untold()
    }

    fn resolvers(&self) -> Result<Vec<ResolverSetting>, CannotLook> {
        untold()
    }

    fn proxies(&self) -> Result<Vec<ProxySetting>, CannotLook> {
        untold()
    }

    fn limits(&self) -> Result<Vec<Limit>, CannotLook> {
        untold()
    }

    fn clients(&self) -> Result<Vec<Client>, CannotLook> {
        untold()
    }

    fn counters(&self, _: IpAddr) -> Result<Counters, CannotLook> {
        Ok(Counters::default())
    }

    fn unacknowledged(&self, _: SocketAddr, _: SocketAddr) -> Result<Option<u32>, CannotLook> {
        untold()
    }

    fn lookup<'a>(&'a self, name: &'a str, _: Duration) -> Pending<'a, Result<SystemLookup, CannotLook>> {
        Box::pin(async { Ok(self.known.get(name).unwrap_or(&self.others).clone()) })
    }
}

fn untold<T>() -> Result<T, CannotLook> {
    Err(CannotLook::Unsupported { what: "anything but names", why: "a test's system" })
}
