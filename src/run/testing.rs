//! The network, the clock and the computer that the tests of `run` are handed.
//!
//! Every answer is scripted, and time is tokio's: under paused time a test waits for nothing.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use rustls::RootCertStore;
use tokio::io::{AsyncRead, AsyncWrite, Empty, ReadBuf, empty};
use tokio::time::{Instant, sleep, sleep_until};
use why5003_probes::engines::{Cost, Engine, Response, Returned};
use why5003_probes::model::{
    CannotProbe, Client, HostsLine, How, IcmpError, Interface, InterfaceKind, Limit, Neighbour, Pending, Probe,
    ProbeName, ProxySetting, ResolverSetting, Role, Route, Settings, Target, Transport,
};
use why5003_probes::net::{Datagram, DatagramOptions, Dial, Dialled, Heard, Network, Outcome, SegmentTtl, Stream};
use why5003_probes::os::{Clock, Counters, Egress, System, SystemLookup, Trust};

use super::schedule::Tools;
use crate::experiment::{Beside, Experiment, probes};

/// So many milliseconds.
pub(super) fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// Tools on this network, of a computer that knows these names.
pub(super) fn tools(network: FakeNetwork, computer: FakeComputer) -> Tools {
    let trust = Arc::new(Trust::new(RootCertStore::empty(), None));
    Tools { network: Arc::new(network), clock: Arc::new(PausedClock::start()), system: Arc::new(computer), trust }
}

/// What a dial to an address comes to.
#[derive(Clone, Copy)]
enum Dialling {
    RefusedAfter(Duration),
    HungUpAfter(Duration),
    Impossible,
    Panics,
}

/// A network on which every address is silent, unless it is told otherwise.
#[derive(Default)]
pub(super) struct FakeNetwork {
    dials: HashMap<IpAddr, Dialling>,
    under_way: Arc<AtomicUsize>,
}

impl FakeNetwork {
    /// A connection to this address is refused after so long.
    pub(super) fn refusing(self, address: &str, after: Duration) -> Self {
        self.with(address, Dialling::RefusedAfter(after))
    }

    /// A connection to this address stands after so long, and is closed at once.
    pub(super) fn hanging_up(self, address: &str, after: Duration) -> Self {
        self.with(address, Dialling::HungUpAfter(after))
    }

    /// This computer has no socket for this address.
    pub(super) fn without_sockets_for(self, address: &str) -> Self {
        self.with(address, Dialling::Impossible)
    }

    /// A connection to this address hits a fault in the prober.
    pub(super) fn panicking_at(self, address: &str) -> Self {
        self.with(address, Dialling::Panics)
    }

    /// The number of dials that have neither ended nor been dropped.
    pub(super) fn under_way(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.under_way)
    }

    fn with(mut self, address: &str, dialling: Dialling) -> Self {
        self.dials.insert(address.parse().unwrap(), dialling);
        self
    }
}

impl Network for FakeNetwork {
    fn dial(&self, dial: Dial) -> Pending<'_, Result<Dialled, CannotProbe>> {
        let counted = Counted::begin(&self.under_way);
        Box::pin(async move {
            let _counted = counted;
            let (outcome, took) = match self.dials.get(&dial.to.ip()) {
                None => (Outcome::Failed(How::Silent, None), dial.wait),
                Some(Dialling::RefusedAfter(after)) => (Outcome::Failed(How::Refused, None), *after),
                Some(Dialling::HungUpAfter(after)) => (Outcome::Connected(Box::new(HungUp(empty()))), *after),
                Some(Dialling::Impossible) => {
                    let source = io::Error::other("no file descriptor");
                    return Err(CannotProbe::Io { operation: "make a socket", source });
                }
                Some(Dialling::Panics) => panic!("no arm for {}", dial.to),
            };
            sleep(took).await;
            Ok(Dialled { outcome, took, icmp: Vec::new() })
        })
    }

    fn datagram(&self, _: SocketAddr, _: DatagramOptions) -> Pending<'_, Result<Box<dyn Datagram>, CannotProbe>> {
        Box::pin(async { Ok(Box::new(Unanswered) as Box<dyn Datagram>) })
    }

    fn segment_ttls(&self, _: Dial) -> Pending<'_, Result<Vec<SegmentTtl>, CannotProbe>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}

/// Counts one dial until it is dropped.
struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn begin(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(count))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A connection that the peer has closed.
struct HungUp(Empty);

impl Stream for HungUp {
    fn local(&self) -> SocketAddr {
        LOCAL
    }

