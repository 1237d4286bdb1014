//! The lab: the program as it ships, on real kernels, firewalls, resolvers and proxies, in network namespaces that lead nowhere.
//!
//! Each file of `scenarios/` is one network and two tests: as root, and as an ordinary user. `README.md` beside this file says
//! how they are written. It needs root and Debian's tools; elsewhere every scenario is listed as skipped, with the reason, and
//! with `CI=true` that is a failure. At the end the confusion matrix is printed.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

mod certificates;
mod check;
mod datagrams;
mod inside;
mod lacking;
mod line;
mod matrix;
mod nest;
mod network;
mod scenario;
mod servers;
mod sweep;

use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use libtest_mimic::{Arguments, Failed, Trial};

use matrix::Matrix;
use nest::As;

fn main() -> ExitCode {
    if let Some(told) = nest::told() {
        inside::run(&told);
        return ExitCode::SUCCESS;
    }
    let arguments = Arguments::from_args();
    let lacking = lacking::lacking();
    if let Some(why) = &lacking {
        eprintln!("The lab is skipped: {why}");
    }
    let matrix = Arc::new(Mutex::new(Matrix::default()));
    let of = |names: Vec<String>| {
        let trials = names.into_iter().flat_map(|name| {
            let (lacking, matrix) = (lacking.clone(), Arc::clone(&matrix));
            [As::Root, As::User].map(move |who| trial(&name, who, lacking.clone(), Arc::clone(&matrix)))
        });
        trials.collect::<Vec<Trial>>()
    };
    let (sweeps, diagnoses): (Vec<String>, Vec<String>) =
        scenario::names().into_iter().partition(|name| scenario::sweeps(name));
    let run = |side_by_side: usize, trials: Vec<Trial>| {
        let test_threads = arguments.test_threads.or(Some(side_by_side));
        libtest_mimic::run(&Arguments { test_threads, ..arguments.clone() }, trials)
    };
    let of_diagnoses = run(nest::SIDE_BY_SIDE, of(diagnoses).into_iter().chain(line::tests()).collect());
    matrix.lock().unwrap().print();
    let of_sweeps = run(nest::SWEEPS_SIDE_BY_SIDE, of(sweeps));
    if of_diagnoses.has_failed() { of_diagnoses.exit_code() } else { of_sweeps.exit_code() }
}

fn trial(name: &str, who: As, lacking: Option<String>, matrix: Arc<Mutex<Matrix>>) -> Trial {
    let title = format!("{name} {who}");
    let not_yet = scenario::load(name).is_ok_and(|scenario| scenario.not_yet.is_some());
    let skipped = not_yet || (lacking.is_some() && std::env::var_os("CI").is_none());
    let name = name.to_owned();
    Trial::test(title, move || {
        if let Some(why) = lacking {
            return Err(format!("the lab must run in CI, and can't: {why}").into());
        }
        one(&name, who, &matrix)
    })
    .with_ignored_flag(skipped)
}

fn one(name: &str, who: As, matrix: &Mutex<Matrix>) -> Result<(), Failed> {
    let scenario = scenario::load(name)?;
    let outcome = nest::run(name, who)?;
    let expect = scenario.expect.by(who);
    let wrong = check::wrong(&expect, &outcome);
    if scenario::sweeps(name) {
        let fine = wrong.is_empty();
        return if fine { Ok(()) } else { Err(format!("{}\n{}", scenario.story, wrong.join("\n")).into()) };
    }
    matrix.lock().unwrap().add(&format!("{name} {who}"), &expect, &outcome, wrong.is_empty());
    let missed_by_chance = scenario.chance.is_some() && check::innocents(&expect, &check::named(&outcome)).is_empty();
    if wrong.is_empty() || missed_by_chance {
        return Ok(());
    }
    Err(format!("{}\n{}\n\n{}", scenario.story, wrong.join("\n"), outcome.shown()).into())
}
