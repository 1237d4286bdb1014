//! All ways, and which target goes by which: found before anything is sent, and looked at again and again, since leases, links and
//! gateways change while a long sweep runs.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ipnet::IpNet;
use tokio::time::{MissedTickBehavior, interval};

use super::gateway;
use super::looks::Looks;
use super::piece::Piece;
use super::told::{Span, Told, told};
use super::way::{Interfaces, NoWay, Way};
use crate::kit::{CannotLook, System};

/// The ways to some prefixes, as the kernel's routes and neighbours say.
pub(super) struct Ways {
    system: Arc<dyn System>,
    prefixes: Vec<IpNet>,
    source: Option<IpAddr>,
    seen: Seen,
    /// Addresses that had a way when it began, in order.
    begun: Vec<Piece>,
    looks: Looks,
}

/// What one look saw.
#[derive(Default)]
struct Seen {
    told: Vec<Told>,
    /// What each of those comes to.
    ways: Vec<Result<Way, NoWay>>,
    /// In order, without overlaps.
    spans: Vec<Span>,
}

impl Ways {
    /// Asks for the ways to these prefixes. A gateway that is not known on the link is searched for as long as the kernel would.
    ///
    /// # Errors
    /// [`CannotLook`] where the system does not tell its routes, or they are too many.
    pub(super) async fn find(
        system: Arc<dyn System>,
        prefixes: &[IpNet],
        source: Option<IpAddr>,
    ) -> Result<Self, CannotLook> {
        let (prefixes, looks) = (prefixes.to_vec(), Looks::begin(Instant::now()));
        let mut ways = Self { system, prefixes, source, seen: Seen::default(), begun: Vec::new(), looks };
        ways.look()?;
        ways.call()?;
        // The kernel tells of new neighbours only those that listen on netlink all the time: a few looks at its table do.
        let mut looks = interval(BETWEEN_LOOKS);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for _ in 0..LOOKS {
            if !ways.seen.lacks_a_gateway() {
                break;
            }
            looks.tick().await;
            ways.look_at_gateways()?;
        }
        let has_one = |span: &&Span| ways.seen.way(span).is_ok();
        ways.begun = ways.seen.spans.iter().filter(has_one).map(|span| span.piece).collect();
        Ok(ways)
    }

    /// Looks again if it is time; `true` if it did. A gateway of which the kernel is not sure is called now and then, so that the kernel
    /// asks it whether it is still there.
    ///
    /// # Errors
    /// [`CannotLook`] where the ways that there are now can't be followed.
    pub(super) fn look_again(&mut self, now: Instant, doubt: bool) -> Result<bool, CannotLook> {
        if !self.looks.are_due(now, doubt) {
            return Ok(false);
        }
        let lacked = self.seen.lacks_a_gateway();
        let looked = self.look();
        self.looks.looked(now, Instant::now());
        match looked {
            Ok(()) => {}
            // What it knows is not worse than before.
            Err(CannotLook::Io { .. }) => return Ok(false),
            Err(error) => return Err(error),
        }
        if self.looks.call(now) || (self.seen.lacks_a_gateway() && !lacked) {
            self.call()?;
        }
        Ok(true)
    }

    fn look(&mut self) -> Result<(), CannotLook> {
        let egress = self.system.egress()?;
        let (told, spans) = told(egress, &self.prefixes, self.source)?;
        let interfaces = Interfaces::read()?;
        let ways = told.iter().map(|told| Way::of(told, &interfaces, egress)).collect::<Result<_, _>>()?;
        self.seen = Seen { told, ways, spans };
        Ok(())
    }

    fn look_at_gateways(&mut self) -> Result<(), CannotLook> {
        let (egress, interfaces) = (self.system.egress()?, Interfaces::read()?);
        for (told, way) in self.seen.told.iter().zip(&mut self.seen.ways) {
            if matches!(way, Err(NoWay::NoGateway)) {
                *way = Way::of(told, &interfaces, egress)?;
            }
        }
        Ok(())
    }

    /// Calls the gateways that are not known, or no longer for sure.
    fn call(&self) -> Result<(), CannotLook> {
        let interfaces = Interfaces::read()?;
        for (told, way) in self.seen.told.iter().zip(&self.seen.ways) {
            let unsure = match way {
                Ok(way) => way.stale,
                Err(no_way) => *no_way == NoWay::NoGateway,
            };
            if let Some((gateway, own)) = told.gateway.zip(interfaces.ethernet(&told.interface)).filter(|_| unsure) {
                gateway::call(gateway, &told.interface, &own);
            }
        }
        Ok(())
    }

    /// The way to an address, or why there is none.
    pub(super) fn to(&self, address: IpAddr) -> Result<&Way, NoWay> {
        let spans = &self.seen.spans;
        let at = spans.partition_point(|span| span.piece.first <= address).checked_sub(1);
        let span = at.and_then(|at| spans.get(at)).filter(|span| address <= span.piece.last);
        span.map_or(Err(NoWay::NoRoute), |span| self.seen.way(span))
    }

    /// Whether there was a way to it when it began.
    pub(super) fn had(&self, address: IpAddr) -> bool {
        let at = self.begun.partition_point(|piece| piece.first <= address).checked_sub(1);
        at.and_then(|at| self.begun.get(at)).is_some_and(|piece| address <= piece.last)
    }

    /// Sets the timestamp of the SYNs that will leave by any of them.
    pub(super) fn stamp(&mut self, stamp: u32) {
        for way in self.seen.ways.iter_mut().flatten() {
            way.syn.stamp(stamp);
        }
    }

    /// All that can be gone.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Way> {
        self.seen.ways.iter().flatten()
    }
}

impl Seen {
    fn way(&self, span: &Span) -> Result<&Way, NoWay> {
        let way = span.way.and_then(|at| self.ways.get(at)).ok_or(NoWay::NoRoute)?;
        way.as_ref().map_err(|no_way| *no_way)
    }

    fn lacks_a_gateway(&self) -> bool {
        self.ways.iter().any(|way| matches!(way, Err(NoWay::NoGateway)))
    }
}

/// In all as long as the kernel searches: three times a second apart (`mcast_solicit`, `retrans_time_ms`).
const LOOKS: u32 = 300;
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);
