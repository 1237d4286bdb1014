//! Our own sweep of all addresses, by one engine, in a process of its own.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::hash::RandomState;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use why5003::run::{Sweep, sweep};
use why5003::sweep::{Amount, Port, PrefixPort, RateLimit, Results, Shard, TargetSpace};
use why5003_probes::engines::{Connect, Engine, Response, Syn};
use why5003_probes::model::Transport;
use why5003_probes::os::this_system;

use super::ROLE;

/// Sweeps as the arguments say (probes a second, where the result goes, prefixes), and writes how often it asked and a line for each address that answered.
pub(crate) fn run() {
    let mut arguments = std::env::args().skip(1);
    let rate: u32 = arguments.next().unwrap().parse().unwrap();
    let to = arguments.next().unwrap();
    let role = std::env::var(ROLE).unwrap();
    let port = Port { transport: Transport::Tcp, number: 443 };
    let prefixes: Vec<IpNet> = arguments.map(|prefix| prefix.parse().unwrap()).collect();
    let pairs = prefixes.iter().map(|prefix| PrefixPort { prefix: *prefix, port, canary: false }).collect();
    let space = TargetSpace::new(pairs, Amount::All).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let swept = runtime.block_on(async {
        let engine: Box<dyn Engine> = if role == "syn" {
            Box::new(Syn::new(Arc::from(this_system()), &prefixes, PATIENCE, None, RandomState::new()).await.unwrap())
        } else {
            Box::new(Connect::new(PATIENCE, None).unwrap())
        };
        // What a probe may come to is paid in packets, and nothing is known yet of those that are under way.
        let rate_limit = RateLimit::new((rate > 0).then(|| rate * engine.cost().open));
        let known = Results::new(space.count());
        let (max_inflight, first) = (usize::MAX, BTreeSet::new());
        let all = Sweep { space: &space, shard: Shard::WHOLE, seed: 7, rate_limit, max_inflight, first, known };
        sweep(all, &mut [(Transport::Tcp, engine)], &mut |_| {}, std::future::pending()).await.unwrap()
    });
    let mut text = format!("asked {}\n", swept.asked);
    for number in 0..space.count() {
        let word = match swept.results.response(number).unwrap() {
            Response::Open => "open",
            Response::Closed { .. } => "closed",
            Response::Prohibited { by: Some(IpAddr::V4(_)) } => "prohibited",
            Response::Silent => continue,
            other => panic!("{other:?}"),
        };
        writeln!(text, "{} {word}", space.target(number).unwrap().0.ip()).unwrap();
    }
    std::fs::write(to, text).unwrap();
}

/// Silence is asked twice: as long in all as the peers wait after their last probe.
const PATIENCE: Duration = Duration::from_millis(480);
