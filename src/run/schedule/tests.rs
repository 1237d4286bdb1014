//! The schedule under paused time: results, limits, late probes, dropped probes.

use std::net::SocketAddr;
use std::sync::atomic::Ordering;

use tokio::task::yield_now;
use tokio::time::timeout;
use why5003_probes::model::{ProbeName, Settings, Target};

use super::super::testing::{FakeComputer, FakeNetwork, ms, tools};
use super::*;

const A: &str = "192.0.2.1";
const B: &str = "192.0.2.2";
const C: &str = "192.0.2.3";
/// Nothing answers there, for the 3.2 seconds that a connection is tried.
const SILENT: &str = "198.51.100.1";

fn schedule(network: FakeNetwork, limits: Limits) -> Schedule {
    Schedule::new(tools(network, FakeComputer::default()), limits)
}

fn probe(address: &str) -> Probe {
    Probe::new(ProbeName::Tcp, Role::Range, Target::tcp(SocketAddr::new(address.parse().unwrap(), 443)))
}

fn sign_in(address: &str) -> Probe {
    Probe { role: Role::SignIn, ..probe(address) }
}

fn traceroute(address: &str) -> Probe {
    probe(address).with(Settings { traceroute: Some(2), ..Settings::default() })
}

/// Number, target, time of start and end in milliseconds, and how it failed; or the reason why it could not be probed.
fn told(finish: &Finish) -> String {
    match finish {
        Finish::Seen(seen) => {
            let (from, to) = (seen.started.as_millis(), (seen.started + seen.took).as_millis());
            let how = seen.failure.as_ref().map(|failure| format!("{:?}", failure.how)).unwrap_or_default();
            format!("{} {} {from}-{to} {how}", seen.id, seen.probe.target.address.unwrap())
        }
        Finish::NotProbed(not) => format!("{}: {}", not.what, not.why),
    }
}

async fn all(schedule: &mut Schedule) -> Vec<String> {
    let mut all = Vec::new();
    while let Some(finish) = schedule.next().await {
        all.push(told(&finish));
    }
    all
}

fn addresses<'a>(probes: impl IntoIterator<Item = &'a Probe>) -> Vec<String> {
    probes.into_iter().map(|probe| probe.target.address.unwrap().to_string()).collect()
}

fn reasons(not: &[NotProbed]) -> Vec<String> {
    not.iter().map(|not| format!("{}: {}", not.what, not.why)).collect()
}

#[tokio::test(start_paused = true)]
async fn results_come_as_they_end_and_keep_the_number_of_the_plan() {
    let network = FakeNetwork::default().refusing(A, ms(30)).refusing(B, ms(10)).refusing(C, ms(20));
    let mut schedule = schedule(network, Limits::default());
    for (id, address) in (0..).zip([A, B, C]) {
        schedule.push(id, probe(address));
    }
    let wanted = ["1 192.0.2.2 0-10 Refused", "2 192.0.2.3 0-20 Refused", "0 192.0.2.1 0-30 Refused"];
    assert_eq!(all(&mut schedule).await, wanted);
}

#[tokio::test(start_paused = true)]
async fn no_more_probes_run_at_once_than_the_limit() {
    let network = FakeNetwork::default().refusing(A, ms(10)).refusing(B, ms(15)).refusing(C, ms(10));
    let mut schedule = schedule(network, Limits { at_once: 2, per_address: 6 });
    for (id, address) in (0..).zip([A, B, C, A]) {
        schedule.push(id, probe(address));
    }
    let wanted = [
        "0 192.0.2.1 0-10 Refused",
        "1 192.0.2.2 0-15 Refused",
        "2 192.0.2.3 10-20 Refused",
        "3 192.0.2.1 15-25 Refused",
    ];
    assert_eq!(all(&mut schedule).await, wanted);
}

#[tokio::test(start_paused = true)]
async fn one_address_is_never_probed_more_often_at_once_than_its_limit() {
    let network = FakeNetwork::default().refusing(A, ms(10)).refusing(B, ms(10));
    let mut schedule = schedule(network, Limits { at_once: 64, per_address: 2 });
    for (id, address) in (0..).zip([A, A, B]) {
        schedule.push(id, sign_in(address));
    }
    schedule.push(3, sign_in(A));
    let mut results = all(&mut schedule).await;
    results.sort();
    let wanted = [
        "0 192.0.2.1 0-10 Refused",
        "1 192.0.2.1 0-10 Refused",
        "2 192.0.2.2 0-10 Refused",
        "3 192.0.2.1 10-20 Refused",
    ];
    assert_eq!(results, wanted);
}

