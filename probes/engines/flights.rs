//! Thousands of sockets under way, one for each target: they hang on one poll, and each ends by an event or when its time is up.
//!
//! What an event means is for the engine to say.

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

use super::response::{Response, Returned};
use crate::model::{CannotProbe, How};
use crate::net::async_fd::watched;
use crate::net::errno::{self, io_error, is_under_way};
use crate::net::{error_queue, fd_limit};

/// All sockets under way.
pub(super) struct Flights {
    /// All sockets hang on one poll of our own, and the runtime watches that alone.
    poll: Poll,
    /// The same poll, as the runtime sees it.
    watch: AsyncFd<OwnedFd>,
    events: Events,
    /// What wakes: that a socket can be written to, or read from.
    interest: Interest,
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

/// One socket under way.
pub(super) struct Flight {
    pub(super) socket: Socket,
    pub(super) to: SocketAddr,
    pub(super) began: Instant,
    /// Tells it from an earlier one in the same place.
    nth: u64,
}

impl Flights {
    /// None yet; each will be given so long, and is sent from `source` where one is given.
    ///
    /// # Errors
    /// [`CannotProbe`] when this computer gives no poll.
    pub(super) fn new(interest: Interest, wait: Duration, source: Option<IpAddr>) -> Result<Self, CannotProbe> {
        let poll = Poll::new().map_err(io_error("watch many sockets"))?;
        let descriptor = poll.registry().as_fd().try_clone_to_owned();
        let watch = descriptor.and_then(watched).map_err(io_error("watch many sockets"))?;
        Ok(Self {
            poll,
            watch,
            events: Events::with_capacity(EVENTS),
            interest,
            flying: Slab::new(),
            ends: VecDeque::new(),
            began: 0,
            at_once: Vec::new(),
            wait,
            source,
            most: fd_limit::descriptors().saturating_sub(SPARE),
        })
    }

    /// How long each is given.
    pub(super) fn wait(&self) -> Duration {
        self.wait
    }

    /// How many more may begin.
    pub(super) fn room(&self) -> usize {
        self.most.saturating_sub(self.flying.len())
    }

    /// For tests: as if this computer gave so many descriptors.
    #[cfg(test)]
    pub(super) fn at_most(&mut self, most: usize) {
        self.most = most;
    }

    /// Begins these in turn, each by `send` on its connected or connecting socket, and says how many began.
    ///
    /// # Errors
    /// [`CannotProbe`] when nothing more can begin at all.
    pub(super) fn begin_all(
        &mut self,
        kind: (Type, Protocol),
        targets: &[SocketAddr],
        mut send: impl FnMut(&Socket, SocketAddr) -> io::Result<()>,
    ) -> Result<usize, CannotProbe> {
        self.end_late_ones();
        let mut began = 0;
        for to in targets {
            if self.room() == 0 || !self.begin(kind, *to, &mut send)? {
                break;
            }
            began += 1;
        }
        Ok(began)
    }

    /// Begins one; `false` where this computer has no room for it.
    fn begin(
        &mut self,
        (kind, protocol): (Type, Protocol),
        to: SocketAddr,
        send: &mut impl FnMut(&Socket, SocketAddr) -> io::Result<()>,
    ) -> Result<bool, CannotProbe> {
        let socket = match Socket::new(Domain::for_address(to), kind.nonblocking(), Some(protocol)) {
            Ok(socket) => socket,
            Err(error) => return errno::ours("open a socket", error).map(|_| false),
        };
        error_queue::enable(&socket, to.ip()).map_err(io_error("set a socket's options"))?;
        if let Some(source) = self.source
            && let Err(error) = socket.bind(&SocketAddr::new(source, 0).into())
        {
            return errno::bind_failed(error).map(|_| false);
        }
        let began = Instant::now();
        let connected = match socket.connect(&to.into()) {
            Err(error) if is_under_way(&error) => Ok(()),
            connected => connected,
        };
        if let Err(error) = connected.and_then(|()| send(&socket, to)) {
            return match errno::read_at_once(&error) {
                Some((How::Exhausted, _)) => Ok(false),
                Some((How::NoRoute | How::Unreachable | How::NotPermitted, _)) => {
                    let response = Response::Unreachable { by: None };
                    self.at_once.push(Returned { to, response, rtt: None });
                    Ok(true)
                }
                _ => Err(CannotProbe::Io { operation: "begin a flow", source: error }),
            };
        }
        self.began += 1;
        let place = self.flying.vacant_entry();
        let (key, nth) = (place.key(), self.began);
        let registry = self.poll.registry();
        registry
            .register(&mut SourceFd(&socket.as_raw_fd()), Token(key), self.interest)
            .map_err(io_error("watch a socket"))?;
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

    /// Ends those on which something came, by what `end` makes of it, without waiting.
    ///
    /// # Errors
    /// [`CannotProbe`] when nothing more can be heard.
    pub(super) fn hear(
        &mut self,
        returned: &mut Vec<Returned>,
        end: impl Fn(&Flight) -> Result<Option<Response>, CannotProbe>,
    ) -> Result<(), CannotProbe> {
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
                    let rtt = Some(now.saturating_duration_since(flight.began));
                    returned.extend(end(&flight)?.map(|response| Returned { to: flight.to, response, rtt }));
                }
            }
            if heard < EVENTS {
                break;
            }
        }
        self.end_late_ones();
        Ok(())
    }

    /// Waits until something may have come. Safe to drop.
    ///
    /// # Errors
    /// [`CannotProbe`] when nothing more can be heard.
    pub(super) async fn ready(&mut self) -> Result<(), CannotProbe> {
        if !self.at_once.is_empty() {
            return Ok(());
        }
        let mut ready = self.watch.readable().await.map_err(io_error("wait for many sockets"))?;
        ready.clear_ready();
        Ok(())
    }
}

/// What a socket's error says, by the ICMP error that came last; `None` where nothing is known.
pub(super) fn failed(flight: &Flight, error: &io::Error) -> Option<Response> {
    let icmp = error_queue::newest(&flight.socket);
    match (errno::read(error), icmp) {
        (Some((How::Silent, _)), _) => None,
        (Some((How::Refused | How::Reset, _)), None) => Some(Response::Closed { ttl: None }),
        (_, Some((meaning, by))) => Some(Response::of_icmp(meaning, by, flight.to.ip())),
        (_, None) => Some(Response::Unreachable { by: None }),
    }
}

/// Taken from the poll at once.
const EVENTS: usize = 1_024;
/// Descriptors left to the rest of the program.
const SPARE: usize = 64;
