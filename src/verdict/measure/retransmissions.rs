//! Packets that had to be sent again: a sign of loss, and too little to tell how much.

use std::net::IpAddr;
use std::time::Duration;

use why5003_probes::model::{Exchange, Fact, Observation, ProbeName, Role, Via};

use crate::evidence::{Attempt, DirectConnection, Evidence, Source, Tries};

/// Packets of ordinary probes of which one is known to have been lost, since its repetition was answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::verdict) struct Resent {
    /// Exchanges of a packet and its answer that were seen to their end.
    pub(in crate::verdict) made: u32,
    /// Those among them that got no answer.
    pub(in crate::verdict) lost: u32,
    /// Those among them that were SYNs.
    pub(in crate::verdict) connections: u32,
    /// Those among them that only a handshake's length tells.
    pub(in crate::verdict) handshakes: u32,
    /// The observations with a loss.
    pub(in crate::verdict) ids: Vec<u32>,
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

/// Handshakes on direct connections that finished, and those of them that waited for a packet to be sent again.
pub(in crate::verdict) fn handshakes(evidence: &Evidence, of: impl Fn(Role) -> bool) -> (Vec<u32>, Vec<u32>) {
    let all: Vec<_> = evidence
        .attempts()
        .filter(|a| a.is_tls() && !a.proxied() && a.baseline() && of(a.role()) && a.handshake().is_some())
        .collect();
    let took = |a: &Attempt<'_>| a.handshake().map(|h| Duration::from_micros(h.took_us));
    let least = all.iter().filter_map(took).min().unwrap_or_default();
    let waited = all.iter().filter(|a| took(a).is_some_and(|t| t >= least + RETRANSMITTED));
    (all.iter().map(|a| a.id()).collect(), waited.map(|a| a.id()).collect())
}

/// How many direct connections stood too late for the way alone, and when no SYN that is sent again would have been answered:
/// they waited in a queue, which loss does not make.
pub(in crate::verdict) fn queued_connections(evidence: &Evidence) -> usize {
    let quickest = evidence.quickest_connection().unwrap_or_default();
    let waited = |took: Duration| {
        // SYNs are sent again after whole seconds (RFC 6298, 2.1 and 5.5; `tcp_syn_linear_timeouts`).
        let since_a_syn = Duration::from_nanos(took.saturating_sub(quickest).subsec_nanos().into());
        took >= quickest * 3 + IN_A_QUEUE && (IN_A_QUEUE..NEXT_SYN).contains(&since_a_syn)
    };
    evidence.direct_connections().filter(|c| waited(c.took)).count()
}

/// What had to be sent again, and then was answered. It is a sign of loss, and too little to tell how much.
pub(in crate::verdict) fn resent(evidence: &Evidence, of: impl Fn(Role) -> bool) -> Resent {
    let mut resent = Resent::default();
    let quickest = evidence.quickest_connection().unwrap_or_default();
    for DirectConnection { id, took, .. } in evidence.direct_connections().filter(|c| of(c.role)) {
        let lost = u32::from(took >= quickest + SENT_AGAIN) + u32::from(took >= quickest + SENT_THRICE);
        resent.count(id, 1 + lost, lost);
    }
    resent.connections = resent.lost;
    let (stood, waited) = handshakes(evidence, &of);
    resent.handshakes = u32::try_from(waited.len()).unwrap_or(u32::MAX);
    for id in &stood {
        resent.count(*id, 1, u32::from(waited.contains(id)));
    }
    let library = resolver_is_prompt(evidence);
    // Whatever a name is to Zoom, who is asked for it is a resolver.
    let whose = |seen: &Observation| if seen.probe.kind == ProbeName::Dns { Role::Resolver } else { seen.probe.role };
    for seen in evidence.observations().iter().filter(|seen| of(whose(seen))) {
        if seen.probe.kind == ProbeName::Dns && seen.probe.via == Via::System {
            let late = library && seen.took >= LIBRARY_ASKS_AGAIN;
            resent.count(seen.id, 1 + u32::from(late), u32::from(late));
        }
        // Of datagrams in a row, those missing before the last answer were lost; what is missing after it may have been stopped.
        for exchange in seen.facts.iter().filter(|_| seen.probe.kind == ProbeName::Udp).filter_map(exchange) {
            resent.count(seen.id, exchange.last.into(), exchange.last.saturating_sub(exchange.answered).into());
            // It gives up after two; where the same server answers on another port, they may be lost as well.
            if exchange.last == 0
                && seen.probe.target.address.is_some_and(|address| answers_datagrams(evidence, address))
            {
                resent.count(seen.id, 2, 2);
            }
        }
        let Some(prompt) = seen.facts.iter().find_map(|fact| answered_promptly(seen, fact)) else { continue };
        let Tries { made, answered } = Tries::of(seen).unwrap_or(Tries { made: 1, answered: 1 });
        // Where the one answer was slow itself, the packets before it may merely have been as slow.
        resent.count(seen.id, made.into(), if prompt { made.saturating_sub(answered).into() } else { 0 });
    }
    resent
}

