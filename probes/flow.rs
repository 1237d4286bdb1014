//! Exchanges small requests on one connection, one by one and then many at once: what a flow that stands loses, and at what rate
//! its answers come.
//!
//! What it looks at: a TLS connection with twenty-four HEAD requests in turn, each of which waits for the one before,
//! and then forty-eight at once. What a bad result means: an exchange that takes a fifth of a second longer than the
//! quickest had a packet sent again, so packets are lost, and not only connections refused. Answers at a few kilobytes
//! a second, though the quickest took no time, mean that the flow is held to a rate. What to do: compare with a
//! neutral host. It accepts every certificate, since it looks at the path. Example: `why5003 probe flow
//! zoom.us@170.114.52.2:443`.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::model::{
    BadProbe, CannotProbe, Fact, Failure, How, Layer, Pending, Probe, ProbeName, Seen, Settings, Stage, Transport,
    micros,
};
use crate::net::Dial;
use crate::net::counting_stream::Tap;
use crate::prober::precondition::aim;
use crate::prober::{ProbeKind, Prober, Subject};
use crate::session::dial::open;
use crate::session::quiet_path::wait_until_quiet;
use crate::session::tls::{self, ClientHello, Progress, Recorder, handshake};
use crate::session::{Means, http, stream_error};

/// Exchanges requests on one connection.
pub(crate) const KIND: ProbeKind = ProbeKind {
    name: ProbeName::Flow,
    summary: "exchanges 24 small requests one by one on one connection, then 48 at once, and tells loss and rate of a flow",
    layer: Layer::Path,
    subject: Subject::Address,
    default_port: Some((443, Transport::Tcp)),
    sources: &["RFC 9112, 9.3.2 (pipelining)", "RFC 9110, 9.3.2 (HEAD)", "RFC 6298, 2.4 (least retransmission time)"],
    prepare: |probe| Ok(Box::new(Flow::prepare(probe)?)),
};

struct Flow {
    to: SocketAddr,
    hello: ClientHello,
    request: Vec<u8>,
    settings: Settings,
}

impl Prober for Flow {
    fn probe<'a>(&'a self, means: &'a Means<'a>) -> Pending<'a, Result<Seen, CannotProbe>> {
        Box::pin(self.take(means))
    }
}

