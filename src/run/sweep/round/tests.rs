//! A round alone: responses and times go in, targets and wake times come out.

use super::super::rounds::Rounds;
use super::*;
use crate::sweep::{Amount, Port, PrefixPort, Shard};

const WAIT: Duration = Duration::from_secs(1);

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// What a test holds in its hands.
struct Scene {
    space: TargetSpace,
    events: Vec<SweepEvent>,
}

impl Scene {
    /// So many targets: two to the power of `bits`.
    fn of(bits: u8) -> Self {
        let port = Port { transport: Transport::Tcp, number: 443 };
        let prefix = format!("170.114.0.0/{}", 32 - bits).parse().unwrap();
        let space = TargetSpace::new(vec![PrefixPort { prefix, port, canary: false }], Amount::All).unwrap();
        Self { space, events: Vec::new() }
    }

    /// Hands a test the first round at this rate, and returns what the sweep knows in the end.
    fn round(&mut self, rate: Option<u32>, test: impl FnOnce(&mut Round<'_, '_>)) -> Swept {
        let Self { space, events } = self;
        let mut note = |event| events.push(event);
        let mut state = State::new(space, RateLimit::new(rate), Results::new(space.count()), &mut note);
        let mut rounds = Rounds::new(space, Transport::Tcp, Shard::WHOLE, 7, 0);
        let plan = rounds.next(&std::collections::BTreeSet::new(), &state.swept.results, 0).unwrap();
        let cost = Cost { open: 2, otherwise: 1 };
        let means = Means { transport: Transport::Tcp, cost, wait: WAIT, max_inflight: 300 };
        test(&mut Round::begin(plan, means, &mut state));
        state.swept
    }
}

fn came(to: SocketAddr, response: Response) -> Returned {
    Returned { to, response, rtt: None }
}

/// Asks all of a batch at this time.
fn ask(round: &mut Round<'_, '_>, now: Duration) -> Vec<SocketAddr> {
    let batch = round.next_batch(now, usize::MAX).to_vec();
    round.on_asked(now, batch.len(), usize::MAX);
    batch
}

#[test]
fn a_batch_is_as_large_as_rate_limit_and_room_allow() {
    let sizes: Vec<usize> = [(None, 7), (None, usize::MAX), (Some(1_000), usize::MAX)]
        .into_iter()
        .map(|(rate, room)| {
            let mut size = 0;
            Scene::of(9).round(rate, |round| size = round.next_batch(ms(10), room).len());
            size
        })
        .collect();
    // The room; what goes in one call; ten packets, at two a target.
    assert_eq!(sizes, [7, 256, 5]);
}

#[test]
fn what_the_engine_did_not_take_is_handed_out_again_first() {
    Scene::of(2).round(None, |round| {
        let batch = round.next_batch(ms(0), usize::MAX).to_vec();
        round.on_asked(ms(0), 1, 0);
        assert_eq!(round.next_batch(ms(1), usize::MAX), batch.get(1..).unwrap());
    });
}

#[test]
fn an_engine_that_leaves_targets_though_it_has_room_halves_the_rate() {
    let mut scene = Scene::of(2);
    scene.round(Some(1_000), |round| {
        round.next_batch(ms(10), usize::MAX);
        round.on_asked(ms(10), 1, 1);
    });
    assert_eq!(scene.events.last(), Some(&SweepEvent::BackedOff(500.0)));
}

#[test]
fn a_target_is_silent_when_its_time_is_up_and_not_before() {
    let mut scene = Scene::of(0);
    let swept = scene.round(None, |round| {
        ask(round, ms(5));
        round.on_time(ms(1_004));
        assert_eq!(round.wake(ms(1_004), usize::MAX), Some(ms(1_005)));
        round.on_time(ms(1_005));
        assert_eq!(round.wake(ms(1_005), usize::MAX), None);
    });
    let silent = SweepEvent::Responded { number: 0, attempt: 1, response: Response::Silent, rtt: None };
    assert_eq!((scene.events.last(), swept.results.response(0)), (Some(&silent), Some(Response::Silent)));
}

#[test]
fn a_second_answer_changes_nothing() {
    let mut scene = Scene::of(0);
    scene.round(None, |round| {
        for to in ask(round, ms(0)) {
            round.on_response(&came(to, Response::Open));
            round.on_response(&came(to, Response::Open));
        }
    });
    assert_eq!(scene.events.len(), 2);
}

#[test]
fn it_wakes_when_the_rate_allows_the_next_target() {
    Scene::of(3).round(Some(100), |round| {
        assert_eq!(ask(round, ms(20)).len(), 1);
        assert_eq!(round.wake(ms(20), usize::MAX), Some(ms(40)));
    });
}

#[test]
fn without_room_it_wakes_only_when_something_is_due() {
    Scene::of(3).round(Some(100), |round| {
        ask(round, ms(20));
        assert_eq!(round.wake(ms(20), 0), Some(ms(1_020)));
    });
}

#[test]
fn a_target_that_answered_is_checked_and_its_answer_told() {
    let mut scene = Scene::of(0);
    scene.round(None, |round| {
        for to in ask(round, ms(0)) {
            assert_eq!(round.next_check(ms(0), usize::MAX), None);
            round.on_response(&came(to, Response::Open));
            assert_eq!(round.next_check(ms(1), 0), None);
            assert_eq!(round.next_check(ms(1), usize::MAX), Some(to));
            round.on_checked(ms(1));
            assert_eq!(round.next_check(ms(2), usize::MAX), None);
            round.on_response(&came(to, Response::Open));
        }
    });
    assert_eq!(scene.events.last(), Some(&SweepEvent::LivenessCheck(true)));
}

#[test]
fn of_a_slow_sweep_the_checks_are_a_tenth() {
    Scene::of(0).round(Some(1), |round| {
        for to in ask(round, ms(2_000)) {
            round.on_response(&came(to, Response::Open));
            assert_eq!(round.next_check(ms(4_000), usize::MAX), Some(to));
            round.on_checked(ms(4_000));
            round.on_response(&came(to, Response::Open));
            assert_eq!(round.next_check(ms(23_999), usize::MAX), None);
            assert_eq!(round.next_check(ms(24_000), usize::MAX), Some(to));
        }
    });
}

#[test]
fn no_way_out_is_said_only_when_nothing_is_under_way() {
    let swept = Scene::of(9).round(None, |round| {
        let (first, second) = (ask(round, ms(0)), ask(round, ms(0)));
        assert_eq!((first.len(), second.len()), (256, 44));
        for to in first {
            round.on_response(&came(to, Response::Unreachable { by: None }));
        }
        assert!(!round.has_no_way_out());
        for to in second {
            round.on_response(&came(to, Response::Unreachable { by: None }));
        }
        assert!(round.has_no_way_out());
    });
    assert_eq!((swept.incomplete, swept.no_way), (true, true));
}
