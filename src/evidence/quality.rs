//! What a run saw that tells of loss and delay: counts of lone SYNs, flows that exchanged requests, and connection times.

use std::net::SocketAddr;
use std::time::Duration;

use why5003_probes::model::{Fact, Observation, ProbeName, Role};

use super::{Attempt, Evidence};

/// A count of how many lone SYNs were answered.
#[derive(Clone, Copy, Debug)]
pub struct SynCount<'a> {
    seen: &'a Observation,
    to: SocketAddr,
    /// SYNs sent.
    pub made: u16,
    /// SYNs answered before they would have been sent again.
    pub answered: u16,
}

impl<'a> SynCount<'a> {
    fn of(seen: &'a Observation) -> Option<Self> {
        if seen.probe.kind != ProbeName::Loss {
            return None;
        }
        let to = seen.probe.target.socket()?;
        let Tries { made, answered } = Tries::of(seen)?;
        Some(Self { seen, to, made, answered })
    }

    /// The observation's number.
    pub fn id(self) -> u32 {
        self.seen.id
    }

    /// Where the SYNs went.
    pub fn to(self) -> SocketAddr {
        self.to
    }

    /// What the target is to Zoom, or to the diagnosis.
    pub fn role(self) -> Role {
        self.seen.probe.role
    }

    /// The middle one of the times to an answer; `None` where none came.
    pub fn median(self) -> Option<Duration> {
        times(self.seen).map(|times| times.median)
    }

    /// The times to an answer; `None` where none came.
    pub fn round_trips(self) -> Option<RoundTrips> {
        times(self.seen)
    }
}

/// The times to an answer of those that came promptly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoundTrips {
    /// The least.
    pub least: Duration,
    /// The middle one.
    pub median: Duration,
    /// The greatest.
    pub most: Duration,
}

/// A flow that stood, and exchanged requests in turn and then many at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    /// The observation's number.
    pub id: u32,
    /// What the target is to Zoom, or to the diagnosis.
    pub role: Role,
    /// Where to.
    pub to: SocketAddr,
    /// Exchanges made in turn.
    pub made: u32,
    /// Those among them that waited for a packet to be sent again, or for ever.
    pub waited: u32,
    /// The middle one of the times of those that did not wait; zero where none came.
    pub median: Duration,
    /// Of the exchanges made at once: bytes that came, and how long they took.
    pub transfer: Option<(u64, Duration)>,
}

impl Flow {
    pub(super) fn of(seen: &Observation) -> Option<Self> {
        if seen.probe.kind != ProbeName::Flow {
            return None;
        }
        let Tries { made, answered: prompt } = Tries::of(seen)?;
        let transfer = seen.facts.iter().find_map(|fact| match fact {
            Fact::Transfer { bytes, took_us } => Some((*bytes, Duration::from_micros(*took_us))),
            _ => None,
        });
        let (id, role, to) = (seen.id, seen.probe.role, seen.probe.target.socket()?);
        let median = times(seen).map_or(Duration::ZERO, |times| times.median);
        Some(Self { id, role, to, made: made.into(), waited: made.saturating_sub(prompt).into(), median, transfer })
    }
}

/// A direct TCP connection that stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DirectConnection {
    /// The observation's number.
    pub id: u32,
    /// What the target is to Zoom, or to the diagnosis.
    pub role: Role,
    /// From the first SYN to the SYN-ACK.
    pub took: Duration,
}

impl Evidence {
    /// Every count of lone SYNs.
    pub fn syn_counts(&self) -> impl Iterator<Item = SynCount<'_>> {
        self.observations.iter().filter_map(SynCount::of)
    }

    /// Every flow that exchanged requests.
    pub fn flows(&self) -> impl Iterator<Item = Flow> + '_ {
        self.observations.iter().filter_map(Flow::of)
    }

    /// Flows to this host that exchanged requests.
    pub fn flows_at(&self, host: &str) -> impl Iterator<Item = Flow> {
        self.at(host).filter_map(Flow::of)
    }

    /// Every direct TCP connection that stood.
    pub fn direct_connections(&self) -> impl Iterator<Item = DirectConnection> {
        self.attempts().filter(|a| !a.proxied()).filter_map(|a: Attempt<'_>| {
            let took = Duration::from_micros(a.connected()?.rtt_us);
            Some(DirectConnection { id: a.id(), role: a.role(), took })
        })
    }

    /// The quickest direct connection, from SYN to SYN-ACK.
    pub fn quickest_connection(&self) -> Option<Duration> {
        self.direct_connections().map(|c| c.took).min()
    }
}

fn times(seen: &Observation) -> Option<RoundTrips> {
    seen.facts.iter().find_map(|fact| match fact {
        Fact::RoundTrips { least_us, median_us, most_us } => Some(RoundTrips {
            least: Duration::from_micros(*least_us),
            median: Duration::from_micros(*median_us),
            most: Duration::from_micros(*most_us),
        }),
        _ => None,
    })
}

/// How often a probe tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tries {
    /// Tries made.
    pub made: u16,
    /// Those among them that were answered.
    pub answered: u16,
}

impl Tries {
    /// The tries of an observation, where it counts them.
    pub fn of(seen: &Observation) -> Option<Self> {
        seen.facts.iter().find_map(|fact| match fact {
            Fact::Tries { made, answered } => Some(Self { made: *made, answered: *answered }),
            _ => None,
        })
    }
}
