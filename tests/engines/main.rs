//! The engines of a sweep on a wire: what they tell of open, closed, silent and prohibited addresses, and what they send.
//!
//! Each test runs in network namespaces of its own. Where none can be had they are listed as ignored, with the reason on standard
//! error; with `CI=true` that is a failure.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

use std::any::type_name_of_val;
use std::process::{Command, ExitCode, Stdio};

use libtest_mimic::{Arguments, Trial};

mod changes;
mod loopback;
mod ways;
mod wire;
#[expect(dead_code, reason = "parts by address are for the bench")]
#[path = "../../benches/sweep/world.rs"]
mod world;

/// Names to the process what it is; without it, it is the one that was called.
const ROLE: &str = "WHY5003_ENGINES_ROLE";

fn main() -> ExitCode {
    let tests = [
        test(wire::syn_tells_the_parts_of_both_families_apart),
        test(wire::syn_resets_what_it_opened_once_and_the_kernel_nothing),
        test(wire::syn_goes_to_neighbours_on_the_link_by_the_kernel),
        test(wire::syn_asks_what_is_local_to_this_computer),
        test(ways::syn_goes_where_each_route_inside_a_prefix_leads),
        test(ways::syn_has_no_way_where_a_route_refuses_or_a_link_is_down),
        test(ways::syn_lets_the_kernel_choose_among_several_next_hops),
        test(ways::syn_gives_up_where_flows_are_spread_over_several_sources),
        test(ways::syn_heeds_rules_by_source),
        test(ways::syn_says_what_it_needs_to_a_root_without_raw_sockets),
        test(ways::syn_does_not_pass_by_a_policy_of_ipsec),
        test(ways::syn_finds_a_gateway_by_its_link_local_address),
        test(changes::syn_follows_a_gateway_that_announces_another_hardware_address),
        test(changes::syn_finds_a_gateway_again_that_is_replaced_without_a_word),
        test(changes::no_target_of_a_sweep_is_lost_when_the_gateway_is_replaced),
        test(changes::syn_waits_while_the_link_or_the_route_is_gone),
        test(changes::syn_sends_from_the_address_that_a_new_lease_gave),
        test(changes::syn_takes_up_a_family_that_comes_later),
        test(loopback::syn_tells_open_closed_and_silent_apart_on_loopback),
        test(loopback::syn_tells_at_once_that_a_target_has_no_route),
        test(loopback::segments_tell_the_ttl_of_a_syn_ack_and_of_a_reset),
        test(wire::errors_that_are_kept_back_are_silence),
        test(wire::datagrams_tell_silence_from_refusals),
        test(wire::connect_tells_the_parts_of_both_families_apart),
        test(wire::connect_leaves_no_socket_port_or_time_wait_behind),
    ];
    if let Ok(role) = std::env::var(ROLE) {
        match tests.iter().find(|(name, _)| *name == role) {
            Some((_, test)) => test(),
            None if role == ways::WITHOUT_RIGHTS => ways::syn_says_what_it_needs(),
            None => world::far_end(),
        }
        return ExitCode::SUCCESS;
    }
    let arguments = Arguments::from_args();
    let lacking = lacking();
    let skipped = lacking.is_some() && std::env::var_os("CI").is_none_or(|ci| ci != "true");
    if let Some(why) = lacking.as_ref().filter(|_| skipped) {
        eprintln!("not tested on a wire: {why}");
    }
    let trials = tests.iter().map(|(name, _)| {
        let (name, lacking) = (*name, lacking.clone());
        Trial::test(name, move || lacking.map_or_else(|| nest(name), Err).map_err(Into::into))
            .with_ignored_flag(skipped)
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

/// A test by its own name.
fn test<Test: Fn() + 'static>(test: Test) -> (&'static str, Box<dyn Fn()>) {
    let name = type_name_of_val(&test).rsplit("::").next().unwrap_or("nameless");
    (name, Box::new(test))
}

/// Runs a test in a namespace, which it leads away from, and says what it said if it failed.
fn nest(name: &str) -> Result<(), String> {
    let said = unshare().arg(std::env::current_exe().unwrap()).env(ROLE, name).output().unwrap();
    let shown = || String::from_utf8_lossy(&said.stderr).into_owned();
    if said.status.success() { Ok(()) } else { Err(shown()) }
}

/// Why they can't be run here, if they can't.
fn lacking() -> Option<String> {
    if !nix::unistd::geteuid().is_root() {
        return Some("raw sockets and firewalls take root".to_owned());
    }
    let mut tried = unshare();
    tried.args(["sh", "-c", "nft list tables && ip link add type veth"]).stdout(Stdio::null()).stderr(Stdio::null());
    let works = tried.status().is_ok_and(|status| status.success());
    (!works).then(|| "it takes iproute2, nftables, util-linux and a kernel with veth pairs".to_owned())
}

fn unshare() -> Command {
    let mut command = Command::new("timeout");
    command.args([
        "--signal=KILL",
        "60",
        "unshare",
        "--net",
        "--mount",
        "--pid",
        "--fork",
        "--kill-child",
        "--mount-proc",
    ]);
    command.stdin(Stdio::null());
    command
}
