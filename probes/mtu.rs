//! Looks at what size of packet the path carries: the way to tell a path MTU black hole from a filter.
//!
//! What it looks at: over TCP, a TLS handshake at the usual segment size and at 1200 bytes beside it; over UDP, datagrams that
//! may not be fragmented. What a bad result means: the usual size is silent and a smaller one passes, which is a black hole;
//! the path MTU is then found to the byte (UDP: to four bytes). Where both stall, it is no matter of size. What to do: let
//! ICMP "fragmentation needed" through, or clamp the MSS at the router before the tunnel. Example:
//! `why5003 probe mtu zoom.us@170.114.52.2:443`.

mod first_flight;
mod search;

use std::cmp::Reverse;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use self::first_flight::first_flight;
use self::search::Search;
use crate::model::{
    BadProbe, CannotProbe, Dialect, Fact, Failure, How, IcmpError, IcmpMeaning, Layer, MtuMethod, PathMtu, Pending,
    Probe, ProbeName, Seen, Settings, Sni, Stage, Transport,
};
use crate::net::concurrent::first_of;
use crate::net::{Datagram, DatagramOptions, Dial, Heard, Outcome};
use crate::prober::precondition::aim;
use crate::prober::{ProbeKind, Prober, Subject};
use crate::session::Means;
use crate::session::tls::ServerName;
use crate::wire::stun;

/// Looks at the path MTU.
pub(crate) const KIND: ProbeKind = ProbeKind {
    name: ProbeName::Mtu,
    summary: "tells whether full-size packets pass, and finds the path MTU where they do not",
    layer: Layer::Path,
    subject: Subject::Address,
    default_port: Some((443, Transport::Tcp)),
    sources: &[
        "RFC 2923, 2.1 (path MTU black holes)",
        "RFC 8899 (searching without ICMP)",
        "RFC 9293, 3.7.1 (MSS counts neither IP nor TCP header)",
        "RFC 5780, 7.6 (PADDING)",
    ],
    prepare: |probe| Ok(Box::new(Mtu::prepare(probe)?)),
};

struct Mtu {
    to: SocketAddr,
    transport: Transport,
    name: ServerName<'static>,
    settings: Settings,
}

impl Prober for Mtu {
    fn probe<'a>(&'a self, means: &'a Means<'a>) -> Pending<'a, Result<Seen, CannotProbe>> {
        Box::pin(async move {
            match self.transport {
                Transport::Tcp => self.by_handshakes(means).await,
                Transport::Udp => self.by_datagrams(means).await,
            }
        })
    }
}

impl Mtu {
    fn prepare(probe: &Probe) -> Result<Self, BadProbe> {
        let (to, transport) = aim(probe, &[Transport::Tcp, Transport::Udp])?;
        let host = match &probe.settings.sni {
            Some(Sni::Name(name)) => Some(name),
            Some(Sni::Absent) => None,
            None => probe.target.host.as_ref(),
        };
        // An address as the name sends no server name at all (RFC 6066, 3).
        let name = match host {
            Some(host) => ServerName::try_from(host.clone()).map_err(|_| BadProbe {
                probe: probe.kind,
                target: probe.target.to_string(),
                reason: "the server name is no DNS name",
            })?,
            None => to.ip().into(),
        };
        Ok(Self { to, transport, name, settings: probe.settings.clone() })
    }

    fn wait(&self) -> Duration {
        self.settings.wait_or(WAIT)
    }

    fn headers(&self) -> u16 {
        match (self.transport, self.to) {
            (Transport::Tcp, SocketAddr::V4(_)) => 20 + 20,
            (Transport::Tcp, SocketAddr::V6(_)) => 40 + 20,
            (Transport::Udp, SocketAddr::V4(_)) => 20 + 8,
            (Transport::Udp, SocketAddr::V6(_)) => 40 + 8,
        }
    }

