//! What the user gave by flags, in the place of what the files and the system say.

use std::error::Error;
use std::fmt::Write as _;
use std::io::Read;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use why5003_probes::model::{
    CannotLook, Client, HostsLine, Interface, Limit, Neighbour, Pending, Proxy, ProxySays, ProxySetting,
    ResolverSetting, Route,
};
use why5003_probes::net::{Datagram, DatagramOptions, Dial, Dialled, Network, SegmentTtl};
use why5003_probes::os::{Counters, Egress, System, SystemLookup, Trust};

use super::args::Options;
use crate::catalogue::Catalogue;
use crate::plan::Wishes;

/// The largest file that is read whole: catalogues and bundles of roots are a few hundred kilobytes.
const LARGEST_FILE: u64 = 16 << 20;

/// Reads a text file that the user named.
pub(super) fn read(path: &Path, what: &str) -> anyhow::Result<String> {
    let failed = || format!("could not read {what} {}", path.display());
    let mut text = String::new();
    let file = std::fs::File::open(path).with_context(failed)?;
    // A device or a pipe has no size of its own, so what is read is bounded, not what is told.
    let read = file.take(LARGEST_FILE + 1).read_to_string(&mut text).with_context(failed)?;
    anyhow::ensure!(read as u64 <= LARGEST_FILE, "could not read {what} {}: it is larger than 16 MiB", path.display());
    Ok(text)
}

/// What a file of the user's is not fit for, with its name.
pub(super) fn unfit(path: &Path, error: &(dyn Error + 'static)) -> anyhow::Error {
    let mut reasons = String::new();
    let mut source = error.source();
    while let Some(reason) = source {
        let _ = write!(reasons, ": {reason}");
        source = reason.source();
    }
    anyhow!("{}: could not {error}{reasons}", path.display())
}

/// The catalogue, and where it came from.
pub(super) fn catalogue(options: &Options) -> anyhow::Result<(Catalogue, String)> {
    match &options.catalogue {
        Some(path) => {
            let text = read(path, "catalogue")?;
            let catalogue = Catalogue::parse(&text, &path.display().to_string())?;
            Ok((catalogue, path.display().to_string()))
        }
        None => Ok((Catalogue::embedded(), "built in".to_owned())),
    }
}

/// The root certificates.
pub(super) fn trust(options: &Options) -> anyhow::Result<Trust> {
    match &options.roots {
        Some(path) => {
            let pem = read(path, "root certificates")?;
            Trust::load(Some(pem.as_bytes())).map_err(|error| unfit(path, &error))
        }
        None => Trust::load(None).context("could not load root certificates"),
    }
}

/// What a plan heeds.
pub(super) fn wishes(options: &Options) -> Wishes {
    Wishes { proxy: options.proxy.clone(), family: options.family() }
}

/// A system some of whose settings the user replaced.
pub(super) struct Given {
    system: Arc<dyn System>,
    resolvers: Vec<SocketAddr>,
    proxy: Option<Proxy>,
}

/// The system, with what the user gave in the place of its own settings.
pub(super) fn system(system: Arc<dyn System>, options: &Options) -> Arc<dyn System> {
    if options.resolver.is_empty() && options.proxy.is_none() {
        return system;
    }
    Arc::new(Given { system, resolvers: options.resolver.clone(), proxy: options.proxy.clone() })
}

impl System for Given {
    fn name(&self) -> &'static str {
        self.system.name()
    }

    fn privileged(&self) -> bool {
        self.system.privileged()
    }

    fn interfaces(&self) -> Result<Vec<Interface>, CannotLook> {
        self.system.interfaces()
    }

    fn route(&self, to: IpAddr) -> Result<Route, CannotLook> {
        self.system.route(to)
    }

    fn neighbour(&self, address: IpAddr) -> Result<Option<Neighbour>, CannotLook> {
        self.system.neighbour(address)
    }

    fn egress(&self) -> Result<&dyn Egress, CannotLook> {
        self.system.egress()
    }

    fn hosts_lines(&self, names: &[String]) -> Result<Vec<HostsLine>, CannotLook> {
        self.system.hosts_lines(names)
    }

    fn resolvers(&self) -> Result<Vec<ResolverSetting>, CannotLook> {
        if self.resolvers.is_empty() {
            return self.system.resolvers();
        }
        let given = |server: &SocketAddr| ResolverSetting {
            server: *server,
            source: "--resolver".to_owned(),
            stub: false,
            timeout_s: None,
        };
        Ok(self.resolvers.iter().map(given).collect())
    }

    fn proxies(&self) -> Result<Vec<ProxySetting>, CannotLook> {
        match &self.proxy {
            Some(proxy) => Ok(vec![ProxySetting {
                source: "--proxy".to_owned(),
                says: ProxySays::Use(proxy.to_string()),
                exempt: Vec::new(),
            }]),
            None => self.system.proxies(),
        }
    }

    fn limits(&self) -> Result<Vec<Limit>, CannotLook> {
        self.system.limits()
    }

    fn clients(&self) -> Result<Vec<Client>, CannotLook> {
        self.system.clients()
    }

    fn counters(&self, of: IpAddr) -> Result<Counters, CannotLook> {
        self.system.counters(of)
    }

    fn unacknowledged(&self, local: SocketAddr, peer: SocketAddr) -> Result<Option<u32>, CannotLook> {
        self.system.unacknowledged(local, peer)
    }

    fn lookup<'a>(&'a self, name: &'a str, wait: Duration) -> Pending<'a, Result<SystemLookup, CannotLook>> {
        self.system.lookup(name, wait)
    }
}

/// A network that sends from one address of this computer, whatever a look leaves open.
pub(super) struct SentFrom {
    pub(super) network: Arc<dyn Network>,
    pub(super) source: IpAddr,
}

impl Network for SentFrom {
    fn dial(&self, dial: Dial) -> Pending<'_, Result<Dialled, CannotLook>> {
        self.network.dial(Dial { source: dial.source.or(Some(self.source)), ..dial })
    }

    fn datagram(&self, to: SocketAddr, options: DatagramOptions) -> Pending<'_, Result<Box<dyn Datagram>, CannotLook>> {
        let source = options.source.or(Some(self.source));
        self.network.datagram(to, DatagramOptions { source, ..options })
    }

    fn segment_ttls(&self, dial: Dial) -> Pending<'_, Result<Vec<SegmentTtl>, CannotLook>> {
        self.network.segment_ttls(Dial { source: dial.source.or(Some(self.source)), ..dial })
    }
}
