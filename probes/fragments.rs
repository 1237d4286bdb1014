//! Looks at whether datagrams that travel in fragments arrive, side by side with whole ones on the same flow.
//!
//! What it looks at: a STUN-like request padded to 1200 bytes, and one that is a little larger than this computer's
//! link takes, so that the kernel sends it in two fragments. Routers may fragment both further. What a bad result
//! means: the whole request is answered every time and the fragmented one never. So fragments are lost on the path, or
//! the server's own side drops them: a second server of another operator tells which. Where nobody listens (a router),
//! the refusal of a datagram is its answer. What to do: let fragments through, or filter behind a reassembly. Example:
//! `why5003 probe fragments stun.cloudflare.com@162.159.207.0:3478/udp --set dialect=stun`.

use std::net::SocketAddr;
use std::time::Duration;

use crate::model::{
    BadProbe, CannotProbe, Dialect, Fact, Failure, How, IcmpError, IcmpMeaning, Layer, Pending, Probe, ProbeName, Seen,
    Settings, Stage, Transport,
};
use crate::net::{Datagram, DatagramOptions, Heard};
use crate::prober::precondition::aim;
use crate::prober::{ProbeKind, Prober, Subject};
use crate::session::Means;
use crate::wire::stun::{self, Transaction};

/// Looks at whether fragments arrive.
pub(crate) const KIND: ProbeKind = ProbeKind {
    name: ProbeName::Fragments,
    summary: "tells whether datagrams that travel in fragments arrive where whole ones do",
    layer: Layer::Path,
    subject: Subject::Address,
    default_port: Some((3478, Transport::Udp)),
    sources: &[
        "RFC 8900, section 3 (what breaks fragments)",
        "RFC 791, section 3.2 (fragmentation)",
        "RFC 5780, 7.6 (PADDING)",
    ],
    prepare: |probe| Ok(Box::new(Fragments::prepare(probe)?)),
};

struct Fragments {
    to: SocketAddr,
    dialect: Dialect,
    settings: Settings,
}

impl Prober for Fragments {
    fn probe<'a>(&'a self, means: &'a Means<'a>) -> Pending<'a, Result<Seen, CannotProbe>> {
        Box::pin(self.compare(means))
    }
}

impl Fragments {
    fn prepare(probe: &Probe) -> Result<Self, BadProbe> {
        let (to, _) = aim(probe, &[Transport::Udp])?;
        let dialect = probe.settings.dialect.unwrap_or(Dialect::Zoom);
        Ok(Self { to, dialect, settings: probe.settings.clone() })
    }

    async fn compare(&self, means: &Means<'_>) -> Result<Seen, CannotProbe> {
        let options = DatagramOptions { ttl: self.settings.ttl, source: self.settings.source, dont_fragment: false };
        let mut datagram = means.network.datagram(self.to, options).await?;
        let link = link_mtu(means, &*datagram);
        if link > ETHERNET {
            return Err(CannotProbe::Unsupported {
                what: "whether fragments arrive",
                why: "this computer's link takes larger packets than the way beyond it, so it would not send fragments",
            });
        }
        let (whole, large) = (WHOLE.min(link), self.in_two(link));
        let began = means.clock.elapsed();
        let mut seen = Seen::default();
        for nth in 0..self.settings.tries.unwrap_or(TRIES) {
            let mut pair = Pair::new(self.dialect, means.clock.wall().as_nanos() + u128::from(nth), self.to);
            let ended =
                pair.ask(means, &mut *datagram, [whole, large].map(|bytes| bytes - self.headers()), self.wait());
            if let Err((how, icmp)) = ended.await {
                if how == How::Refused {
                    return self.by_refusals(means, [whole, large]).await;
                }
                seen.facts.extend(icmp.map(Fact::Icmp));
                seen.failure = Some(Failure::new(Stage::Connect, how));
                return Ok(seen);
            }
            let [whole_passed, large_passed] = pair.answered;
            seen.facts.push(Fact::SizeTried { bytes: whole, passed: whole_passed });
            seen.facts.push(Fact::SizeTried { bytes: large, passed: large_passed });
            let waited = means.clock.elapsed().saturating_sub(began);
            let silent = Failure::new(Stage::Data, How::Silent).after(waited);
            seen.failure = (!whole_passed || !large_passed).then_some(silent);
            // Without the baseline the experiment says nothing, and a large one that arrived has said all.
            if !whole_passed || large_passed {
                break;
            }
        }
        Ok(seen)
    }

