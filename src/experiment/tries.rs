//! Shared experiments that try services again, or in another way.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use why5003_probes::model::{Probe, Role, Sni};

use super::{Experiment, Setup, probes};

/// A host at one of its addresses.
#[derive(Clone, Debug)]
pub struct HostAt {
    /// The host.
    pub host: String,
    /// The address.
    pub to: SocketAddr,
}

/// Does the same probe end the same way again?
pub const AGAIN: Experiment<HostAt> = Experiment { told_by_silence: true, ..Experiment::new("again", again) };

/// Does the same address take another server name, and a neutral address this one?
pub const OTHER_NAMES: Experiment<HostAt> =
    Experiment { told_by_silence: true, ..Experiment::new("other-names", other_names) };

/// Do other addresses in Zoom's published prefixes answer?
pub const OTHER_PREFIXES: Experiment<()> =
    Experiment { told_by_silence: true, ..Experiment::new("other-prefixes", |setup, ()| other_prefixes(setup)) };

impl HostAt {
    /// This host at this address.
    pub fn new(host: impl Into<String>, to: SocketAddr) -> Self {
        Self { host: host.into(), to }
    }
}

fn again(setup: &Setup<'_>, at: &HostAt) -> Vec<Probe> {
    vec![probes::web(&at.host, setup.role_of(&at.host), at.to).repeated(1)]
}

/// The same address under a neutral name and none; a neutral address under this one.
fn other_names(setup: &Setup<'_>, HostAt { host, to }: &HostAt) -> Vec<Probe> {
    let role = setup.role_of(host);
    let mut tried = vec![probes::named(host, role, *to, Sni::Absent)];
    tried.extend(setup.neutral_name().map(|name| probes::named(host, role, *to, Sni::Name(name.to_owned()))));
    let by_address = setup.catalogue.controls.iter().filter(|control| !control.addresses.is_empty());
    for control in by_address.take(1) {
        if let Some(address) = control.addresses.iter().copied().find(|a| setup.may_use(*a)) {
            let to = SocketAddr::new(address, control.port);
            tried.push(probes::named(&control.name, Role::Control, to, Sni::Name(host.clone())));
        }
    }
    tried
}

/// Addresses of Zoom's published prefixes that are known to be used, as far apart as the catalogue knows them.
fn other_prefixes(setup: &Setup<'_>) -> Vec<Probe> {
    let known = setup.catalogue.hosts.iter().flat_map(|host| {
        host.known_addresses.iter().map(|address| (host.name.as_str(), SocketAddr::new(*address, host.port)))
    });
    let mut prefixes = BTreeSet::new();
    known
        .filter(|(_, to)| setup.may_use(to.ip()))
        .filter(|(_, to)| prefixes.insert(setup.catalogue.prefix_of(to.ip()).map_or(to.ip(), |p| p.addr())))
        .take(PREFIXES)
        .map(|(name, to)| probes::handshake(name, setup.role_of(name), to))
        .collect()
}

/// How many addresses of other prefixes are tried.
const PREFIXES: usize = 4;
