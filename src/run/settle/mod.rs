//! Settles what a sweep left silent: packets that end at the last shared router, and at nearer ones where none comes back.
//!
//! Routers send few ICMP errors, so it asks slowly, asks the silent ones again more slowly, and asks a neutral flow beside them:
//! where that is not answered either, nothing is told.

mod ask;
mod doubt;
mod guess;
mod look;
mod own_way;
mod round;

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use ipnet::IpNet;
use tokio::time::{Instant, timeout_at};
use why5003_probes::engines::Response;
use why5003_probes::model::{Family, Hop, Interface, Transport};

use super::schedule::Tools;
use crate::catalogue::Catalogue;
use crate::plan;
use crate::sweep::{Found, Ledger, Reach, Searches, Settled, Space, Trunk, Trunks, next_to_settle};
use look::{hops, seen};
use own_way::OwnWay;

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
    /// Packets a second, kept on the average of any walk; `None` is as fast as routers answer.
    pub rate: Option<u32>,
}

/// What happens meanwhile.
#[derive(Clone, Copy, Debug)]
pub enum SettleEvent<'a> {
    /// So many targets are asked in such a way.
    Stage(&'a str, usize),
    /// These routers are shared by all ways of a family; whatever was settled of it before is forgotten.
    Shared {
        /// Which.
        family: Family,
        /// Which.
        trunk: &'a Trunk,
    },
    /// Where Zoom is known to answer by this family, and nobody did.
    Unheard {
        /// Which.
        family: Family,
        /// Who.
        hosts: &'a [SocketAddr],
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
    /// Where Zoom is known to answer, and nobody did: answers may be dropped on the way back, or the host is gone.
    pub unheard: Vec<SocketAddr>,
}

impl Settlement {
    /// Takes over who of a family did not answer though Zoom is known to answer there.
    pub(crate) fn of_known_hosts(&mut self, family: Family, unheard: &[SocketAddr]) {
        self.unheard.retain(|host| Family::of(host.ip()) != family);
        self.unheard.extend(unheard);
    }
}

/// Settles silent targets until all are, or the time is up: the most telling first.
pub async fn settle(
    tools: &Tools,
    catalogue: &Catalogue,
    settle: Settle<'_>,
    events: &mut (dyn FnMut(SettleEvent<'_>) + Send),
    stop: impl Future<Output = ()>,
) -> Settlement {
    let Settle { space, ledger, known, time, rate } = settle;
    let mut work = Work { tools, catalogue, space, ledger, known, rate, answering: Vec::new(), events };
    work.known.trunks.own = tools.system.interfaces().map(|all| addresses(&all)).unwrap_or_default();
    let (begun, end) = (Instant::now(), Instant::now() + time);
    let both = async {
        // Few of Zoom's prefixes are IPv6: what they leave of their half goes to the others.
        let v6 = work.family(true, begun + time / 2).await;
        let v4 = work.family(false, end).await;
        v6 || v4
    };
    let out_of_time = tokio::select! {
        biased;
        () = stop => None,
        // What is under way then is dropped: so long was said, and no longer.
        out_of_time = timeout_at(end, both) => Some(out_of_time.unwrap_or(!time.is_zero())),
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
    rate: Option<u32>,
    /// Zoom's known hosts that answered, though nobody of their prefix did whom the sweep asked.
    answering: Vec<SocketAddr>,
    events: &'e mut (dyn FnMut(SettleEvent<'_>) + Send),
}

/// What is asked of the targets of a family.
struct Way {
    trunk: Trunk,
    /// Somebody refuses something: where there is no trunk, packets that go all the way may tell what else he refuses.
    refused: bool,
    /// A neutral host to which the trunk leads.
    neutral: Option<SocketAddr>,
    /// Where packets to targets end, so far.
    searches: Searches,
    /// When somebody at the end of the trunk, or of a way of its own, answered last, for a flow that may pass, of each transport.
    heard: BTreeMap<Transport, Instant>,
    /// Packets are lost at random: silence is asked about more often.
    lossy: bool,
    /// Deaths among others that pass were asked about once more.
    asked_again: bool,
    /// Of which prefixes, by a transport, it was asked whether they come behind the trunk by a way of their own.
    farther: BTreeMap<(IpNet, Transport), OwnWay>,
    /// The walks to a few targets that answered themselves; `None` before they were walked.
    alive: Option<Vec<Vec<Hop>>>,
    /// Prefixes of which one more such target was walked to.
    walked: BTreeSet<IpNet>,
}

impl Work<'_, '_> {
    /// Settles what is silent of a family; `true` where its time was up before.
    async fn family(&mut self, ipv6: bool, end: Instant) -> bool {
        let unclear = !self.next(|work, lane| work.is_of(lane, ipv6)).is_empty();
        // Who wants no settling has not run out of time.
        if end <= Instant::now() {
            return false;
        }
        self.known_hosts(ipv6).await;
        if !(unclear || self.is_doubtful(ipv6)) {
            return false;
        }
        let mut way = self.way(ipv6).await;
        self.doubted(&way, ipv6).await;
        self.doubted_refusals(&way, ipv6, end).await;
        for _ in 0..ROUNDS {
            let open = self.next(|work, lane| work.is_of(lane, ipv6));
            if self.known.shut_off || !(way.trunk.end() > 0 || way.refused) {
                return false;
            }
            if open.is_empty() {
                let deaths = self.lone_deaths(&way, ipv6);
                if deaths.is_empty() {
                    return false;
                }
                self.again(&mut way, deaths, end).await;
                continue;
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

    /// From a walk to the next.
    fn walk_gap(&self) -> Duration {
        self.at_least(WALK_GAP, WALK_PACKETS)
    }

    /// So long, or as long as so many packets take at the rate.
    fn at_least(&self, time: Duration, packets: u32) -> Duration {
        let own = self.rate.map(|rate| Duration::from_secs_f64(f64::from(packets) / f64::from(rate.max(1))));
        time.max(own.unwrap_or_default())
    }

    /// Walks to neutral hosts for what their ways share. Where that is not what it was in an earlier run, this is another network
    /// now, and what was settled then is forgotten.
    async fn way(&mut self, ipv6: bool) -> Way {
        let (mut trunk, mut neutral) = (Trunk::default(), None);
        // Who answers for addresses that nobody can own, answers the walks at that port as well.
        let forged = |port: u16| {
            let canaries = self.space.canaries().filter(|number| self.ledger.response(*number) == Some(Response::Open));
            let mut at = canaries.filter_map(|number| self.space.target(number));
            at.any(|(to, transport)| to.port() == port && transport == Transport::Tcp)
        };
        // Of these nothing is taken but names, of which any walk may have one.
        let mut unreached: Vec<Vec<Hop>> = Vec::new();
        let ports: Vec<u16> = plan::NEUTRAL_PORTS.into_iter().filter(|port| !forged(*port)).collect();
        for port in ports {
            let looks = plan::neutral_walks(self.catalogue, family_of(ipv6), port);
            (self.events)(SettleEvent::Stage("walking to neutral hosts", looks.len()));
            let came = seen(self.tools, looks, self.walk_gap()).await;
            let mut walks = unreached.clone();
            walks.extend(came.values().map(hops));
            let shared = Trunk::shared(&walks);
            walks.retain(|walk| !Trunk::arrived(walk));
            unreached = walks;
            if trunk.end() == 0 || shared.is_proven() {
                let arrived = came.values().find(|seen| Trunk::arrived(&hops(seen)));
                neutral = arrived.and_then(|seen| seen.look.target.socket());
                trunk = shared;
            }
            if trunk.is_proven() {
                break;
            }
        }
        let space = self.space;
        let before = self.known.trunks.family(family_of(ipv6));
        // Names that are new are no other network.
        if !before.agrees(&trunk) || *before == Trunk::default() && *before != trunk {
            *before = trunk.clone();
            let is_other = |number: u64| space.target(number).is_some_and(|(to, _)| to.is_ipv6() != ipv6);
            self.known.settled.keep(is_other);
            (self.events)(SettleEvent::Shared { family: family_of(ipv6), trunk: &trunk });
        }
        let trunk = self.known.trunks.family(family_of(ipv6)).clone();
        let of_family = self.space.lanes().iter().enumerate().filter(|(at, _)| self.is_of(*at, ipv6));
        let refused =
            of_family.map(|(at, _)| self.space.numbers(at)).any(|numbers| self.ledger.tally(numbers).prohibited > 0);
        Way {
            trunk,
            refused,
            neutral,
            searches: Searches::default(),
            heard: BTreeMap::new(),
            lossy: false,
            asked_again: false,
            farther: BTreeMap::new(),
            alive: None,
            walked: BTreeSet::new(),
        }
    }
}

fn family_of(ipv6: bool) -> Family {
    if ipv6 { Family::V6 } else { Family::V4 }
}

fn addresses(interfaces: &[Interface]) -> Vec<IpAddr> {
    interfaces.iter().flat_map(|interface| interface.addresses.iter().map(IpNet::addr)).collect()
}

/// Linux sends one ICMP error a second to one host (`icmp_ratelimit`), and many routers are set likewise.
const SLOWEST: Duration = Duration::from_millis(1_100);
/// Between two walks, each of which asks every router on its way.
const WALK_GAP: Duration = Duration::from_millis(1_500);
/// Packets of a walk of a dozen hops, three to each that is silent.
const WALK_PACKETS: u32 = 40;
/// A published prefix of IPv6 leaves at most 96 bits, each of which may take a round of bisection; before and after there are others.
const ROUNDS: usize = 128;
/// Targets that answered the sweep, asked whether they still do.
const ALIVE: usize = 3;
/// Between those.
const BESIDE: Duration = Duration::from_millis(50);
/// Between two packets where somebody limits how much passes: fewer a second than any limit on new connections that is in use.
const UNLIMITED: Duration = Duration::from_millis(250);
/// How often a target is asked before its silence is believed.
const TRIES: u8 = 3;