    fn icmp(&mut self) -> Vec<IcmpError> {
        Vec::new()
    }

    fn set_ttl(&mut self, _: u8) -> bool {
        true
    }
}

impl AsyncRead for HungUp {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, into)
    }
}

impl AsyncWrite for HungUp {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

/// A UDP socket whose peer never answers.
struct Unanswered;

impl Datagram for Unanswered {
    fn send<'a>(&'a mut self, _: &'a [u8]) -> Pending<'a, Result<(), How>> {
        Box::pin(async { Ok(()) })
    }

    fn hear(&mut self, wait: Duration) -> Pending<'_, Heard> {
        Box::pin(async move {
            sleep(wait).await;
            Heard::Nothing
        })
    }

    fn local(&self) -> SocketAddr {
        LOCAL
    }
}

/// A clock that follows tokio's time.
struct PausedClock {
    began: Instant,
}

impl PausedClock {
    fn start() -> Self {
        Self { began: Instant::now() }
    }
}

impl Clock for PausedClock {
    fn wall(&self) -> Duration {
        Duration::from_secs(1_782_864_000) + self.began.elapsed()
    }

    fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }
}

/// A computer with one IPv4 interface; its resolver library is silent about every name, unless it is told otherwise.
#[derive(Default)]
pub(super) struct FakeComputer {
    names: HashMap<&'static str, (IpAddr, Duration)>,
}

impl FakeComputer {
    /// The library finds this address for a name after so long.
    pub(super) fn knowing(mut self, name: &'static str, address: &str, after: Duration) -> Self {
        self.names.insert(name, (address.parse().unwrap(), after));
        self
    }
}

impl System for FakeComputer {
    fn name(&self) -> &'static str {
        "linux"
    }

    fn privileged(&self) -> bool {
        false
    }

    fn interfaces(&self) -> Result<Vec<Interface>, CannotProbe> {
        let addresses = vec!["10.0.1.2/24".parse().unwrap()];
        let kind = InterfaceKind::Link;
        Ok(vec![Interface { name: "eth0".to_owned(), up: true, kind, addresses, mtu_bytes: Some(1_500) }])
    }

    fn route(&self, _: IpAddr) -> Result<Route, CannotProbe> {
        Err(UNKNOWN)
    }

    fn neighbour(&self, _: IpAddr) -> Result<Option<Neighbour>, CannotProbe> {
        Ok(None)
    }

    fn egress(&self) -> Result<&dyn Egress, CannotProbe> {
        Err(UNKNOWN)
    }

    fn hosts_lines(&self, _: &[String]) -> Result<Vec<HostsLine>, CannotProbe> {
        Ok(Vec::new())
    }

    fn resolvers(&self) -> Result<Vec<ResolverSetting>, CannotProbe> {
        Ok(Vec::new())
    }

    fn proxies(&self) -> Result<Vec<ProxySetting>, CannotProbe> {
        Ok(Vec::new())
    }

    fn limits(&self) -> Result<Vec<Limit>, CannotProbe> {
        Ok(Vec::new())
    }

    fn clients(&self) -> Result<Vec<Client>, CannotProbe> {
        Ok(Vec::new())
    }

    fn counters(&self, _: IpAddr) -> Result<Counters, CannotProbe> {
        Err(UNKNOWN)
    }

    fn unacknowledged(&self, _: SocketAddr, _: SocketAddr) -> Result<Option<u32>, CannotProbe> {
        Err(UNKNOWN)
    }

    fn lookup<'a>(&'a self, name: &'a str, wait: Duration) -> Pending<'a, Result<SystemLookup, CannotProbe>> {
        let known = self.names.get(name).copied().filter(|(_, after)| *after <= wait);
        Box::pin(async move {
            sleep(known.map_or(wait, |(_, after)| after)).await;
            Ok(known.map_or(SystemLookup::Silent, |(address, _)| SystemLookup::Found(vec![address])))
        })
    }
}

const LOCAL: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 1, 2)), 40_000);
const UNKNOWN: CannotProbe = CannotProbe::Unsupported { what: "routes", why: "the test has no use for them" };

/// What was asked of an engine, and what it is about to bring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    /// The target.
    pub(super) to: SocketAddr,
    /// How often it was asked before.
    pub(super) before: usize,
    /// Since the engine was made.
    pub(super) at: Duration,
}

/// What was asked, in order.
pub(super) type Log = Arc<Mutex<Vec<Asked>>>;

