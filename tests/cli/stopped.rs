//! Runs that are ended before their time: what was seen is printed, and said to be not all.

use std::io::{BufRead, BufReader, Read};
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::program::{Ran, code_of, end, faults, run, signal, why5003};

const INTERRUPTED: &str = "the run was interrupted";

/// Takes more than three seconds when it is left alone: that is how long silence must last to be believed.
const SILENT: [&str; 4] = ["demo", "drop", "--format", "json"];

pub(crate) fn ctrl_c_ends_a_run_with_what_was_seen() {
    let ran = run_until_told(&SILENT, "INT");
    incomplete(&ran, INTERRUPTED);
}

pub(crate) fn a_scheduler_ends_a_run_as_ctrl_c_does() {
    let ran = run_until_told(&SILENT, "TERM");
    incomplete(&ran, INTERRUPTED);
}

pub(crate) fn ctrl_c_ends_a_series_of_demos() {
    let ran = run_until_told(&["demo", "--all"], "INT");
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (3, "", "why5003: interrupted at healthy\n"));
}

pub(crate) fn a_deadline_ends_a_run_with_what_was_seen() {
    let ran = run(why5003(&SILENT).args(["--deadline", "0.2"]));
    let report = incomplete(&ran, "the run's deadline came first");
    assert_ne!(report["observations"].as_array().unwrap().len(), 0);
}

/// Runs it, and sends the signal as soon as it says that it has begun.
fn run_until_told(arguments: &[&str], name: &str) -> Ran {
    let began = Instant::now();
    let mut child = why5003(arguments).spawn().unwrap();
    let rest = after_first_line(&mut child);
    signal(child.id(), name);
    let ran = end(child, began);
    Ran { err: rest.join().unwrap(), ..ran }
}

/// Waits for the first line on standard error; what follows it comes with the end.
fn after_first_line(child: &mut Child) -> thread::JoinHandle<String> {
    let mut err = BufReader::new(child.stderr.take().unwrap());
    let mut first = String::new();
    err.read_line(&mut first).unwrap();
    assert!(!first.is_empty(), "it ended before it began");
    thread::spawn(move || {
        let mut rest = String::new();
        err.read_to_string(&mut rest).unwrap();
        rest
    })
}

/// The report, which must be whole as JSON and say that the run was not.
#[track_caller]
fn incomplete(ran: &Ran, why: &str) -> Value {
    let report = ran.json();
    assert!(ran.took < Duration::from_secs(3), "{:?}", ran.took);
    assert_eq!(ran.code, code_of(&report));
    assert_eq!(faults(&report), [""; 0]);
    let by = if why == INTERRUPTED { "interrupt" } else { "deadline" };
    assert_eq!((report["complete"].as_bool(), report["stopped_by"].as_str()), (Some(false), Some(by)), "{report:#}");
    let missed = report["verdict"]["not_probed"].as_array().unwrap();
    assert!(missed.iter().any(|missed| missed["why"] == why), "{missed:#?}");
    report
}