    /// One size after the other, each on a port of its own, where nobody listens: whoever has a whole datagram refuses it.
    async fn by_refusals(&self, means: &Means<'_>, sizes: [u16; 2]) -> Result<Seen, CannotProbe> {
        let mut seen = Seen::default();
        let began = means.clock.elapsed();
        for bytes in sizes {
            let mut passed = false;
            for _ in 0..2 {
                if !passed {
                    passed = self.is_refused(means, bytes).await?;
                }
            }
            seen.facts.push(Fact::SizeTried { bytes, passed });
            if !passed {
                let waited = means.clock.elapsed().saturating_sub(began);
                seen.failure = Some(Failure::new(Stage::Data, How::Silent).after(waited));
            }
        }
        Ok(seen)
    }

    async fn is_refused(&self, means: &Means<'_>, bytes: u16) -> Result<bool, CannotProbe> {
        let options = DatagramOptions { ttl: self.settings.ttl, source: self.settings.source, dont_fragment: false };
        let mut datagram = means.network.datagram(self.to, options).await?;
        let id = stun::transaction(self.dialect, means.clock.wall().as_nanos(), self.to);
        if datagram.send(&stun::request(self.dialect, &id, bytes - self.headers())).await.is_err() {
            return Ok(false);
        }
        let by_whom = match datagram.hear(self.wait()).await {
            Heard::Icmp(error) if error.meaning == IcmpMeaning::PortUnreachable => error.from,
            Heard::Icmp(_) | Heard::Bytes(_) | Heard::Failed(_) | Heard::Nothing => None,
        };
        Ok(by_whom == Some(self.to.ip()))
    }

    fn wait(&self) -> Duration {
        self.settings.wait_or(WAIT)
    }

    fn headers(&self) -> u16 {
        if self.to.is_ipv4() { 20 + 8 } else { 40 + 8 }
    }

    /// The size of a packet that this link takes in two fragments; no server's buffer of 1500 bytes is too small for it.
    fn in_two(&self, link: u16) -> u16 {
        (link + ABOVE - self.headers()).next_multiple_of(4) + self.headers()
    }
}

/// What the link takes that this socket sends by; an ordinary one where that is not known.
fn link_mtu(means: &Means<'_>, datagram: &dyn Datagram) -> u16 {
    let local = datagram.local().ip();
    let interfaces = means.system.interfaces().unwrap_or_default();
    let ours = interfaces.iter().find(|interface| interface.addresses.iter().any(|net| net.addr() == local));
    let mtu = ours.and_then(|interface| interface.mtu_bytes).unwrap_or(ETHERNET.into());
    u16::try_from(mtu).unwrap_or(u16::MAX).max(LEAST)
}

/// A whole request and one in fragments, sent together.
struct Pair {
    dialect: Dialect,
    ids: [Transaction; 2],
    answered: [bool; 2],
}

impl Pair {
    fn new(dialect: Dialect, nanos: u128, to: SocketAddr) -> Self {
        let id = |nth: u128| stun::transaction(dialect, nanos * 2 + nth, to);
        Self { dialect, ids: [id(0), id(1)], answered: [false; 2] }
    }

