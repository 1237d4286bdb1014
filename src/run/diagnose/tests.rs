//! A diagnosis under paused time, on a network whose answers are scripted, with rules that say what the test wants.

use std::cell::RefCell;
use std::future::pending;
use std::net::SocketAddr;

use tokio::time::sleep;
use why5003_probes::model::{Role, Transport};

use super::super::testing::{FakeComputer, FakeNetwork, HOW_FAR, LOSS, PASSAGE, ms, tools};
use super::*;
use crate::catalogue::Catalogue;
use crate::evidence::Names;
use crate::experiment::{Experiment, probes};
use crate::plan::Wishes;

/// The rules say this, whatever was seen.
fn always(standing: Standing) -> impl FnMut(&[Observation], &[NotProbed]) -> Standing {
    move |_, _| standing.clone()
}

/// What a diagnosis came to, and what it told meanwhile: events with their time in milliseconds.
struct Told {
    gathered: Gathered,
    events: Vec<(u128, String)>,
    /// When the rules were asked, and how much had been observed then.
    judged: Vec<(u128, usize)>,
}

async fn run(
    network: FakeNetwork,
    computer: FakeComputer,
    deadline: u64,
    mut judge: impl FnMut(&[Observation], &[NotProbed]) -> Standing,
    stop: impl Future<Output = ()>,
) -> Told {
    let began = Instant::now();
    let catalogue = Catalogue::parse(include_str!("../../catalogue/fixtures/minimal.toml"), "minimal.toml").unwrap();
    let plan = Plan::new(&catalogue, Wishes::default());
    let (mut events, judged) = (Vec::new(), RefCell::new(Vec::new()));
    let gathered = diagnose(
        tools(network, computer),
        plan,
        ms(deadline),
        &mut |seen, missed| {
            judged.borrow_mut().push((began.elapsed().as_millis(), seen.len()));
            judge(seen, missed)
        },
        &mut |event| events.push((began.elapsed().as_millis(), told(&event))),
        stop,
    )
    .await;
    Told { gathered, events, judged: judged.into_inner() }
}

fn told(event: &Event<'_>) -> String {
    let probe = |probe: &Probe| format!("{} {} {}", probe.kind, probe.target, probe.via);
    match event {
        Event::Planned(id, planned) => format!("planned {id} {}", probe(planned)),
        Event::Seen(seen) => format!("seen {} {}", seen.id, probe(&seen.probe)),
        Event::NotProbed(not) => format!("not {}", not.what),
        Event::Asked(question) => format!("asked {question:?}"),
    }
}

impl Told {
    /// The events that begin so.
    fn those(&self, begin: &str) -> Vec<(u128, &str)> {
        let events = self.events.iter().filter(|(_, event)| event.starts_with(begin));
        events.map(|(at, event)| (*at, event.as_str())).collect()
    }

    /// What could not be observed for this reason.
    fn missed(&self, why: &str) -> Vec<&str> {
        let missed = self.gathered.not_probed.iter().filter(|not| not.why == why);
        missed.map(|not| not.what.as_str()).collect()
    }
}

/// A computer that resolves every name of the catalogue at once, on a network that refuses every connection.
fn all_refused() -> (FakeNetwork, FakeComputer) {
    let names = [
        ("zoom.us", ZOOM),
        ("log.zoom.us", LOG),
        ("example.com", NEUTRAL),
        ("detectportal.firefox.com", NEUTRAL),
        ("stun.cloudflare.com", NEUTRAL),
    ];
    let knowing = |computer: FakeComputer, (name, address)| computer.knowing(name, address, ms(20));
    let computer = names.into_iter().fold(FakeComputer::default(), knowing);
    let refusing = |network: FakeNetwork, address| network.refusing(address, ms(30));
    ([ZOOM, LOG, NEUTRAL].into_iter().fold(FakeNetwork::default(), refusing), computer)
}

/// A computer that resolves the sign-in host alone, which refuses connections; all else is silent for seconds.
fn all_but_zoom_silent() -> (FakeNetwork, FakeComputer) {
    let computer = FakeComputer::default().knowing("zoom.us", ZOOM, ms(20));
    (FakeNetwork::default().refusing(ZOOM, ms(30)), computer)
}

fn asking(questions: impl Into<Vec<Question>>) -> Standing {
    Standing { questions: questions.into(), ..Standing::default() }
}

fn how_far() -> Question {
    HOW_FAR.of(zoom())
}

fn loss() -> Question {
    LOSS.of(zoom())
}

fn passage() -> Question {
    PASSAGE.of(zoom())
}

fn zoom() -> SocketAddr {
    SocketAddr::new(ZOOM.parse().unwrap(), 443)
}

/// Two walks, one of which serves only to be held against the other.
const EVERYTHING: Experiment<SocketAddr> = Experiment::new("everything", |_, to| {
    let at = |port| SocketAddr::new(to.ip(), port);
    vec![
        probes::traceroute(Role::Range, at(probes::HTTP), Transport::Tcp),
        probes::traceroute(Role::Range, at(probes::TRACEROUTE), Transport::Udp),
    ]
});

