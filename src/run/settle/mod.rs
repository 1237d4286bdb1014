//! Settles what a sweep left silent: packets that end at the last shared router, and walks where none comes back.
//!
//! Routers send few ICMP errors, so it asks slowly, asks the silent ones again more slowly, and asks a neutral flow beside them:
//! where that is not answered either, nothing is told.

mod ask;
mod look;
mod round;

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use ipnet::IpNet;
use tokio::time::Instant;
use why5003_probes::kit::Interface;

use super::schedule::Tools;
use crate::catalogue::Catalogue;
use crate::plan;
use crate::sweep::{Found, Ledger, Reach, Settled, Space, Trunk, Trunks, Walks, is_refused_unseen, next_to_settle};
use look::{hops, seen};

/// What is to be settled.
pub struct Settle<'a> {
    /// What was asked.
    pub space: &'a Space,
    /// What came.
    pub ledger: &'a Ledger,
    /// What an earlier run settled, and by which routers.
    pub known: Settlement,
    /// For at most so long.
    pub time: Duration,
}

/// What happens meanwhile.
#[derive(Clone, Copy, Debug)]
pub enum SettleEvent<'a> {
    /// So many targets are asked in such a way.
    Stage(&'a str, usize),
    /// These routers are shared by all ways of a family; whatever was settled of it before is forgotten.
    Shared {
        /// Of IPv6; otherwise of IPv4.
        ipv6: bool,
        /// Which.
        trunk: &'a Trunk,
    },
    /// So far packets to a target come.
    Reached(u64, Reach),
}

/// How silence was settled.
#[derive(Clone, Debug, Default)]
pub struct Settlement {
    /// What was settled.
    pub settled: Settled,
    /// The shared routers, by which it was.
    pub trunks: Trunks,
    /// It was stopped before its end.
    pub incomplete: bool,
    /// Its time was up before all was settled.
    pub out_of_time: bool,
    /// What had answered the sweep did not answer any more: something shut this computer off meanwhile.
    pub shut_off: bool,
}

/// Settles silent targets until all are, or the time is up: the most telling first.
pub async fn settle(
    tools: &Tools,
    catalogue: &Catalogue,
    settle: Settle<'_>,
    events: &mut (dyn FnMut(SettleEvent<'_>) + Send),
    stop: impl Future<Output = ()>,
) -> Settlement {
    let Settle { space, ledger, known, time } = settle;
    let mut work = Work { tools, catalogue, space, ledger, known, events };
    work.known.trunks.own = tools.system.interfaces().map(|all| addresses(&all)).unwrap_or_default();
    let (begun, end) = (Instant::now(), Instant::now() + time);
    let both = async {
        // Few of Zoom's prefixes are IPv6: they leave most of the time to the others.
        let v6 = work.family(true, begun + time / 3).await;
        let v4 = work.family(false, end).await;
        v6 || v4
    };
    let out_of_time = tokio::select! {
        biased;
        () = stop => None,
        out_of_time = both => Some(out_of_time),
    };
    Settlement { incomplete: out_of_time.is_none(), out_of_time: out_of_time == Some(true), ..work.known }
}

/// The one owner of what is settled.
struct Work<'a, 'e> {
    tools: &'a Tools,
    catalogue: &'a Catalogue,
    space: &'a Space,
    ledger: &'a Ledger,
    known: Settlement,
    events: &'e mut (dyn FnMut(SettleEvent<'_>) + Send),
}

/// What is asked of the targets of a family.
struct Way {
    trunk: Trunk,
    /// A neutral host to which the trunk leads.
    neutral: Option<SocketAddr>,
    /// Walks to targets, so far.
    walks: Walks,
    /// When somebody at the end of the trunk answered last, for a flow that may pass.
    heard: Option<Instant>,
    /// Packets are lost at random: silence is asked about more often.
    lossy: bool,
}