#[tokio::test(start_paused = true)]
async fn the_last_place_at_an_address_is_kept_for_sign_in() {
    let mut schedule = schedule(FakeNetwork::default().refusing(A, ms(10)), Limits { at_once: 64, per_address: 2 });
    schedule.push(0, probe(A));
    schedule.push(1, probe(A));
    schedule.push(2, sign_in(A));
    let mut results = all(&mut schedule).await;
    results.sort();
    assert_eq!(results, ["0 192.0.2.1 0-10 Refused", "1 192.0.2.1 10-20 Refused", "2 192.0.2.1 0-10 Refused"]);
}

#[tokio::test(start_paused = true)]
async fn a_held_probe_of_sign_in_goes_before_those_held_earlier() {
    let network = FakeNetwork::default().refusing(A, ms(10));
    let mut schedule = schedule(network, Limits { at_once: 64, per_address: 2 });
    for (id, probe) in (0..).zip([sign_in(A), sign_in(A), probe(A), sign_in(A)]) {
        schedule.push(id, probe);
    }
    let wanted = [
        "0 192.0.2.1 0-10 Refused",
        "1 192.0.2.1 0-10 Refused",
        "3 192.0.2.1 10-20 Refused",
        "2 192.0.2.1 20-30 Refused",
    ];
    assert_eq!(all(&mut schedule).await, wanted);
}