fn answers_datagrams(evidence: &Evidence, address: IpAddr) -> bool {
    let answered = |o: &&Observation| o.facts.iter().any(|f| matches!(f, Fact::Reply(reply) if reply.well_formed));
    let at = evidence
        .observations()
        .iter()
        .filter(|o| o.probe.kind == ProbeName::Udp && o.probe.target.address == Some(address));
    at.filter(|o| o.probe.settings.ttl.is_none()).any(|o| answered(&o))
}

/// The resolver that is asked first answers what it is asked by wire, and soon: then a library that waits for seconds lost
/// a packet.
fn resolver_is_prompt(evidence: &Evidence) -> bool {
    let Some(first) = evidence.host().resolvers().next() else { return false };
    let mut asked = evidence.lookups().filter(|l| l.source() == Source::Configured(first)).peekable();
    asked.peek().is_some()
        && asked.all(|lookup| {
            let soon = lookup.answers().all(|answer| Duration::from_micros(answer.rtt_us) < PROMPT);
            // Asked twice, it would have taken as long.
            soon && lookup.answers().count() > 0 && lookup.took_ms() < PROMPT.as_millis()
        })
}

/// Whether packets are lost on connections that stand too, of whoever: then it is no limit on new ones.
pub(in crate::verdict) fn waits_on_connections_that_stand(evidence: &Evidence) -> bool {
    let (stood, waited) = handshakes(evidence, |_| true);
    // At 10 % of loss every second handshake of eight packets waits; a busy computer makes one or two of a dozen late.
    waited.len() * 4 >= stood.len() && !waited.is_empty()
}

/// Whether the answer to a DNS or STUN request came soon after its own packet; `None` where this fact is no such answer.
fn answered_promptly(seen: &Observation, fact: &Fact) -> Option<bool> {
    match fact {
        // The system's library does not tell what it sent again.
        Fact::Answer(answer) if seen.probe.via != Via::System => Some(Duration::from_micros(answer.rtt_us) < PROMPT),
        _ => None,
    }
}

fn exchange(fact: &Fact) -> Option<&Exchange> {
    if let Fact::Exchange(exchange) = fact { Some(exchange) } else { None }
}

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
    use std::net::SocketAddr;
    use std::sync::Arc;

    use why5003_probes::model::{Answer, Connected, Probe, Target};

    use super::*;
    use crate::catalogue::Catalogue;
    use crate::evidence::Background;

    fn seen(id: u32, probe: ProbeName, facts: Vec<Fact>) -> Observation {
        let to: SocketAddr = "192.0.2.1:443".parse().unwrap();
        let probe = Probe::new(probe, Role::Control, Target::tcp(to));
        Observation { id, probe, started: Duration::ZERO, took: Duration::ZERO, facts, failure: None }
    }

    fn connected(rtt_ms: u64) -> Fact {
        let any: SocketAddr = "192.0.2.1:443".parse().unwrap();
        Fact::Connected(Connected { rtt_us: rtt_ms * 1000, local: any, peer: any })
    }

    fn resent(observations: Vec<Observation>) -> (u32, u32) {
        let background = Background::new(Arc::new(Catalogue::embedded()), "linux");
        let resent = super::resent(&Evidence::new(observations, Vec::new(), background), |_| true);
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
