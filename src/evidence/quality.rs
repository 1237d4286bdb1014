//! What a run tells of loss and delay: counts of lone SYNs, and packets that had to be sent again.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use why5003_probes::model::{Exchange, Fact, Observation, ProbeName, Role, Via};

use super::{Attempt, Evidence, Source};

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
        if seen.look.probe != ProbeName::Loss {
            return None;
        }
        let to = seen.look.target.socket()?;
        let (made, answered) = tries(seen)?;
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
        self.seen.look.role
    }

    /// The middle one of the times to an answer; `None` where none came.
    pub fn median(self) -> Option<Duration> {
        times(self.seen).map(|(_, median, _)| median)
    }

    /// The answers took about equally long, and not much longer than this, which is the least that any connection of the run
    /// took: then one that is missing was lost, and does not merely wait in a queue.
    pub fn steady(self, quickest: Duration) -> bool {
        times(self.seen).is_some_and(|(least, median, most)| {
            most.saturating_sub(least) < UNSTEADY && median.saturating_sub(quickest) < UNSTEADY
        })
    }
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
        if seen.look.probe != ProbeName::Flow {
            return None;
        }
        let (made, prompt) = tries(seen)?;
        let transfer = seen.facts.iter().find_map(|fact| match fact {
            Fact::Transfer { bytes, took_us } => Some((*bytes, Duration::from_micros(*took_us))),
            _ => None,
        });
        let (id, role, to) = (seen.id, seen.look.role, seen.look.target.socket()?);
        let median = times(seen).map_or(Duration::ZERO, |(_, median, _)| median);
        Some(Self { id, role, to, made: made.into(), waited: made.saturating_sub(prompt).into(), median, transfer })
    }
}

/// Packets of ordinary looks of which one is known to have been lost, since its repetition was answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resent {
    /// Exchanges of a packet and its answer that were seen to their end.
    pub made: u32,
    /// Those among them that got no answer.
    pub lost: u32,
    /// Those among them that were SYNs.
    pub connections: u32,
    /// Those among them that only a handshake's length tells.
    pub handshakes: u32,
    /// The observations with a loss.
    pub ids: Vec<u32>,
}

impl Resent {
    fn count(&mut self, id: u32, made: u32, lost: u32) {
        self.made += made;
        self.lost += lost;
        if lost > 0 {
            self.ids.push(id);
        }
    }
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

    /// Handshakes on direct connections that finished, and those of them that waited for a packet to be sent again.
    pub fn handshakes(&self, of: impl Fn(Role) -> bool) -> (Vec<u32>, Vec<u32>) {
        let all: Vec<_> = self
            .attempts()
            .filter(|a| a.is_tls() && !a.proxied() && a.baseline() && of(a.role()) && a.handshake().is_some())
            .collect();
        let took = |a: &Attempt<'_>| a.handshake().map(|h| Duration::from_micros(h.took_us));
        let least = all.iter().filter_map(took).min().unwrap_or_default();
        let waited = all.iter().filter(|a| took(a).is_some_and(|t| t >= least + RETRANSMITTED));
        (all.iter().map(|a| a.id()).collect(), waited.map(|a| a.id()).collect())
    }

    /// The quickest direct connection, from SYN to SYN-ACK.
    pub fn quickest_connection(&self) -> Option<Duration> {
        self.direct_connections().map(|(_, _, took)| took).min()
    }

    /// How many direct connections stood too late for the way alone, and when no SYN that is sent again would have been answered:
    /// they waited in a queue, which loss does not make.
    pub fn queued_connections(&self) -> usize {
        let quickest = self.quickest_connection().unwrap_or_default();
        let waited = |took: Duration| {
            // SYNs are sent again after whole seconds (RFC 6298, 2.1 and 5.5; `tcp_syn_linear_timeouts`).
            let since_a_syn = Duration::from_nanos(took.saturating_sub(quickest).subsec_nanos().into());
            took >= quickest * 3 + IN_A_QUEUE && (IN_A_QUEUE..NEXT_SYN).contains(&since_a_syn)
        };
        self.direct_connections().filter(|(_, _, took)| waited(*took)).count()
    }