#[tokio::test(start_paused = true)]
async fn this_computer_is_probed_first_and_every_result_leads_on() {
    let (network, computer) = all_but_zoom_silent();
    let told = run(network, computer, 60_000, always(Standing::default()), pending()).await;
    let wanted = [
        (0, "planned 0 host this-host direct"),
        (0, "seen 0 host this-host direct"),
        (0, "planned 1 dns zoom.us system"),
        (0, "planned 2 dns log.zoom.us system"),
        (0, "planned 3 dns zoom.us udp://9.9.9.9:53"),
        (0, "planned 4 dns zoom.us dot://9.9.9.9:853#dns.quad9.net"),
        (0, "planned 5 dns example.com system"),
        (0, "planned 6 dns detectportal.firefox.com system"),
        (0, "planned 7 udp 162.255.37.14:3478/udp direct"),
        (0, "planned 8 udp 162.255.37.14:3478/udp direct"),
        (0, "planned 9 dns stun.cloudflare.com system"),
        (20, "seen 1 dns zoom.us system"),
        (20, "planned 10 tls zoom.us@170.114.52.2:443/tcp direct"),
        (50, "seen 10 tls zoom.us@170.114.52.2:443/tcp direct"),
    ];
    let events: Vec<(u128, &str)> = told.events.iter().map(|(at, event)| (*at, event.as_str())).collect();
    assert_eq!(events.get(..wanted.len()), Some(&wanted[..]));
}

#[tokio::test(start_paused = true)]
async fn observations_come_in_the_order_of_the_plan() {
    let (network, computer) = all_but_zoom_silent();
    let told = run(network, computer, 60_000, always(Standing::default()), pending()).await;
    let ids: Vec<u32> = told.gathered.observations.iter().map(|seen| seen.id).collect();
    assert_eq!((ids, told.gathered.incomplete), ((0..=10).collect(), false));
}

