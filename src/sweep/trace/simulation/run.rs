//! Sweeps a simulated network, traces what stayed silent, and says in lines what was found.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use why5003_probes::engines::Response;
use why5003_probes::model::{Hop, HopAnswer, Transport};

use super::super::super::common_path::Reply;
use super::super::super::{Amount, Assessment, Found, PairState, Port, PrefixPort, Results, TargetSpace, assess};
use super::super::{Depth, Heard, Hosts, Request, Step, Trace, TraceResult, Tracer};
use super::{Action, Network, OWN};

/// What was found of a simulated network.
pub(in crate::sweep::trace) struct Finding {
    pub(in crate::sweep::trace) assessment: Assessment,
    pub(in crate::sweep::trace) result: TraceResult,
    /// In virtual time.
    pub(in crate::sweep::trace) took: Duration,
}

impl Network {
    /// What a sweep of these prefixes at these ports finds, one line a pair, and then what else is to be said.
    pub(in crate::sweep::trace) fn found(&mut self, prefixes: &[&str], ports: &[&str]) -> Vec<String> {
        self.traced(prefixes, ports, TraceResult::default()).lines()
    }

    /// Sweeps and traces.
    pub(in crate::sweep::trace) fn traced(&mut self, prefixes: &[&str], ports: &[&str], known: TraceResult) -> Finding {
        let pair = |prefix: &str, port: &str, canary| {
            let (transport, number) = port.split_once('/').unwrap();
            let transport = if transport == "tcp" { Transport::Tcp } else { Transport::Udp };
            let port = Port { transport, number: number.parse().unwrap() };
            PrefixPort { prefix: prefix.parse().unwrap(), port, canary }
        };
        let mut pairs: Vec<PrefixPort> =
            prefixes.iter().flat_map(|prefix| ports.iter().map(|port| pair(prefix, port, false))).collect();
        pairs.extend(ports.iter().map(|port| pair("203.0.113.1/32", port, true)));
        let amount = if self.all { Amount::All } else { Amount::PerPrefix(self.per_prefix) };
        let space = TargetSpace::new(pairs, amount).unwrap();
        let results = self.sweep(&space);
        let (result, took) = self.trace(&space, &results, known);
        let assessment = assess(Found {
            space: &space,
            results: &results,
            reaches: &result.reaches,
            common_paths: &result.common_paths,
        });
        Finding { assessment, result, took }
    }

    /// Asks every target at 400 packets a second, and silent ones once more.
    fn sweep(&mut self, space: &TargetSpace) -> Results {
        let mut results = Results::new(space.count());
        let mut now = Duration::ZERO;
        for _ in 0..2 {
            for number in 0..space.count() {
                if !matches!(results.response(number), None | Some(Response::Silent)) {
                    continue;
                }
                let (to, transport) = space.target(number).unwrap();
                now += Duration::from_micros(2_500);
                let (reply, _) = self.packet(to, transport, 64, now);
                let response = match reply.came {
                    HopAnswer::Answered => Response::Open,
                    HopAnswer::Refused => Response::Closed { ttl: None },
                    HopAnswer::Prohibited => Response::Prohibited { by: reply.from },
                    HopAnswer::Unreachable => Response::Unreachable { by: reply.from },
                    HopAnswer::Expired | HopAnswer::Silent => Response::Silent,
                };
                results.note(number, response);
            }
            now += WAIT;
        }
        results
    }

    fn trace(&mut self, space: &TargetSpace, results: &Results, known: TraceResult) -> (TraceResult, Duration) {
        let hosts = Hosts { neutral: self.neutral.clone(), reference: self.reference.clone(), own: vec![OWN.into()] };
        let mut tracer = Tracer::new(Trace { space, results, known, time: self.time, rate: None }, hosts);
        let mut in_flight = BTreeMap::new();
        let mut now = Duration::ZERO;
        for _ in 0..MOST_STEPS {
            match tracer.next(now) {
                Step::Done => return (tracer.into_result(), now),
                Step::Send(probe) => {
                    let (heard, took) = self.probe(probe.request, BEGUN + now);
                    in_flight.insert((now + took, probe.id), heard);
                }
                Step::Wait(until) => {
                    assert!(until > now, "it waits for the past");
                    match in_flight.first_key_value() {
                        Some(((at, id), _)) if *at <= until => {
                            let key = (*at, *id);
                            now = key.0.max(now);
                            let heard = in_flight.remove(&key).unwrap();
                            tracer.heard(now, key.1, heard);
                        }
                        _ => now = until,
                    }
                }
            }
        }
        panic!("the trace never ends");
    }

    fn probe(&mut self, request: Request, now: Duration) -> (Heard, Duration) {
        let Request { to, transport, depth } = request;
        let packet = |network: &mut Self, ttl| {
            let (reply, took) = network.packet(to, transport, ttl, now);
            (Heard::Reply(reply), took)
        };
        match depth {
            Depth::Hop(ttl) => packet(self, ttl),
            Depth::Whole => packet(self, 64),
            Depth::EveryHop => self.traceroute(to, transport, now),
        }
    }

    /// One packet for each hop, and three where none is answered, until the target answers or many hops in a row do not.
    fn traceroute(&mut self, to: SocketAddr, transport: Transport, now: Duration) -> (Heard, Duration) {
        let (mut hops, mut longest): (Vec<Hop>, Duration) = (Vec::new(), Duration::ZERO);
        for ttl in 1..=24 {
            let mut reply = Reply::SILENCE;
            let mut at = Duration::from_millis(5 * u64::from(ttl));
            for _ in 0..3 {
                let (came, took) = self.packet(to, transport, ttl, now + at);
                at += took.max(Duration::from_millis(1_100));
                (reply, longest) = (came, longest.max(at));
                if reply.came != HopAnswer::Silent {
                    break;
                }
            }
            let Reply { came, from } = reply;
            hops.push(Hop { ttl, came, from, rtt_us: None });
            let mute = hops.iter().rev().take_while(|hop| hop.came == HopAnswer::Silent).count();
            if !matches!(came, HopAnswer::Silent | HopAnswer::Expired) || mute > 8 {
                break;
            }
        }
        (Heard::Hops(hops), longest)
    }