    /// What had to be sent again, and then was answered. It is a sign of loss, and too little to tell how much.
    pub fn resent(&self, of: impl Fn(Role) -> bool) -> Resent {
        let mut resent = Resent::default();
        let quickest = self.quickest_connection().unwrap_or_default();
        for (id, _, took) in self.direct_connections().filter(|(_, role, _)| of(*role)) {
            let lost = u32::from(took >= quickest + SENT_AGAIN) + u32::from(took >= quickest + SENT_THRICE);
            resent.count(id, 1 + lost, lost);
        }
        resent.connections = resent.lost;
        let (stood, waited) = self.handshakes(&of);
        resent.handshakes = u32::try_from(waited.len()).unwrap_or(u32::MAX);
        for id in &stood {
            resent.count(*id, 1, u32::from(waited.contains(id)));
        }
        let library = self.resolver_is_prompt();
        // Whatever a name is to Zoom, who is asked for it is a resolver.
        let whose =
            |seen: &Observation| if seen.look.probe == ProbeName::Dns { Role::Resolver } else { seen.look.role };
        for seen in self.observations.iter().filter(|seen| of(whose(seen))) {
            if seen.look.probe == ProbeName::Dns && seen.look.via == Via::System {
                let late = library && seen.took >= LIBRARY_ASKS_AGAIN;
                resent.count(seen.id, 1 + u32::from(late), u32::from(late));
            }
            // Of datagrams in a row, those missing before the last answer were lost; what is missing after it may have been stopped.
            for exchange in seen.facts.iter().filter(|_| seen.look.probe == ProbeName::Udp).filter_map(exchange) {
                resent.count(seen.id, exchange.last.into(), exchange.last.saturating_sub(exchange.answered).into());
                // It gives up after two; where the same server answers on another port, they may be lost as well.
                if exchange.last == 0 && seen.look.target.address.is_some_and(|address| self.answers_datagrams(address))
                {
                    resent.count(seen.id, 2, 2);
                }
            }
            let Some(prompt) = seen.facts.iter().find_map(|fact| answered_promptly(seen, fact)) else { continue };
            let (made, answered) = tries(seen).unwrap_or((1, 1));
            // Where the one answer was slow itself, the packets before it may merely have been as slow.
            resent.count(seen.id, made.into(), if prompt { made.saturating_sub(answered).into() } else { 0 });
        }
        resent
    }

    fn answers_datagrams(&self, address: IpAddr) -> bool {
        let answered = |o: &&Observation| o.facts.iter().any(|f| matches!(f, Fact::Reply(reply) if reply.well_formed));
        let at = self
            .observations
            .iter()
            .filter(|o| o.look.probe == ProbeName::Udp && o.look.target.address == Some(address));
        at.filter(|o| o.look.settings.ttl.is_none()).any(|o| answered(&o))
    }

    /// The resolver that is asked first answers what it is asked by wire, and soon: then a library that waits for seconds lost
    /// a packet.
    fn resolver_is_prompt(&self) -> bool {
        let Some(first) = self.host().resolvers().next() else { return false };
        let mut asked = self.lookups().filter(|l| l.source() == Source::Configured(first)).peekable();
        asked.peek().is_some()
            && asked.all(|lookup| {
                let soon = lookup.answers().all(|answer| Duration::from_micros(answer.rtt_us) < PROMPT);
                // Asked twice, it would have taken as long.
                soon && lookup.answers().count() > 0 && lookup.took_ms() < PROMPT.as_millis()
            })
    }

