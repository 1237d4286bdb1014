//! Opens many connections to one TCP port at once, then as many as that needs one by one, and tells which of them stood.
//!
//! What it looks at: the first SYN of each alone, so that what a retransmission mends still counts as lost. What a bad
//! result means: the first few connections of a burst stand and all later ones fail, but a slow row stands whole: a
//! device on the path limits how fast connections are opened. The row fails at the same number: it limits how many
//! there are. Failures are scattered: packets are lost. What to do: compare with a neutral address. Example: `why5003
//! probe burst 170.114.52.2:443`.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout_at};

use crate::model::{BadProbe, CannotProbe, Fact, Layer, Pending, Probe, ProbeName, Seen, Settings, Transport, Volley};
use crate::net::concurrent::first_of;
use crate::net::{Dial, Dialled, Outcome, Stream};
use crate::prober::precondition::aim;
use crate::prober::{ProbeKind, Prober, Subject};
use crate::session::Means;

/// A burst of connections, and a slow row of them.
pub(crate) const KIND: ProbeKind = ProbeKind {
    name: ProbeName::Burst,
    summary: "opens many TCP connections at once, then one by one, and tells which of them stood",
    layer: Layer::Filter,
    subject: Subject::Address,
    default_port: Some((443, Transport::Tcp)),
    sources: &[
        "RFC 6298, section 2.1 (a SYN is sent again after one second)",
        "iptables-extensions(8), hashlimit, connlimit",
    ],
    prepare: |probe| Ok(Box::new(Burst::prepare(probe)?)),
};

struct Burst {
    to: SocketAddr,
    settings: Settings,
}

impl Prober for Burst {
    fn probe<'a>(&'a self, means: &'a Means<'a>) -> Pending<'a, Result<Seen, CannotProbe>> {
        Box::pin(async move {
            let wanted = u16::from(self.settings.tries.unwrap_or(AT_ONCE));
            let burst = self.volley(means, wanted, Duration::ZERO).await?;
            let mut facts = vec![Fact::Volley(burst.clone())];
            if burst.passed < wanted {
                // More than stood at once, or a limit on their number would not show.
                let row = (burst.passed + MORE).min(wanted);
                let gap = ROW.checked_div(row.into()).unwrap_or(ROW);
                facts.push(Fact::Volley(self.volley(means, row, gap).await?));
            }
            Ok(Seen::facts(facts))
        })
    }
}

impl Burst {
    fn prepare(probe: &Probe) -> Result<Self, BadProbe> {
        let (to, _) = aim(probe, &[Transport::Tcp])?;
        Ok(Self { to, settings: probe.settings.clone() })
    }

    /// Opens so many, each a gap after the one before, and holds what stands until the last has ended.
    async fn volley(&self, means: &Means<'_>, wanted: u16, gap: Duration) -> Result<Volley, CannotProbe> {
        let began = Instant::now();
        let wait = self.settings.wait_or(FIRST_SYN);
        let mut flying: Vec<_> = (0..wanted)
            .map(|nth| {
                let dialled = means.network.dial(Dial::new(self.to, wait));
                Box::pin(async move {
                    // The gap is what is tested here; the first is after one too, for what the burst used up.
                    if !gap.is_zero() {
                        // A timer that is over already may still take its turn, and the burst would leave out of order.
                        sleep_until(began + gap * (u32::from(nth) + 1)).await;
                    }
                    (nth, dialled.await)
                })
            })
            .collect();
        let mut held: Vec<Box<dyn Stream>> = Vec::new();
        let mut stood = vec![false; usize::from(wanted)];
        let mut end = began + gap * u32::from(wanted) + wait;
        while !flying.is_empty() {
            // Those that are still missing were lost, where the first one took far less.
            let Ok((nth, dialled)) = timeout_at(end, first_of(&mut flying)).await else { break };
            if let Dialled { outcome: Outcome::Connected(stream), took, .. } = dialled? {
                end = end.min(began + gap * u32::from(wanted) + took * 2 + SLACK);
                held.push(stream);
                if let Some(stood) = stood.get_mut(usize::from(nth)) {
                    *stood = true;
                }
            }
        }
        let count = |many: usize| u16::try_from(many).unwrap_or(u16::MAX);
        Ok(Volley {
            gap_ms: u32::try_from(gap.as_millis()).unwrap_or(u32::MAX),
            made: wanted,
            passed: count(held.len()),
            passed_first: count(stood.iter().take_while(|stood| **stood).count()),
        })
    }
}

/// As many as a browser or client opens to a service in its first second.
const AT_ONCE: u8 = 12;
/// How many more are opened one by one than stood at once.
const MORE: u16 = 3;
/// How long the opening of a row takes: slow enough for limits of a few a second.
const ROW: Duration = Duration::from_secs(3);
/// An answer that is this much later than twice another one's time is not waited for. Queues on the path and a busy
/// computer make no such difference within one volley.
const SLACK: Duration = Duration::from_millis(400);
/// Less than the time after which a SYN is sent again.
const FIRST_SYN: Duration = Duration::from_millis(900);

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;
    use crate::model::{Role, Target};
    use crate::testing::{Scene, SilentTcp};

    async fn at(to: SocketAddr, settings: Settings) -> Seen {
        let probe = Probe::new(KIND.name, Role::Range, Target::tcp(to)).with(settings);
        Scene::new().probe(&KIND, &probe).await.unwrap()
    }

    #[tokio::test]
    async fn where_all_of_a_burst_stand_no_row_is_made() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let seen = at(listener.local_addr().unwrap(), Settings::default()).await;
        assert_eq!(seen.facts, [Fact::Volley(Volley { gap_ms: 0, made: 12, passed: 12, passed_first: 12 })]);
    }

    #[tokio::test]
    async fn in_the_dark_a_few_are_tried_one_by_one() {
        let silent = SilentTcp::new();
        let seen = at(silent.address(), Settings { wait_ms: Some(20), tries: Some(4), ..Settings::default() }).await;
        assert_eq!(
            seen.facts,
            [
                Fact::Volley(Volley { gap_ms: 0, made: 4, passed: 0, passed_first: 0 }),
                Fact::Volley(Volley { gap_ms: 1000, made: 3, passed: 0, passed_first: 0 }),
            ]
        );
    }
}