/// How a target answers: after so long, and with what; `None` is silence.
type Answering = Box<dyn FnMut(Asked) -> Option<(Duration, Response)> + Send>;

/// An engine whose answers are scripted.
pub(super) struct FakeEngine {
    answering: Answering,
    /// Packets for a target, whatever comes.
    cost: Cost,
    /// Targets under way at once, at most.
    most: usize,
    /// Targets that the next calls take, in turn; all where there is none left.
    takes: VecDeque<usize>,
    broken: bool,
    began: Instant,
    log: Log,
    coming: Vec<(Instant, Returned)>,
}

impl FakeEngine {
    /// An engine whose targets answer so.
    pub(super) fn new(answering: impl FnMut(Asked) -> Option<(Duration, Response)> + Send + 'static) -> Self {
        Self {
            answering: Box::new(answering),
            cost: Cost { open: 1, otherwise: 1 },
            most: usize::MAX,
            takes: VecDeque::new(),
            broken: false,
            began: Instant::now(),
            log: Log::default(),
            coming: Vec::new(),
        }
    }

    /// The same, where this computer can have so many targets under way.
    pub(super) fn with_room_for(self, most: usize) -> Self {
        Self { most, ..self }
    }

    /// The same, whose next calls take so many targets.
    pub(super) fn taking(self, takes: impl IntoIterator<Item = usize>) -> Self {
        Self { takes: takes.into_iter().collect(), ..self }
    }

    /// The same at this cost.
    pub(super) fn at_cost(self, cost: Cost) -> Self {
        Self { cost, ..self }
    }

    /// The same, which can hear nothing.
    pub(super) fn broken(self) -> Self {
        Self { broken: true, ..self }
    }

    /// The same, which hears of a target that it was not asked for, too.
    pub(super) fn hearing(mut self, to: SocketAddr, response: Response) -> Self {
        self.coming.push((self.began, Returned { to, response, rtt: None }));
        self
    }

    /// What was asked of it, as it grows.
    pub(super) fn log(&self) -> Log {
        Arc::clone(&self.log)
    }
}

impl Engine for FakeEngine {
    fn name(&self) -> &'static str {
        "fake"
    }

    fn cost(&self) -> Cost {
        self.cost
    }

    fn wait(&self) -> Duration {
        ms(1_000)
    }

    fn room(&self) -> usize {
        self.most - self.coming.len()
    }

    fn ask(&mut self, targets: &[SocketAddr]) -> Result<usize, CannotProbe> {
        let taken = self.takes.pop_front().unwrap_or(usize::MAX).min(targets.len());
        for &to in targets.iter().take(taken) {
            let mut log = self.log.lock().unwrap();
            let before = log.iter().filter(|asked| asked.to == to).count();
            let asked = Asked { to, before, at: self.began.elapsed() };
            log.push(asked);
            if let Some((after, response)) = (self.answering)(asked) {
                self.coming.push((Instant::now() + after, Returned { to, response, rtt: Some(after) }));
            }
        }
        Ok(taken)
    }

    fn hear(&mut self, returned: &mut Vec<Returned>) -> Result<(), CannotProbe> {
        if self.broken {
            return Err(CannotProbe::Unsupported { what: "answers", why: "the test breaks the engine" });
        }
        let now = Instant::now();
        returned.extend(self.coming.extract_if(.., |(at, _)| *at <= now).map(|(_, came)| came));
        Ok(())
    }

    fn ready(&mut self) -> Pending<'_, Result<(), CannotProbe>> {
        let next = self.coming.iter().map(|(at, _)| *at).min();
        Box::pin(async move {
            match next {
                Some(at) => sleep_until(at).await,
                None => std::future::pending().await,
            }
            Ok(())
        })
    }
}

/// How far packets come.
pub(super) const HOW_FAR: Experiment<SocketAddr> =
    Experiment::new("how-far", |_, to| vec![probes::traceroute(Role::Control, *to, Transport::Tcp)]);

/// What rests on a quiet network.
pub(super) const LOSS: Experiment<SocketAddr> = Experiment {
    quiet: true,
    ..Experiment::new("loss", |_, to| {
        let one = Settings { tries: Some(1), ..Settings::default() };
        vec![Probe::new(ProbeName::Loss, Role::Range, Target::tcp(*to)).with(one)]
    })
};

/// What nothing may begin beside.
pub(super) const PASSAGE: Experiment<SocketAddr> = Experiment {
    beside: Beside::NothingThatBegins,
    ..Experiment::new("passage", |_, to| vec![probes::passage(Role::Range, *to, 0)])
};
