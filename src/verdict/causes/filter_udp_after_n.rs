//! UDP flows to Zoom fall silent after a number of datagrams.

use why5003_probes::model::{Dialect, Exchange, Fact, Layer, Observation, ProbeName, Target};

use super::prelude::*;
use crate::verdict::measure::media::ports_of;

pub(super) const CAUSE: Cause = Cause {
    id: "filter.udp-after-n",
    title: "A filter lets only the first datagrams of a UDP flow pass",
    layer: Layer::Filter,
    owner: Owner::Network,
    masks: &[],
    effects: &[],
    meaning: "A UDP flow to Zoom's media server is answered at first and falls silent after the same number of datagrams each time, while a fresh flow \
              is answered again. A server that limits a client would not answer the fresh one. Media begin and then freeze, or fall back to TCP; \
              never error 5003 by itself.",
    proof: "for i in $(seq 16); do why5003 probe udp 162.255.37.14:3478 --source YOUR_ADDRESS; done\nwhy5003 probe udp 162.255.37.14:3478 --set exchange=16 --set tries=2",
    remedies: &[Mend {
        os: "any",
        who: Owner::Network,
        text: "Find what limits UDP flows by packets (flood protection, an application rule that stops a flow once it is classified, a limit on \
               conntrack's unreplied state) and exempt UDP 3478, 3479 and 8801-8810 to the prefixes that the command prints.",
        command: "why5003 catalogue show meetings",
    }],
    sources: &["Zoom KB0060548 (UDP 3478, 3479, 8801-8810)", "iptables-extensions(8), connbytes"],
    rule,
};

fn rule(evidence: &Evidence) -> Ruling {
    let probes: Vec<&Observation> = evidence
        .observations()
        .iter()
        .filter(|o| {
            o.probe.kind == ProbeName::Udp && o.probe.role == Role::Media && o.probe.settings.exchange.is_some()
        })
        .collect();
    let flows: Vec<&Exchange> = probes.iter().flat_map(|o| flows_of(o)).collect();
    let Some(first) = flows.first() else { return Ruling::silent() };
    let ids: Vec<u32> = probes.iter().map(|o| o.id).collect();
    if flows.iter().any(|flow| flow.last == flow.wanted) {
        return Ruling::excluded(ids);
    }
    if first.answered == 0 {
        return Ruling::silent();
    }
    let Some(to) = probes.first().and_then(|o| o.probe.target.socket()) else { return Ruling::silent() };
    if flows.len() < FLOWS {
        if probes.len() > 1 {
            return Ruling::silent();
        }
        return Ruling::doubt(
            format!("ask {to} again on fresh UDP flows: do they fall silent after as many datagrams?"),
            vec![ON_ONE_FLOW.of(to)],
        );
    }
    // A box that counts both directions may count one answer more or less.
    // Answered one by one up to the end, and as far each time: loss would scatter, a limit of the server would not begin anew.
    let alike = flows.iter().all(|flow| flow.last == flow.answered && flow.last.abs_diff(first.last) <= 1);
    if !alike {
        return Ruling::doubt(
            "count datagrams of a test call (https://zoom.us/test) on both sides of the firewall",
            Vec::new(),
        );
    }
    Ruling::claim(Claim {
        scope: ports_of(&probes),
        details: [("datagrams".to_owned(), first.last.to_string())].into(),
        ..Claim::of(Confidence::Probable, ids)
    })
}

fn flows_of(seen: &Observation) -> Vec<&Exchange> {
    seen.facts.iter().filter_map(|f| if let Fact::Exchange(exchange) = f { Some(exchange) } else { None }).collect()
}

/// The first one and two fresh ones.
const FLOWS: usize = 3;

/// After how many datagrams does a UDP flow to this server fall silent, each time anew?
const ON_ONE_FLOW: Experiment<SocketAddr> = Experiment {
    told_by_silence: true,
    ..Experiment::new("on-one-flow", |_, to| {
        let again = probes::on_one_flow(Role::Media, Target::udp(*to), Dialect::Zoom);
        let twice = Settings { tries: Some(2), ..again.settings.clone() };
        vec![again.with(twice)]
    })
};
