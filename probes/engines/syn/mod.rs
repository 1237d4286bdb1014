//! The engine with privileges: SYNs of its own making, as many at once as the pace allows, and no memory of any.
//!
//! What it looks at: the first answer to a SYN. Each SYN carries a cookie by which its answer is known, so nothing is kept while it is
//! under way. The kernel knows nothing of these flows: its ports are held deaf, so that it does not reset what answers; the engine
//! resets it itself, once, so that the far end and every table on the way forget the flow.

mod answer;
mod cookie;
mod door;
mod doors;
mod ear;
mod filter;
mod flows;
mod gateway;
mod lately;
mod looks;
mod lost;
mod piece;
mod ports;
mod template;
mod told;
mod way;
mod ways;

use std::future::poll_fn;
use std::hash::RandomState;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use ipnet::IpNet;

use self::door::Left;
use self::doors::{Doors, Kind};
use self::ear::Ear;
use self::flows::Flows;
use self::lost::Lost;
use self::way::{NoWay, Way};
use self::ways::Ways;
use super::engine::{Cost, Engine};
use super::response::{Response, Returned};
use crate::kit::sockets::io_error;
use crate::kit::{CannotLook, Pending, System};

/// Asks by SYNs of its own.
pub struct Syn {
    flows: Flows,
    ears: Vec<Ear>,
    /// Not all that came was taken.
    more: bool,
    /// Ends that came at once.
    at_once: Vec<Returned>,
    /// What waits for a way that is gone.
    lost: Lost,
    /// What timestamps count from.
    began: Instant,
    wait: Duration,
}

impl Syn {
    /// An engine for targets in these prefixes, that gives each so long; `source` is the address to send from, where its family
    /// fits; the key makes its cookies.
    ///
    /// # Errors
    /// [`CannotLook::Unprivileged`] without raw sockets; another where this computer does not tell its routes or gives no sockets.
    pub async fn new(
        system: Arc<dyn System>,
        prefixes: &[IpNet],
        wait: Duration,
        source: Option<IpAddr>,
        key: RandomState,
    ) -> Result<Self, CannotLook> {
        // Whoever may not open one need not wait for gateways.
        let doors = Doors::open()?;
        let ways = Ways::find(system, prefixes, source).await?;
        let mut flows = Flows::new(ways, doors, key);
        let mut ears = Vec::new();
        flows.equip(&mut ears)?;
        Ok(Self { flows, ears, more: false, at_once: Vec::new(), lost: Lost::default(), began: Instant::now(), wait })
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
        if self.lost.pauses(Instant::now()) { 0 } else { usize::MAX }
    }

    fn ask(&mut self, targets: &[SocketAddr]) -> Result<usize, CannotLook> {
        let now = Instant::now();
        self.look_again(now, false)?;
        self.flows.ways.stamp(microseconds(self.began));
        let mut asked = 0;
        while let Some(rest @ [first, ..]) = targets.get(asked..) {
            let kind = match self.flows.ways.to(first.ip()).map(Way::kind) {
                Ok(kind) => kind,
                Err(why) if self.flows.ways.had(first.ip()) => {
                    self.lost.waits(first.ip(), why, now)?;
                    break;
                }
                Err(_) => {
                    self.refuse(*first);
                    asked += 1;
                    continue;
                }
            };
            let waiting = rest.iter().take_while(|to| self.flows.queue_syn(**to, kind)).count();
            match self.flows.doors.send(kind)? {
                Left::Sent(_) if waiting == 0 => {
                    self.lost.waits(first.ip(), NoWay::NoRoute, now)?;
                    break;
                }
                // It is gone since the last look; a link that is down may look as if there were no room.
                Left::Sent(0) | Left::NoWay if self.look_again(now, true)? => {}
                Left::Sent(sent) => {
                    asked += sent;
                    if sent > 0 && self.lost.first().is_some_and(|to| self.flows.ways.to(to).is_ok()) {
                        self.lost.found();
                    }
                    if sent < waiting {
                        break;
                    }
                }
                Left::NoWay if kind == Kind::Frames => {
                    self.lost.waits(first.ip(), NoWay::LinkDown, now)?;
                    break;
                }
                Left::NoWay | Left::Refused => {
                    self.refuse(*first);
                    asked += 1;
                }
            }
        }
        Ok(asked)
    }

