//! A sweep under paused time, by an engine whose answers are scripted.

use std::collections::BTreeSet;
use std::future::pending;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;

use tokio::time::sleep;
use why5003_probes::engines::{Cost, Response};

use super::super::testing::{Asked, FakeEngine, Log, ms};
use super::*;
use crate::sweep::{Amount, Permutation, Port, PrefixPort, RateLimit, Results, Shard, TargetSpace};

const OPEN: Option<(Duration, Response)> = Some((Duration::from_millis(10), Response::Open));
/// A router's refusal: the target is not asked again, and is no liveness check.
const PROHIBITED: Option<(Duration, Response)> =
    Some((Duration::from_millis(10), Response::Prohibited { by: Some(ROUTER) }));
const ROUTER: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 1, 1));
/// This computer itself has no route.
const NO_ROUTE: Response = Response::Unreachable { by: None };

/// All addresses of these prefixes; a documentation prefix is a canary's.
fn space(prefixes: &[&str], transport: Transport) -> TargetSpace {
    let port = Port { transport, number: 443 };
    let pair =
        |prefix: &&str| PrefixPort { prefix: prefix.parse().unwrap(), port, canary: prefix.starts_with("192.0.2.") };
    TargetSpace::new(prefixes.iter().map(pair).collect(), Amount::All).unwrap()
}

fn a_sweep(space: &TargetSpace, rate: Option<u32>) -> Sweep<'_> {
    let known = Results::new(space.count());
    let rate_limit = RateLimit::new(rate);
    Sweep { space, shard: Shard::WHOLE, seed: 7, rate_limit, max_inflight: usize::MAX, first: BTreeSet::new(), known }
}

/// What a sweep came to, and what it told meanwhile: events with their time in milliseconds.
struct Told {
    swept: Swept,
    events: Vec<(u128, SweepEvent)>,
}

async fn run(all: Sweep<'_>, engine: FakeEngine, transport: Transport, stop: impl Future<Output = ()>) -> Told {
    let (began, mut events) = (Instant::now(), Vec::new());
    let mut note = |event| events.push((began.elapsed().as_millis(), event));
    let swept = sweep(all, &mut [(transport, Box::new(engine))], &mut note, stop).await.unwrap();
    Told { swept, events }
}

async fn by_tcp(all: Sweep<'_>, engine: FakeEngine) -> Told {
    run(all, engine, Transport::Tcp, pending()).await
}

impl Told {
    /// Attempt and number of targets of each round.
    fn rounds(&self) -> Vec<(u8, u64)> {
        let round = |(_, event): &(u128, SweepEvent)| match event {
            SweepEvent::Round { attempt, targets, .. } => Some((*attempt, *targets)),
            _ => None,
        };
        self.events.iter().filter_map(round).collect()
    }

    /// When a liveness check ended, and whether it was heard.
    fn checks(&self) -> Vec<(u128, bool)> {
        let check = |(at, event): &(u128, SweepEvent)| match event {
            SweepEvent::LivenessCheck(heard) => Some((*at, *heard)),
            _ => None,
        };
        self.events.iter().filter_map(check).collect()
    }

    /// When it went slower, and how fast it was then.
    fn back_offs(&self) -> Vec<(u128, f64)> {
        let slower = |(at, event): &(u128, SweepEvent)| match event {
            SweepEvent::BackedOff(rate) => Some((*at, *rate)),
            _ => None,
        };
        self.events.iter().filter_map(slower).collect()
    }
}

/// The numbers that were asked, in order.
fn numbers(space: &TargetSpace, log: &Log) -> Vec<u64> {
    let log = log.lock().unwrap();
    log.iter().map(|asked| space.number(asked.to, Transport::Tcp).unwrap()).collect()
}

/// The times at which was asked, in milliseconds.
fn times(log: &Log) -> Vec<u128> {
    log.lock().unwrap().iter().map(|asked| asked.at.as_millis()).collect()
}

fn permuted(count: u64) -> Vec<u64> {
    (0..count).map(|position| Permutation::new(count, 7).at(position)).collect()
}

fn responses(swept: &Swept, count: u64) -> Vec<Option<Response>> {
    (0..count).map(|number| swept.results.response(number)).collect()
}