impl Flow {
    fn prepare(probe: &Probe) -> Result<Self, BadProbe> {
        let bad = |reason| BadProbe { probe: probe.kind, target: probe.target.to_string(), reason };
        let (to, _) = aim(probe, &[Transport::Tcp])?;
        let hello = ClientHello::new(&probe.target, &probe.settings)
            .ok_or_else(|| bad("its server name can't stand in a hello"))?;
        let host = http::host_header(&probe.target, HTTPS);
        if !host.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(bad("its name can't stand in a request"));
        }
        let agent = http::USER_AGENT;
        let request = format!("HEAD / HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {agent}\r\nAccept: */*\r\n\r\n");
        Ok(Self { to, hello, request: request.into_bytes(), settings: probe.settings.clone() })
    }

    async fn take(&self, means: &Means<'_>) -> Result<Seen, CannotProbe> {
        let Settings { mss, source, .. } = self.settings;
        let dial = Dial { mss, source, ..Dial::new(self.to, self.settings.wait_or(CONNECT_WAIT)) };
        wait_until_quiet(means, &dial).await?;
        let end = Instant::now() + IN_ALL;
        let opened = open(means, dial).await?;
        let mut facts = opened.facts;
        let stream = match opened.stream {
            Ok(stream) => stream,
            Err(failure) => return Ok(Seen::failed(facts, failure)),
        };
        let mut wire = Tap::new(stream, MOST_BYTES);
        let progress = Progress { wait: self.settings.wait_or(ANSWER_WAIT), expires: false };
        let recorder = Recorder::new();
        let mut icmp = Vec::new();
        let mut tls = match timeout_at(end, handshake(&mut wire, &self.hello, &recorder, progress, &mut icmp)).await {
            Ok(Ok(tls)) => tls,
            Err(_elapsed) => return Ok(Seen::failed(facts, Failure::new(Stage::Handshake, How::Silent))),
            Ok(Err(ended)) => {
                let told = tls::told(&ended, &wire, &icmp, progress);
                return Ok(Seen::failed(facts, told.failure));
            }
        };
        let failure = self.exchange(&mut tls, end, &mut facts).await.err();
        Ok(Seen { facts, failure })
    }

    async fn exchange<S>(&self, stream: &mut S, end: Instant, facts: &mut Vec<Fact>) -> Result<(), Failure>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut heads = Heads::default();
        self.warm_up(stream, end, facts, &mut heads).await?;
        let start = Instant::now();
        let turns = u16::from(self.settings.tries.unwrap_or(IN_TURN));
        let mut took: Vec<Duration> = Vec::new();
        let mut made: u16 = 0;
        let mut ended = Ok(());
        while made < turns && start.elapsed() < TURN_BY_TURN && Instant::now() < end {
            sleep_until(start + GAP * u32::from(made)).await;
            let began = Instant::now();
            made += 1;
            ended = self.ask(stream, 1, &mut heads, end.min(began + self.settings.wait_or(ANSWER_WAIT))).await;
            if ended.is_err() {
                break;
            }
            took.push(began.elapsed());
        }
        facts.extend(counted(made, &mut took));
        ended?;
        // A count of SYNs on the same way takes as long: the queue that the next requests fill would make it late.
        sleep_until(start + GAP * u32::from(turns) + REST).await;
        let (began, bytes) = (Instant::now(), heads.bytes);
        let at_once = self.settings.exchange.unwrap_or(AT_ONCE).min(MOST_AT_ONCE);
        let ended = self.ask(stream, at_once, &mut heads, began + ALL_AT_ONCE).await;
        // A server may close where it has answered enough; what came until then has a rate all the same.
        let bytes = heads.bytes - bytes;
        if bytes > 0 {
            let last = heads.last.map_or(Duration::ZERO, |last| last.duration_since(began));
            // Where some are still missing, it is the whole time that the bytes took.
            let took = if matches!(&ended, Err(failure) if failure.how == How::Silent) { ALL_AT_ONCE } else { last };
            facts.push(Fact::Transfer { bytes, took_us: micros(took) });
        }
        Ok(())
    }

    /// Exchanges until an answer is prompt, a few times at most: what a handshake left in a queue is no delay of the exchanges.
    async fn warm_up<S>(&self, stream: &mut S, end: Instant, facts: &[Fact], heads: &mut Heads) -> Result<(), Failure>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let connected = facts.iter().find_map(|fact| if let Fact::Connected(c) = fact { Some(c.rtt_us) } else { None });
        let prompt = Duration::from_micros(connected.unwrap_or_default()) + SENT_AGAIN;
        for _ in 0..WARMING {
            let began = Instant::now();
            self.ask(stream, 1, heads, end.min(began + self.settings.wait_or(ANSWER_WAIT))).await?;
            if began.elapsed() < prompt {
                break;
            }
        }
        Ok(())
    }

    /// Sends so many requests and takes as many answers.
    async fn ask<S>(&self, stream: &mut S, number: u16, heads: &mut Heads, end: Instant) -> Result<(), Failure>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let silent = || Failure::new(Stage::Http, How::Silent).after(ANSWER_WAIT);
        let requests = self.request.repeat(number.into());
        let wanted = heads.ended + u32::from(number);
        let sent = timeout_at(end, async {
            stream.write_all(&requests).await?;
            stream.flush().await
        });
        sent.await.map_err(|_elapsed| silent())?.map_err(|error| stream_error::failure(Stage::Http, &error))?;
        let mut buffer = [0; 4096];
        while heads.ended < wanted {
            let read = timeout_at(end, stream.read(&mut buffer)).await.map_err(|_elapsed| silent())?;
            match read.map_err(|error| stream_error::failure(Stage::Http, &error))? {
                0 => return Err(Failure::new(Stage::Http, How::Closed)),
                length => heads.came(buffer.get(..length).unwrap_or_default()),
            }
        }
        Ok(())
    }
}

/// Heads of responses, counted as they come: an answer to HEAD ends with its first empty line.
#[derive(Debug, Default)]
struct Heads {
    ended: u32,
    bytes: u64,
    last: Option<Instant>,
    /// How much of CR LF CR LF stands at the end of what came.
    matched: usize,
}

impl Heads {
    fn came(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.last = Some(Instant::now());
        for byte in bytes {
            self.matched = match (self.matched, byte) {
                (0 | 2, b'\r') | (1 | 3, b'\n') => self.matched + 1,
                (_, b'\r') => 1,
                _ => 0,
            };
            if self.matched == END_OF_HEAD {
                self.ended += 1;
                self.matched = 0;
            }
        }
    }
}

