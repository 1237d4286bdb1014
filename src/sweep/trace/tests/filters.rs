//! What filters stop, and where.

use super::super::simulation::{Action, Network};
use super::{BOTH, TCP, TCP_PASSES, ZOOM};

#[test]
fn a_network_without_filters_passes_all_though_most_addresses_are_silent() {
    let expected = [TCP_PASSES.as_slice(), &["udp/8801 159.124.0.0/16 passes", "udp/8801 170.114.0.0/16 passes"]];
    assert_eq!(Network::lab().found(&ZOOM, &BOTH), expected.concat());
}

#[test]
fn a_prefix_that_dies_at_the_second_router_is_blocked_there() {
    let expected = [
        "tcp/443 159.124.0.0/16 blocked, 159.124.0.0/16 at hop 2 10.0.2.2",
        "tcp/443 170.114.0.0/16 passes",
        "udp/8801 159.124.0.0/16 blocked, 159.124.0.0/16 at hop 2 10.0.2.2",
        "udp/8801 170.114.0.0/16 passes",
    ];
    assert_eq!(Network::lab().drops(2, "159.124.0.0/16").found(&ZOOM, &BOTH), expected);
}

#[test]
fn two_boxes_are_told_apart() {
    let mut network = Network::lab().drops(1, "159.124.0.0/16").drops(3, "170.114.0.0/16");
    let expected = [
        "tcp/443 159.124.0.0/16 blocked, 159.124.0.0/16 at hop 1 10.0.1.1",
        "tcp/443 170.114.0.0/16 blocked, 170.114.0.0/16 at hop 3 10.0.3.2",
    ];
    assert_eq!(network.found(&ZOOM, &TCP), expected);
}

#[test]
fn two_boxes_that_share_one_prefix_are_told_apart() {
    let mut network = Network::lab().drops(1, "159.124.0.0/17").drops(3, "159.124.128.0/17");
    let expected = [
        "tcp/443 159.124.0.0/16 blocked, 159.124.0.0/17 at hop 1 10.0.1.1, 159.124.128.0/17 at hop 3 10.0.3.2",
        "tcp/443 170.114.0.0/16 passes",
    ];
    assert_eq!(network.found(&ZOOM, &TCP), expected);
}

#[test]
fn a_second_filter_whose_turn_comes_after_eight_prefixes_of_the_first_is_found() {
    let edge = [
        "3.235.82.0/23",
        "64.211.144.0/24",
        "134.224.0.0/16",
        "144.195.0.0/16",
        "149.137.0.0/17",
        "159.124.0.0/16",
        "162.255.36.0/22",
        "168.140.0.0/17",
    ];
    let mut network = Network::lab().drops(2, &edge.join(" ")).drops(3, "206.247.0.0/16");
    network.per_prefix = 2;
    let prefixes = [edge.as_slice(), &["206.247.0.0/16", "198.251.128.0/17"]].concat();
    let mut expected: Vec<String> =
        edge.iter().map(|prefix| format!("tcp/443 {prefix} blocked, {prefix} at hop 2 10.0.2.2")).collect();
    expected.push("tcp/443 198.251.128.0/17 passes".to_owned());
    expected.push("tcp/443 206.247.0.0/16 blocked, 206.247.0.0/16 at hop 3 10.0.3.2".to_owned());
    assert_eq!(network.found(&prefixes, &TCP), expected);
}

#[test]
fn tcp_and_udp_may_die_at_different_boxes() {
    let mut network = Network::lab().drops(1, "any udp/8801").drops(2, "159.124.0.0/16 170.114.0.0/16 tcp");
    let expected = [
        "tcp/443 159.124.0.0/16 blocked, 159.124.0.0/16 at hop 2 10.0.2.2",
        "tcp/443 170.114.0.0/16 blocked, 170.114.0.0/16 at hop 2 10.0.2.2",
        "udp/8801 159.124.0.0/16 blocked, 159.124.0.0/16 at hop 1 10.0.1.1",
        "udp/8801 170.114.0.0/16 blocked, 170.114.0.0/16 at hop 1 10.0.1.1",
    ];
    assert_eq!(network.found(&ZOOM, &BOTH), expected);
}

#[test]
fn a_mask_that_is_one_bit_too_long_blocks_the_other_half() {
    let mut network = Network::lab().drops(2, "159.124.128.0/17 tcp/443");
    let expected = [
        "tcp/443 159.124.0.0/16 partly, 159.124.128.0/17 at hop 2 10.0.2.2",
        "tcp/443 170.114.0.0/16 passes",
        "tcp/8801 159.124.0.0/16 passes",
        "tcp/8801 170.114.0.0/16 passes",
    ];
    assert_eq!(network.found(&ZOOM, &["tcp/443", "tcp/8801"]), expected);
}

