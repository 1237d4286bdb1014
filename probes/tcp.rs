//! Looks at one TCP port: does the handshake finish, and if not, who said no or at which hop does it die.
//!
//! What it looks at: the end of one connection attempt, or of one at each TTL of a traceroute; it sends no byte of
//! data. What a bad result means: `silent` where a control passes is a drop on the path (three SYNs went out). A
//! `refused` is a RST from the target, or from a device that pretends to be it. The results `prohibited` and
//! `unreachable` are a router's ICMP errors, with the sender beside them. What to do: walk the traceroute for this
//! flow and for one that passes; the hops differ where the filter sits. Example: `why5003 probe tcp 170.114.52.2:443`.

use std::net::SocketAddr;
use std::time::Duration;

use crate::model::{
    BadProbe, CannotProbe, Fact, Failure, Hop, HopAnswer, How, Layer, Pending, Probe, ProbeName, Seen, Segment,
    Settings, Stage, Transport, micros,
};
use crate::net::traceroute::{self, Step, climb, step_answer};
use crate::net::{Dial, Dialled, Outcome, SegmentTtl};
use crate::prober::precondition::aim;
use crate::prober::{ProbeKind, Prober, Subject};
use crate::session::Means;
use crate::session::dial::open;

/// Looks at one TCP port.
pub(crate) const KIND: ProbeKind = ProbeKind {
    name: ProbeName::Tcp,
    summary: "opens one TCP connection and tells who or what prevented it, hop by hop if asked",
    layer: Layer::Filter,
    subject: Subject::Address,
    default_port: Some((443, Transport::Tcp)),
    sources: &[
        "RFC 9293, 3.5 (handshake and reset)",
        "RFC 6298, 2 (retransmission times)",
        "ip(7), IP_RECVERR (who sent an ICMP error)",
    ],
    prepare: |probe| Ok(Box::new(Tcp::prepare(probe)?)),
};

struct Tcp {
    to: SocketAddr,
    settings: Settings,
}

impl Prober for Tcp {
    fn probe<'a>(&'a self, means: &'a Means<'a>) -> Pending<'a, Result<Seen, CannotProbe>> {
        Box::pin(async move {
            match self.settings.traceroute {
                Some(top) => self.climb(means, top).await,
                None => self.knock(means).await,
            }
        })
    }
}

impl Tcp {
    fn prepare(probe: &Probe) -> Result<Self, BadProbe> {
        let (to, _) = aim(probe, &[Transport::Tcp])?;
        Ok(Self { to, settings: probe.settings.clone() })
    }

    fn dial(&self, wait: Duration) -> Dial {
        let Settings { ttl, mss, source, .. } = self.settings;
        Dial { ttl, mss, source, ..Dial::new(self.to, self.settings.wait_or(wait)) }
    }

    /// Dials once, or as often as asked while something answers. The probe fails as its last try does; the `connected`
    /// facts among the tries tell how many of them passed.
    async fn knock(&self, means: &Means<'_>) -> Result<Seen, CannotProbe> {
        let dial = self.dial(WAIT);
        let wanted = u16::from(self.settings.tries.unwrap_or(1));
        let mut seen = Seen::default();
        let (mut made, mut answered) = (0, 0);
        while made < wanted {
            let opened = open(means, dial.clone()).await?;
            made += 1;
            seen.facts.extend(opened.facts);
            seen.failure = opened.stream.err();
            if seen.failure.as_ref().is_some_and(|failure| failure.how == How::Silent) {
                // The kernel sent its SYN three times already: to wait as long again would teach nothing.
                break;
            }
            answered += 1;
        }
        if self.settings.tries.is_some() {
            seen.facts.push(Fact::Tries { made, answered });
        }
        if self.settings.segment_ttls == Some(true) {
            seen.facts.extend(segment_ttls(means, dial).await?);
        }
        Ok(seen)
    }

    async fn climb(&self, means: &Means<'_>, top: u8) -> Result<Seen, CannotProbe> {
        let ask = |ttl, wait| -> Pending<'_, Result<Step, CannotProbe>> {
            let dial = Dial { ttl: Some(ttl), ..self.dial(wait) };
            Box::pin(async move { Ok(step(ttl, self.to, &means.network.dial(dial).await?)) })
        };
        let (hops, stopped) = climb(top, ask).await?;
        let how = stopped.or_else(|| traceroute::ended(&hops));
        let facts = hops.into_iter().map(Fact::Hop).collect();
        Ok(Seen { facts, failure: how.map(|how| Failure::new(Stage::Connect, how)) })
    }
}

