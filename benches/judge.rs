//! How long the judgement takes by the number of observations: it must grow with them, not with their square.
//!
//! The evidence is that of recorded demos (`why5003 demo healthy`, `why5003 demo drop`), laid out over as many hosts and
//! addresses as it takes. Run it with `cargo bench --bench judge`.

#![expect(clippy::unwrap_used, reason = "a bench that can't go on fails")]

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use why5003::catalogue::Catalogue;
use why5003::evidence::{Background, Evidence};
use why5003::report::{self, Report};
use why5003::verdict::judge;
use why5003_probes::model::{Fact, Observation, ProbeName};

fn judging(criterion: &mut Criterion) {
    let catalogue = Arc::new(Catalogue::embedded());
    for (name, recorded) in [("healthy", include_str!("healthy.json")), ("drop", include_str!("drop.json"))] {
        let recorded = report::parse(recorded).unwrap();
        let mut group = criterion.benchmark_group(format!("judge/{name}"));
        group.sample_size(10).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
        for count in [1_usize, 1_000, 10_000, 100_000] {
            let background = Background::new(Arc::clone(&catalogue), "linux");
            let evidence = Evidence::new(spread(&recorded, count), Vec::new(), background);
            group.throughput(Throughput::Elements(count as u64));
            group.bench_with_input(BenchmarkId::from_parameter(count), &evidence, |bencher, evidence| {
                bencher.iter(|| judge(black_box(evidence)));
            });
        }
        group.finish();
    }
}

/// That many observations: the recorded ones, and then the same at other hosts and addresses.
fn spread(recorded: &Report, count: usize) -> Vec<Observation> {
    let of_network = || recorded.observations.iter().filter(|seen| seen.probe.kind != ProbeName::Host);
    let rounds = (1..).flat_map(|round| of_network().map(move |seen| moved(seen.clone(), round)));
    let all = recorded.observations.iter().cloned().chain(rounds);
    (0..).zip(all).take(count).map(|(id, seen)| Observation { id, ..seen }).collect()
}

/// The same observation at another host and other addresses, by the round.
fn moved(mut seen: Observation, round: u32) -> Observation {
    let target = &mut seen.probe.target;
    target.host = target.host.take().map(|host| format!("r{round}.{host}"));
    target.address = target.address.map(|address| shifted(address, round));
    for fact in &mut seen.facts {
        match fact {
            Fact::Answer(answer) => {
                for address in &mut answer.addresses {
                    *address = shifted(*address, round);
                }
            }
            Fact::Connected(connected) => connected.peer.set_ip(shifted(connected.peer.ip(), round)),
            _ => {}
        }
    }
    seen
}

/// A world's block of 127.0.0.0/8 is a /24, so the next round begins at the next /24.
fn shifted(address: IpAddr, round: u32) -> IpAddr {
    match address {
        IpAddr::V4(v4) => Ipv4Addr::from(u32::from(v4).wrapping_add(round << 8)).into(),
        IpAddr::V6(v6) => v6.into(),
    }
}

criterion_group!(benches, judging);
criterion_main!(benches);