#[tokio::test(start_paused = true)]
async fn what_no_probe_of_the_plan_can_tell_is_named() {
    let (network, computer) = all_refused();
    let told = run(network, computer, 60_000, always(Standing::default()), pending()).await;
    let missed: Vec<&str> = told.gathered.not_probed.iter().map(|not| not.what.as_str()).collect();
    assert_eq!(missed, ["UDP 8801-8810 (media)"]);
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_cannot_be_made_is_told_and_kept() {
    let (_, computer) = all_but_zoom_silent();
    let network = FakeNetwork::default().without_sockets_for(ZOOM);
    let told = run(network, computer, 60_000, always(Standing::default()), pending()).await;
    assert_eq!(told.those("not"), [(20, "not tls zoom.us@170.114.52.2:443/tcp direct")]);
    assert_eq!(told.missed("could not make a socket: no file descriptor"), ["tls zoom.us@170.114.52.2:443/tcp direct"]);
}

#[tokio::test(start_paused = true)]
async fn the_rules_are_asked_at_quiet_moments_and_when_nothing_is_left() {
    let (network, computer) = all_but_zoom_silent();
    let told = run(network, computer, 60_000, always(Standing::default()), pending()).await;
    // The last probe was added after 20 ms and has its second; after that each result has its 400 ms.
    assert_eq!(told.judged, [(1_020, 3), (1_800, 4), (2_500, 5), (3_600, 7), (7_000, 11)]);
}

#[tokio::test(start_paused = true)]
async fn a_question_is_told_before_the_probes_that_answer_it_and_is_never_answered_twice() {
    let (network, computer) = all_but_zoom_silent();
    let told = run(network, computer, 60_000, always(asking([how_far()])), pending()).await;
    let at = told.events.iter().position(|(_, event)| event.starts_with("asked")).unwrap();
    let events: Vec<(u128, &str)> = told.events.iter().map(|(at, event)| (*at, event.as_str())).collect();
    assert_eq!(
        events.get(at..at + 2),
        Some(&[(1_020, "asked how-far 170.114.52.2:443"), (1_020, "planned 11 tcp 170.114.52.2:443/tcp direct"),][..])
    );
    assert_eq!(told.those("asked").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn once_they_asked_the_rules_hear_of_news_after_400_milliseconds() {
    let (network, computer) = all_but_zoom_silent();
    let told = run(network, computer, 60_000, always(asking([how_far()])), pending()).await;
    // The traceroute is back after 30 ms; what comes within 400 ms of it is heard with it.
    assert_eq!(told.judged.get(..3), Some(&[(1_020, 3), (1_450, 5), (2_500, 6)][..]));
}

#[tokio::test(start_paused = true)]
async fn a_question_that_wants_a_quiet_path_waits_until_nothing_is_under_way() {
    let (network, computer) = all_but_zoom_silent();
    let told = run(network, computer, 60_000, always(asking([loss(), how_far()])), pending()).await;
    let asked: Vec<(u128, &str)> =
        told.those("asked").iter().map(|(at, event)| (*at, event.split(' ').nth(1).unwrap())).collect();
    assert_eq!(asked, [(1_020, "how-far"), (7_000, "loss")]);
}

#[tokio::test(start_paused = true)]
async fn a_question_that_wants_to_begin_alone_waits_for_the_others() {
    let (network, computer) = all_but_zoom_silent();
    let told = run(network, computer, 60_000, always(asking([passage(), how_far()])), pending()).await;
    let asked: Vec<(u128, &str)> =
        told.those("asked").iter().map(|(at, event)| (*at, event.split(' ').nth(1).unwrap())).collect();
    assert_eq!(asked, [(1_020, "how-far"), (1_450, "passage")]);
}

#[tokio::test(start_paused = true)]
async fn at_its_deadline_a_diagnosis_is_incomplete_and_names_what_was_left() {
    let (network, computer) = all_but_zoom_silent();
    let told = run(network, computer, 3_100, always(Standing::default()), pending()).await;
    assert!(told.gathered.incomplete);
    assert_eq!(
        told.missed("the run's deadline came first"),
        [
            "dns log.zoom.us system",
            "dns zoom.us dot://9.9.9.9:853#dns.quad9.net",
            "dns example.com system",
            "dns detectportal.firefox.com system",
            "dns stun.cloudflare.com system",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_diagnosis_that_is_stopped_is_incomplete_and_keeps_what_came() {
    let (network, computer) = all_but_zoom_silent();
    let told = run(network, computer, 60_000, always(Standing::default()), sleep(ms(30))).await;
    let ids: Vec<u32> = told.gathered.observations.iter().map(|seen| seen.id).collect();
    assert_eq!((ids, told.gathered.incomplete), (vec![0, 1], true));
    assert_eq!(told.missed("the run was interrupted").len(), 9);
}

#[tokio::test(start_paused = true)]
async fn a_diagnosis_that_is_stopped_at_once_observes_nothing() {
    let (network, computer) = all_but_zoom_silent();
    let told = run(network, computer, 60_000, always(Standing::default()), async {}).await;
    assert_eq!(told.events, [(0, "planned 0 host this-host direct".to_owned())]);
    assert_eq!(told.missed("the run was interrupted"), ["host this-host direct"]);
}

#[tokio::test(start_paused = true)]
async fn where_nothing_is_wrong_probes_that_only_explain_faults_are_not_waited_for() {
    let (network, computer) = all_refused();
    let healthy = Standing { content: true, ..Standing::default() };
    let told = run(network, computer, 60_000, always(healthy), pending()).await;
    assert!(!told.gathered.incomplete);
    assert_eq!(
        told.missed("nothing was wrong, so its answer was not waited for"),
        ["dns zoom.us udp://9.9.9.9:53", "dns zoom.us dot://9.9.9.9:853#dns.quad9.net",]
    );
    assert_eq!(told.judged.last(), Some(&(2_120, 13)));
}

#[tokio::test(start_paused = true)]
async fn where_something_is_wrong_probes_that_explain_it_are_waited_for() {
    let (network, computer) = all_refused();
    let told = run(network, computer, 60_000, always(Standing::default()), pending()).await;
    assert_eq!(told.missed("nothing was wrong, so its answer was not waited for"), Vec::<&str>::new());
    assert_eq!(told.judged.last(), Some(&(3_200, 15)));
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_only_compares_is_dropped_when_no_rule_asks_anything_more() {
    let (network, computer) = all_refused();
    let mut asked = false;
    let judge = move |_: &[Observation], _: &[NotProbed]| {
        let everything = EVERYTHING.of(zoom());
        if std::mem::replace(&mut asked, true) { Standing::default() } else { asking([everything]) }
    };
    let told = run(network, computer, 60_000, judge, pending()).await;
    assert_eq!(told.missed("by then nothing was left that it could tell"), ["udp 170.114.52.2:33434/udp direct"]);
}

#[tokio::test(start_paused = true)]
async fn lookups_are_dropped_when_this_computer_is_known_to_be_told_no_names() {
    let (network, computer) = all_but_zoom_silent();
    let lost = Standing { names: Names::Lost, ..Standing::default() };
    let told = run(network, computer, 60_000, always(lost), pending()).await;
    assert_eq!(
        told.missed("by then it was known that this computer is told no names"),
        [
            "dns log.zoom.us system",
            "dns example.com system",
            "dns detectportal.firefox.com system",
            "dns stun.cloudflare.com system",
        ]
    );
    assert_eq!(told.judged.last(), Some(&(3_200, 7)));
}

#[tokio::test(start_paused = true)]
async fn late_connections_to_zoom_are_traced_before_their_silence_is_proven() {
    let (_, computer) = all_refused();
    let network = FakeNetwork::default().hanging_up(NEUTRAL, ms(30));
    let told = run(network, computer, 60_000, always(Standing::default()), pending()).await;
    let traced: Vec<(u128, &str)> =
        told.those("planned").into_iter().filter(|(_, event)| event.contains(" tcp ")).collect();
    assert_eq!(
        traced,
        [(1_200, "planned 15 tcp 170.114.52.2:443/tcp direct"), (1_200, "planned 16 tcp 192.88.99.1:443/tcp direct"),]
    );
}

const ZOOM: &str = "170.114.52.2";
const LOG: &str = "170.114.52.3";
const NEUTRAL: &str = "192.88.99.1";