    async fn by_handshakes(&self, means: &Means<'_>) -> Result<Seen, CannotProbe> {
        let asked = self.settings.mss;
        let mut smaller = Box::pin(self.smaller(means));
        let mut found = None;
        let shaken = {
            let mut usual = Box::pin(self.handshake(means, asked, self.wait()));
            tokio::select! {
                biased;
                shaken = &mut usual => shaken?,
                // Beside it, so that both meet the same way, and whoever waits for the one need not wait for the other.
                sizes = &mut smaller, if asked.is_none() => {
                    found = Some(sizes?);
                    usual.await?
                }
            }
        };
        let usual = asked.map_or_else(|| usual_size(means, shaken.local), |mss| mss.saturating_add(self.headers()));
        let mut seen = Seen::facts(shaken.icmp);
        let Some(stalled) = tried(&mut seen.facts, usual, shaken.ended) else { return Ok(seen) };
        let is_stall = stalled.how == How::Silent && stalled.stage > Stage::Connect;
        seen.failure = Some(stalled);
        if is_stall && asked.is_none() {
            seen.facts.extend(match found {
                Some(sizes) => sizes,
                None => smaller.await?,
            });
        }
        Ok(seen)
    }

    /// Which sizes below the usual one pass, and the largest of them.
    async fn smaller(&self, means: &Means<'_>) -> Result<Vec<Fact>, CannotProbe> {
        let small = SMALL_MSS + self.headers();
        let began = means.clock.elapsed();
        let shaken = self.handshake(means, Some(SMALL_MSS), self.wait()).await?;
        let whole = means.clock.elapsed().saturating_sub(began);
        let usual = usual_size(means, shaken.local);
        let mut facts = shaken.icmp;
        if usual <= small || tried(&mut facts, small, shaken.ended).is_some() {
            return Ok(facts);
        }
        // A transfer that stalls for several handshakes, and longer than the first retransmissions, stalls for ever. A
        // size that was merely lost makes the answer smaller, never larger.
        let wait = (whole * 4 + STALL).min(self.wait());
        let mut search = Search::new(small, usual, 1, MOST_HANDSHAKES);
        loop {
            let sizes = search.side_by_side(AT_ONCE);
            if sizes.is_empty() {
                break;
            }
            for (size, shaken) in self.handshakes(means, &sizes, wait).await? {
                facts.extend(shaken.icmp);
                let failure = tried(&mut facts, size, shaken.ended);
                // Anything but a stall says that something else has changed: the search would only guess on.
                if failure.as_ref().is_some_and(|failure| failure.how != How::Silent || failure.stage == Stage::Connect)
                {
                    return Ok(facts);
                }
                search.tried(size, failure.is_none());
            }
        }
        facts.extend(
            search
                .found()
                .map(|mtu_bytes| Fact::PathMtu(PathMtu { mtu_bytes, by: MtuMethod::Handshake, announced_by: None })),
        );
        Ok(facts)
    }

    /// A handshake at each of these packet sizes, side by side; those that passed come first, the largest of them foremost.
    async fn handshakes(
        &self,
        means: &Means<'_>,
        sizes: &[u16],
        wait: Duration,
    ) -> Result<Vec<(u16, Shaken)>, CannotProbe> {
        let shake = |size: u16| async move {
            let shaken = self.handshake(means, Some(size - self.headers()), wait).await?;
            Ok::<_, CannotProbe>((size, shaken))
        };
        let mut flying: Vec<_> = sizes.iter().map(|size| Box::pin(shake(*size))).collect();
        let mut shaken = Vec::new();
        while !flying.is_empty() {
            shaken.push(first_of(&mut flying).await?);
        }
        shaken.sort_by_key(|(size, shaken)| (shaken.ended.is_err(), Reverse(*size)));
        Ok(shaken)
    }

    /// One handshake at a segment size.
    async fn handshake(&self, means: &Means<'_>, mss: Option<u16>, wait: Duration) -> Result<Shaken, CannotProbe> {
        let dial =
            Dial { mss, source: self.settings.source, ttl: self.settings.ttl, ..Dial::new(self.to, CONNECT_WAIT) };
        let dialled = means.network.dial(dial).await?;
        let mut icmp: Vec<Fact> = dialled.icmp.into_iter().map(Fact::Icmp).collect();
        let mut stream = match dialled.outcome {
            Outcome::Connected(stream) => stream,
            Outcome::Failed(how, name) => {
                let failure = Failure { detail: name.map(str::to_owned), ..Failure::new(Stage::Connect, how) };
                return Ok(Shaken { local: None, icmp, ended: Err(failure) });
            }
        };
        let ended = first_flight(&mut *stream, self.name.clone(), wait).await?;
        icmp.extend(stream.icmp().into_iter().map(Fact::Icmp));
        Ok(Shaken { local: Some(stream.local().ip()), icmp, ended })
    }

