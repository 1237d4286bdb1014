//! What the schedule itself costs: ten thousand probes on a network that answers at once.
//!
//! Run it with `cargo bench --bench schedule`.

#![expect(clippy::unwrap_used, reason = "a bench that can't go on fails")]

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rustls::RootCertStore;
use tokio::runtime::Builder;
use why5003::run::{Finish, Limits, Schedule, Tools};
use why5003_probes::model::{CannotProbe, How, Pending, Probe, ProbeName, Role, Target};
use why5003_probes::net::{Datagram, DatagramOptions, Dial, Dialled, Network, Outcome, SegmentTtl};
use why5003_probes::os::{Clock, Elsewhere, SystemClock, Trust};

const PROBES: u32 = 10_000;

fn scheduling(criterion: &mut Criterion) {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let mut group = criterion.benchmark_group("schedule");
    group.sample_size(10).throughput(Throughput::Elements(PROBES.into()));
    for (name, addresses) in [("each at its own address", PROBES), ("all at one address", 1)] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| assert_eq!(runtime.block_on(taken(addresses)), PROBES));
        });
    }
    group.finish();
}

/// Runs all probes at that many addresses, and counts those that saw something.
async fn taken(addresses: u32) -> u32 {
    let mut schedule = Schedule::new(tools(), Limits::default());
    for id in 0..PROBES {
        let address = Ipv4Addr::from(u32::from(Ipv4Addr::new(10, 0, 0, 1)) + id % addresses);
        schedule
            .push(id, Probe::new(ProbeName::Tcp, Role::Range, Target::tcp(SocketAddr::new(IpAddr::V4(address), 443))));
    }
    let mut seen = 0;
    while let Some(finish) = schedule.next().await {
        seen += u32::from(matches!(finish, Finish::Seen(_)));
    }
    seen
}

fn tools() -> Tools {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
    let trust = Arc::new(Trust::new(RootCertStore::empty(), None));
    Tools { network: Arc::new(Refusing), clock, system: Arc::new(Elsewhere), trust }
}

/// Refuses every connection at once.
struct Refusing;

impl Network for Refusing {
    fn dial(&self, _: Dial) -> Pending<'_, Result<Dialled, CannotProbe>> {
        let outcome = Outcome::Failed(How::Refused, Some("ECONNREFUSED"));
        Box::pin(async { Ok(Dialled { outcome, took: Duration::ZERO, icmp: Vec::new() }) })
    }

    fn datagram(&self, _: SocketAddr, _: DatagramOptions) -> Pending<'_, Result<Box<dyn Datagram>, CannotProbe>> {
        Box::pin(async { Err(UNUSED) })
    }

    fn segment_ttls(&self, _: Dial) -> Pending<'_, Result<Vec<SegmentTtl>, CannotProbe>> {
        Box::pin(async { Err(UNUSED) })
    }
}

const UNUSED: CannotProbe = CannotProbe::Unsupported { what: "this", why: "the bench has no use for it" };

criterion_group!(benches, scheduling);
criterion_main!(benches);
