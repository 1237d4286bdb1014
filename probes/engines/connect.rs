//! The engine without privileges: non-blocking TCP connections, thousands at once, each closed as soon as it stands.
//!
//! What it looks at: how a connection begins; it sends no byte of data, and ends what stands by a RST, so that neither this
//! computer nor a NAT on the way keeps a port. It waits less than a second for each, before the kernel's first
//! retransmission (RFC 6298, 2.1): so one target is one SYN, and the pace is what was asked for.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use slab::Slab;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::unix::AsyncFd;

use super::engine::{Cost, Engine};
use super::response::{Response, Returned};
use crate::kit::sockets::{self, io_error, is_under_way};
use crate::kit::watched::watched;
use crate::kit::{CannotLook, How, IcmpError, Pending, errno, error_queue, room};

/// Asks by TCP connections of the kernel's.
pub struct Connect {
    /// All sockets under way hang on one poll of our own, and the runtime watches that alone.
    poll: Poll,
    /// The same poll, as the runtime sees it.
    watch: AsyncFd<OwnedFd>,
    events: Events,
    flying: Slab<Flight>,
    /// In the order they began; those that ended meanwhile are still in it.
    ends: VecDeque<(Instant, usize, u64)>,
    began: u64,
    /// Ends that came at once.
    at_once: Vec<Returned>,
    wait: Duration,
    source: Option<IpAddr>,
    most: usize,
}

struct Flight {
    socket: Socket,
    to: SocketAddr,
    began: Instant,
    /// Tells it from an earlier one in the same place.
    nth: u64,
}

impl Connect {
    /// An engine that gives each target so long, and less than a second; `source` is the address to send from.
    ///
    /// # Errors
    /// [`CannotLook`] when this computer gives no poll.
    pub fn new(wait: Duration, source: Option<IpAddr>) -> Result<Self, CannotLook> {
        let poll = Poll::new().map_err(io_error("watch many sockets"))?;
        let descriptor = poll.registry().as_fd().try_clone_to_owned();
        let watch = descriptor.and_then(watched).map_err(io_error("watch many sockets"))?;
        Ok(Self {
            poll,
            watch,
            events: Events::with_capacity(EVENTS),
            flying: Slab::new(),
            ends: VecDeque::new(),
            began: 0,
            at_once: Vec::new(),
            wait: wait.min(BEFORE_THE_SECOND_SYN),
            source,
            most: room::descriptors().saturating_sub(SPARE),
        })
    }

    /// Begins one connection; `false` where this computer has no room for it.
    fn begin(&mut self, to: SocketAddr) -> Result<bool, CannotLook> {
        let socket = match Socket::new(Domain::for_address(to), Type::STREAM.nonblocking(), Some(Protocol::TCP)) {
            Ok(socket) => socket,
            Err(error) => return sockets::ours("open a TCP socket", error).map(|_| false),
        };
        error_queue::enable(&socket, to.ip()).map_err(io_error("set a TCP socket's options"))?;
        if let Some(source) = self.source
            && let Err(error) = socket.bind(&SocketAddr::new(source, 0).into())
        {
            return sockets::bind_failed(error).map(|_| false);
        }
        let began = Instant::now();
        match socket.connect(&to.into()) {
            Ok(()) => {}
            Err(error) if is_under_way(&error) => {}
            Err(error) => {
                return match errno::read_at_once(&error) {
                    Some((How::Exhausted, _)) => Ok(false),
                    Some((How::NoRoute | How::Unreachable | How::NotPermitted, _)) => {
                        self.at_once.push(Returned {
                            to,
                            response: Response::Unreachable { by: self.source },
                            rtt: None,
                        });
                        Ok(true)
                    }
                    _ => Err(CannotLook::Io { operation: "begin a TCP connection", source: error }),
                };
            }
        }
        self.began += 1;
        let place = self.flying.vacant_entry();
        let (key, nth) = (place.key(), self.began);
        let registry = self.poll.registry();
        registry
            .register(&mut SourceFd(&socket.as_raw_fd()), Token(key), Interest::WRITABLE)
            .map_err(io_error("watch a TCP socket"))?;
        place.insert(Flight { socket, to, began, nth });
        self.ends.push_back((began, key, nth));
        Ok(true)
    }

    /// Ends those whose time is up.
    fn end_late_ones(&mut self) {
        let now = Instant::now();
        while let Some(&(began, key, nth)) = self.ends.front() {
            let over = self.flying.get(key).is_none_or(|flight| flight.nth != nth);
            if !over {
                if now.saturating_duration_since(began) < self.wait {
                    return;
                }
                // A socket that is still in SYN-SENT sends nothing when it is closed, and leaves nothing.
                self.flying.remove(key);
            }
            self.ends.pop_front();
        }
    }
}