impl Work<'_, '_> {
    /// Settles what is silent of a family; `true` where its time was up before.
    async fn family(&mut self, ipv6: bool, end: Instant) -> bool {
        if end <= Instant::now() || self.next(|work, lane| work.is_of(lane, ipv6)).is_empty() {
            // Who wants no settling has not run out of time.
            return false;
        }
        let mut way = self.way(ipv6).await;
        self.forged(&way, ipv6).await;
        for _ in 0..ROUNDS {
            let may_ask = |work: &Self, lane| {
                work.is_of(lane, ipv6) && (way.trunk.end() > 0 || is_refused_unseen(work.found(), lane))
            };
            let open = self.next(may_ask);
            if open.is_empty() || self.known.shut_off {
                return false;
            }
            if end <= Instant::now() {
                return true;
            }
            self.round(&mut way, open, end).await;
        }
        true
    }

    fn found(&self) -> Found<'_> {
        Found { space: self.space, ledger: self.ledger, settled: &self.known.settled, trunks: &self.known.trunks }
    }

    fn next(&self, may_ask: impl Fn(&Self, usize) -> bool) -> Vec<u64> {
        next_to_settle(self.found(), |lane| may_ask(self, lane))
    }

    fn is_of(&self, lane: usize, ipv6: bool) -> bool {
        self.space.lanes().get(lane).is_some_and(|lane| lane.prefix.addr().is_ipv6() == ipv6)
    }

    fn note(&mut self, number: u64, reach: Reach) {
        self.known.settled.note(number, reach);
        (self.events)(SettleEvent::Reached(number, reach));
    }

    fn note_all(&mut self, numbers: Vec<u64>, reach: Reach) {
        for number in numbers {
            self.note(number, reach);
        }
    }

    /// Walks to neutral hosts for what their ways share. Where that is not what it was in an earlier run, this is another network
    /// now, and what was settled then is forgotten.
    async fn way(&mut self, ipv6: bool) -> Way {
        let mut walks = Vec::new();
        let mut neutral = None;
        for port in plan::NEUTRAL_PORTS {
            let looks = plan::neutral_walks(self.catalogue, ipv6, port);
            (self.events)(SettleEvent::Stage("walking to neutral hosts", looks.len()));
            for seen in seen(self.tools, looks, WALK_GAP).await.into_values() {
                let walk = hops(&seen);
                // Two walks to one host share all of their way.
                let is_new = |to: &SocketAddr| !walks.iter().any(|(other, _)| *other == to.ip());
                if let Some(to) = seen.look.target.socket().filter(|to| Trunk::arrived(&walk) && is_new(to)) {
                    neutral.get_or_insert(to);
                    walks.push((to.ip(), walk));
                }
            }
            if walks.len() > 1 {
                break;
            }
        }
        let trunk = Trunk::shared(&walks.into_iter().map(|(_, walk)| walk).collect::<Vec<_>>());
        let space = self.space;
        let before = self.known.trunks.family(ipv6);
        if !before.agrees(&trunk) {
            *before = trunk.clone();
            let is_other = |number: u64| space.target(number).is_some_and(|(to, _)| to.is_ipv6() != ipv6);
            self.known.settled.keep(is_other);
            (self.events)(SettleEvent::Shared { ipv6, trunk: &trunk });
        }
        let trunk = self.known.trunks.family(ipv6).clone();
        Way { trunk, neutral, walks: Walks::default(), heard: None, lossy: false }
    }
}

fn addresses(interfaces: &[Interface]) -> Vec<IpAddr> {
    interfaces.iter().flat_map(|interface| interface.addresses.iter().map(IpNet::addr)).collect()
}

/// Linux sends one ICMP error a second to one host (`icmp_ratelimit`), and many routers are set likewise.
const SLOWEST: Duration = Duration::from_millis(1_100);
/// Between two walks, each of which asks every router on its way.
const WALK_GAP: Duration = Duration::from_millis(1_500);
/// A published prefix of IPv6 leaves at most 96 bits, each of which may take a round of bisection; before and after there are others.
const ROUNDS: usize = 128;