/// How many exchanges went through without a packet sent again, and how long those took.
fn counted(made: u16, took: &mut Vec<Duration>) -> Vec<Fact> {
    took.sort_unstable();
    if let Some(least) = took.first().copied() {
        took.retain(|after| *after < least + SENT_AGAIN);
    }
    let mut facts = vec![Fact::Tries { made, answered: u16::try_from(took.len()).unwrap_or(u16::MAX) }];
    if let (Some(least), Some(median), Some(most)) = (took.first(), took.get(took.len() / 2), took.last()) {
        facts.push(Fact::RoundTrips { least_us: micros(*least), median_us: micros(*median), most_us: micros(*most) });
    }
    facts
}

/// Enough that a way which loses one exchange in ten shows two or three.
const IN_TURN: u8 = 24;
/// About 12 kB of a plain web server's heads, and 150 kB of Zoom's own: at 64 kbit/s a second and a half and more.
const AT_ONCE: u16 = 48;
/// Exchanges before the first that counts, at most.
const WARMING: u8 = 3;
/// About what a server takes on one connection (nginx before 1.19.10: a hundred); what came until it closed counts as well.
const MOST_AT_ONCE: u16 = 96;
const END_OF_HEAD: usize = 4;
/// Linux sends data again after 200 ms at the least (TCP_RTO_MIN), where nothing tells it sooner.
const SENT_AGAIN: Duration = Duration::from_millis(150);
/// From one exchange to the next at the least.
const GAP: Duration = Duration::from_millis(125);
const REST: Duration = Duration::from_millis(500);
const TURN_BY_TURN: Duration = Duration::from_millis(3500);
const ALL_AT_ONCE: Duration = Duration::from_millis(2500);
/// Two SYNs fit into it, and three since Linux 6.5 (`tcp_syn_linear_timeouts`): the way is known to be there.
const CONNECT_WAIT: Duration = Duration::from_millis(2200);
/// Whatever is lost meanwhile, the others of the round are not kept waiting for longer: but the last requests may still be answered.
const IN_ALL: Duration = Duration::from_secs(7);
/// Two retransmissions fit into it (RFC 6298: after 0.2 s at the least, 0.6 and 1.4 s).
const ANSWER_WAIT: Duration = Duration::from_secs(2);
/// A hundred and twenty heads of 14 kB, and a handshake.
const MOST_BYTES: u64 = 2 * 1024 * 1024;
const HTTPS: u16 = 443;

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;
    use crate::model::{Role, Target};
    use crate::testing::{Identity, Peer, Scene, identity};

    #[tokio::test]
    async fn a_flow_that_loses_nothing_answers_everything_promptly() {
        let Identity { acceptor, .. } = identity("zoom.us", &[]);
        let settings = Settings { tries: Some(3), ..Settings::default() };
        let peer = Peer::listen().await;
        let to = SocketAddr::from(([127, 0, 0, 1], peer.port()));
        let probe = Probe::new(KIND.name, Role::SignIn, Target::tcp(to).called("zoom.us")).with(settings);
        let server = async {
            let _quiet = peer.accept().await;
            let mut stream = acceptor.accept(peer.accept().await).await.unwrap();
            let mut asked = Heads::default();
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = stream.read(&mut buffer).await {
                let before = asked.ended;
                asked.came(&buffer[..length]);
                for _ in before..asked.ended {
                    stream.write_all(b"HTTP/1.1 301 Moved\r\nContent-Length: 7\r\n\r\n").await.unwrap();
                }
                stream.flush().await.unwrap();
            }
        };
        let seen = Box::pin(Scene::new().probe_while(&KIND, &probe, server)).await;
        let [Fact::Connected(_), Fact::Tries { made: 3, answered: 3 }, Fact::RoundTrips { .. }, transfer] =
            &seen.facts[..]
        else {
            panic!("{seen:?}")
        };
        assert!(matches!(transfer, Fact::Transfer { bytes: 1968, .. }), "{transfer:?}");
        assert_eq!(seen.failure, None);
    }

    #[test]
    fn a_head_ends_with_its_empty_line_wherever_it_is_cut() {
        let mut heads = Heads::default();
        for part in ["HTTP/1.1 200 OK\r", "\n\r", "\nHTTP/1.1 200 OK\r\nA: b\r\n\r\nHTTP"] {
            heads.came(part.as_bytes());
        }
        assert_eq!((heads.ended, heads.matched), (2, 0));
    }
}
