//! Finds the routers that the paths to several neutral hosts have in common.
//!
//! Where they are not those of an earlier trace, this is another network now, and what was found out then is forgotten.

use std::collections::VecDeque;
use std::net::SocketAddr;

use why5003_probes::model::{Family, Hop, Transport};

use super::super::common_path::CommonPath;
use super::knowledge::{Knowledge, Turn};
use super::probe::{Depth, Request};
use super::result::TraceEvent;

/// Traceroutes to neutral hosts, at one port after the other until a path is proven.
pub(super) struct FindCommonPath {
    ports: VecDeque<u16>,
    /// Of these nothing is taken but the routers' hops, which any traceroute may show.
    unreached: Vec<Vec<Hop>>,
    path: CommonPath,
    neutral: Option<SocketAddr>,
}

impl FindCommonPath {
    pub(super) fn new(known: &Knowledge<'_>) -> Self {
        // A box that answers for canaries answers the traceroutes at that port as well.
        let is_forged = |port: u16| {
            let mut open = known.space.canaries().filter(|target| known.is_open(*target));
            open.any(|target| {
                known.space.target(target).is_some_and(|(to, of)| (to.port(), of) == (port, Transport::Tcp))
            })
        };
        let ports = NEUTRAL_PORTS.into_iter().filter(|port| !is_forged(*port)).collect();
        Self { ports, unreached: Vec::new(), path: CommonPath::default(), neutral: None }
    }

    pub(super) fn advance(&mut self, known: &mut Knowledge<'_>) -> Turn<()> {
        while let Some(port) = self.ports.front().copied() {
            let hosts: Vec<SocketAddr> = neutral_hosts(known).map(|ip| SocketAddr::new(ip, port)).collect();
            let came = known.traceroutes(|known| {
                known.stage("tracing the path to neutral hosts", hosts.len());
                let request = |to: &SocketAddr| Request { to: *to, transport: Transport::Tcp, depth: Depth::EveryHop };
                hosts.iter().map(request).collect()
            })?;
            self.ports.pop_front();
            self.compare(&hosts, came);
            if self.path.is_proven() {
                break;
            }
        }
        self.adopt(known);
        Turn::Continue(())
    }

    fn compare(&mut self, hosts: &[SocketAddr], came: Vec<Vec<Hop>>) {
        let neutral = hosts.iter().zip(&came).find(|(_, hops)| CommonPath::arrived(hops)).map(|(to, _)| *to);
        let mut traces = std::mem::take(&mut self.unreached);
        traces.extend(came);
        let common = CommonPath::shared(&traces);
        traces.retain(|hops| !CommonPath::arrived(hops));
        self.unreached = traces;
        if self.path.end() == 0 || common.is_proven() {
            self.neutral = neutral;
            self.path = common;
        }
    }

    fn adopt(&mut self, known: &mut Knowledge<'_>) {
        let (family, space) = (known.of.family, known.space);
        let before = known.result.common_paths.family(family);
        // Routers' hops that are new are no other network.
        if !before.agrees(&self.path) || *before == CommonPath::default() && *before != self.path {
            before.clone_from(&self.path);
            let is_other = |target: u64| space.target(target).is_some_and(|(to, _)| Family::of(to.ip()) != family);
            known.result.reaches.keep(is_other);
            known.events.push_back(TraceEvent::Shared { family, common_path: self.path.clone() });
        }
        let mut pairs = (0..space.pairs().len()).filter(|pair| known.is_of_family(*pair));
        known.of.refused = pairs.any(|pair| known.results.tally(space.numbers(pair)).prohibited > 0);
        known.of.neutral = self.neutral;
    }
}

fn neutral_hosts(known: &Knowledge<'_>) -> impl Iterator<Item = std::net::IpAddr> {
    known.hosts.neutral.iter().copied().filter(|ip| Family::of(*ip) == known.of.family)
}

/// HTTPS, DNS and DNS over TLS (RFC 7858): every independent resolver answers a connection at each. A network that lets its users go to
/// few places may let only one of them through.
const NEUTRAL_PORTS: [u16; 3] = [443, 53, 853];