#[tokio::test(start_paused = true)]
async fn every_target_is_asked_once_in_the_order_of_the_permutation() {
    let space = space(&["170.114.0.0/28"], Transport::Tcp);
    let engine = FakeEngine::new(|_| PROHIBITED);
    let log = engine.log();
    let told = by_tcp(a_sweep(&space, None), engine).await;
    assert_eq!(numbers(&space, &log), permuted(16));
    assert_eq!(responses(&told.swept, 16), [Some(Response::Prohibited { by: Some(ROUTER) }); 16]);
    assert_eq!((told.rounds(), told.swept.asked, told.swept.incomplete), (vec![(1, 16)], 16, false));
}

#[tokio::test(start_paused = true)]
async fn each_target_is_told_once_with_its_response_and_time() {
    let space = space(&["170.114.0.0/31"], Transport::Tcp);
    let engine = FakeEngine::new(|asked| {
        let slow = asked.to.ip() == IpAddr::from([170, 114, 0, 1]);
        PROHIBITED.map(|(after, response)| (if slow { 2 * after } else { after }, response))
    });
    let told = by_tcp(a_sweep(&space, None), engine).await;
    let response = Response::Prohibited { by: Some(ROUTER) };
    let responded = |number, rtt| SweepEvent::Responded { number, attempt: 1, response, rtt: Some(rtt) };
    assert_eq!(
        told.events,
        [
            (0, SweepEvent::Round { transport: Transport::Tcp, attempt: 1, targets: 2 }),
            (10, responded(0, ms(10))),
            (20, responded(1, ms(20))),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn an_engine_asks_the_targets_of_its_own_transport_alone() {
    let port = |transport| Port { transport, number: 443 };
    let pair =
        |transport| PrefixPort { prefix: "170.114.0.0/31".parse().unwrap(), port: port(transport), canary: false };
    let space = TargetSpace::new(vec![pair(Transport::Tcp), pair(Transport::Udp)], Amount::All).unwrap();
    let (tcp, udp) = (FakeEngine::new(|_| PROHIBITED), FakeEngine::new(|_| PROHIBITED));
    let logs = [tcp.log(), udp.log()];
    let mut engines: [(Transport, Box<dyn Engine>); 2] =
        [(Transport::Tcp, Box::new(tcp)), (Transport::Udp, Box::new(udp))];
    let swept = sweep(a_sweep(&space, None), &mut engines, &mut |_| {}, pending()).await.unwrap();
    assert_eq!(logs.map(|log| times(&log)), [vec![0, 0], vec![1_020, 1_020]]);
    assert_eq!(responses(&swept, 4), [Some(Response::Prohibited { by: Some(ROUTER) }); 4]);
}

#[tokio::test(start_paused = true)]
async fn the_rate_is_kept() {
    let space = space(&["170.114.0.0/29"], Transport::Tcp);
    let engine = FakeEngine::new(|_| PROHIBITED);
    let log = engine.log();
    by_tcp(a_sweep(&space, Some(100)), engine).await;
    assert_eq!(times(&log), [10, 20, 30, 40, 50, 60, 70, 80]);
}

#[tokio::test(start_paused = true)]
async fn packets_that_were_paid_for_and_not_sent_are_given_back_to_the_rate() {
    let space = space(&["170.114.0.0/30"], Transport::Tcp);
    let engine = FakeEngine::new(|_| PROHIBITED).at_cost(Cost { open: 2, otherwise: 1 });
    let log = engine.log();
    by_tcp(a_sweep(&space, Some(100)), engine).await;
    assert_eq!(times(&log), [20, 30, 40, 50]);
}

#[tokio::test(start_paused = true)]
async fn no_more_targets_are_under_way_than_was_allowed() {
    let space = space(&["170.114.0.0/29"], Transport::Tcp);
    let engine = FakeEngine::new(|_| PROHIBITED);
    let log = engine.log();
    by_tcp(Sweep { max_inflight: 3, ..a_sweep(&space, None) }, engine).await;
    assert_eq!(times(&log), [0, 0, 0, 10, 10, 10, 20, 20]);
}

#[tokio::test(start_paused = true)]
async fn an_engine_without_room_is_waited_for_and_not_slowed_down() {
    let space = space(&["170.114.0.0/29"], Transport::Tcp);
    let engine = FakeEngine::new(|_| PROHIBITED).with_room_for(3);
    let log = engine.log();
    let told = by_tcp(a_sweep(&space, None), engine).await;
    assert_eq!(times(&log), [0, 0, 0, 10, 10, 10, 20, 20]);
    assert_eq!(told.back_offs(), []);
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_takes_less_than_it_has_room_for_is_slowed_down_and_asked_for_the_rest() {
    let space = space(&["170.114.0.0/29"], Transport::Tcp);
    let engine = FakeEngine::new(|_| PROHIBITED).taking([0]);
    let log = engine.log();
    let told = by_tcp(a_sweep(&space, Some(100)), engine).await;
    assert_eq!(told.back_offs(), [(10, 50.0)]);
    assert_eq!(numbers(&space, &log), permuted(8));
}

#[tokio::test(start_paused = true)]
async fn silence_is_believed_when_a_sample_stays_silent() {
    let space = space(&["170.114.0.0/26"], Transport::Tcp);
    let engine = FakeEngine::new(|_| None);
    let log = engine.log();
    let told = by_tcp(a_sweep(&space, None), engine).await;
    assert_eq!(told.rounds(), [(1, 64), (2, 32)]);
    let again: Vec<u64> = permuted(64).into_iter().take(32).collect();
    assert_eq!(numbers(&space, &log).get(64..), Some(again.as_slice()));
    assert_eq!(responses(&told.swept, 64), [Some(Response::Silent); 64]);
}

#[tokio::test(start_paused = true)]
async fn a_sample_is_asked_at_400_packets_a_second() {
    let space = space(&["170.114.0.0/28"], Transport::Tcp);
    let engine = FakeEngine::new(|_| None);
    let log = engine.log();
    by_tcp(a_sweep(&space, None), engine).await;
    let times = times(&log);
    assert_eq!((times.first(), times.get(15)), (Some(&0), Some(&0)));
    assert_eq!((times.get(16), times.last()), (Some(&1_023), Some(&1_060)));
}

#[tokio::test(start_paused = true)]
async fn all_silent_targets_are_asked_again_when_one_of_the_sample_answers() {
    let space = space(&["170.114.0.0/26"], Transport::Tcp);
    let engine = FakeEngine::new(|asked: Asked| if asked.before == 0 { None } else { OPEN });
    let told = by_tcp(a_sweep(&space, None), engine).await;
    assert_eq!(told.rounds(), [(1, 64), (2, 32), (2, 32)]);
    assert_eq!(responses(&told.swept, 64), [Some(Response::Open); 64]);
}

#[tokio::test(start_paused = true)]
async fn no_target_is_asked_more_than_three_times() {
    let space = space(&["170.114.0.0/26"], Transport::Tcp);
    let first = permuted(64).first().copied().unwrap();
    let answering = space.target(first).unwrap().0;
    let engine = FakeEngine::new(move |asked| if asked.before == 1 && asked.to == answering { OPEN } else { None });
    let log = engine.log();
    let told = by_tcp(a_sweep(&space, None), engine).await;
    assert_eq!(told.rounds(), [(1, 64), (2, 32), (2, 32), (3, 32)]);
    let most = log.lock().unwrap().iter().filter(|asked| asked.to != answering).map(|asked| asked.before + 1).max();
    assert_eq!(most, Some(3));
}

#[tokio::test(start_paused = true)]
async fn an_icmp_error_in_the_sample_makes_no_other_silence_doubtful() {
    let space = space(&["170.114.0.0/26"], Transport::Tcp);
    let unreachable = Some((ms(10), Response::Unreachable { by: Some(ROUTER) }));
    let engine = FakeEngine::new(move |asked| if asked.before == 0 { None } else { unreachable });
    let told = by_tcp(a_sweep(&space, None), engine).await;
    assert_eq!(told.rounds(), [(1, 64), (2, 32)]);
}

#[tokio::test(start_paused = true)]
async fn an_answer_after_its_time_counts_as_none_and_makes_all_silence_doubtful() {
    let space = space(&["170.114.0.0/26"], Transport::Tcp);
    let last = permuted(64).last().copied().unwrap();
    let slow = space.target(last).unwrap().0;
    let late = Some((ms(1_030), Response::Open));
    let engine = FakeEngine::new(move |asked| if asked.to == slow { late } else { None });
    let told = by_tcp(a_sweep(&space, None), engine).await;
    assert_eq!(told.rounds().get(..3), Some(&[(1, 64), (2, 32), (2, 32)][..]));
    assert!(told.swept.late > 0);
    assert_eq!(told.swept.results.response(last), Some(Response::Silent));
}

#[tokio::test(start_paused = true)]
async fn an_answer_just_after_the_wait_still_counts() {
    let space = space(&["170.114.0.0/32"], Transport::Tcp);
    let engine = FakeEngine::new(|_| Some((ms(1_019), Response::Open)));
    let told = by_tcp(a_sweep(&space, None), engine).await;
    assert_eq!((responses(&told.swept, 1), told.swept.late), (vec![Some(Response::Open)], 0));
}

#[tokio::test(start_paused = true)]
async fn answers_from_targets_that_nobody_asked_are_ignored() {
    let space = space(&["170.114.0.0/31"], Transport::Tcp);
    let engine = FakeEngine::new(|_| PROHIBITED);
    let foreign = SocketAddr::from(([203, 0, 113, 9], 443));
    let told = by_tcp(a_sweep(&space, None), engine.hearing(foreign, Response::Open)).await;
    assert_eq!(told.events.len(), 3);
    assert_eq!(responses(&told.swept, 2), [Some(Response::Prohibited { by: Some(ROUTER) }); 2]);
}

#[tokio::test(start_paused = true)]
async fn targets_that_answered_are_asked_again_once_a_second() {
    let space = space(&["170.114.0.0/26"], Transport::Tcp);
    let told = by_tcp(a_sweep(&space, Some(20)), FakeEngine::new(|_| OPEN)).await;
    assert_eq!(told.checks(), [(110, true), (1_110, true), (2_110, true), (3_110, true), (4_180, true)]);
    assert_eq!(told.back_offs(), []);
}

#[tokio::test(start_paused = true)]
async fn the_rate_is_halved_when_three_targets_that_answered_fall_silent() {
    let space = space(&["170.114.0.0/25"], Transport::Tcp);
    let engine = FakeEngine::new(|asked: Asked| if asked.at < ms(2_000) { OPEN } else { None });
    let told = by_tcp(a_sweep(&space, Some(20)), engine).await;
    let checks = [(110, true), (1_110, true), (3_150, false), (4_150, false), (5_150, false)];
    assert_eq!(told.checks().get(..5), Some(&checks[..]));
    assert_eq!(told.back_offs().first(), Some(&(5_150, 10.0)));
}

#[tokio::test(start_paused = true)]
async fn two_lost_checks_of_eight_slow_nothing_down() {
    let space = space(&["170.114.0.0/25"], Transport::Tcp);
    let engine = FakeEngine::new(|asked: Asked| {
        let lost = asked.before > 0 && (ms(2_000)..ms(4_000)).contains(&asked.at);
        if lost { None } else { OPEN }
    });
    let told = by_tcp(a_sweep(&space, Some(20)), engine).await;
    assert_eq!(told.checks().iter().filter(|(_, heard)| !heard).count(), 2);
    assert_eq!(told.back_offs(), []);
}

#[tokio::test(start_paused = true)]
async fn a_computer_whose_own_errors_are_all_that_comes_has_no_way_out() {
    let space = space(&["170.114.0.0/23"], Transport::Tcp);
    let engine = FakeEngine::new(|_| Some((ms(0), NO_ROUTE)));
    let Told { swept, .. } = by_tcp(a_sweep(&space, None), engine).await;
    assert_eq!((swept.asked, swept.incomplete, swept.no_way), (256, true, true));
}

#[tokio::test(start_paused = true)]
async fn one_packet_that_left_is_a_way_out() {
    let space = space(&["170.114.0.0/23"], Transport::Tcp);
    let first = space.target(permuted(512).first().copied().unwrap()).unwrap().0;
    let engine = FakeEngine::new(move |asked| if asked.to == first { OPEN } else { Some((ms(20), NO_ROUTE)) });
    let Told { swept, .. } = by_tcp(a_sweep(&space, None), engine).await;
    assert_eq!((swept.incomplete, swept.no_way, swept.results.tally(0..512).known()), (false, false, 512));
}

#[tokio::test(start_paused = true)]
async fn a_sweep_that_is_stopped_keeps_what_came_and_is_incomplete() {
    let space = space(&["170.114.0.0/29"], Transport::Tcp);
    let engine = FakeEngine::new(|_| PROHIBITED);
    let told = run(a_sweep(&space, Some(100)), engine, Transport::Tcp, sleep(ms(35))).await;
    let tally = told.swept.results.tally(0..8);
    assert_eq!((told.swept.asked, tally.prohibited, tally.not_asked), (3, 2, 6));
    assert_eq!((told.swept.incomplete, told.swept.no_way), (true, false));
}

#[tokio::test(start_paused = true)]
async fn a_sweep_that_is_stopped_before_it_begins_hears_nothing() {
    let space = space(&["170.114.0.0/29"], Transport::Tcp);
    let told = run(a_sweep(&space, Some(100)), FakeEngine::new(|_| PROHIBITED), Transport::Tcp, async {}).await;
    assert_eq!((told.swept.asked, told.swept.incomplete), (0, true));
}

#[tokio::test(start_paused = true)]
async fn shards_together_ask_every_target_once_and_each_of_them_the_canaries() {
    let space = space(&["192.0.2.0/31", "170.114.0.0/28"], Transport::Tcp);
    let mut asked = Vec::new();
    for part in [1, 2] {
        let shard = Shard { part: NonZeroU32::new(part).unwrap(), of: NonZeroU32::new(2).unwrap() };
        let engine = FakeEngine::new(|_| PROHIBITED);
        let log = engine.log();
        by_tcp(Sweep { shard, ..a_sweep(&space, None) }, engine).await;
        let numbers = numbers(&space, &log);
        let canaries: BTreeSet<u64> = space.canaries().collect();
        assert_eq!(numbers.iter().filter(|number| canaries.contains(number)).count(), 2);
        asked.extend(numbers.into_iter().filter(|number| !canaries.contains(number)));
    }
    asked.sort_unstable();
    let canaries: BTreeSet<u64> = space.canaries().collect();
    assert_eq!(asked, (0..18).filter(|number| !canaries.contains(number)).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn reference_targets_are_asked_before_all_others() {
    let space = space(&["170.114.0.0/28"], Transport::Tcp);
    let engine = FakeEngine::new(|_| PROHIBITED);
    let log = engine.log();
    let told = by_tcp(Sweep { first: BTreeSet::from([3, 9]), ..a_sweep(&space, None) }, engine).await;
    let first: BTreeSet<u64> = numbers(&space, &log).into_iter().take(2).collect();
    assert_eq!((first, told.rounds()), (BTreeSet::from([3, 9]), vec![(1, 2), (1, 14)]));
}

#[tokio::test(start_paused = true)]
async fn what_an_earlier_run_knows_is_not_asked_again() {
    let space = space(&["170.114.0.0/29"], Transport::Tcp);
    let mut known = Results::new(space.count());
    for number in [1, 2, 5] {
        known.restore(number, 1, Response::Closed { ttl: None });
    }
    let engine = FakeEngine::new(|_| PROHIBITED);
    let log = engine.log();
    by_tcp(Sweep { known, ..a_sweep(&space, None) }, engine).await;
    let wanted: Vec<u64> = permuted(8).into_iter().filter(|number| ![1, 2, 5].contains(number)).collect();
    assert_eq!(numbers(&space, &log), wanted);
}

#[tokio::test(start_paused = true)]
async fn a_sample_that_an_earlier_run_asked_is_not_asked_anew() {
    let space = space(&["170.114.0.0/26"], Transport::Tcp);
    let mut known = Results::new(space.count());
    for number in 0..64 {
        known.restore(number, if number < 30 { 2 } else { 1 }, Response::Silent);
    }
    let told = by_tcp(Sweep { known, ..a_sweep(&space, None) }, FakeEngine::new(|_| None)).await;
    assert_eq!(told.rounds(), [(2, 2)]);
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_can_hear_no_more_ends_the_sweep_with_its_error() {
    let space = space(&["170.114.0.0/29"], Transport::Tcp);
    let mut engines: [(Transport, Box<dyn Engine>); 1] =
        [(Transport::Tcp, Box::new(FakeEngine::new(|_| OPEN).broken()))];
    let error = sweep(a_sweep(&space, None), &mut engines, &mut |_| {}, pending()).await.err();
    assert_eq!(
        error.map(|error| error.to_string()).as_deref(),
        Some("see answers on this system (the test breaks the engine)")
    );
}
