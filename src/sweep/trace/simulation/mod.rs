//! A simulated network: routers in a row with addresses, filters and limits on their ICMP errors, in virtual time.
//!
//! The default is the lab's: office, edge, isp and transit, and behind them the world with the neutral hosts and Zoom's.

mod flows;
mod router;
mod run;

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

pub(super) use flows::Flows;
use ipnet::IpNet;
pub(super) use router::{Action, Filter, Router, When};

/// A network with its hosts.
pub(super) struct Network {
    pub(super) routers: Vec<Router>,
    /// The routers of the common path, by their place in the list.
    pub(super) path: Vec<usize>,
    /// Paths of some flows, the first that is theirs counts. Of several lists a flow takes one by its address.
    pub(super) paths: Vec<(Flows, Vec<Vec<usize>>)>,
    /// What this computer's own firewall does to what it sends.
    pub(super) own: Vec<Filter>,
    pub(super) neutral: Vec<IpAddr>,
    /// Zoom's hosts that answer at TCP 80 and 443.
    pub(super) open: Vec<IpNet>,
    /// Flows that the far end refuses by a RST.
    pub(super) closed: Vec<Flows>,
    pub(super) reference: Vec<IpAddr>,
    /// From a router to the next and back.
    pub(super) rtt: Duration,
    /// Of so many packets in a thousand, one is lost each way.
    pub(super) loss_per_mille: u32,
    pub(super) random: fastrand::Rng,
    /// Sweeps every address of a prefix; otherwise a few.
    pub(super) all: bool,
    pub(super) per_prefix: u32,
    /// For so long the trace may go on.
    pub(super) time: Duration,
    pub(super) packets: u64,
}

/// This computer.
pub(super) const OWN: [u8; 4] = [10, 0, 1, 2];

impl Network {
    /// The lab's: four routers, of which the first is hop 1.
    pub(super) fn lab() -> Self {
        Self::of([[10, 0, 1, 1], [10, 0, 2, 2], [10, 0, 3, 2], [10, 0, 4, 2]])
    }

    /// Routers in a row.
    pub(super) fn of<const N: usize>(routers: [[u8; 4]; N]) -> Self {
        Self {
            routers: routers.into_iter().map(|address| Router::new(address.into())).collect(),
            path: (0..N).collect(),
            paths: Vec::new(),
            own: Vec::new(),
            neutral: [[1, 1, 1, 1], [8, 8, 8, 8], [9, 9, 9, 9]].map(IpAddr::from).into(),
            open: ["170.114.52.0/29", "170.114.52.16/29", "134.224.5.0/29"].map(|net| net.parse().unwrap()).into(),
            closed: Vec::new(),
            reference: Vec::new(),
            rtt: Duration::from_millis(2),
            loss_per_mille: 0,
            random: fastrand::Rng::with_seed(5003),
            all: false,
            per_prefix: 8,
            time: Duration::from_secs(300),
            packets: 0,
        }
    }

    /// The router of a hop of the common path.
    pub(super) fn hop(&mut self, hop: usize) -> &mut Router {
        let at = self.path[hop - 1];
        &mut self.routers[at]
    }

    /// A filter at a hop of the common path.
    pub(super) fn filter(mut self, hop: usize, action: Action, flows: &str) -> Self {
        self.hop(hop).filters.push(Filter::new(action, flows));
        self
    }

    /// Silently drops such flows at a hop.
    pub(super) fn drops(self, hop: usize, flows: &str) -> Self {
        self.filter(hop, Action::Drop, flows)
    }

    /// Another router, which stands on no path yet.
    pub(super) fn router(&mut self, address: [u8; 4]) -> usize {
        self.routers.push(Router::new(address.into()));
        self.routers.len() - 1
    }

    /// Leads flows by these routers.
    pub(super) fn leads(mut self, flows: &str, path: &[usize]) -> Self {
        self.paths.push((flows.parse().unwrap(), vec![path.to_vec()]));
        self
    }

    /// The routers that a flow comes by.
    fn path_of(&self, to: SocketAddr, transport: why5003_probes::model::Transport) -> Vec<usize> {
        let own = self.paths.iter().find(|(flows, _)| flows.contain(to, transport)).map(|(_, paths)| paths);
        let IpAddr::V4(ip) = to.ip() else { return self.path.clone() };
        let at = usize::try_from(ip.to_bits().wrapping_mul(0x9e37_79b1) >> 16).unwrap();
        own.map_or(self.path.clone(), |paths| paths[at % paths.len()].clone())
    }
}