    async fn by_datagrams(&self, means: &Means<'_>) -> Result<Seen, CannotProbe> {
        let options = DatagramOptions { ttl: self.settings.ttl, source: self.settings.source, dont_fragment: true };
        let datagram = means.network.datagram(self.to, options).await?;
        let usual = usual_size(means, Some(datagram.local().ip()));
        let dialect = self.settings.dialect.unwrap_or(Dialect::Zoom);
        let nanos = means.clock.wall().as_nanos();
        let (to, headers, wait) = (self.to, self.headers(), self.wait());
        let mut asking = Asking { datagram, to, dialect, nanos, headers, wait, asked: Vec::new() };

        let bare = asking.bare();
        let speaks = match asking.ask(bare).await {
            Sized::Passed => true,
            Sized::Silent => false,
            Sized::TooBig { .. } => return Ok(Seen::failed(Vec::new(), Failure::new(Stage::Connect, How::TooBig))),
            Sized::Ended(how, icmp) => return Ok(ended(Vec::new(), how, icmp)),
            Sized::Strange => return Ok(strange(Vec::new())),
        };
        let silent = Failure::new(Stage::Data, How::Silent).after(self.wait());
        let mut facts = Vec::new();
        let largest = bare + usual.saturating_sub(bare) / STEP * STEP;
        let mut search = Search::new(bare, largest.saturating_add(STEP), STEP, MOST_TRIES);
        let mut announced = None;
        let mut hushed = !speaks;
        let mut next = Some(largest);
        while let Some(bytes) = next {
            let passed = match asking.ask(bytes).await {
                Sized::Passed => true,
                Sized::TooBig { mtu, from } => {
                    if let (Some(mtu), Some(from)) = (mtu, from) {
                        announced = Some((mtu, from));
                        search.announced(mtu);
                    }
                    false
                }
                Sized::Silent => {
                    hushed = true;
                    false
                }
                Sized::Ended(how, icmp) => return Ok(ended(facts, how, icmp)),
                Sized::Strange => return Ok(strange(facts)),
            };
            if passed || speaks || announced.is_some() {
                facts.push(Fact::SizeTried { bytes, passed });
            }
            search.tried(bytes, passed);
            // With a peer that never answers, only a router's word can be had.
            next = search.next().filter(|_| speaks);
        }
        let found = search.found().filter(|&found| speaks && found < largest);
        facts.extend(path_mtu(found, announced));
        Ok(Seen { facts, failure: hushed.then_some(silent) })
    }
}

/// How a handshake at a segment size went.
struct Shaken {
    /// This computer's address, where the connection stood.
    local: Option<IpAddr>,
    /// ICMP errors that came meanwhile.
    icmp: Vec<Fact>,
    ended: Result<(), Failure>,
}

/// The largest packet that would leave from this address, where the way out has an ordinary MTU.
fn usual_size(means: &Means<'_>, local: Option<IpAddr>) -> u16 {
    let interfaces = means.system.interfaces().unwrap_or_default();
    let ours = |net: &ipnet::IpNet| Some(net.addr()) == local;
    let interface = interfaces.iter().find(|interface| interface.addresses.iter().any(ours));
    let mtu = interface.and_then(|interface| interface.mtu_bytes).unwrap_or(ETHERNET.into());
    u16::try_from(mtu).unwrap_or(ETHERNET).min(ETHERNET)
}

/// An end that has nothing to do with size.
fn ended(mut facts: Vec<Fact>, how: How, icmp: Option<IcmpError>) -> Seen {
    facts.extend(icmp.map(Fact::Icmp));
    Seen::failed(facts, Failure::new(Stage::Connect, how))
}