#[test]
fn one_port_of_a_range_is_found_though_its_neighbours_pass() {
    let mut network = Network::lab().drops(2, "159.124.0.0/16 udp/8803");
    let ports = ["udp/8801", "udp/8802", "udp/8803", "udp/8804"];
    let expected: Vec<String> = ports
        .iter()
        .flat_map(|port| ZOOM.map(|prefix| (port, prefix)))
        .map(|(port, prefix)| match (*port, prefix) {
            ("udp/8803", "159.124.0.0/16") => format!("{port} {prefix} blocked, {prefix} at hop 2 10.0.2.2"),
            _ => format!("{port} {prefix} passes"),
        })
        .collect();
    assert_eq!(network.found(&ZOOM, &ports), expected);
}

#[test]
fn half_of_a_small_prefix_at_one_port_is_found_though_all_else_passes() {
    let mut network = Network::lab().drops(2, "3.7.35.64/26 tcp/8801");
    let prefixes = ["3.7.35.0/25", ZOOM[0], ZOOM[1]];
    let expected = [
        "tcp/443 3.7.35.0/25 passes",
        "tcp/443 159.124.0.0/16 passes",
        "tcp/443 170.114.0.0/16 passes",
        "tcp/8801 3.7.35.0/25 partly, 3.7.35.64/26 at hop 2 10.0.2.2",
        "tcp/8801 159.124.0.0/16 passes",
        "tcp/8801 170.114.0.0/16 passes",
    ];
    assert_eq!(network.found(&prefixes, &["tcp/443", "tcp/8801"]), expected);
}

#[test]
fn a_refusal_by_icmp_is_placed_at_its_sender() {
    let expected = |state: &str| {
        let blocked = format!("tcp/443 159.124.0.0/16 {state}, 159.124.0.0/16 at hop 2 10.0.2.2");
        [blocked, TCP_PASSES[1].to_owned()]
    };
    let found = |action| Network::lab().filter(2, action, "159.124.0.0/16").found(&ZOOM, &TCP);
    assert_eq!(found(Action::Prohibit), expected("prohibited"));
    assert_eq!(found(Action::NoRoute), expected("blocked"));
}

#[test]
fn a_rst_of_a_router_is_placed_by_packets_that_end_on_the_way() {
    let mut network = Network::lab().filter(3, Action::Reset, "159.124.0.0/16");
    let expected = ["tcp/443 159.124.0.0/16 reset, 159.124.0.0/16 at hop 3 10.0.3.2", TCP_PASSES[1]];
    assert_eq!(network.found(&ZOOM, &TCP), expected);
}

#[test]
fn a_rst_of_the_far_end_is_no_filters() {
    let mut network = Network::lab();
    network.closed.push("159.124.0.0/16".parse().unwrap());
    assert_eq!(network.found(&ZOOM, &TCP), TCP_PASSES);
}

#[test]
fn a_refused_part_is_found_to_its_borders_though_its_router_says_so_once_a_second() {
    let mut network = Network::lab().filter(2, Action::Prohibit, "159.124.32.0/19");
    network.hop(2).icmp_gap = std::time::Duration::from_secs(1);
    network.per_prefix = 64;
    let expected = ["tcp/443 159.124.0.0/16 partly, 159.124.32.0/19 at hop 2 10.0.2.2"];
    assert_eq!(network.found(&["159.124.0.0/16"], &TCP), expected);
}

#[test]
fn all_that_the_last_router_of_the_common_path_drops_is_not_seen_and_never_blamed_on_another() {
    // A router answers an expired TTL before it filters, and behind it there is none that would answer.
    let found = Network::lab().drops(4, "159.124.0.0/16").found(&ZOOM, &TCP);
    assert_eq!(found, TCP_PASSES);
}

#[test]
fn what_this_computers_own_firewall_drops_dies_at_hop_0() {
    let mut network = Network::lab();
    network.own.push(super::super::simulation::Filter::new(Action::Drop, "159.124.0.0/16"));
    let expected = ["tcp/443 159.124.0.0/16 blocked, 159.124.0.0/16 at hop 0", TCP_PASSES[1]];
    assert_eq!(network.found(&ZOOM, &TCP), expected);
}