    fn direct_connections(&self) -> impl Iterator<Item = (u32, Role, Duration)> {
        let direct = self.attempts().filter(|a| !a.proxied());
        direct.filter_map(|a: Attempt<'_>| Some((a.id(), a.role(), Duration::from_micros(a.connected()?.rtt_us))))
    }
}

/// Whether the answer to a DNS or STUN request came soon after its own packet; `None` where this fact is no such answer.
fn answered_promptly(seen: &Observation, fact: &Fact) -> Option<bool> {
    match fact {
        // The system's library does not tell what it sent again.
        Fact::Answer(answer) if seen.look.via != Via::System => Some(Duration::from_micros(answer.rtt_us) < PROMPT),
        _ => None,
    }
}

fn exchange(fact: &Fact) -> Option<&Exchange> {
    if let Fact::Exchange(exchange) = fact { Some(exchange) } else { None }
}

/// The least, the middle and the greatest time of those that came promptly.
fn times(seen: &Observation) -> Option<(Duration, Duration, Duration)> {
    seen.facts.iter().find_map(|fact| match fact {
        Fact::RoundTrips { least_us, median_us, most_us } => {
            Some((Duration::from_micros(*least_us), Duration::from_micros(*median_us), Duration::from_micros(*most_us)))
        }
        _ => None,
    })
}

fn tries(seen: &Observation) -> Option<(u16, u16)> {
    seen.facts.iter().find_map(|fact| match fact {
        Fact::Tries { made, answered } => Some((*made, *answered)),
        _ => None,
    })
}

/// A queue that fills and empties delays by more than this; other ways by far less.
const UNSTEADY: Duration = Duration::from_millis(500);
/// The kernel sends its SYN again after 1 s (RFC 6298, 2.1); measured from the quickest connection, whose own time is part of
/// both.
const SENT_AGAIN: Duration = Duration::from_millis(900);
/// A connection that takes so much longer than another one has met a queue, or lies on another continent.
const IN_A_QUEUE: Duration = Duration::from_millis(70);
/// From here on it may be the next SYN that was answered, by a clock that runs fast.
const NEXT_SYN: Duration = Duration::from_millis(970);
/// And again after another second (Linux since 6.5, `tcp_syn_linear_timeouts`) or two.
const SENT_THRICE: Duration = Duration::from_millis(1900);
/// Linux sends data again after 200 ms at the least (TCP_RTO_MIN), where nothing tells it sooner.
const RETRANSMITTED: Duration = Duration::from_millis(150);
/// The system's library asks again after five seconds (`resolv.conf(5)`, `timeout`).
const LIBRARY_ASKS_AGAIN: Duration = Duration::from_millis(4900);
/// Sooner than the DNS probe asks again: an answer within this belongs to the packet before it.
const PROMPT: Duration = Duration::from_millis(600);

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use why5003_probes::model::{Answer, Connected, Look, Target};

    use super::super::Background;
    use super::*;
    use crate::catalogue::Catalogue;

    fn seen(id: u32, probe: ProbeName, facts: Vec<Fact>) -> Observation {
        let to: SocketAddr = "192.0.2.1:443".parse().unwrap();
        let look = Look::new(probe, Role::Control, Target::tcp(to));
        Observation { id, look, started: Duration::ZERO, took: Duration::ZERO, facts, failure: None }
    }

    fn connected(rtt_ms: u64) -> Fact {
        let any: SocketAddr = "192.0.2.1:443".parse().unwrap();
        Fact::Connected(Connected { rtt_us: rtt_ms * 1000, local: any, peer: any })
    }

    fn resent(observations: Vec<Observation>) -> (u32, u32) {
        let background = Background::new(Arc::new(Catalogue::embedded()), "linux");
        let resent = Evidence::new(observations, Vec::new(), background).resent(|_| true);
        (resent.made, resent.lost)
    }

    #[test]
    fn a_connection_that_took_a_second_longer_than_others_lost_its_first_syn() {
        let three = [20, 1030, 2040].into_iter().zip(0..).map(|(ms, id)| seen(id, ProbeName::Tcp, vec![connected(ms)]));
        assert_eq!(resent(three.collect()), (6, 3));
    }

    #[test]
    fn where_every_connection_takes_seconds_nothing_was_lost() {
        let two = [2500, 2600].into_iter().zip(0..).map(|(ms, id)| seen(id, ProbeName::Tcp, vec![connected(ms)]));
        assert_eq!(resent(two.collect()), (2, 0));
    }

    #[test]
    fn a_prompt_answer_to_the_third_query_says_that_two_were_lost_and_a_slow_one_does_not() {
        let answer = |rtt_us| {
            Fact::Answer(Answer {
                rcode: "NOERROR".to_owned(),
                addresses: Vec::new(),
                aliases: Vec::new(),
                ttl_s: Some(60),
                truncated: false,
                authentic: false,
                nth: 1,
                rtt_us,
            })
        };
        let tries = || Fact::Tries { made: 3, answered: 1 };
        assert_eq!(resent(vec![seen(0, ProbeName::Dns, vec![tries(), answer(20_000)])]), (3, 2));
        assert_eq!(resent(vec![seen(0, ProbeName::Dns, vec![tries(), answer(2_500_000)])]), (3, 0));
    }
}