    /// Sends both and listens until both are answered, or the time is over.
    async fn ask(
        &mut self,
        means: &Means<'_>,
        datagram: &mut dyn Datagram,
        bytes: [u16; 2],
        wait: Duration,
    ) -> Result<(), (How, Option<IcmpError>)> {
        for (id, bytes) in self.ids.iter().zip(bytes) {
            datagram.send(&stun::request(self.dialect, id, bytes)).await.map_err(|how| (how, None))?;
        }
        let until = means.clock.elapsed() + wait;
        for _ in 0..MOST_HEARD {
            if self.answered == [true; 2] {
                break;
            }
            match datagram.hear(until.saturating_sub(means.clock.elapsed())).await {
                Heard::Bytes(reply) => {
                    for (id, answered) in self.ids.iter().zip(&mut self.answered) {
                        *answered |= stun::read(self.dialect, id, &reply).is_some();
                    }
                }
                Heard::Icmp(error) => return Err((How::by_icmp(error.meaning), Some(error))),
                Heard::Failed(how) => return Err((how, None)),
                Heard::Nothing => break,
            }
        }
        Ok(())
    }
}

/// The packet size of Ethernet, and so of nearly every path (RFC 894).
const ETHERNET: u16 = 1500;
/// The least that a link of the Internet takes (RFC 791, section 3.2: 68 bytes), with room for a request.
const LEAST: u16 = 256;
/// Whole on every path that carries IPv6 (1280, RFC 8200, section 5).
const WHOLE: u16 = 1200;
/// How much larger than the link's MTU the other one is.
const ABOVE: u16 = 12;
/// Silence is believed after three over two seconds.
const TRIES: u8 = 3;
/// After each of them.
const WAIT: Duration = Duration::from_millis(700);
/// Datagrams heard in one try, whoever sent them: a flood ends it.
const MOST_HEARD: usize = 16;

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use tokio::net::UdpSocket;

    use super::*;
    use crate::model::{Role, Target};
    use crate::testing::{ClosedUdp, Scene};
    use crate::wire::stun::tests::reply;

    /// Looks at a server that takes datagrams up to that many bytes.
    async fn through(most: usize) -> Seen {
        let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let settings = Settings { dialect: Some(Dialect::Stun), wait_ms: Some(60), ..Settings::default() };
        let probe = Probe::new(KIND.name, Role::Control, Target::udp(server.local_addr().unwrap())).with(settings);
        let serve = async {
            let mut bytes = [0; 2000];
            loop {
                let (length, from) = server.recv_from(&mut bytes).await.unwrap();
                if length <= most {
                    server.send_to(&reply(Dialect::Stun, &bytes[..length], from), from).await.unwrap();
                }
            }
        };
        Scene::new().probe_while(&KIND, &probe, serve).await
    }

    fn tried(sizes: &[(u16, bool)]) -> Vec<Fact> {
        sizes.iter().map(|&(bytes, passed)| Fact::SizeTried { bytes, passed }).collect()
    }

    #[tokio::test]
    async fn where_both_are_answered_one_try_is_enough() {
        assert_eq!(through(2000).await, Seen::facts(tried(&[(1200, true), (1512, true)])));
    }

    #[tokio::test]
    async fn fragments_are_lost_after_three_tries_beside_whole_ones() {
        let seen = through(1472).await;
        let once = [(1200, true), (1512, false)];
        assert_eq!(seen.facts, tried(&[once, once, once].concat()));
        assert_eq!(seen.failure.map(|failure| (failure.stage, failure.how)), Some((Stage::Data, How::Silent)));
    }

    #[tokio::test]
    async fn where_nobody_listens_a_refusal_is_an_answer() {
        let closed = ClosedUdp::new();
        let probe = Probe::new(KIND.name, Role::Control, Target::udp(closed.address()));
        let seen = Scene::new().probe(&KIND, &probe).await.unwrap();
        assert_eq!(seen, Seen::facts(tried(&[(1200, true), (1512, true)])));
    }

    #[tokio::test]
    async fn a_server_that_bears_no_padding_is_not_asked_again() {
        assert_eq!(through(100).await.facts, tried(&[(1200, false), (1512, false)]));
    }
}