/// What one step of the traceroute saw.
fn step(ttl: u8, to: SocketAddr, dialled: &Dialled) -> Step {
    let came = match dialled.outcome {
        Outcome::Connected(_) => HopAnswer::Answered,
        Outcome::Failed(how, _) => step_answer(how)?,
    };
    let reporter = dialled.icmp.last().and_then(|error| error.from);
    let from = match came {
        HopAnswer::Silent => return Ok(Hop { ttl, came, from: None, rtt_us: None }),
        HopAnswer::Answered => Some(to.ip()),
        // A RST bears the target's address, whoever sent it.
        HopAnswer::Refused => reporter.or(Some(to.ip())),
        HopAnswer::Expired | HopAnswer::Prohibited | HopAnswer::Unreachable => reporter,
    };
    Ok(Hop { ttl, came, from, rtt_us: Some(micros(dialled.took)) })
}

async fn segment_ttls(means: &Means<'_>, dial: Dial) -> Result<Vec<Fact>, CannotProbe> {
    match means.network.segment_ttls(dial).await {
        Ok(ttls) => Ok(ttls.into_iter().map(segment).collect()),
        Err(why @ (CannotProbe::Unprivileged { .. } | CannotProbe::Unsupported { .. })) => Ok(vec![Fact::NotProbed {
            what: "the IP TTL of the segments that answer".to_owned(),
            why: why.to_string(),
        }]),
        Err(error) => Err(error),
    }
}

fn segment(seen: SegmentTtl) -> Fact {
    let segment = if seen.reset { Segment::Rst } else { Segment::SynAck };
    Fact::SegmentTtl { segment, ttl: seen.ttl, after_us: micros(seen.after) }
}

/// Holds the first three SYNs: they leave after 0, 1 and 3 seconds (RFC 6298, 2.1 and 5.5).
const WAIT: Duration = Duration::from_millis(3200);

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;
    use crate::model::{Role, Target};
    use crate::testing::{ClosedTcp, Scene, SilentTcp};

    const SHORT: Option<u32> = Some(50);

    async fn at(to: SocketAddr, settings: Settings) -> Seen {
        let probe = Probe::new(KIND.name, Role::Control, Target::tcp(to)).with(settings);
        Scene::new().probe(&KIND, &probe).await.unwrap()
    }

    fn how(seen: &Seen) -> Option<How> {
        seen.failure.as_ref().map(|failure| failure.how)
    }

    #[tokio::test]
    async fn an_open_port_connects_and_nothing_else_is_said() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let to = listener.local_addr().unwrap();
        let seen = at(to, Settings::default()).await;
        assert!(matches!(&seen.facts[..], [Fact::Connected(connected)] if connected.peer == to), "{seen:?}");
        assert_eq!(seen.failure, None);
    }

    #[tokio::test]
    async fn a_refused_port_is_not_a_silent_one() {
        let (closed, silent) = (ClosedTcp::new(), SilentTcp::new());
        let refused = at(closed.address(), Settings::default()).await;
        assert_eq!(refused.failure.as_ref().and_then(|failure| failure.detail.as_deref()), Some("ECONNREFUSED"));
        assert_eq!(how(&refused), Some(How::Refused));
        let seen = at(silent.address(), Settings { wait_ms: SHORT, ..Settings::default() }).await;
        assert_eq!((how(&seen), seen.facts), (Some(How::Silent), Vec::new()));
    }

    #[tokio::test]
    async fn a_refusal_is_asked_again_and_silence_is_not() {
        let (closed, silent) = (ClosedTcp::new(), SilentTcp::new());
        let settings = Settings { tries: Some(2), wait_ms: SHORT, ..Settings::default() };
        assert_eq!(at(closed.address(), settings.clone()).await.facts, [Fact::Tries { made: 2, answered: 2 }]);
        assert_eq!(at(silent.address(), settings).await.facts, [Fact::Tries { made: 1, answered: 0 }]);
    }

    #[tokio::test]
    async fn on_loopback_the_first_hop_is_the_target() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let to = listener.local_addr().unwrap();
        let seen = at(to, Settings { traceroute: Some(30), ..Settings::default() }).await;
        assert!(
            matches!(&seen.facts[..], [Fact::Hop(Hop { ttl: 1, came: HopAnswer::Answered, from, .. })] if *from == Some(to.ip())),
            "{seen:?}"
        );
        assert_eq!(seen.failure, None);
    }

    #[tokio::test]
    async fn a_traceroute_in_the_dark_ends_at_the_top() {
        let silent = SilentTcp::new();
        let seen = at(silent.address(), Settings { traceroute: Some(6), wait_ms: SHORT, ..Settings::default() }).await;
        let hops =
            [1, 2, 3, 4, 5, 6].map(|ttl| Fact::Hop(Hop { ttl, came: HopAnswer::Silent, from: None, rtt_us: None }));
        assert_eq!((seen.facts.as_slice(), how(&seen)), (&hops[..], Some(How::Silent)));
    }
}