/// Somebody answers there, and not in the dialect: that says nothing of sizes.
fn strange(facts: Vec<Fact>) -> Seen {
    Seen::failed(facts, Failure::new(Stage::Data, How::Malformed))
}

/// What was found, or else announced.
fn path_mtu(found: Option<u16>, announced: Option<(u16, IpAddr)>) -> Option<Fact> {
    let (mtu_bytes, announced_by) = match (found, announced) {
        (Some(found), Some((mtu, from))) if (found..found + STEP).contains(&mtu) => (mtu, Some(from)),
        (Some(found), _) => (found, None),
        (None, Some((mtu, from))) => (mtu, Some(from)),
        (None, None) => return None,
    };
    Some(Fact::PathMtu(PathMtu { mtu_bytes, by: MtuMethod::Datagram, announced_by }))
}

/// Notes a size where the failure is one of size, or there is none, and hands the failure on.
fn tried(facts: &mut Vec<Fact>, bytes: u16, ended: Result<(), Failure>) -> Option<Failure> {
    let failure = ended.err();
    if failure.as_ref().is_none_or(|failure| failure.how == How::Silent && failure.stage > Stage::Connect) {
        facts.push(Fact::SizeTried { bytes, passed: failure.is_none() });
    }
    failure
}

/// Datagrams of chosen sizes to one peer.
struct Asking {
    datagram: Box<dyn Datagram>,
    to: SocketAddr,
    dialect: Dialect,
    nanos: u128,
    headers: u16,
    wait: Duration,
    /// The ids of earlier sizes: a late reply to one of them is no stranger's.
    asked: Vec<stun::Transaction>,
}

/// How a datagram of some size went.
enum Sized {
    Passed,
    TooBig { mtu: Option<u16>, from: Option<IpAddr> },
    Silent,
    Strange,
    Ended(How, Option<IcmpError>),
}

impl Asking {
    /// The packet size of a request without padding.
    fn bare(&self) -> u16 {
        u16::try_from(stun::request(self.dialect, &[0; 16], 0).len()).unwrap_or(0) + self.headers
    }

    /// Sends a packet of that size, once more where nothing came: one lost datagram is no black hole.
    async fn ask(&mut self, bytes: u16) -> Sized {
        // An id of its own for each size: a late reply to another size proves nothing of this one.
        let id = stun::transaction(self.dialect, self.nanos + u128::from(bytes), self.to);
        let request = stun::request(self.dialect, &id, bytes.saturating_sub(self.headers));
        let mut strangers = 0;
        for _ in 0..2 {
            match self.datagram.send(&request).await {
                Ok(()) => {}
                Err(How::TooBig) => return Sized::TooBig { mtu: None, from: None },
                Err(how) => return Sized::Ended(how, None),
            }
            match self.datagram.hear(self.wait).await {
                Heard::Bytes(reply) if stun::read(self.dialect, &id, &reply).is_some() => return Sized::Passed,
                Heard::Icmp(error) if error.meaning == IcmpMeaning::PacketTooBig => {
                    return Sized::TooBig { mtu: error.mtu.and_then(|mtu| mtu.try_into().ok()), from: error.from };
                }
                Heard::Icmp(error) => return Sized::Ended(How::by_icmp(error.meaning), Some(error)),
                Heard::Failed(How::TooBig) => return Sized::TooBig { mtu: None, from: None },
                Heard::Failed(how) => return Sized::Ended(how, None),
                Heard::Bytes(reply) => {
                    strangers +=
                        usize::from(!self.asked.iter().any(|id| stun::read(self.dialect, id, &reply).is_some()));
                }
                Heard::Nothing => {}
            }
        }
        self.asked.push(id);
        if strangers > 0 { Sized::Strange } else { Sized::Silent }
    }
}