    fn hear(&mut self, returned: &mut Vec<Returned>) -> Result<(), CannotLook> {
        returned.append(&mut self.at_once);
        let (now, wait) = (microseconds(self.began), self.wait);
        // A timestamp that lies, or went around, is none.
        let since = |echo: u32| Some(Duration::from_micros(now.wrapping_sub(echo).into())).filter(|rtt| *rtt <= wait);
        self.more = false;
        for ear in &mut self.ears {
            let left = ear.hear(|bytes| {
                if let Some((to, response, echo)) = self.flows.came(bytes) {
                    returned.push(Returned { to, response, rtt: echo.and_then(since) });
                }
            });
            self.more |= left.map_err(io_error("read raw packets"))?;
        }
        self.flows.doors.send_all()
    }

    fn ready(&mut self) -> Pending<'_, Result<(), CannotLook>> {
        Box::pin(async move {
            if self.more || !self.at_once.is_empty() {
                return Ok(());
            }
            let [first, rest @ ..] = self.ears.as_slice() else { return std::future::pending().await };
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
    /// Looks at the ways again if it is time, and takes what they need now; `true` if it did.
    fn look_again(&mut self, now: Instant, doubt: bool) -> Result<bool, CannotLook> {
        let looked = self.flows.ways.look_again(now, doubt)?;
        if looked {
            self.flows.ways.stamp(microseconds(self.began));
            match self.flows.equip(&mut self.ears) {
                // An address can be gone again already: what lacks its door waits.
                Ok(()) | Err(CannotLook::Io { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(looked)
    }

    /// This computer itself has no way to it, or may not send.
    fn refuse(&mut self, to: SocketAddr) {
        self.at_once.push(Returned { to, response: Response::Unreachable { by: None }, rtt: None });
    }
}

/// So long since the engine began; it goes around after 71 minutes.
fn microseconds(since: Instant) -> u32 {
    u32::try_from(since.elapsed().as_micros() & u128::from(u32::MAX)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::net::TcpListener;

    use super::*;
    use crate::kit::testing::{ClosedTcp, SilentTcp};
    use crate::kit::this_system;

    /// What came for these, or nothing where raw sockets are not allowed.
    async fn heard(targets: &[SocketAddr], wanted: usize) -> Option<BTreeMap<SocketAddr, Response>> {
        let system = Arc::from(this_system());
        let prefixes = ["127.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()];
        let wait = Duration::from_millis(100);
        let mut engine = match Syn::new(system, &prefixes, wait, None, RandomState::new()).await {
            Ok(engine) => engine,
            Err(CannotLook::Unprivileged { .. }) => return None,
            Err(error) => panic!("{error}"),
        };
        assert_eq!(engine.ask(targets).unwrap(), targets.len());
        let mut returned = Vec::new();
        let end = Instant::now() + Duration::from_secs(5);
        while returned.len() < wanted && Instant::now() < end {
            let _ = tokio::time::timeout(Duration::from_millis(20), engine.ready()).await;
            engine.hear(&mut returned).unwrap();
        }
        // Only what opens tells the time, and tells it right.
        assert!(returned.iter().all(|came| came.rtt.is_some() == (came.response == Response::Open)));
        Some(returned.into_iter().map(|came| (came.to, came.response)).collect())
    }

    #[tokio::test]
    async fn open_closed_and_silent_are_told_apart_where_that_is_allowed() {
        let (closed, silent) = (ClosedTcp::new(), SilentTcp::new());
        let listeners = ["127.0.0.1:0", "[::1]:0"].map(|any| TcpListener::bind(any).unwrap());
        let [open_v4, open_v6] = listeners.each_ref().map(|listener| listener.local_addr().unwrap());
        let Some(came) = heard(&[open_v4, silent.address(), open_v6, closed.address()], 3).await else { return };
        let wanted = [
            (open_v4, Response::Open),
            (open_v6, Response::Open),
            (closed.address(), Response::Closed { ttl: Some(64) }),
        ];
        assert_eq!(came, BTreeMap::from(wanted));
    }

    #[tokio::test]
    async fn a_target_without_a_way_is_unreachable_at_once() {
        let to = "192.0.2.1:443".parse().unwrap();
        let Some(came) = heard(&[to], 1).await else { return };
        assert_eq!(came, BTreeMap::from([(to, Response::Unreachable { by: None })]));
    }
}
