//! Paths that diverge, are longer, or go in a circle.

use super::super::simulation::{Action, Network};
use super::{TCP, TCP_PASSES, ZOOM};

const OFFICE: usize = 0;
const EDGE: usize = 1;
const ISP: usize = 2;
const TRANSIT: usize = 3;

#[test]
fn a_longer_path_is_no_loop_and_its_filter_is_found_at_its_own_hop() {
    let mut network = Network::lab().drops(2, "159.124.0.0/16");
    let side = network.router([10, 0, 31, 2]);
    let mut network = network.leads("159.124.0.0/16 170.114.0.0/16", &[OFFICE, side, EDGE, ISP, TRANSIT]);
    let expected = ["tcp/443 159.124.0.0/16 blocked, 159.124.0.0/16 at hop 3 10.0.2.2", TCP_PASSES[1]];
    assert_eq!(network.found(&ZOOM, &TCP), expected);
}

#[test]
fn two_routers_that_send_a_prefix_to_each_other_are_where_it_ends() {
    let circle: Vec<usize> = [OFFICE].into_iter().chain([EDGE, ISP].into_iter().cycle().take(70)).collect();
    let mut network = Network::lab().leads("159.124.0.0/16", &circle);
    let expected = ["tcp/443 159.124.0.0/16 blocked, 159.124.0.0/16 at hop 3 10.0.3.2", TCP_PASSES[1]];
    assert_eq!(network.found(&ZOOM, &TCP), expected);
}

#[test]
fn a_router_beside_the_path_that_sends_packets_back_is_named() {
    let mut network = Network::lab();
    let side = network.router([10, 0, 31, 2]);
    let circle: Vec<usize> = [OFFICE].into_iter().chain([EDGE, side].into_iter().cycle().take(70)).collect();
    let mut network = network.leads("159.124.0.0/16", &circle);
    let expected = ["tcp/443 159.124.0.0/16 blocked, 159.124.0.0/16 at hop 3 10.0.31.2", TCP_PASSES[1]];
    assert_eq!(network.found(&ZOOM, &TCP), expected);
}

#[test]
fn a_filter_on_a_diverging_path_that_no_answer_came_by_is_not_told_and_not_healthy() {
    let mut network = Network::lab();
    let (near, far) = (network.router([10, 0, 31, 2]), network.router([10, 0, 32, 2]));
    network.routers[far].filters.push(super::super::simulation::Filter::new(Action::Drop, "any"));
    let mut network = network.leads("159.124.0.0/16", &[OFFICE, EDGE, near, far]);
    let expected = ["tcp/443 159.124.0.0/16 unknown", TCP_PASSES[1]];
    assert_eq!(network.found(&ZOOM, &TCP), expected);
}

/// Zoom's flows leave the transit by a path of their own, and the transit says nothing of them.
fn mute_and_diverging() -> Network {
    let mut network = Network::lab();
    network.hop(4).mute_for.push("170.114.0.0/16".parse().unwrap());
    let side = network.router([10, 0, 31, 2]);
    network.per_prefix = 16;
    network.leads("170.114.0.0/16", &[OFFICE, EDGE, ISP, TRANSIT, side])
}

#[test]
fn a_mute_router_on_a_diverging_path_is_not_blamed() {
    let mut network = mute_and_diverging();
    network.open.push("170.114.200.0/24".parse().unwrap());
    let expected = ["tcp/443 170.114.52.0/24 open", "tcp/443 170.114.200.0/24 open"];
    assert_eq!(network.found(&["170.114.52.0/24", "170.114.200.0/24"], &TCP), expected);
}

#[test]
fn half_of_a_prefix_on_a_diverging_path_is_found_blocked() {
    let mut network = mute_and_diverging().drops(2, "170.114.200.0/25");
    network.per_prefix = 8;
    network.open.push("170.114.210.0/29".parse().unwrap());
    let prefixes = ["170.114.200.0/24", "170.114.210.0/24"];
    let expected =
        ["tcp/443 170.114.200.0/24 partly, 170.114.200.0/25 at hop 2 10.0.2.2", "tcp/443 170.114.210.0/24 open"];
    assert_eq!(network.found(&prefixes, &TCP), expected);
}

#[test]
fn two_edges_that_share_the_flows_stop_nothing() {
    let mut network = Network::lab();
    let second = network.router([10, 0, 2, 3]);
    let paths = vec![vec![OFFICE, EDGE, ISP, TRANSIT], vec![OFFICE, second, ISP, TRANSIT]];
    network.paths.push(("any".parse().unwrap(), paths));
    let found = network.found(&ZOOM, &TCP);
    assert!(found.iter().all(|line| !line.contains(" at ")), "{found:?}");
}

#[test]
fn a_prefix_that_is_nearer_than_the_end_of_the_common_path_is_open() {
    let mut network = Network::lab().leads("170.114.52.0/28", &[OFFICE, EDGE]);
    network.all = true;
    // Half of its addresses are silent, so no box answers for all of them; of those nobody can tell.
    assert_eq!(network.found(&["170.114.52.0/28"], &TCP), ["tcp/443 170.114.52.0/28 open, not all told"]);
}
