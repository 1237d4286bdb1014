//! Observations in, verdict out: each file of `tests/scenarios/` is one network, and one test.
//!
//! Nothing here looks at a network. `README.md` beside the files says how they are written.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its own files has failed")]

mod expect;
mod load;
mod properties;

use std::collections::BTreeSet;
use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};
use why5003::verdict::CAUSES;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let files = load::files();
    let mut trials: Vec<Trial> = files
        .iter()
        .map(|name| {
            Trial::test(name.clone(), {
                let name = name.clone();
                move || check(&name)
            })
        })
        .collect();
    trials.push(Trial::test("every_cause_has_a_scenario_that_finds_it", move || every_cause_is_found(&files)));
    trials.extend(properties::trials());
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn check(name: &str) -> Result<(), Failed> {
    let scenario = load::scenario(name)?;
    expect::check(&scenario)?;
    Ok(())
}

fn every_cause_is_found(files: &[String]) -> Result<(), Failed> {
    let mut found = BTreeSet::new();
    for name in files {
        let expect = load::scenario(name)?.expect;
        found.extend(expect.first.into_iter().chain(expect.others));
    }
    let missing: Vec<&str> = CAUSES.iter().map(|cause| cause.id).filter(|id| !found.contains(*id)).collect();
    if missing.is_empty() { Ok(()) } else { Err(format!("no scenario finds {}", missing.join(", ")).into()) }
}
