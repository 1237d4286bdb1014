//! Routers that answer seldom, or never.

use std::time::Duration;

use super::super::simulation::{Action, Network};
use super::{BOTH, TCP, TCP_PASSES, ZOOM};

const BLOCKED: [&str; 2] = ["tcp/443 159.124.0.0/16 blocked, 159.124.0.0/16 at hop 2 10.0.2.2", TCP_PASSES[1]];
const UNKNOWN: [&str; 2] = ["tcp/443 159.124.0.0/16 unknown", "tcp/443 170.114.0.0/16 unknown"];

fn limited(mut network: Network, gap: Duration) -> Network {
    network.routers.iter_mut().for_each(|router| router.icmp_gap = gap);
    network
}

#[test]
fn routers_that_send_one_icmp_error_a_second_shift_no_blame() {
    let mut network = limited(Network::lab().drops(2, "159.124.0.0/16"), Duration::from_secs(1));
    assert_eq!(network.found(&ZOOM, &TCP), BLOCKED);
}

#[test]
fn routers_that_send_one_icmp_error_in_four_seconds_are_blamed_for_nothing() {
    let mut network = limited(Network::lab(), Duration::from_secs(4));
    let found = network.found(&ZOOM, &TCP);
    assert!(found.iter().all(|line| !line.contains(" at ")), "{found:?}");
}

#[test]
fn a_mute_router_before_the_filter_does_not_hide_it() {
    let mut network = Network::lab().drops(3, "159.124.0.0/16");
    network.hop(2).mute = true;
    let expected = ["tcp/443 159.124.0.0/16 blocked, 159.124.0.0/16 at hop 3 10.0.3.2", TCP_PASSES[1]];
    assert_eq!(network.found(&ZOOM, &TCP), expected);
}

#[test]
fn a_mute_filter_is_placed_at_the_last_router_that_answers_before_it() {
    let mut network = Network::lab().drops(3, "159.124.0.0/16");
    network.hop(3).mute = true;
    assert_eq!(network.found(&ZOOM, &TCP), BLOCKED);
}

#[test]
fn where_the_gateway_alone_answers_nothing_is_told() {
    let mut network = Network::lab().drops(2, "159.124.0.0/16 170.114.0.0/16");
    (2..=4).for_each(|hop| network.hop(hop).mute = true);
    assert_eq!(network.found(&ZOOM, &TCP), UNKNOWN);
}

#[test]
fn where_no_router_answers_nothing_is_told() {
    let mut network = Network::lab().drops(2, "159.124.0.0/16");
    (1..=4).for_each(|hop| network.hop(hop).mute = true);
    assert_eq!(network.found(&ZOOM, &TCP), UNKNOWN);
}

#[test]
fn where_no_icmp_error_for_udp_comes_in_udp_is_not_blamed() {
    let mut network = Network::lab();
    for hop in 2..=4 {
        network.hop(hop).mute_for.push("any udp".parse().unwrap());
    }
    let expected = [TCP_PASSES.as_slice(), &["udp/8801 159.124.0.0/16 unknown", "udp/8801 170.114.0.0/16 unknown"]];
    assert_eq!(network.found(&ZOOM, &BOTH), expected.concat());
}

#[test]
fn routers_that_are_as_mute_for_what_answers_prove_nothing() {
    // Zoom leaves by a line of its own whose routers do not answer, and hosts answer behind the same silence.
    let mut network = Network::lab();
    for hop in 3..=4 {
        network.hop(hop).mute_for.push("170.114.0.0/16".parse().unwrap());
    }
    network.all = true;
    let expected = ["tcp/443 170.114.52.0/29 open", "tcp/443 170.114.65.0/29 unknown"];
    assert_eq!(network.found(&["170.114.52.0/29", "170.114.65.0/29"], &TCP), expected);
}

#[test]
fn a_reference_target_that_answers_from_behind_mute_routers_proves_that_their_silence_says_nothing() {
    let mut network = Network::lab();
    for hop in 3..=4 {
        network.hop(hop).mute_for.push("170.114.0.0/16".parse().unwrap());
    }
    network.reference = vec!["170.114.66.200".parse().unwrap()];
    let expected = ["tcp/443 170.114.65.0/24 unknown", "tcp/443 170.114.66.0/24 unknown"];
    assert_eq!(network.found(&["170.114.65.0/24", "170.114.66.0/24"], &TCP), expected);
}

#[test]
fn one_who_refuses_and_sends_few_icmp_errors_refuses_all_that_dies_right_before_it() {
    let mut network = limited(Network::lab().filter(2, Action::Prohibit, "159.124.0.0/16"), Duration::from_secs(1));
    let expected = ["tcp/443 159.124.0.0/16 prohibited, 159.124.0.0/16 at hop 2 10.0.2.2", TCP_PASSES[1]];
    assert_eq!(network.found(&ZOOM, &TCP), expected);
}
