//! Loss, limits and networks that change meanwhile.

use std::time::Duration;

use super::super::simulation::{Action, Filter, Network, When};
use super::{TCP, TCP_PASSES, ZOOM};

const BLOCKED: &str = "tcp/443 159.124.0.0/16 blocked, 159.124.0.0/16 at hop 2 10.0.2.2";

#[test]
fn five_percent_of_loss_each_way_hide_no_filter_and_make_none() {
    for seed in 0..10 {
        let mut network = Network::lab().drops(2, "159.124.0.0/16");
        (network.loss_per_mille, network.random) = (50, fastrand::Rng::with_seed(seed));
        assert_eq!(network.found(&ZOOM, &TCP), [BLOCKED, TCP_PASSES[1]], "{seed}");
    }
}

#[test]
fn twenty_percent_of_loss_each_way_make_no_filter() {
    for seed in 0..10 {
        let mut network = Network::lab();
        (network.loss_per_mille, network.random) = (200, fastrand::Rng::with_seed(seed));
        let found = network.found(&ZOOM, &TCP);
        assert!(found.iter().all(|line| !line.contains(" at ")), "{seed}: {found:?}");
    }
}

#[test]
fn what_is_lost_towards_zoom_alone_makes_no_filter() {
    for seed in 0..10 {
        let mut network = Network::lab();
        network.random = fastrand::Rng::with_seed(seed);
        let filter = Filter::new(Action::Drop, "159.124.0.0/16 170.114.0.0/16").when(When::PerMille(400));
        network.hop(2).filters.push(filter);
        let found = network.found(&ZOOM, &TCP);
        assert!(found.iter().all(|line| !line.contains(" at ")), "{seed}: {found:?}");
    }
}

#[test]
fn a_line_that_fails_while_it_is_traced_is_no_filter() {
    for seconds in [61, 63, 65, 67, 70, 75, 80] {
        let mut network = Network::lab().drops(2, "159.124.0.0/16");
        let down = Filter::new(Action::Drop, "any").when(When::From(Duration::from_secs(seconds)));
        network.hop(3).filters.push(down);
        let found = network.found(&ZOOM, &TCP);
        // Of the prefix that is blocked it may be told of a part before the line fails.
        let is_right = |line: &str| line.contains("159.124.0.0/") && line.contains(" at hop 2 10.0.2.2");
        let wrong: Vec<_> = found.iter().filter(|line| line.contains(" at ") && !is_right(line)).collect();
        assert!(wrong.is_empty(), "{seconds}: {wrong:?}");
    }
}

#[test]
fn a_line_that_is_down_for_four_seconds_in_every_eight_is_no_filter() {
    let mut network = Network::lab();
    let times = When::Flapping { down: Duration::from_secs(4), of: Duration::from_secs(8) };
    network.hop(2).filters.push(Filter::new(Action::Drop, "any").when(times));
    let found = network.found(&ZOOM, &TCP);
    assert!(found.iter().all(|line| !line.contains(" at ")), "{found:?}");
}

#[test]
fn an_ips_that_shuts_this_computer_off_meanwhile_is_said_and_blamed_on_no_rule() {
    let mut network = Network::lab();
    let ips = Filter::new(Action::Drop, "170.114.0.0/16").when(When::OnceAbove(100));
    network.hop(2).filters.push(ips);
    network.all = true;
    let expected = ["tcp/443 170.114.52.0/24 unknown", "shut off"];
    assert_eq!(network.found(&["170.114.52.0/24"], &TCP), expected);
}

#[test]
fn a_limit_on_new_connections_that_drops_the_rest_is_no_filter() {
    let mut network = Network::lab();
    let limit = Filter::new(Action::Drop, "170.114.0.0/16").when(When::Above(20));
    network.hop(2).filters.push(limit);
    network.all = true;
    let found = network.found(&["170.114.52.0/24"], &TCP);
    assert!(found.iter().all(|line| !line.contains(" at ")), "{found:?}");
}

#[test]
fn a_limit_on_new_connections_that_refuses_the_rest_is_named_and_is_no_filter() {
    let mut network = Network::lab();
    let limit = Filter::new(Action::Prohibit, "170.114.0.0/16").when(When::Above(20));
    network.hop(2).filters.push(limit);
    network.all = true;
    let expected = ["tcp/443 170.114.52.0/24 open", "limited by 10.0.2.2"];
    assert_eq!(network.found(&["170.114.52.0/24"], &TCP), expected);
}

#[test]
fn a_missing_route_for_a_moment_is_no_filter() {
    let mut network = Network::lab();
    let moment = Filter::new(Action::NoRoute, "159.124.0.0/16 tcp/443").when(When::First(8));
    network.hop(2).filters.push(moment);
    assert_eq!(network.found(&ZOOM, &TCP), TCP_PASSES);
}

#[test]
fn a_round_trip_longer_than_a_reply_is_waited_for_is_no_filter() {
    let mut network = Network::lab();
    network.rtt = Duration::from_millis(300);
    let found = network.found(&ZOOM, &TCP);
    assert!(found.iter().all(|line| !line.contains(" at ")), "{found:?}");
}

#[test]
fn a_trace_whose_time_is_up_says_so_and_keeps_what_it_heard() {
    let mut network = Network::lab();
    network.routers.iter_mut().for_each(|router| router.icmp_gap = Duration::from_secs(1));
    network.time = Duration::from_secs(14);
    let found = network.found(&ZOOM, &TCP);
    assert_eq!(found.last().map(String::as_str), Some("out of time"), "{found:?}");
}

#[test]
fn a_trace_without_time_asks_nothing_and_has_not_run_out_of_it() {
    let mut network = Network::lab();
    network.time = Duration::ZERO;
    let expected = ["tcp/443 159.124.0.0/16 unknown", "tcp/443 170.114.0.0/16 unknown"];
    assert_eq!((network.found(&ZOOM, &TCP), network.packets), (expected.map(str::to_owned).into(), 34));
}
