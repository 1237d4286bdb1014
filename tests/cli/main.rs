//! The program as a user runs it: what it prints, what it refuses, how it ends.
//!
//! Whatever could send a packet runs in a network namespace of its own. Where none can be had those tests are listed as
//! ignored, with the reason on standard error; with `CI=true` that is a failure.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

mod firewall;
mod namespace;
mod printed;
mod program;
mod refused;
mod reports;
mod stopped;
mod swept;
mod terminal;
mod unlinked;

use std::any::type_name_of_val;
use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let nothing = None;
    let namespace = namespace::lacking();
    let veth = namespace.clone().or_else(namespace::lacking_veth);
    let firewalls = namespace.clone().or_else(firewall::lacking);
    let pty = terminal::lacking();
    let trials = vec![
        trial(printed::help_and_version_are_no_errors, nothing),
        trial(printed::help_fits_80_columns, nothing),
        trial(printed::every_cause_is_explained, nothing),
        trial(printed::completions_manual_and_schema_are_printed, nothing),
        trial(printed::a_reader_that_went_away_is_no_error, nothing),
        trial(printed::a_reader_that_went_away_changes_no_exit_code, nothing),
        trial(printed::a_full_disk_is_an_error, nothing),
        trial(printed::colour_is_for_terminals_and_by_request, nothing),
        trial(refused::what_can_not_be_done_is_said_in_one_line, namespace.as_deref()),
        trial(reports::json_is_of_the_schema_and_the_exit_code_is_the_status, nothing),
        trial(reports::a_replay_comes_to_the_same_verdict, nothing),
        trial(reports::quiet_says_nothing_beside_the_result, nothing),
        trial(stopped::ctrl_c_ends_a_run_with_what_was_seen, nothing),
        trial(stopped::a_scheduler_ends_a_run_as_ctrl_c_does, nothing),
        trial(stopped::ctrl_c_ends_a_series_of_demos, nothing),
        trial(stopped::a_deadline_ends_a_run_with_what_was_seen, nothing),
        trial(swept::killed_twice_and_resumed_it_has_asked_each_target_once, namespace.as_deref()),
        trial(swept::no_second_carries_more_packets_than_the_rate, namespace.as_deref()),
        trial(swept::shards_share_nothing_and_are_all_of_it, namespace.as_deref()),
        trial(swept::a_sweep_report_is_of_its_schema, namespace.as_deref()),
        trial(swept::the_parts_of_a_sweep_are_put_together, namespace.as_deref()),
        trial(swept::parts_of_different_sweeps_are_not_put_together, namespace.as_deref()),
        trial(swept::what_is_doubted_stays_doubted_when_a_sweep_is_resumed_without_tracing, namespace.as_deref()),
        trial(swept::a_file_that_is_being_written_is_left_alone, namespace.as_deref()),
        trial(swept::a_deadline_ends_a_sweep_with_what_was_found, namespace.as_deref()),
        trial(swept::what_a_sweep_will_come_to_is_told_before_it_begins, namespace.as_deref()),
        trial(swept::a_large_sweep_wants_a_yes_and_makes_no_file_without, namespace.as_deref()),
        trial(swept::a_computer_without_a_way_is_told_after_the_first_errors, namespace.as_deref()),
        trial(swept::a_finished_sweep_is_not_asked_again, namespace.as_deref()),
        trial(terminal::a_narrow_terminal_gets_narrow_text, pty.as_deref()),
        trial(terminal::no_color_holds_on_a_terminal, pty.as_deref()),
        trial(firewall::every_file_of_rules_is_read, firewalls.as_deref()),
        trial(firewall::nftables_lets_out_what_the_rules_say, firewalls.as_deref()),
        trial(firewall::iptables_lets_out_what_the_rules_say, firewalls.as_deref()),
        trial(firewall::the_rules_of_a_gap_leave_all_others_where_they_are, firewalls.as_deref()),
        trial(firewall::the_rules_of_a_sweep_close_the_gap_that_it_found, firewalls.as_deref()),
        trial(unlinked::a_computer_without_a_network_is_told_at_once, namespace.as_deref()),
        trial(unlinked::loopback_alone_is_no_network, namespace.as_deref()),
        trial(unlinked::a_link_on_which_nobody_answers_does_not_hang, veth.as_deref()),
        trial(unlinked::a_gateway_that_nobody_is_gets_the_blame, veth.as_deref()),
        trial(unlinked::a_closed_port_is_an_answer, namespace.as_deref()),
    ];
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// A test by its own name, unless this computer lacks what it needs.
fn trial<Test: Fn() + Send + 'static>(test: Test, lacking: Option<&str>) -> Trial {
    let name = type_name_of_val(&test).split_once("::").map_or("nameless", |(_, name)| name);
    let Some(why) = lacking else {
        return Trial::test(name, move || {
            test();
            Ok(())
        });
    };
    let skipped = std::env::var_os("CI").is_none_or(|ci| ci != "true");
    if skipped {
        eprintln!("not tested: {name}: {why}");
    }
    let why = why.to_owned();
    Trial::test(name, move || Err(why.into())).with_ignored_flag(skipped)
}