    /// What a packet brings, and how long that takes.
    fn packet(&mut self, to: SocketAddr, transport: Transport, ttl: u8, now: Duration) -> (Reply, Duration) {
        self.packets += 1;
        let lost = (0..2).any(|_| self.random.u32(0..1000) < self.loss_per_mille);
        let (reply, hops) = self.walk(to, transport, ttl, now);
        let took = self.rtt * hops;
        // The sender has heard nothing yet when it gives up.
        if lost || reply.came == HopAnswer::Silent || took > WAIT { (Reply::SILENCE, WAIT) } else { (reply, took) }
    }

    /// Who answers it, and at which hop.
    fn walk(&mut self, to: SocketAddr, transport: Transport, ttl: u8, now: Duration) -> (Reply, u32) {
        let own = IpAddr::from(OWN);
        for filter in self.own.iter_mut().filter(|filter| filter.flows.contain(to, transport)) {
            if filter.stops(now, &mut self.random) {
                return (stopped(filter.action, transport, own, to, true), 0);
            }
        }
        let path = self.path_of(to, transport);
        for (hop, at) in (1_u8..).zip(&path) {
            let Self { routers, random, .. } = self;
            let router = &mut routers[*at];
            if hop == ttl {
                let is_mute = router.mute_for.iter().any(|flows| flows.contain(to, transport));
                let says = !is_mute && router.can_say(now);
                let came = if says { HopAnswer::Expired } else { HopAnswer::Silent };
                return (Reply { came, from: says.then_some(router.address) }, u32::from(hop));
            }
            let mut filters = router.filters.iter_mut().filter(|filter| filter.flows.contain(to, transport));
            if let Some(action) = filters.find_map(|filter| filter.stops(now, random).then_some(filter.action)) {
                let by_icmp = matches!(action, Action::Prohibit | Action::NoRoute);
                let says = !by_icmp || router.can_say(now);
                return (stopped(action, transport, router.address, to, says), u32::from(hop));
            }
        }
        (self.at_its_host(to, transport), u32::try_from(path.len()).unwrap() + 1)
    }

    fn at_its_host(&self, to: SocketAddr, transport: Transport) -> Reply {
        let tcp = transport == Transport::Tcp;
        let serves = tcp && [80, 443].contains(&to.port()) && self.open.iter().any(|net| net.contains(&to.ip()));
        let is_neutral = tcp && self.neutral.contains(&to.ip());
        let is_reference = tcp && to.port() == 443 && self.reference.contains(&to.ip());
        if serves || is_neutral || is_reference {
            return Reply { came: HopAnswer::Answered, from: Some(to.ip()) };
        }
        let closed = tcp && self.closed.iter().any(|flows| flows.contain(to, transport));
        Reply { came: if closed { HopAnswer::Refused } else { HopAnswer::Silent }, from: None }
    }
}

/// What a filter's action brings.
fn stopped(action: Action, transport: Transport, by: IpAddr, to: SocketAddr, says: bool) -> Reply {
    let tcp = transport == Transport::Tcp;
    match action {
        Action::Prohibit if says => Reply { came: HopAnswer::Prohibited, from: Some(by) },
        Action::NoRoute if says => Reply { came: HopAnswer::Unreachable, from: Some(by) },
        Action::Reset if tcp => Reply { came: HopAnswer::Refused, from: None },
        Action::Answer if tcp => Reply { came: HopAnswer::Answered, from: Some(to.ip()) },
        _ => Reply::SILENCE,
    }
}

impl Finding {
    /// One line a pair, and then what else is to be said.
    pub(in crate::sweep::trace) fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for pair in &self.assessment.pairs {
            let mut line = format!("{} {} {}", pair.pair.port, pair.pair.prefix, state(pair.state));
            for part in &pair.blocked {
                let hop = part.location.hop.map_or("an unknown hop".to_owned(), |hop| format!("hop {hop}"));
                let address = part.location.address.map_or(String::new(), |address| format!(" {address}"));
                line = format!("{line}, {} at {hop}{address}", part.prefix);
            }
            if pair.unknown > 0 && pair.state != PairState::Unknown && !pair.inferred {
                line.push_str(", not all told");
            }
            lines.push(line);
        }
        let TraceResult { shut_off, out_of_time, unheard, .. } = &self.result;
        lines.extend(shut_off.then(|| "shut off".to_owned()));
        lines.extend(out_of_time.then(|| "out of time".to_owned()));
        lines.extend(unheard.iter().map(|host| format!("unheard {host}")));
        lines.extend((!self.assessment.forged.is_empty()).then(|| "forged replies".to_owned()));
        lines.extend(self.assessment.limiters.iter().map(|by| format!("limited by {by}")));
        lines
    }
}

fn state(state: PairState) -> &'static str {
    match state {
        PairState::Open => "open",
        PairState::Passes => "passes",
        PairState::Blocked => "blocked",
        PairState::Reset => "reset",
        PairState::Prohibited => "prohibited",
        PairState::Partly => "partly",
        PairState::Unknown => "unknown",
    }
}

/// So long a reply is waited for.
const WAIT: Duration = Duration::from_millis(900);
/// When the trace begins; the sweep began at 0.
const BEGUN: Duration = Duration::from_secs(60);
/// More than any trace of a test takes.
const MOST_STEPS: usize = 1_000_000;
