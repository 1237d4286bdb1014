//! Linux, through netlink, `/proc`, `/etc` and the user's own files.
//!
//! It reads and asks the kernel; it writes nothing, and runs one foreign program only (`gsettings`, bounded in time).

mod client;
mod connections;
mod counters;
mod egress;
mod files;
mod gsettings;
mod hosts;
mod interfaces;
mod ipsec;
mod limits;
mod neighbours;
mod netlink;
mod processes;
mod proxies;
mod resolvers;
mod route_message;
mod routes;
mod tables;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use super::{Counters, Egress, System, SystemLookup, lookup};
use crate::model::{
    CannotProbe, Client, HostsLine, Interface, Limit, Neighbour, Pending, ProxySetting, ResolverSetting, Route,
};

/// Linux, as seen from one process.
///
/// Files are read below `root` and `home`, so that a test can hand in a folder. Routes, neighbours and interfaces are
/// always those of this process's network namespace.
pub struct Linux {
    /// What stands for `/`.
    pub root: PathBuf,
    /// The user's home folder, where there is one.
    pub home: Option<PathBuf>,
    /// The environment's variables, of which only the proxies' are read. They may hold passwords: never printed.
    pub environment: Vec<(String, String)>,
    /// The program that tells GNOME's settings; `None` leaves them out.
    pub gsettings: Option<PathBuf>,
}

impl Linux {
    /// The system as this process sees it: `/`, `$HOME`, its own environment, `gsettings` from `$PATH`.
    pub fn of_this_process() -> Self {
        let lossy = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
        Self {
            root: PathBuf::from("/"),
            home: std::env::home_dir(),
            environment: std::env::vars_os().map(|(name, value)| (lossy(name), lossy(value))).collect(),
            gsettings: Some(PathBuf::from("gsettings")),
        }
    }
}

impl System for Linux {
    fn name(&self) -> &'static str {
        "linux"
    }

    fn privileged(&self) -> bool {
        super::may_open_raw_sockets()
    }

    fn interfaces(&self) -> Result<Vec<Interface>, CannotProbe> {
        interfaces::interfaces()
    }

    fn route(&self, to: IpAddr) -> Result<Route, CannotProbe> {
        routes::route(to, None)
    }

    fn neighbour(&self, address: IpAddr) -> Result<Option<Neighbour>, CannotProbe> {
        neighbours::neighbour(address)
    }

    fn egress(&self) -> Result<&dyn Egress, CannotProbe> {
        Ok(&egress::Kernel)
    }

    fn hosts_lines(&self, names: &[String]) -> Result<Vec<HostsLine>, CannotProbe> {
        hosts::hosts_lines(self, names)
    }

    fn resolvers(&self) -> Result<Vec<ResolverSetting>, CannotProbe> {
        resolvers::resolvers(self)
    }

    fn proxies(&self) -> Result<Vec<ProxySetting>, CannotProbe> {
        proxies::proxies(self)
    }

    fn limits(&self) -> Result<Vec<Limit>, CannotProbe> {
        limits::limits(self)
    }

    fn clients(&self) -> Result<Vec<Client>, CannotProbe> {
        client::clients(self)
    }

    fn counters(&self, of: IpAddr) -> Result<Counters, CannotProbe> {
        counters::counters(self, of)
    }

    fn unacknowledged(&self, local: SocketAddr, peer: SocketAddr) -> Result<Option<u32>, CannotProbe> {
        connections::unacknowledged(&self.root, local, peer)
    }

    fn lookup<'a>(&'a self, name: &'a str, wait: Duration) -> Pending<'a, Result<SystemLookup, CannotProbe>> {
        Box::pin(lookup::lookup(name, wait))
    }
}

#[cfg(test)]
impl Linux {
    /// A system whose files all lie below a folder, with the home folder `home/ann` in it.
    fn below(root: &std::path::Path) -> Self {
        Self { root: root.to_owned(), home: Some(root.join("home/ann")), environment: Vec::new(), gsettings: None }
    }
}