#[tokio::test(start_paused = true)]
async fn a_traceroute_takes_no_place_at_the_address_that_it_goes_to() {
    let network = FakeNetwork::default().refusing(A, ms(10));
    let mut schedule = schedule(network, Limits { at_once: 64, per_address: 2 });
    schedule.push(0, traceroute(A));
    schedule.push(1, probe(A));
    assert_eq!(all(&mut schedule).await, ["0 192.0.2.1 0-10 Refused", "1 192.0.2.1 0-10 Refused"]);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_makes_no_sense_comes_back_at_once_with_the_reason() {
    let mut schedule = schedule(FakeNetwork::default(), Limits::default());
    schedule.push(1, Probe::new(ProbeName::Tcp, Role::Range, Target::udp("192.0.2.1:443".parse().unwrap())));
    let results = all(&mut schedule).await;
    assert_eq!(
        results,
        ["tcp 192.0.2.1:443/udp direct: prepare a tcp look at 192.0.2.1:443/udp: the port's transport is not \
         one that this probe speaks; write it as :443/tcp or :3478/udp",]
    );
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_panics_is_named_with_its_words_and_the_others_go_on() {
    let network = FakeNetwork::default().panicking_at(A).refusing(B, ms(10));
    let mut schedule = schedule(network, Limits { at_once: 1, per_address: 6 });
    schedule.push(0, probe(A));
    schedule.push(1, probe(B));
    let fault = "tcp 192.0.2.1:443/tcp direct: the tcp probe has a fault of its own: no arm for 192.0.2.1:443";
    assert_eq!(all(&mut schedule).await, [fault, "1 192.0.2.2 0-10 Refused"]);
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_this_computer_cannot_make_says_why() {
    let mut schedule = schedule(FakeNetwork::default().without_sockets_for(A), Limits::default());
    schedule.push(0, probe(A));
    assert_eq!(all(&mut schedule).await, ["tcp 192.0.2.1:443/tcp direct: could not make a socket: no file descriptor"]);
}

#[tokio::test(start_paused = true)]
async fn waiting_for_the_next_result_can_be_dropped_without_loss() {
    let mut schedule = schedule(FakeNetwork::default().refusing(A, ms(30)), Limits::default());
    schedule.push(0, probe(A));
    assert!(timeout(ms(10), schedule.next()).await.is_err());
    assert_eq!(all(&mut schedule).await, ["0 192.0.2.1 0-30 Refused"]);
}

#[tokio::test(start_paused = true)]
async fn dropping_the_schedule_ends_every_probe() {
    let network = FakeNetwork::default();
    let under_way = network.under_way();
    let mut schedule = schedule(network, Limits::default());
    schedule.push(0, probe(A));
    schedule.push(1, probe(B));
    assert!(timeout(ms(10), schedule.next()).await.is_err());
    assert_eq!(under_way.load(Ordering::SeqCst), 2);
    drop(schedule);
    yield_now().await;
    assert_eq!(under_way.load(Ordering::SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn a_late_probe_is_told_once_and_stays_under_way() {
    let mut schedule = schedule(FakeNetwork::default().refusing(A, ms(100)), Limits::default());
    schedule.push(0, probe(A));
    schedule.push(1, probe(SILENT));
    let begun = Instant::now();
    assert_eq!(schedule.first_late(ms(1_200)), None);
    assert!(timeout(ms(1_200), async { while schedule.next().await.is_some() {} }).await.is_err());
    assert_eq!(schedule.first_late(ms(1_200)), Some(begun + ms(1_200)));
    assert_eq!(addresses(&schedule.late(ms(1_200))), [SILENT]);
    assert_eq!((schedule.first_late(ms(1_200)), schedule.late(ms(1_200))), (None, Vec::new()));
    assert_eq!(all(&mut schedule).await, ["1 198.51.100.1 0-3200 Silent"]);
}

#[tokio::test(start_paused = true)]
async fn probes_that_began_almost_together_are_late_together_in_the_order_of_the_plan() {
    let mut schedule = schedule(FakeNetwork::default(), Limits::default());
    for (id, address, pause) in [(1, A, 100), (0, B, 100), (2, C, 0)] {
        schedule.push(id, probe(address));
        assert!(timeout(ms(pause), schedule.next()).await.is_err());
    }
    assert!(timeout(ms(1_000), schedule.next()).await.is_err());
    assert_eq!(addresses(&schedule.late(ms(1_200))), [B, A]);
    assert!(timeout(ms(50), schedule.next()).await.is_err());
    assert_eq!(addresses(&schedule.late(ms(1_200))), [C]);
}

#[tokio::test(start_paused = true)]
async fn probes_that_run_wait_or_are_held_are_pending() {
    let mut schedule = schedule(FakeNetwork::default().refusing(A, ms(10)), Limits { at_once: 2, per_address: 2 });
    for (id, address) in (0..).zip([A, A, B, C]) {
        schedule.push(id, probe(address));
    }
    assert!(timeout(ms(1), schedule.next()).await.is_err());
    let mut pending = addresses(schedule.pending());
    pending.sort();
    assert_eq!(pending, [A, A, B, C]);
    schedule.next().await;
    let mut pending = addresses(schedule.pending());
    pending.sort();
    assert_eq!(pending, [A, B, C]);
}

#[tokio::test(start_paused = true)]
async fn probes_of_a_kind_are_dropped_wherever_they_stand_and_the_others_go_on() {
    let network = FakeNetwork::default().refusing(B, ms(10)).refusing(C, ms(10));
    let under_way = network.under_way();
    let mut schedule = schedule(network, Limits { at_once: 2, per_address: 2 });
    // The first runs, the second is held at its address, the third runs, the fourth waits, and so does the last.
    for (id, address) in (0..).zip([SILENT, SILENT, B, SILENT, C]) {
        schedule.push(id, probe(address));
    }
    assert!(timeout(ms(1), schedule.next()).await.is_err());
    let dropped = schedule.drop_those(|probe| probe.target.address == SILENT.parse().ok(), "it can teach nothing");
    assert_eq!(reasons(&dropped), ["tcp 198.51.100.1:443/tcp direct: it can teach nothing"; 3]);
    assert_eq!(all(&mut schedule).await, ["2 192.0.2.2 0-10 Refused", "4 192.0.2.3 1-11 Refused"]);
    assert_eq!(under_way.load(Ordering::SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn an_abandoned_schedule_names_all_that_was_left_in_the_order_of_the_plan() {
    let network = FakeNetwork::default().refusing(A, ms(10));
    let mut schedule = schedule(network, Limits { at_once: 2, per_address: 2 });
    for (id, address) in (0..).zip([A, B, B, C]) {
        schedule.push(id, probe(address));
    }
    assert_eq!(schedule.next().await.as_ref().map(told).as_deref(), Some("0 192.0.2.1 0-10 Refused"));
    assert_eq!(
        reasons(&schedule.abandon("the deadline came")),
        [
            "tcp 192.0.2.2:443/tcp direct: the deadline came",
            "tcp 192.0.2.2:443/tcp direct: the deadline came",
            "tcp 192.0.2.3:443/tcp direct: the deadline came",
        ]
    );
}
