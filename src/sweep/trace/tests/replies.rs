//! Replies that are not the target's, and targets that ought to reply.

use super::super::TraceResult;
use super::super::simulation::{Action, Network};
use super::{TCP, TCP_PASSES, ZOOM};

#[test]
fn a_syn_proxy_for_every_address_is_no_open_port_and_what_is_behind_it_is_not_told() {
    let mut network = Network::lab().filter(2, Action::Answer, "any");
    let expected = ["tcp/443 159.124.0.0/16 unknown", "tcp/443 170.114.0.0/16 unknown", "forged replies"];
    assert_eq!(network.found(&ZOOM, &TCP), expected);
}

#[test]
fn a_syn_proxy_for_zoom_alone_is_found_though_no_canary_answers() {
    let mut network = Network::lab().filter(2, Action::Answer, "159.124.0.0/16 170.114.0.0/16");
    let expected = ["tcp/443 159.124.0.0/16 unknown", "tcp/443 170.114.0.0/16 unknown", "forged replies"];
    assert_eq!(network.found(&ZOOM, &TCP), expected);
}

#[test]
fn a_proxy_on_one_port_does_not_hide_a_filter_of_another() {
    let mut network = Network::lab().filter(2, Action::Answer, "any tcp/443").drops(3, "any tcp/8801");
    let found = network.found(&ZOOM, &["tcp/443", "tcp/8801"]);
    let expected = [
        "tcp/443 159.124.0.0/16 unknown",
        "tcp/443 170.114.0.0/16 unknown",
        "tcp/8801 159.124.0.0/16 blocked, 159.124.0.0/16 at hop 3 10.0.3.2",
        "tcp/8801 170.114.0.0/16 blocked, 170.114.0.0/16 at hop 3 10.0.3.2",
        "forged replies",
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_reference_target_that_keeps_silent_is_said() {
    let mut network = Network::lab();
    network.reference = vec!["170.114.66.200".parse().unwrap()];
    let host = "170.114.66.200/32 tcp";
    let mut network = network.drops(4, host);
    let expected = [TCP_PASSES[0], TCP_PASSES[1], "unheard 170.114.66.200:443"];
    assert_eq!(network.found(&ZOOM, &TCP), expected);
}

#[test]
fn neutral_hosts_that_a_filter_drops_are_no_yardstick() {
    let mut network = Network::lab().drops(2, "1.1.1.1/32 8.8.8.8/32 9.9.9.9/32");
    let expected = ["tcp/443 159.124.0.0/16 unknown", "tcp/443 170.114.0.0/16 unknown"];
    assert_eq!(network.found(&ZOOM, &TCP), expected);
}

#[test]
fn another_network_than_the_one_that_was_traced_before_forgets_what_was_found_there() {
    let mut before = Network::lab().drops(2, "159.124.0.0/16").traced(&ZOOM, &TCP, TraceResult::default());
    // It was cut off before its end.
    before.result.reaches.keep(|target| target % 2 == 0);
    let mut elsewhere = Network::of([[10, 7, 1, 1], [10, 7, 2, 1], [10, 7, 3, 1]]);
    assert_eq!(elsewhere.traced(&ZOOM, &TCP, before.result).lines(), TCP_PASSES);
}

#[test]
fn what_was_found_before_in_the_same_network_is_not_asked_again() {
    let mut network = Network::lab().drops(2, "159.124.0.0/16");
    let before = network.traced(&ZOOM, &TCP, TraceResult::default());
    let mut again = Network::lab().drops(2, "159.124.0.0/16");
    let after = again.traced(&ZOOM, &TCP, before.result.clone());
    assert_eq!(after.lines(), before.lines());
    assert!(again.packets < network.packets / 2, "{} of {}", again.packets, network.packets);
}