/// The packet size of Ethernet, and so of nearly every path (RFC 894).
const ETHERNET: u16 = 1500;
/// With 40 and 60 bytes of headers below every tunnel's MTU that IPv6 allows (1280, RFC 8200, 5).
const SMALL_MSS: u16 = 1200;
/// STUN messages are a multiple of four bytes long (RFC 8489, 5).
const STEP: u16 = 4;
/// A search of datagrams from 1240 to 1500 needs nine, beside the two that begin it.
const MOST_TRIES: u8 = 12;
/// Handshakes side by side: as many as there are looks at one address; a stall at one size costs no more than at all of them.
const AT_ONCE: u8 = 6;
/// A search from 1240 to 1500 takes three rounds.
const MOST_HANDSHAKES: u8 = 3 * AT_ONCE;
/// A segment that is merely lost is repeated within it: after 200 ms, the least that Linux waits, then after twice and
/// four times as long (RFC 6298, 5.5).
const WAIT: Duration = Duration::from_millis(1500);
/// Holds the first two retransmissions (200 ms and 400 ms after it) of a segment on a short way.
const STALL: Duration = Duration::from_millis(650);
/// Holds the first three SYNs (RFC 6298, 2.1 and 5.5).
const CONNECT_WAIT: Duration = Duration::from_millis(3200);

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use tokio::net::{TcpListener, UdpSocket};

    use super::*;
    use crate::model::{Role, Target};
    use crate::net::{Dialled, Network, SegmentTtl};
    use crate::testing::{Loopback, Scene, identity};
    use crate::wire::stun::tests::reply;

    /// A path that swallows every TCP packet of a handshake above a size, and says nothing.
    struct Hole {
        mtu: u16,
        dead: SocketAddr,
    }

    impl Network for Hole {
        fn dial(&self, dial: Dial) -> Pending<'_, Result<Dialled, CannotProbe>> {
            let passes = dial.mss.is_some_and(|mss| mss + 40 <= self.mtu);
            let to = if passes { dial.to } else { self.dead };
            Box::pin(async move { Loopback.dial(Dial { to, ..dial }).await })
        }

        fn datagram(&self, _: SocketAddr, _: DatagramOptions) -> Pending<'_, Result<Box<dyn Datagram>, CannotProbe>> {
            unreachable!("a TCP probe sends no datagrams")
        }

        fn segment_ttls(&self, _: Dial) -> Pending<'_, Result<Vec<SegmentTtl>, CannotProbe>> {
            unreachable!("nobody asked")
        }
    }

    /// Finishes every TLS handshake, for ever.
    async fn serve_tls(listener: &TcpListener) -> Seen {
        let acceptor = identity("zoom.example", &[]).acceptor;
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            drop(acceptor.accept(stream).await);
        }
    }

    async fn tcp(network: impl Network + 'static, settings: Settings) -> Seen {
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let target = Target::tcp(server.local_addr().unwrap()).called("zoom.example");
        let (scene, probe) = (Scene::new().by(network), Probe::new(KIND.name, Role::Control, target).with(settings));
        tokio::select! {
            seen = scene.probe(&KIND, &probe) => seen.unwrap(),
            never = serve_tls(&server) => never,
        }
    }

    async fn tcp_through(mtu: u16, settings: Settings) -> Seen {
        let dead = TcpListener::bind("127.0.0.1:0").await.unwrap();
        tcp(Hole { mtu, dead: dead.local_addr().unwrap() }, settings).await
    }

    /// Long beside a handshake on loopback, short beside the nine stalls of a search.
    const SHORT: Option<u32> = Some(400);

    #[tokio::test]
    async fn where_the_usual_size_passes_nothing_is_searched() {
        let seen = tcp(Loopback, Settings::default()).await;
        assert_eq!(seen, Seen::facts(vec![Fact::SizeTried { bytes: 1500, passed: true }]));
    }

    #[tokio::test]
    async fn a_black_hole_is_found_to_the_byte() {
        let seen = tcp_through(1411, Settings { wait_ms: SHORT, ..Settings::default() }).await;
        let found = Fact::PathMtu(PathMtu { mtu_bytes: 1411, by: MtuMethod::Handshake, announced_by: None });
        assert_eq!(seen.facts.last(), Some(&found));
        let tried = [Fact::SizeTried { bytes: 1500, passed: false }, Fact::SizeTried { bytes: 1240, passed: true }];
        assert_eq!(seen.facts.get(..2), Some(&tried[..]));
        assert_eq!(seen.failure, Some(Failure::new(Stage::Hello, How::Silent).after(Duration::from_millis(400))));
    }

    #[tokio::test]
    async fn a_server_that_is_silent_at_every_size_is_no_matter_of_size() {
        let seen = tcp_through(0, Settings { wait_ms: Some(50), ..Settings::default() }).await;
        let tried = [Fact::SizeTried { bytes: 1500, passed: false }, Fact::SizeTried { bytes: 1240, passed: false }];
        assert_eq!((seen.facts.as_slice(), seen.failure.map(|failure| failure.how)), (&tried[..], Some(How::Silent)));
    }

    #[tokio::test]
    async fn a_chosen_segment_size_is_tried_alone() {
        let seen = tcp_through(1500, Settings { mss: Some(1300), ..Settings::default() }).await;
        assert_eq!(seen, Seen::facts(vec![Fact::SizeTried { bytes: 1340, passed: true }]));
    }

    /// Answers every request up to a packet size, for ever.
    async fn serve_stun(socket: &UdpSocket, mtu: usize) -> Seen {
        let mut bytes = [0; 2000];
        loop {
            let (length, from) = socket.recv_from(&mut bytes).await.unwrap();
            if length + 28 <= mtu {
                socket.send_to(&reply(Dialect::Stun, &bytes[..length], from), from).await.unwrap();
            }
        }
    }

    async fn udp_through(mtu: usize, wait_ms: u32) -> Seen {
        let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let settings = Settings { dialect: Some(Dialect::Stun), wait_ms: Some(wait_ms), ..Settings::default() };
        let target = Target::udp(server.local_addr().unwrap());
        let (scene, probe) = (Scene::new(), Probe::new(KIND.name, Role::Control, target).with(settings));
        tokio::select! {
            seen = scene.probe(&KIND, &probe) => seen.unwrap(),
            never = serve_stun(&server, mtu) => never,
        }
    }

    #[tokio::test]
    async fn datagrams_of_the_usual_size_pass() {
        let seen = udp_through(1500, 1000).await;
        assert_eq!(seen, Seen::facts(vec![Fact::SizeTried { bytes: 1500, passed: true }]));
    }

    #[tokio::test]
    async fn a_black_hole_for_datagrams_is_found_to_four_bytes() {
        let seen = udp_through(1411, 100).await;
        let found = Fact::PathMtu(PathMtu { mtu_bytes: 1408, by: MtuMethod::Datagram, announced_by: None });
        assert_eq!(seen.facts.last(), Some(&found));
        assert_eq!(seen.failure.map(|failure| (failure.stage, failure.how)), Some((Stage::Data, How::Silent)));
    }

    #[tokio::test]
    async fn a_datagram_that_is_no_reply_is_not_silence() {
        let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let settings = Settings { wait_ms: Some(1000), ..Settings::default() };
        let probe = Probe::new(KIND.name, Role::Control, Target::udp(server.local_addr().unwrap())).with(settings);
        let serve = async {
            let mut bytes = [0; 2000];
            loop {
                let (_, from) = server.recv_from(&mut bytes).await.unwrap();
                server.send_to(b"HTTP/1.0 400", from).await.unwrap();
            }
        };
        let seen = Scene::new().probe_while(&KIND, &probe, serve).await;
        assert_eq!(seen, strange(Vec::new()));
    }

    #[tokio::test]
    async fn a_peer_that_never_answers_says_nothing_of_sizes() {
        let seen = udp_through(0, 20).await;
        assert_eq!((seen.facts, seen.failure.map(|failure| failure.how)), (Vec::new(), Some(How::Silent)));
    }

    #[test]
    fn a_routers_word_is_believed_where_the_search_agrees() {
        let router = "192.0.2.1".parse().unwrap();
        let fact =
            |mtu_bytes, announced_by| Some(Fact::PathMtu(PathMtu { mtu_bytes, by: MtuMethod::Datagram, announced_by }));
        assert_eq!(path_mtu(Some(1400), Some((1402, router))), fact(1402, Some(router)));
        assert_eq!(path_mtu(Some(1300), Some((1402, router))), fact(1300, None));
        assert_eq!(path_mtu(None, Some((1402, router))), fact(1402, Some(router)));
    }
}
