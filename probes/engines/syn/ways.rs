//! All ways, and which target goes by which.

use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;
use tokio::time::{MissedTickBehavior, interval};

use super::gateway;
use super::told::{Span, Told, told};
use super::way::{Interfaces, NoWay, Way};
use crate::kit::{CannotLook, Egress, System};

/// The ways to some prefixes, as the kernel's routes and neighbours say.
pub(super) struct Ways {
    told: Vec<Told>,
    /// What each of those comes to now.
    now: Vec<Result<Way, NoWay>>,
    /// In order, without overlaps.
    spans: Vec<Span>,
}

impl Ways {
    /// Asks for the ways to these prefixes. A gateway that is not known on the link is searched for as long as the kernel would.
    ///
    /// # Errors
    /// [`CannotLook`] where the system does not tell its routes, or they are too many.
    pub(super) async fn find(
        system: &dyn System,
        prefixes: &[IpNet],
        source: Option<IpAddr>,
    ) -> Result<Self, CannotLook> {
        let mut ways = Self::look(system.egress()?, prefixes, source)?;
        let interfaces = Interfaces::read()?;
        for (told, _) in ways.without_gateway() {
            if let Some((gateway, on)) = told.gateway.zip(interfaces.ethernet(&told.interface)) {
                gateway::call(gateway, &on);
            }
        }
        // The kernel tells of new neighbours only those that listen on netlink all the time: a few looks at its table do.
        let mut looks = interval(BETWEEN_LOOKS);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for _ in 0..LOOKS {
            if ways.without_gateway().next().is_none() {
                break;
            }
            looks.tick().await;
            for (told, way) in ways.without_gateway() {
                *way = Way::of(told, &interfaces, system.egress()?)?;
            }
        }
        Ok(ways)
    }

    fn look(egress: &dyn Egress, prefixes: &[IpNet], source: Option<IpAddr>) -> Result<Self, CannotLook> {
        let (told, spans) = told(egress, prefixes, source)?;
        let interfaces = Interfaces::read()?;
        let now = told.iter().map(|told| Way::of(told, &interfaces, egress)).collect::<Result<_, _>>()?;
        Ok(Self { told, now, spans })
    }

    fn without_gateway(&mut self) -> impl Iterator<Item = (&Told, &mut Result<Way, NoWay>)> {
        self.told.iter().zip(&mut self.now).filter(|(_, way)| matches!(way, Err(NoWay::NoGateway)))
    }

    /// The way to an address, or why there is none.
    pub(super) fn to(&self, address: IpAddr) -> Result<&Way, NoWay> {
        let at = self.spans.partition_point(|span| span.piece.first <= address).checked_sub(1);
        let span = at.and_then(|at| self.spans.get(at)).filter(|span| address <= span.piece.last);
        let way = span.and_then(|span| self.now.get(span.way?)).ok_or(NoWay::NoRoute)?;
        way.as_ref().map_err(|no_way| *no_way)
    }

    /// Sets the timestamp of the SYNs that will leave by any of them.
    pub(super) fn stamp(&mut self, stamp: u32) {
        for way in self.now.iter_mut().flatten() {
            way.syn.stamp(stamp);
        }
    }

    /// All that can be gone.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Way> {
        self.now.iter().flatten()
    }
}

/// In all as long as the kernel searches: three times a second apart (`mcast_solicit`, `retrans_time_ms`).
const LOOKS: u32 = 300;
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);
