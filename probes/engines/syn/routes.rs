//! All routes, and which target goes by which: found before anything is sent, and looked at again and again, since leases, links and
//! gateways change while a long sweep runs.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ipnet::IpNet;
use tokio::time::{MissedTickBehavior, interval};

use super::address_range::AddressRange;
use super::gateway;
use super::refresh::Refresh;
use super::route::{Interfaces, Route, Unroutable};
use super::route_lookup::{KernelRoute, RouteSpan, probe_up};
use crate::model::CannotProbe;
use crate::os::System;

/// The routes to some prefixes, as the kernel's routes and neighbours say.
pub(super) struct Routes {
    system: Arc<dyn System>,
    prefixes: Vec<IpNet>,
    source: Option<IpAddr>,
    snapshot: Snapshot,
    /// Addresses that had a route when it began, in order.
    begun: Vec<AddressRange>,
    refresh: Refresh,
}

/// What one refresh saw.
#[derive(Default)]
struct Snapshot {
    kernel: Vec<KernelRoute>,
    /// What each of those comes to.
    routes: Vec<Result<Route, Unroutable>>,
    /// In order, without overlaps.
    spans: Vec<RouteSpan>,
}

impl Routes {
    /// Asks for the routes to these prefixes. An unknown gateway is searched for on the link as long as the kernel
    /// would.
    ///
    /// # Errors
    /// [`CannotProbe`] where the system does not tell its routes, or they are too many.
    pub(super) async fn find(
        system: Arc<dyn System>,
        prefixes: &[IpNet],
        source: Option<IpAddr>,
    ) -> Result<Self, CannotProbe> {
        let (prefixes, refresh) = (prefixes.to_vec(), Refresh::begin(Instant::now()));
        let mut routes = Self { system, prefixes, source, snapshot: Snapshot::default(), begun: Vec::new(), refresh };
        routes.probe()?;
        routes.call()?;
        // The kernel tells of new neighbours only those that listen on netlink all the time: a few looks at its table do.
        let mut ticks = interval(BETWEEN_PROBES);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for _ in 0..PROBES {
            if !routes.snapshot.lacks_a_gateway() {
                break;
            }
            ticks.tick().await;
            routes.probe_at_gateways()?;
        }
        let has_one = |span: &&RouteSpan| routes.snapshot.route(span).is_ok();
        routes.begun = routes.snapshot.spans.iter().filter(has_one).map(|span| span.range).collect();
        Ok(routes)
    }

    /// Looks again if it is time; `true` if it did.
    ///
    /// An uncertain gateway gets a packet now and then, so that the kernel checks whether it is still there.
    ///
    /// # Errors
    /// [`CannotProbe`] where the routes that there are now can't be followed.
    pub(super) fn refresh(&mut self, now: Instant, doubt: bool) -> Result<bool, CannotProbe> {
        if !self.refresh.are_due(now, doubt) {
            return Ok(false);
        }
        let lacked = self.snapshot.lacks_a_gateway();
        let probed = self.probe();
        self.refresh.probed(now, Instant::now());
        match probed {
            Ok(()) => {}
            // What it knows is not worse than before.
            Err(CannotProbe::Io { .. }) => return Ok(false),
            Err(error) => return Err(error),
        }
        if self.refresh.call(now) || (self.snapshot.lacks_a_gateway() && !lacked) {
            self.call()?;
        }
        Ok(true)
    }

    fn probe(&mut self) -> Result<(), CannotProbe> {
        let egress = self.system.egress()?;
        let (kernel, spans) = probe_up(egress, &self.prefixes, self.source)?;
        let interfaces = Interfaces::read()?;
        let routes = kernel.iter().map(|kernel| Route::of(kernel, &interfaces, egress)).collect::<Result<_, _>>()?;
        self.snapshot = Snapshot { kernel, routes, spans };
        Ok(())
    }

    fn probe_at_gateways(&mut self) -> Result<(), CannotProbe> {
        let (egress, interfaces) = (self.system.egress()?, Interfaces::read()?);
        for (kernel, route) in self.snapshot.kernel.iter().zip(&mut self.snapshot.routes) {
            if matches!(route, Err(Unroutable::NoGateway)) {
                *route = Route::of(kernel, &interfaces, egress)?;
            }
        }
        Ok(())
    }

    /// Calls the gateways that are not known, or no longer for sure.
    fn call(&self) -> Result<(), CannotProbe> {
        let interfaces = Interfaces::read()?;
        for (kernel, route) in self.snapshot.kernel.iter().zip(&self.snapshot.routes) {
            let unsure = match route {
                Ok(route) => route.stale,
                Err(unroutable) => *unroutable == Unroutable::NoGateway,
            };
            if let Some((gateway, own)) = kernel.gateway.zip(interfaces.ethernet(&kernel.interface)).filter(|_| unsure)
            {
                gateway::call(gateway, &kernel.interface, &own);
            }
        }
        Ok(())
    }

    /// The route to an address, or why there is none.
    pub(super) fn to(&self, address: IpAddr) -> Result<&Route, Unroutable> {
        let spans = &self.snapshot.spans;
        let at = spans.partition_point(|span| span.range.first <= address).checked_sub(1);
        let span = at.and_then(|at| spans.get(at)).filter(|span| address <= span.range.last);
        span.map_or(Err(Unroutable::NoRoute), |span| self.snapshot.route(span))
    }

    /// Whether there was a route to it when it began.
    pub(super) fn had(&self, address: IpAddr) -> bool {
        let at = self.begun.partition_point(|range| range.first <= address).checked_sub(1);
        at.and_then(|at| self.begun.get(at)).is_some_and(|range| address <= range.last)
    }

    /// Sets the timestamp of the SYNs that will leave by any of them.
    pub(super) fn stamp(&mut self, stamp: u32) {
        for route in self.snapshot.routes.iter_mut().flatten() {
            route.syn.stamp(stamp);
        }
    }

    /// All that can be gone.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Route> {
        self.snapshot.routes.iter().flatten()
    }
}

impl Snapshot {
    fn route(&self, span: &RouteSpan) -> Result<&Route, Unroutable> {
        let route = span.route.and_then(|at| self.routes.get(at)).ok_or(Unroutable::NoRoute)?;
        route.as_ref().map_err(|unroutable| *unroutable)
    }

    fn lacks_a_gateway(&self) -> bool {
        self.routes.iter().any(|route| matches!(route, Err(Unroutable::NoGateway)))
    }
}

/// In all as long as the kernel searches: three times a second apart (`mcast_solicit`, `retrans_time_ms`).
const PROBES: u32 = 300;
const BETWEEN_PROBES: Duration = Duration::from_millis(10);
