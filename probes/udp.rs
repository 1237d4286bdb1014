//! Looks at one UDP port: does a STUN-like request get its reply, and if not, who said no or at which hop does it die.
//!
//! What it looks at: the reply to Zoom's dialect (UDP 3478, 3479) or STUN, three datagrams at most unless asked for
//! more. What a bad result means: `silent` alone proves nothing, since Zoom's media ports answer only members of a
//! meeting. Failures `refused` and `prohibited` carry the sender of the ICMP error, and a sender near by is a
//! firewall. Blocked UDP degrades a meeting; it never causes 5003. What to do: walk the traceroute for this port and
//! for one that passes. Example: `why5003 probe udp 162.255.37.14:3478/udp`.

use std::net::SocketAddr;
use std::time::Duration;

use crate::model::{
    BadProbe, CannotProbe, Dialect, Fact, Failure, Hop, HopAnswer, How, IcmpError, Layer, Pending, Probe, ProbeName,
    Reply, Seen, Settings, Stage, Transport, micros,
};
use crate::net::traceroute::{self, Step, climb, step_answer};
use crate::net::{Datagram, DatagramOptions, Heard};
use crate::prober::precondition::aim;
use crate::prober::{ProbeKind, Prober, Subject};
use crate::session::Means;
use crate::wire::stun::{self, Flow, Transaction};

/// Looks at one UDP port.
pub(crate) const KIND: ProbeKind = ProbeKind {
    name: ProbeName::Udp,
    summary: "sends a STUN-like request and tells who or what answered, hop by hop if asked",
    layer: Layer::Filter,
    subject: Subject::Address,
    default_port: Some((3478, Transport::Udp)),
    sources: &[
        "RFC 8489 (STUN), sections 5, 6 and 14",
        "captures of Zoom's desktop client of 2019 and 2022 (nDPI zoom.pcap, zoom2.pcap): UDP 3478 and 3479",
        "ip(7), IP_RECVERR (who sent an ICMP error)",
    ],
    prepare: |probe| Ok(Box::new(Udp::prepare(probe)?)),
};

struct Udp {
    to: SocketAddr,
    dialect: Dialect,
    settings: Settings,
}

impl Prober for Udp {
    fn probe<'a>(&'a self, means: &'a Means<'a>) -> Pending<'a, Result<Seen, CannotProbe>> {
        let id = stun::transaction(self.dialect, means.clock.wall().as_nanos(), self.to);
        Box::pin(async move {
            match (self.settings.traceroute, self.settings.exchange) {
                (Some(top), _) => self.climb(means, top, id).await,
                (None, Some(wanted)) => self.exchange(means, wanted).await,
                (None, None) => self.ask(means, id).await,
            }
        })
    }
}

impl Udp {
    fn prepare(probe: &Probe) -> Result<Self, BadProbe> {
        let (to, _) = aim(probe, &[Transport::Udp])?;
        let dialect = probe.settings.dialect.unwrap_or(Dialect::Zoom);
        Ok(Self { to, dialect, settings: probe.settings.clone() })
    }

    fn options(&self) -> DatagramOptions {
        DatagramOptions { ttl: self.settings.ttl, source: self.settings.source, dont_fragment: false }
    }

    fn wait(&self, usual: Duration) -> Duration {
        self.settings.wait_or(usual)
    }

    /// Asks until something answers, or as often as silence needs to be believed.
    async fn ask(&self, means: &Means<'_>, id: Transaction) -> Result<Seen, CannotProbe> {
        let mut datagram = means.network.datagram(self.to, self.options()).await?;
        let request = stun::request(self.dialect, &id, 0);
        let wait = self.wait(WAIT);
        let mut facts = Vec::new();
        let mut failure = None;
        let began = means.clock.elapsed();
        let waited = || means.clock.elapsed().saturating_sub(began);
        let (mut made, mut answered) = (0, 0);
        while made < u16::from(self.settings.tries.unwrap_or(TRIES)) && answered == 0 {
            if let Err(how) = datagram.send(&request).await {
                failure = Some(Failure::new(Stage::Connect, how));
                break;
            }
            made += 1;
            failure = match datagram.hear(wait).await {
                Heard::Nothing => {
                    failure = Some(Failure::new(Stage::Data, How::Silent).after(waited()));
                    continue;
                }
                Heard::Bytes(bytes) => {
                    let reply = Reply { ttl: datagram.heard_ttl(), ..self.reply(&id, &bytes, waited()) };
                    let malformed = (!reply.well_formed).then(|| Failure::new(Stage::Data, How::Malformed));
                    facts.push(Fact::Reply(reply));
                    malformed
                }
                Heard::Icmp(error) => {
                    let how = How::by_icmp(error.meaning);
                    facts.push(Fact::Icmp(error));
                    Some(Failure::new(Stage::Connect, how))
                }
                Heard::Failed(how) => Some(Failure::new(Stage::Connect, how)),
            };
            answered += 1;
        }
        facts.push(Fact::Tries { made, answered });
        Ok(Seen { facts, failure })
    }

