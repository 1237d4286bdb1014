//! Counts how many of many lone SYNs to one TCP port are answered, and how long an answer takes: loss and delay of a way.
//!
//! What it looks at: forty connections unless told otherwise, each closed as soon as it stands, so far apart that they are no
//! burst. Only the answer to a connection's first SYN counts: what the kernel sends again after a second (RFC 6298) is
//! another packet. What a bad result means: some of them unanswered is loss of packets or of their answers, all of them a
//! filter or a silent host. What to do: count at a neutral host and at the gateway too; what all of them lose is lost near by.
//! Example: `why5003 probe loss 170.114.52.2:443`.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::model::{
    BadProbe, CannotProbe, Fact, Failure, How, Layer, Pending, Probe, ProbeName, Seen, Settings, Stage, Transport,
    micros,
};
use crate::net::concurrent::first_of;
use crate::net::{Dial, Outcome};
use crate::prober::precondition::aim;
use crate::prober::{ProbeKind, Prober, Subject};
use crate::session::Means;
use crate::session::quiet_path::wait_until_quiet;

/// Counts answers to lone SYNs.
pub(crate) const KIND: ProbeKind = ProbeKind {
    name: ProbeName::Loss,
    summary: "opens forty TCP connections one after another and counts how many first SYNs are answered, and how soon",
    layer: Layer::Path,
    subject: Subject::Address,
    default_port: Some((443, Transport::Tcp)),
    sources: &[
        "RFC 6298, 2.1 (a SYN is sent again after 1 s)",
        "RFC 2680 (one-way loss)",
        "RFC 2681 (round-trip delay)",
    ],
    prepare: |probe| Ok(Box::new(Loss::prepare(probe)?)),
};

struct Loss {
    to: SocketAddr,
    settings: Settings,
}

/// How one SYN went.
enum Went {
    /// Answered, by a SYN-ACK or a RST, after this long.
    Answered(Duration),
    Lost,
    /// Something else than an answer came: no count of loss can be made of it.
    Ended(How),
}

impl Prober for Loss {
    fn probe<'a>(&'a self, means: &'a Means<'a>) -> Pending<'a, Result<Seen, CannotProbe>> {
        Box::pin(self.count(means))
    }
}

impl Loss {
    fn prepare(probe: &Probe) -> Result<Self, BadProbe> {
        let (to, _) = aim(probe, &[Transport::Tcp])?;
        if probe.settings.traceroute.is_some() {
            let target = probe.target.to_string();
            return Err(BadProbe { probe: probe.kind, target, reason: "it walks no traceroute: set one TTL a probe" });
        }
        Ok(Self { to, settings: probe.settings.clone() })
    }

    async fn count(&self, means: &Means<'_>) -> Result<Seen, CannotProbe> {
        let tries = self.settings.tries.unwrap_or(TRIES);
        let Settings { ttl, mss, source, .. } = self.settings;
        wait_until_quiet(means, &Dial { ttl, mss, source, ..Dial::new(self.to, self.wait()) }).await?;
        let began = Instant::now();
        // The quickest answer so far, in microseconds: what is later by a second than that need not be waited for.
        let least = AtomicU64::new(u64::MAX);
        let least = &least;
        let mut flying: Vec<Pending<'_, Result<Went, CannotProbe>>> = (0..tries)
            .map(|nth| -> Pending<'_, _> {
                Box::pin(async move {
                    sleep_until(began + GAP * u32::from(nth)).await;
                    self.knock(means, least).await
                })
            })
            .collect();
        let (mut took, mut made) = (Vec::new(), 0);
        while !flying.is_empty() {
            match first_of(&mut flying).await? {
                Went::Answered(after) => took.push(after),
                Went::Lost => {}
                Went::Ended(how) => {
                    return Ok(Seen::failed(counted(made, &mut took), Failure::new(Stage::Connect, how)));
                }
            }
            made += 1;
        }
        let silent = took.is_empty().then(|| Failure::new(Stage::Connect, How::Silent).after(self.wait()));
        Ok(Seen { facts: counted(made, &mut took), failure: silent })
    }

    async fn knock(&self, means: &Means<'_>, least: &AtomicU64) -> Result<Went, CannotProbe> {
        let Settings { ttl, mss, source, .. } = self.settings;
        let enough = Duration::from_micros(least.load(Ordering::Relaxed)).saturating_add(AGAIN);
        let wait = self.wait().min(enough);
        let dialled = means.network.dial(Dial { ttl, mss, source, ..Dial::new(self.to, wait) }).await?;
        Ok(match dialled.outcome {
            Outcome::Connected(_) | Outcome::Failed(How::Refused | How::Reset, _) => {
                least.fetch_min(micros(dialled.took), Ordering::Relaxed);
                Went::Answered(dialled.took)
            }
            Outcome::Failed(How::Silent, _) => Went::Lost,
            Outcome::Failed(how, _) => Went::Ended(how),
        })
    }

    fn wait(&self) -> Duration {
        self.settings.wait_or(WAIT)
    }
}

