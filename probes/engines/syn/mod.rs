//! The engine with privileges: SYNs of its own making, as many at once as the pace allows, and no memory of any.
//!
//! What it looks at: the first answer to a SYN. Each SYN carries a cookie by which its answer is known, so nothing is
//! kept while it is under way. The kernel knows nothing of these flows: their ports are held deaf, so that it does not
//! reset what answers. The engine sends one RST itself, so that the far end and every table on the path forget the
//! flow.

mod address_range;
mod answer;
mod cookie;
mod filter;
mod flows;
mod gateway;
mod lost_route;
mod ports;
mod receiver;
mod recent_resets;
mod refresh;
mod route;
mod route_lookup;
mod routes;
mod sender;
mod senders;
mod template;

use std::future::poll_fn;
use std::hash::RandomState;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use ipnet::IpNet;

use self::flows::Flows;
use self::lost_route::LostRoute;
use self::receiver::Receiver;
use self::route::{Route, Unroutable};
use self::routes::Routes;
use self::sender::SendOutcome;
use self::senders::{SenderKind, Senders};
use super::engine::{Cost, Engine};
use super::response::{Response, Returned};
use crate::model::{CannotProbe, Pending};
use crate::net::errno::io_error;
use crate::os::System;

/// Asks by SYNs of its own.
pub struct Syn {
    flows: Flows,
    receivers: Vec<Receiver>,
    /// Not all that came was taken.
    more: bool,
    /// Ends that came at once.
    at_once: Vec<Returned>,
    /// What waits for a route that is gone.
    lost_route: LostRoute,
    /// What timestamps count from.
    began: Instant,
    wait: Duration,
}

impl Syn {
    /// An engine for targets in these prefixes, with a time-out for each. The source is the address to send from,
    /// where its family fits. The key makes its cookies.
    ///
    /// # Errors
    /// [`CannotProbe::Unprivileged`] without raw sockets; another where this computer does not tell its routes or gives no sockets.
    pub async fn new(
        system: Arc<dyn System>,
        prefixes: &[IpNet],
        wait: Duration,
        source: Option<IpAddr>,
        key: RandomState,
    ) -> Result<Self, CannotProbe> {
        // Whoever may not open one need not wait for gateways.
        let senders = Senders::open()?;
        let routes = Routes::find(system, prefixes, source).await?;
        let mut flows = Flows::new(routes, senders, key);
        let mut receivers = Vec::new();
        flows.equip(&mut receivers)?;
        Ok(Self {
            flows,
            receivers,
            more: false,
            at_once: Vec::new(),
            lost_route: LostRoute::default(),
            began: Instant::now(),
            wait,
        })
    }
}

impl Engine for Syn {
    fn name(&self) -> &'static str {
        "syn"
    }

    fn cost(&self) -> Cost {
        // SYN, RST.
        Cost { open: 2, otherwise: 1 }
    }

    fn wait(&self) -> Duration {
        self.wait
    }

    fn room(&self) -> usize {
        // Nothing is kept of what is under way.
        if self.lost_route.pauses(Instant::now()) { 0 } else { usize::MAX }
    }

    fn ask(&mut self, targets: &[SocketAddr]) -> Result<usize, CannotProbe> {
        let now = Instant::now();
        self.refresh(now, false)?;
        self.flows.routes.stamp(microseconds(self.began));
        let mut asked = 0;
        while let Some(rest @ [first, ..]) = targets.get(asked..) {
            let kind = match self.flows.routes.to(first.ip()).map(Route::kind) {
                Ok(kind) => kind,
                Err(why) if self.flows.routes.had(first.ip()) => {
                    self.lost_route.waits(first.ip(), why, now)?;
                    break;
                }
                Err(_) => {
                    self.refuse(*first);
                    asked += 1;
                    continue;
                }
            };
            let waiting = rest.iter().take_while(|to| self.flows.queue_syn(**to, kind)).count();
            match self.flows.senders.send(kind)? {
                SendOutcome::Sent(_) if waiting == 0 => {
                    self.lost_route.waits(first.ip(), Unroutable::NoRoute, now)?;
                    break;
                }
                // It is gone since the last probe; a link that is down may look as if there were no room.
                SendOutcome::Sent(0) | SendOutcome::Unroutable if self.refresh(now, true)? => {}
                SendOutcome::Sent(sent) => {
                    asked += sent;
                    if sent > 0 && self.lost_route.first().is_some_and(|to| self.flows.routes.to(to).is_ok()) {
                        self.lost_route.found();
                    }
                    if sent < waiting {
                        break;
                    }
                }
                SendOutcome::Unroutable if kind == SenderKind::Frames => {
                    self.lost_route.waits(first.ip(), Unroutable::LinkDown, now)?;
                    break;
                }
                SendOutcome::Unroutable | SendOutcome::Refused => {
                    self.refuse(*first);
                    asked += 1;
                }
            }
        }
        Ok(asked)
    }

    fn hear(&mut self, returned: &mut Vec<Returned>) -> Result<(), CannotProbe> {
        returned.append(&mut self.at_once);
        let (now, wait) = (microseconds(self.began), self.wait);
        // A timestamp that lies, or went around, is none.
        let since = |echo: u32| Some(Duration::from_micros(now.wrapping_sub(echo).into())).filter(|rtt| *rtt <= wait);
        self.more = false;
        for receiver in &mut self.receivers {
            let left = receiver.hear(|bytes| {
                if let Some((to, response, echo)) = self.flows.came(bytes) {
                    returned.push(Returned { to, response, rtt: echo.and_then(since) });
                }
            });
            self.more |= left.map_err(io_error("read raw packets"))?;
        }
        self.flows.senders.send_all()
    }

    fn ready(&mut self) -> Pending<'_, Result<(), CannotProbe>> {
        Box::pin(async move {
            if self.more || !self.at_once.is_empty() {
                return Ok(());
            }
            let [first, rest @ ..] = self.receivers.as_slice() else { return std::future::pending().await };
            let Some(second) = rest.first() else {
                return first.ready().await.map_err(io_error("wait for raw packets"));
            };
            let (mut first, mut second) = (pin!(first.ready()), pin!(second.ready()));
            let either = poll_fn(|context| match first.as_mut().poll(context) {
                Poll::Ready(ready) => Poll::Ready(ready),
                Poll::Pending => second.as_mut().poll(context),
            });
            either.await.map_err(io_error("wait for raw packets"))
        })
    }
}

impl Syn {
    /// Refresh at the routes again if it is time, and takes what they need now; `true` if it did.
    fn refresh(&mut self, now: Instant, doubt: bool) -> Result<bool, CannotProbe> {
        let probed = self.flows.routes.refresh(now, doubt)?;
        if probed {
            self.flows.routes.stamp(microseconds(self.began));
            match self.flows.equip(&mut self.receivers) {
                // An address can be gone again already: what lacks its sender waits.
                Ok(()) | Err(CannotProbe::Io { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(probed)
    }

    /// This computer itself has no route to it, or may not send.
    fn refuse(&mut self, to: SocketAddr) {
        self.at_once.push(Returned { to, response: Response::Unreachable { by: None }, rtt: None });
    }
}

/// So long since the engine began; it goes around after 71 minutes.
fn microseconds(since: Instant) -> u32 {
    u32::try_from(since.elapsed().as_micros() & u128::from(u32::MAX)).unwrap_or_default()
}