    fn reply(&self, id: &Transaction, bytes: &[u8], after: Duration) -> Reply {
        let answer = stun::read(self.dialect, id, bytes);
        Reply {
            well_formed: answer.is_some(),
            mapped: answer.and_then(|answer| answer.mapped),
            bytes: u32::try_from(bytes.len()).unwrap_or(u32::MAX),
            ttl: None,
            rtt_us: micros(after),
        }
    }

    /// Goes on asking on one flow, a few requests at a time, until as many were answered or it has fallen silent; then on
    /// a fresh flow, as often as there are tries. The probe fails as its last flow does.
    async fn exchange(&self, means: &Means<'_>, wanted: u16) -> Result<Seen, CannotProbe> {
        let mut seen = Seen::default();
        for _ in 0..self.settings.tries.unwrap_or(1) {
            let mut datagram = means.network.datagram(self.to, self.options()).await?;
            let began = means.clock.elapsed();
            let mut flow = Flow::new(self.dialect, means.clock.wall().as_nanos(), self.to, wanted);
            while let Some(requests) = flow.next() {
                if let Err(how) = send_all(&mut *datagram, requests).await {
                    seen.failure = Some(Failure::new(Stage::Connect, how));
                    return Ok(seen);
                }
                let until = means.clock.elapsed() + flow.patience(self.wait(WAIT));
                while flow.waits() {
                    match datagram.hear(until.saturating_sub(means.clock.elapsed())).await {
                        Heard::Bytes(bytes) => flow.heard(&bytes, means.clock.elapsed().saturating_sub(began)),
                        Heard::Icmp(error) => {
                            let how = How::by_icmp(error.meaning);
                            seen.facts.push(Fact::Icmp(error));
                            seen.failure = Some(Failure::new(Stage::Connect, how));
                            return Ok(seen);
                        }
                        Heard::Failed(how) => {
                            seen.failure = Some(Failure::new(Stage::Connect, how));
                            return Ok(seen);
                        }
                        Heard::Nothing => break,
                    }
                }
            }
            let told = flow.told();
            let fell_silent = told.last < told.wanted;
            seen.failure = fell_silent.then(|| Failure::new(Stage::Data, How::Silent).after(self.wait(WAIT)));
            seen.facts.push(Fact::Exchange(told));
        }
        Ok(seen)
    }

    async fn climb(&self, means: &Means<'_>, top: u8, id: Transaction) -> Result<Seen, CannotProbe> {
        let request = stun::request(self.dialect, &id, 0);
        let request = request.as_slice();
        let ask =
            |ttl, wait| -> Pending<'_, Result<Step, CannotProbe>> { Box::pin(self.step(means, request, (ttl, wait))) };
        let (hops, stopped) = climb(top, ask).await?;
        let how = stopped.or_else(|| traceroute::ended(&hops));
        let facts = hops.into_iter().map(Fact::Hop).collect();
        let failure = how.map(|how| Failure::new(if how == How::Silent { Stage::Data } else { Stage::Connect }, how));
        Ok(Seen { facts, failure })
    }

    /// Sends one datagram at that TTL and tells what came.
    async fn step(&self, means: &Means<'_>, request: &[u8], at: (u8, Duration)) -> Result<Step, CannotProbe> {
        let (ttl, wait) = at;
        let options = DatagramOptions { ttl: Some(ttl), ..self.options() };
        let mut datagram = means.network.datagram(self.to, options).await?;
        let began = means.clock.elapsed();
        if let Err(how) = datagram.send(request).await {
            return Ok(Err(how));
        }
        let heard = datagram.hear(self.wait(wait)).await;
        let rtt_us = Some(micros(means.clock.elapsed().saturating_sub(began)));
        let hop = |came, from| Hop { ttl, came, from, rtt_us };
        let by = |how, from| step_answer(how).map(|came| hop(came, from));
        Ok(match heard {
            Heard::Bytes(_) => Ok(hop(HopAnswer::Answered, Some(self.to.ip()))),
            // Too big at this hop says that it was reached; a request of 44 bytes meets that nowhere.
            Heard::Icmp(IcmpError { from, meaning, .. }) => by(How::by_icmp(meaning), from),
            Heard::Failed(how) => by(how, None),
            Heard::Nothing => Ok(Hop { ttl, came: HopAnswer::Silent, from: None, rtt_us: None }),
        })
    }
}

