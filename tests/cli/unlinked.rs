//! The real diagnosis in networks that lead nowhere: it ends, soon, with the right words.

use std::time::Duration;

use serde_json::Value;

use crate::namespace::Inside;
use crate::program::{code_of, faults, inside, run};

/// The report of a diagnosis in that network, which must end in that time.
#[track_caller]
fn diagnosis(network: Inside, arguments: &[&str], within: Duration) -> Value {
    let ran = run(inside(network, &["diagnose", "--format", "json"]).args(arguments));
    let report = ran.json();
    assert_eq!((ran.code, ran.err.as_str()), (code_of(&report), ""));
    assert_eq!(faults(&report), [""; 0]);
    assert!(ran.took < within, "{:?}", ran.took);
    report
}

fn causes(report: &Value) -> Vec<&str> {
    report["verdict"]["causes"].as_array().unwrap().iter().map(|cause| cause["id"].as_str().unwrap()).collect()
}

#[track_caller]
fn says_no_link(network: Inside) {
    let report = diagnosis(network, &[], Duration::from_secs(2));
    assert_eq!((code_of(&report), causes(&report)), (2, vec!["host.no-link"]));
    let human = run(&mut inside(network, &["diagnose"]));
    assert_eq!((human.code, human.err.as_str()), (2, ""));
    assert!(human.out.starts_with("BLOCKED") && human.out.contains("host.no-link"), "{}", human.out);
}

pub(crate) fn a_computer_without_a_network_is_told_at_once() {
    says_no_link(Inside::Nothing);
}

pub(crate) fn loopback_alone_is_no_network() {
    says_no_link(Inside::Loopback);
}

/// The neighbour search alone takes the kernel three seconds; the deadline holds all the same.
pub(crate) fn a_link_on_which_nobody_answers_does_not_hang() {
    let report = diagnosis(Inside::DeadEnd, &["--deadline", "1"], Duration::from_secs(3));
    assert_eq!(
        (report["complete"].as_bool(), report["stopped_by"].as_str()),
        (Some(false), Some("deadline")),
        "{report:#}"
    );
}

pub(crate) fn a_gateway_that_nobody_is_gets_the_blame() {
    let report = diagnosis(Inside::DeadEnd, &[], Duration::from_secs(20));
    assert_eq!((code_of(&report), causes(&report)), (2, vec!["link.gateway-down"]));
    assert_eq!(report["verdict"]["causes"][0]["location"]["address"], "192.0.2.1");
}

pub(crate) fn a_closed_port_is_an_answer() {
    let ran = run(&mut inside(Inside::Loopback, &["probe", "tls", "127.0.0.1:1", "--format", "json"]));
    let seen = ran.json();
    assert_eq!((ran.code, ran.err.as_str()), (2, ""));
    assert_eq!((seen[0]["probe"].as_str(), seen[0]["failure"]["how"].as_str()), (Some("tls"), Some("refused")));
}