impl Engine for Connect {
    fn name(&self) -> &'static str {
        "connect"
    }

    fn cost(&self) -> Cost {
        // SYN, ACK, RST.
        Cost { open: 3, otherwise: 1 }
    }

    fn wait(&self) -> Duration {
        self.wait
    }

    fn room(&self) -> usize {
        self.most.saturating_sub(self.flying.len())
    }

    fn ask(&mut self, targets: &[SocketAddr]) -> Result<usize, CannotLook> {
        self.end_late_ones();
        let mut asked = 0;
        for to in targets {
            if self.room() == 0 || !self.begin(*to)? {
                break;
            }
            asked += 1;
        }
        Ok(asked)
    }

    fn hear(&mut self, returned: &mut Vec<Returned>) -> Result<(), CannotLook> {
        returned.append(&mut self.at_once);
        loop {
            let polled = self.poll.poll(&mut self.events, Some(Duration::ZERO));
            match polled {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                polled => polled.map_err(io_error("wait for many sockets"))?,
            }
            let now = Instant::now();
            let mut heard = 0;
            for event in &self.events {
                heard += 1;
                if let Some(flight) = self.flying.try_remove(event.token().0) {
                    returned.extend(end(&flight, now)?);
                }
            }
            if heard < EVENTS {
                break;
            }
        }
        self.end_late_ones();
        Ok(())
    }

    fn ready(&mut self) -> Pending<'_, Result<(), CannotLook>> {
        Box::pin(async move {
            if !self.at_once.is_empty() {
                return Ok(());
            }
            let mut ready = self.watch.readable().await.map_err(io_error("wait for many sockets"))?;
            ready.clear_ready();
            Ok(())
        })
    }
}

/// How a connection began, or why it did not; `None` where it is no longer known.
fn end(flight: &Flight, now: Instant) -> Result<Option<Returned>, CannotLook> {
    let response = match flight.socket.take_error() {
        Ok(None) => {
            flight.socket.set_linger(Some(Duration::ZERO)).map_err(io_error("set a TCP socket's options"))?;
            Response::Open
        }
        Ok(Some(error)) => {
            let icmp = error_queue::drain(&flight.socket);
            match errno::read(&error) {
                Some((How::Silent, _)) => return Ok(None),
                Some((How::Refused | How::Reset, _)) if icmp.is_empty() => Response::Closed { ttl: None },
                _ => by_icmp(&icmp, flight.to.ip()),
            }
        }
        Err(source) => return Err(CannotLook::Io { operation: "read a TCP socket's error", source }),
    };
    let rtt = now.saturating_duration_since(flight.began);
    Ok(Some(Returned { to: flight.to, response, rtt: Some(rtt) }))
}

/// What ICMP errors say, the last one first.
fn by_icmp(icmp: &[IcmpError], of: IpAddr) -> Response {
    icmp.last().map_or(Response::Unreachable { by: None }, |last| Response::of_icmp(last.meaning, last.from, of))
}

/// Taken from the poll at once.
const EVENTS: usize = 1_024;
/// Descriptors left to the rest of the program.
const SPARE: usize = 64;
/// The kernel sends its SYN again after a second (RFC 6298, 2.1).
const BEFORE_THE_SECOND_SYN: Duration = Duration::from_millis(950);

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::collections::BTreeMap;
    use std::io::Read;

    use super::*;
    use crate::kit::testing::{ClosedTcp, SilentTcp};

    /// Asks all, and hears until as many came as are waited for, or nothing more can come.
    async fn heard(engine: &mut Connect, targets: &[SocketAddr], wanted: usize) -> BTreeMap<SocketAddr, Response> {
        assert_eq!(engine.ask(targets).unwrap(), targets.len());
        let mut returned = Vec::new();
        let end = Instant::now() + Duration::from_secs(5);
        while returned.len() < wanted && Instant::now() < end {
            let _ = tokio::time::timeout(Duration::from_millis(20), engine.ready()).await;
            engine.hear(&mut returned).unwrap();
        }
        returned.into_iter().map(|came| (came.to, came.response)).collect()
    }

    #[tokio::test]
    async fn open_closed_and_silent_are_told_apart() {
        let listener = std::net::TcpListener::bind("[::1]:0").unwrap();
        let (closed, silent) = (ClosedTcp::new(), SilentTcp::new());
        let open = listener.local_addr().unwrap();
        let mut engine = Connect::new(Duration::from_millis(100), None).unwrap();
        let came = heard(&mut engine, &[open, closed.address(), silent.address()], 2).await;
        let wanted = [(open, Response::Open), (closed.address(), Response::Closed { ttl: None })];
        assert_eq!(came, BTreeMap::from(wanted));
    }

    #[tokio::test]
    async fn what_stands_is_reset_and_what_is_silent_given_up() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let silent = SilentTcp::new();
        let mut engine = Connect::new(Duration::from_millis(50), None).unwrap();
        let before = engine.room();
        heard(&mut engine, &[listener.local_addr().unwrap(), silent.address()], 1).await;
        let reset = listener.accept().unwrap().0.read(&mut [0]).unwrap_err();
        assert_eq!(reset.kind(), io::ErrorKind::ConnectionReset);
        while engine.room() < before {
            engine.hear(&mut Vec::new()).unwrap();
        }
    }

    #[tokio::test]
    async fn without_room_it_asks_no_more() {
        let silent = SilentTcp::new();
        let mut engine = Connect { most: 2, ..Connect::new(Duration::from_millis(900), None).unwrap() };
        assert_eq!(engine.ask(&[silent.address(); 5]).unwrap(), 2);
    }

    #[tokio::test]
    async fn an_address_of_another_family_than_the_source_is_no_lack_of_room() {
        let mut engine = Connect::new(Duration::from_millis(100), Some("127.0.0.1".parse().unwrap())).unwrap();
        assert!(engine.ask(&["[::1]:9".parse().unwrap()]).is_err());
    }
}