/// How many were answered before the kernel had to send again, and how soon.
fn counted(made: u16, took: &mut Vec<Duration>) -> Vec<Fact> {
    took.sort_unstable();
    if let Some(least) = took.first().copied() {
        took.retain(|after| *after < least + AGAIN);
    }
    let mut facts = vec![Fact::Tries { made, answered: u16::try_from(took.len()).unwrap_or(u16::MAX) }];
    if let (Some(least), Some(median), Some(most)) = (took.first(), took.get(took.len() / 2), took.last()) {
        facts.push(Fact::RoundTrips { least_us: micros(*least), median_us: micros(*median), most_us: micros(*most) });
    }
    facts
}

/// The least from which a loss may be told.
const TRIES: u8 = 40;
/// Thirteen a second: no burst for any limiter of new connections that lets a browser work, and forty in three seconds.
const GAP: Duration = Duration::from_millis(75);
/// An answer that comes later by this than the quickest answers a SYN that was sent again.
const AGAIN: Duration = Duration::from_millis(900);
/// Longer than any way is: a geostationary satellite hop takes 0.6 s.
const WAIT: Duration = Duration::from_millis(3200);

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;
    use crate::model::{Role, Target};
    use crate::testing::{ClosedTcp, Scene, SilentTcp};

    async fn at(to: SocketAddr) -> Seen {
        let settings = Settings { tries: Some(3), wait_ms: Some(50), ..Settings::default() };
        let probe = Probe::new(KIND.name, Role::Control, Target::tcp(to)).with(settings);
        Scene::new().probe(&KIND, &probe).await.unwrap()
    }

    #[tokio::test]
    async fn answers_of_either_kind_are_counted_and_timed() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let closed = ClosedTcp::new();
        for to in [listener.local_addr().unwrap(), closed.address()] {
            let seen = at(to).await;
            let [Fact::Tries { made: 3, answered: 3 }, Fact::RoundTrips { .. }] = &seen.facts[..] else {
                panic!("{seen:?}")
            };
            assert_eq!(seen.failure, None);
        }
    }

    #[tokio::test]
    async fn a_port_that_never_answers_is_silent() {
        let seen = at(SilentTcp::new().address()).await;
        let failure = Failure::new(Stage::Connect, How::Silent).after(Duration::from_millis(50));
        assert_eq!((seen.facts, seen.failure), (vec![Fact::Tries { made: 3, answered: 0 }], Some(failure)));
    }

    #[test]
    fn an_answer_to_a_syn_that_was_sent_again_is_a_loss() {
        let mut took = [1020, 20, 25, 2030].map(Duration::from_millis).to_vec();
        let times = Fact::RoundTrips { least_us: 20_000, median_us: 25_000, most_us: 25_000 };
        assert_eq!(counted(5, &mut took), [Fact::Tries { made: 5, answered: 2 }, times]);
    }

    #[test]
    fn where_every_answer_takes_seconds_none_is_a_loss() {
        let mut took = [2500, 2510, 2600].map(Duration::from_millis).to_vec();
        let times = Fact::RoundTrips { least_us: 2_500_000, median_us: 2_510_000, most_us: 2_600_000 };
        assert_eq!(counted(3, &mut took), [Fact::Tries { made: 3, answered: 3 }, times]);
    }
}
