//! What the operating system would tell in a world: its one interface, its resolver, its hosts file, its proxy.
//!
//! Nothing of the real computer shows through but its kind.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hickory_resolver::proto::op::{Message, Query, ResponseCode};
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use why5003_probes::model::{
    CannotProbe, Client, HostsLine, Interface, InterfaceKind, Limit, Neighbour, Pending, ProxySays, ProxySetting,
    ResolverSetting, Route,
};
use why5003_probes::net::{DatagramOptions, Heard, Network};
use why5003_probes::os::{Counters, Egress, System, SystemLookup};

use super::block::Block;
use super::houses::{DEAD, PROXY, RESOLVER, THIS_COMPUTER};
use super::layout::{HostsFile, Layout};
use super::proxy;

/// The computer of a world.
#[derive(Clone)]
pub struct DemoSystem {
    block: Block,
    hosts_file: HostsFile,
    has_proxy: bool,
    network: Arc<dyn Network>,
}

impl DemoSystem {
    pub(super) fn new(block: Block, layout: &Layout, network: Arc<dyn Network>) -> Self {
        Self { block, hosts_file: layout.hosts_file, has_proxy: layout.proxy.is_some(), network }
    }

    fn own_address(&self) -> IpAddr {
        IpAddr::V4(self.block.at(THIS_COMPUTER))
    }

    fn resolver(&self) -> SocketAddr {
        SocketAddr::new(IpAddr::V4(self.block.at(RESOLVER)), 53)
    }

    /// What the hosts file pins.
    fn pinned(&self) -> Option<(&'static str, Ipv4Addr)> {
        match self.hosts_file {
            HostsFile::Empty => None,
            HostsFile::PinsZoom => Some(("zoom.us", self.block.at(DEAD))),
        }
    }

    async fn ask(&self, name: &str, wait: Duration) -> Result<SystemLookup, CannotProbe> {
        let Some(query) = query(name) else { return Ok(not_found()) };
        let mut socket = self.network.datagram(self.resolver(), DatagramOptions::default()).await?;
        if let Err(how) = socket.send(&query).await {
            return Ok(SystemLookup::TryAgain(format!("{TRY_AGAIN} ({how})")));
        }
        Ok(match socket.hear(wait).await {
            Heard::Bytes(answer) => read(&answer),
            Heard::Icmp(_) | Heard::Failed(_) => SystemLookup::TryAgain(TRY_AGAIN.to_owned()),
            Heard::Nothing => SystemLookup::Silent,
        })
    }
}

impl System for DemoSystem {
    fn name(&self) -> &'static str {
        std::env::consts::OS
    }

    fn privileged(&self) -> bool {
        false
    }

    fn interfaces(&self) -> Result<Vec<Interface>, CannotProbe> {
        Ok(vec![Interface {
            name: INTERFACE.to_owned(),
            up: true,
            kind: InterfaceKind::Link,
            addresses: vec![self.block.address_on_link(THIS_COMPUTER)],
            mtu_bytes: Some(1500),
        }])
    }

    fn route(&self, to: IpAddr) -> Result<Route, CannotProbe> {
        let routed = to.is_ipv4();
        Ok(Route {
            to,
            interface: routed.then(|| INTERFACE.to_owned()),
            gateway: None,
            source: routed.then(|| self.own_address()),
            refuses: None,
        })
    }

    fn neighbour(&self, _address: IpAddr) -> Result<Option<Neighbour>, CannotProbe> {
        Ok(None)
    }

    fn egress(&self) -> Result<&dyn Egress, CannotProbe> {
        loopback_alone("how packets leave")
    }

    fn hosts_lines(&self, names: &[String]) -> Result<Vec<HostsLine>, CannotProbe> {
        let pinned = self.pinned().filter(|(name, _)| names.iter().any(|asked| asked == name));
        Ok(pinned
            .map(|(name, address)| HostsLine {
                file: "/etc/hosts".to_owned(),
                line: 3,
                address: IpAddr::V4(address),
                names: vec![name.to_owned()],
            })
            .into_iter()
            .collect())
    }

    fn resolvers(&self) -> Result<Vec<ResolverSetting>, CannotProbe> {
        Ok(vec![ResolverSetting {
            server: self.resolver(),
            source: "/etc/resolv.conf".to_owned(),
            stub: false,
            timeout_s: None,
        }])
    }

    fn proxies(&self) -> Result<Vec<ProxySetting>, CannotProbe> {
        let says = || ProxySays::Use(format!("http://{}:{}", self.block.at(PROXY), proxy::PORT));
        let setting = || ProxySetting { source: "environment".to_owned(), says: says(), exempt: Vec::new() };
        Ok(self.has_proxy.then(setting).into_iter().collect())
    }

    fn limits(&self) -> Result<Vec<Limit>, CannotProbe> {
        Ok(vec![
            Limit { of: "descriptors".to_owned(), limit: 1024, used: Some(16) },
            Limit { of: "ephemeral-ports".to_owned(), limit: 28_232, used: Some(0) },
        ])
    }

    fn clients(&self) -> Result<Vec<Client>, CannotProbe> {
        Ok(Vec::new())
    }

    fn counters(&self, _of: IpAddr) -> Result<Counters, CannotProbe> {
        loopback_alone("the kernel's packet counters")
    }

    fn unacknowledged(&self, _local: SocketAddr, _peer: SocketAddr) -> Result<Option<u32>, CannotProbe> {
        loopback_alone("what a connection has sent in vain")
    }

    fn lookup<'a>(&'a self, name: &'a str, wait: Duration) -> Pending<'a, Result<SystemLookup, CannotProbe>> {
        Box::pin(async move {
            match self.pinned() {
                Some((pinned, address)) if pinned == name => Ok(SystemLookup::Found(vec![IpAddr::V4(address)])),
                _ => self.ask(name, wait).await,
            }
        })
    }
}

/// What the kernel counts and knows is of this whole computer, and would say nothing of the look-alike.
fn loopback_alone<T>(what: &'static str) -> Result<T, CannotProbe> {
    Err(CannotProbe::Unsupported { what, why: "the demo has a computer of its own" })
}

fn query(name: &str) -> Option<Vec<u8>> {
    let mut message = Message::query();
    message.metadata.recursion_desired = true;
    message.add_query(Query::query(Name::from_ascii(name).ok()?, RecordType::A));
    message.to_vec().ok()
}

fn read(answer: &[u8]) -> SystemLookup {
    let Ok(answer) = Message::from_vec(answer) else { return SystemLookup::Failed(FAILED.to_owned()) };
    let addresses = answer.answers.iter().filter_map(|record| match &record.data {
        RData::A(a) => Some(IpAddr::V4(a.0)),
        _ => None,
    });
    match answer.metadata.response_code {
        ResponseCode::NoError => match addresses.collect::<Vec<_>>() {
            none if none.is_empty() => not_found(),
            found => SystemLookup::Found(found),
        },
        ResponseCode::NXDomain => not_found(),
        _ => SystemLookup::TryAgain(TRY_AGAIN.to_owned()),
    }
}

fn not_found() -> SystemLookup {
    SystemLookup::NotFound("Name or service not known".to_owned())
}

const INTERFACE: &str = "demo0";
/// glibc's words for `EAI_AGAIN` and `EAI_FAIL`; those for `EAI_NONAME` stand above.
const TRY_AGAIN: &str = "Temporary failure in name resolution";
const FAILED: &str = "Non-recoverable failure in name resolution";
