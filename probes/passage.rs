//! Counts whether SYNs leave this computer, and whether what comes back is handed on: the way to tell this computer's own
//! packet filter from one on the link.
//!
//! What it looks at: the kernel's counters beside eight connections begun at once; it sends no byte of data. What a
//! bad result means: if fewer packets left than were begun, an outgoing filter of this computer swallowed them. If
//! answers arrived and no socket got them, an incoming filter did. What to do: look for the rule in this computer's
//! packet filter. The counters are everybody's: only what lacks is sure, and only where a neutral target shows no
//! lack. Example: `why5003 probe passage 170.114.52.2:443`.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::sleep;

use crate::model::{
    BadProbe, CannotProbe, Fact, Failure, How, Layer, Pending, Probe, ProbeName, Seen, Settings, Stage, Transport,
};
use crate::net::concurrent::first_of;
use crate::net::{Dial, Dialled, Outcome};
use crate::os::Counters;
use crate::prober::precondition::aim;
use crate::prober::{ProbeKind, Prober, Subject};
use crate::session::Means;

/// Counts what leaves this computer and what is let in.
pub(crate) const KIND: ProbeKind = ProbeKind {
    name: ProbeName::Passage,
    summary: "tells whether SYNs leave this computer and whether their answers are let in, by the kernel's counters",
    layer: Layer::Host,
    subject: Subject::Address,
    default_port: None,
    sources: &[
        "RFC 4293, ipSystemStatsInReceives and ipSystemStatsInDelivers",
        "https://docs.kernel.org/networking/statistics.html (tx_packets)",
    ],
    prepare: |probe| Ok(Box::new(Passage::prepare(probe)?)),
};

struct Passage {
    to: SocketAddr,
    settings: Settings,
}

impl Prober for Passage {
    fn probe<'a>(&'a self, means: &'a Means<'a>) -> Pending<'a, Result<Seen, CannotProbe>> {
        Box::pin(self.count(means))
    }
}

impl Passage {
    fn prepare(probe: &Probe) -> Result<Self, BadProbe> {
        let (to, _) = aim(probe, &[Transport::Tcp])?;
        Ok(Self { to, settings: probe.settings.clone() })
    }

    async fn count(&self, means: &Means<'_>) -> Result<Seen, CannotProbe> {
        let dial = Dial { source: self.settings.source, ..Dial::new(self.to, self.settings.wait_or(WAIT)) };
        let counters = || means.system.counters(self.to.ip());
        let before = counters()?;
        let mut flying: Vec<_> = (0..BEGUN).map(|_| means.network.dial(dial.clone())).collect();
        let mut ended = Vec::new();
        let mut after_leaving: Option<Counters> = None;
        let mut leaving = std::pin::pin!(sleep(LEAVING));
        while !flying.is_empty() || after_leaving.is_none() {
            tokio::select! {
                biased;
                // What stands is held until the end: closing it would send more.
                dialled = first_of(&mut flying), if !flying.is_empty() => ended.push(dialled?),
                () = &mut leaving, if after_leaving.is_none() => after_leaving = Some(counters()?),
            }
        }
        let after = counters()?;
        let left = after_leaving.map_or(0, |then| then.left_since(&before));
        let counted = Fact::Counted { begun: BEGUN, left, withheld: after.withheld_since(&before) };
        Ok(Seen { facts: vec![counted], failure: ended.last().and_then(failure) })
    }
}

fn failure(dialled: &Dialled) -> Option<Failure> {
    match dialled.outcome {
        Outcome::Connected(_) => None,
        Outcome::Failed(how, name) => {
            let failure = Failure::new(Stage::Connect, how).saying_any(name);
            Some(if how == How::Silent { failure.after(dialled.took) } else { failure })
        }
    }
}

/// Enough to stand out of what else a computer sends in an instant, few enough to be no burden on who answers.
const BEGUN: u16 = 8;
/// From the first SYN until all have left: far more than a kernel takes, and short, since others send meanwhile.
const LEAVING: Duration = Duration::from_millis(40);
/// More than a round trip mostly takes, and less than until the kernel's first retransmission (RFC 6298, 2.1), which would
/// count twice.
const WAIT: Duration = Duration::from_millis(500);

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;
    use crate::model::{Role, Target};
    use crate::testing::{Names, Scene};

    /// A computer whose counters stand still.
    #[tokio::test]
    async fn what_was_not_counted_as_gone_did_not_leave() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let probe = Probe::new(KIND.name, Role::Range, Target::tcp(listener.local_addr().unwrap()));
        let scene = Scene::new().knowing(Names::none());
        let seen = scene.probe(&KIND, &probe).await.unwrap();
        assert_eq!(seen, Seen { facts: vec![Fact::Counted { begun: 8, left: 0, withheld: 0 }], failure: None });
    }
}
