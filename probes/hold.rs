//! Holds TCP connections open at once and tells whether one more stands: the way to see a table of flows that is full.
//!
//! What it looks at: forty-eight connections unless told otherwise, eight at a time, all held; where some of them fail, four
//! more are tried on top; then all are closed, and one is tried again. What a bad result means: if all four fail while the
//! others are held, and the last one stands, something on the way (a NAT, a firewall's session limit) has room for no more. If
//! some of the four stand, packets were lost. What to do: free the table, or give it more addresses and ports.
//! Example: `why5003 probe hold 1.1.1.1:443`.

use std::net::SocketAddr;
use std::time::Duration;

use crate::kit::aim::aim;
use crate::kit::side_by_side::all_of;
use crate::kit::{
    BadLook, CannotLook, Dial, Fact, Failure, How, Kind, Layer, Look, Means, Outcome, Pending, Probe, Seen, Settings,
    Stage, Stream, Transport,
};

/// Holds connections open.
pub(crate) const KIND: Kind = Kind {
    name: "hold",
    summary: "holds up to 48 TCP connections open at once and tells whether one more stands, and whether closing them helps",
    layer: Layer::Path,
    sources: &["RFC 6298, 2.1 (a SYN is sent again after 1 s)", "RFC 5382 (NAT of TCP)", "RFC 7857, section 2"],
    prepare: |look| Ok(Box::new(Hold::prepare(look)?)),
};

struct Hold {
    to: SocketAddr,
    settings: Settings,
}

impl Probe for Hold {
    fn look<'a>(&'a self, means: &'a Means<'a>) -> Pending<'a, Result<Seen, CannotLook>> {
        Box::pin(self.hold(means))
    }
}

/// Connections that were tried at once.
#[derive(Default)]
struct Tried {
    standing: Vec<Box<dyn Stream>>,
    failed: u16,
    /// This computer's own means are at an end.
    exhausted: bool,
}

impl Hold {
    fn prepare(look: &Look) -> Result<Self, BadLook> {
        let (to, _) = aim(look, &[Transport::Tcp])?;
        Ok(Self { to, settings: look.settings.clone() })
    }

    async fn hold(&self, means: &Means<'_>) -> Result<Seen, CannotLook> {
        let wanted = usize::from(self.settings.tries.unwrap_or(FLOWS));
        let mut held = Vec::new();
        let mut further_failed = 0;
        while held.len() < wanted {
            let began = means.clock.elapsed();
            let tried = self.try_some(means, BATCH.min(wanted - held.len()), WAIT).await?;
            let took = means.clock.elapsed().saturating_sub(began);
            held.extend(tried.standing);
            if tried.exhausted {
                return Ok(Seen::failed(Vec::new(), Failure::new(Stage::Connect, How::Exhausted)));
            }
            if tried.failed > 0 {
                let more = self.try_some(means, FURTHER, FURTHER_WAIT).await?;
                // One that stands says that there is room: what failed was lost.
                further_failed = if more.standing.is_empty() { more.failed } else { 0 };
                held.extend(more.standing);
                break;
            }
            if took >= REGAINED && !held.is_empty() {
                // A SYN was lost, and the next one stood with all others held: there is room, and going on would take long.
                break;
            }
        }
        let flows = u16::try_from(held.len()).unwrap_or(u16::MAX);
        let limited = further_failed > 0;
        drop(held);
        let mut stands_after = None;
        if limited {
            let after = self.try_some(means, 1, WAIT).await?;
            stands_after = Some(!after.standing.is_empty());
        }
        Ok(Seen::facts(vec![Fact::Held { flows, further_failed, stands_after }]))
    }

    async fn try_some(&self, means: &Means<'_>, number: usize, wait: Duration) -> Result<Tried, CannotLook> {
        let Settings { ttl, mss, source, .. } = self.settings;
        let dial = Dial { ttl, mss, source, ..Dial::new(self.to, self.settings.wait_or(wait)) };
        let mut tried = Tried::default();
        for dialled in all_of((0..number).map(|_| means.network.dial(dial.clone())).collect()).await {
            match dialled?.outcome {
                Outcome::Connected(stream) => tried.standing.push(stream),
                Outcome::Failed(How::Exhausted, _) => tried.exhausted = true,
                Outcome::Failed(..) => tried.failed += 1,
            }
        }
        Ok(tried)
    }
}

/// Half of what the strictest session limits of shared networks leave to one computer.
const FLOWS: u8 = 48;
/// As many as a browser opens to one host at once.
const BATCH: usize = 8;
const FURTHER: usize = 4;
/// Three SYNs at least (RFC 6298; Linux since 6.5 sends them a second apart), so that a limit of connections a second lets one through.
const WAIT: Duration = Duration::from_millis(2200);
/// The kernel sends its SYN again after a second (RFC 6298, 2.1).
const REGAINED: Duration = Duration::from_millis(950);
/// Two SYNs of each of four.
const FURTHER_WAIT: Duration = Duration::from_millis(1200);

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;
    use crate::kit::testing::{Scene, SilentTcp};
    use crate::kit::{Role, Target};

    async fn at(to: SocketAddr) -> Seen {
        let settings = Settings { tries: Some(12), wait_ms: Some(80), ..Settings::default() };
        let look = Look::new(KIND.name, Role::Control, Target::tcp(to)).with(settings);
        Scene::new().look(&KIND, &look).await.unwrap()
    }

    #[tokio::test]
    async fn where_there_is_room_all_are_held() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let seen = at(listener.local_addr().unwrap()).await;
        assert_eq!(seen, Seen::facts(vec![Fact::Held { flows: 12, further_failed: 0, stands_after: None }]));
    }

    #[tokio::test]
    async fn where_nothing_stands_closing_does_not_help() {
        let seen = at(SilentTcp::new().address()).await;
        assert_eq!(seen, Seen::facts(vec![Fact::Held { flows: 0, further_failed: 4, stands_after: Some(false) }]));
    }
}