async fn send_all(datagram: &mut dyn Datagram, requests: Vec<Vec<u8>>) -> Result<(), How> {
    for request in requests {
        datagram.send(&request).await?;
    }
    Ok(())
}

/// Silence is believed after three datagrams over two seconds.
const TRIES: u8 = 3;
/// After each of them; replies took 160 ms when they were seen (2019).
const WAIT: Duration = Duration::from_millis(700);

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;
    use crate::model::{IcmpMeaning, Role, Target};
    use crate::testing::{ClosedUdp, Scene};
    use crate::wire::stun::tests::reply;

    async fn at(to: SocketAddr, settings: Settings) -> Seen {
        let probe = Probe::new(KIND.name, Role::Control, Target::udp(to)).with(settings);
        Scene::new().probe(&KIND, &probe).await.unwrap()
    }

    /// Looks at a peer that answers the first request with what `answer` makes of it.
    async fn answered(dialect: Dialect, answer: impl Fn(&[u8], SocketAddr) -> Vec<u8>) -> Seen {
        let peer = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let settings = Settings { dialect: Some(dialect), ..Settings::default() };
        let serve = async {
            let mut bytes = [0; 100];
            let (length, from) = peer.recv_from(&mut bytes).await.unwrap();
            peer.send_to(&answer(&bytes[..length], from), from).await.unwrap();
        };
        tokio::join!(at(peer.local_addr().unwrap(), settings), serve).0
    }

    #[tokio::test]
    async fn both_dialects_are_answered_with_our_own_address() {
        for (dialect, bytes) in [(Dialect::Zoom, 32), (Dialect::Stun, 32)] {
            let seen = answered(dialect, |request, from| reply(dialect, request, from)).await;
            let [Fact::Reply(reply), Fact::Tries { made: 1, answered: 1 }] = &seen.facts[..] else {
                panic!("{seen:?}")
            };
            assert!(reply.well_formed && reply.mapped.is_some_and(|mapped| mapped.ip().is_loopback()), "{reply:?}");
            assert_eq!((reply.bytes, seen.failure.clone()), (bytes, None));
        }
    }

    #[tokio::test]
    async fn a_reply_that_is_none_is_malformed() {
        let seen = answered(Dialect::Zoom, |_, _| b"HTTP/1.0 400".to_vec()).await;
        assert_eq!(seen.failure, Some(Failure::new(Stage::Data, How::Malformed)));
    }

    #[tokio::test]
    async fn a_closed_port_is_refused_with_the_sender_of_the_refusal() {
        let closed = ClosedUdp::new();
        let seen = at(closed.address(), Settings::default()).await;
        let [Fact::Icmp(error), Fact::Tries { made: 1, answered: 1 }] = &seen.facts[..] else { panic!("{seen:?}") };
        assert_eq!((error.meaning, error.from), (IcmpMeaning::PortUnreachable, Some(closed.address().ip())));
        assert_eq!(seen.failure, Some(Failure::new(Stage::Connect, How::Refused)));
    }

    #[tokio::test]
    async fn silence_is_believed_after_three_datagrams() {
        let peer = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let seen = at(peer.local_addr().unwrap(), Settings { wait_ms: Some(20), ..Settings::default() }).await;
        assert_eq!(seen.facts, [Fact::Tries { made: 3, answered: 0 }]);
        assert_eq!(seen.failure.map(|failure| (failure.stage, failure.how)), Some((Stage::Data, How::Silent)));
    }

    #[tokio::test]
    async fn on_loopback_the_first_hop_is_the_target() {
        let closed = ClosedUdp::new();
        let seen = at(closed.address(), Settings { traceroute: Some(30), ..Settings::default() }).await;
        let [Fact::Hop(Hop { ttl: 1, came: HopAnswer::Refused, from, .. })] = &seen.facts[..] else {
            panic!("{seen:?}")
        };
        assert_eq!(*from, Some(closed.address().ip()));
    }
}
