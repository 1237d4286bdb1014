//! Drives a trace: sends what it asks for, and tells it what came. All judgement is the tracer's.

use std::collections::BTreeSet;
use std::future::{Future, ready};
use std::net::IpAddr;
use std::pin::pin;

use ipnet::IpNet;
use tokio::time::{Instant, sleep_until};
use why5003_probes::model::{Fact, Hop, HopAnswer, How, IcmpError, Interface, Observation, Probe};

use super::schedule::{Finish, Limits, Schedule, Tools};
use crate::catalogue::Catalogue;
use crate::plan;
use crate::sweep::{Depth, Heard, Hosts, ProbeId, Reply, Request, Step, Trace, TraceEvent, TraceResult, Tracer};

/// Traces silent targets until it is known of all how far their packets come, or the time is up: the most telling first.
pub async fn trace(
    tools: &Tools,
    catalogue: &Catalogue,
    trace: Trace<'_>,
    events: &mut (dyn FnMut(&TraceEvent) + Send),
    stop: impl Future<Output = ()>,
) -> TraceResult {
    let own = tools.system.interfaces().map(|all| addresses(&all)).unwrap_or_default();
    let mut tracer = Tracer::new(trace, Hosts::of(catalogue, own));
    let mut probes = Probes { schedule: Schedule::new(tools.clone(), Limits::default()), in_flight: BTreeSet::new() };
    let (begun, mut stop) = (Instant::now(), pin!(stop));
    let mut is_stopped = tokio::select! {
        biased;
        () = &mut stop => true,
        () = ready(()) => false,
    };
    while !is_stopped {
        let next = tracer.next(begun.elapsed());
        while let Some(event) = tracer.event() {
            events(&event);
        }
        match next {
            Step::Send(probe) => probes.send(probe.id, probe.request),
            Step::Done => break,
            Step::Wait(until) => tokio::select! {
                biased;
                () = &mut stop => is_stopped = true,
                (id, heard) = probes.next(), if !probes.in_flight.is_empty() => {
                    tracer.heard(begun.elapsed(), id, heard);
                }
                () = sleep_until(begun + until) => {}
            },
        }
    }
    TraceResult { incomplete: is_stopped, ..tracer.into_result() }
}

fn addresses(interfaces: &[Interface]) -> Vec<IpAddr> {
    interfaces.iter().flat_map(|interface| interface.addresses.iter().map(IpNet::addr)).collect()
}

/// The probes in flight.
struct Probes {
    schedule: Schedule,
    in_flight: BTreeSet<ProbeId>,
}

impl Probes {
    fn send(&mut self, id: ProbeId, request: Request) {
        let Request { to, transport, depth } = request;
        let probe = match depth {
            Depth::Hop(ttl) => plan::up_to(to, transport, ttl),
            Depth::Whole => plan::all_the_way(to, transport),
            Depth::EveryHop => plan::walk(to, transport),
        };
        self.schedule.push(id.0, probe);
        self.in_flight.insert(id);
    }

    /// The next probe that comes back. Never called while none is in flight. Safe to drop.
    async fn next(&mut self) -> (ProbeId, Heard) {
        loop {
            let (id, heard) = match self.schedule.next().await {
                Some(Finish::Seen(seen)) => (Some(ProbeId(seen.id)), heard(&seen)),
                // What this computer could not send brings nothing: whichever it was, it is one of those in flight.
                Some(Finish::NotProbed(_)) | None => (self.in_flight.first().copied(), Heard::Reply(Reply::SILENCE)),
            };
            if let Some(id) = id.filter(|id| self.in_flight.remove(id)) {
                return (id, heard);
            }
        }
    }
}

fn heard(seen: &Observation) -> Heard {
    if is_traceroute(&seen.probe) { Heard::Hops(hops(seen)) } else { Heard::Reply(reply(seen)) }
}

fn is_traceroute(probe: &Probe) -> bool {
    probe.settings.traceroute.is_some()
}

fn hops(seen: &Observation) -> Vec<Hop> {
    seen.facts.iter().filter_map(|fact| if let Fact::Hop(hop) = fact { Some(hop.clone()) } else { None }).collect()
}

fn reply(seen: &Observation) -> Reply {
    let icmp = |fact: &Fact| if let Fact::Icmp(IcmpError { from, .. }) = fact { *from } else { None };
    let from = seen.facts.iter().rev().find_map(icmp);
    let came = match seen.failure.as_ref().map(|failure| failure.how) {
        None => HopAnswer::Answered,
        Some(How::Expired) => HopAnswer::Expired,
        Some(How::Unreachable) => HopAnswer::Unreachable,
        Some(How::Refused | How::Reset) if from.is_none() => HopAnswer::Refused,
        // A port unreachable from the way is a prohibition, too.
        Some(How::Prohibited | How::Refused | How::Reset) => HopAnswer::Prohibited,
        Some(_) => HopAnswer::Silent,
    };
    Reply { came, from }
}
