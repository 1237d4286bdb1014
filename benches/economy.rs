//! What a diagnosis costs on every network of the lab: packets and bytes sent, wall time, and how much of that was spent on silence.
//!
//! Run it as root with `cargo bench --bench economy [-- PART-OF-A-NAME]`; `tests/lab/README.md` says what it takes. Each scenario runs
//! once, as root. It fails where a run is over the limits and its scenario doesn't grant it more.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench that can't go on fails")]

use std::process::ExitCode;
use std::sync::Mutex;
use std::thread;

use serde_json::Value;

use check::{PACKETS, PACKETS_WHEN_HEALTHY, SECONDS};
use nest::{As, Outcome};
use scenario::Scenario;

#[path = "../tests/lab/certificates.rs"]
mod certificates;
#[path = "../tests/lab/check.rs"]
mod check;
#[path = "../tests/lab/datagrams.rs"]
mod datagrams;
#[path = "../tests/lab/inside.rs"]
mod inside;
#[path = "../tests/lab/lacking.rs"]
mod lacking;
#[expect(dead_code, reason = "its tests are the lab's")]
#[path = "../tests/lab/line/mod.rs"]
mod line;
#[expect(dead_code, reason = "reports are shown by the lab alone")]
#[path = "../tests/lab/nest.rs"]
mod nest;
#[path = "../tests/lab/network.rs"]
mod network;
#[path = "../tests/lab/scenario.rs"]
mod scenario;
#[path = "../tests/lab/servers.rs"]
mod servers;
#[path = "../tests/lab/sweep.rs"]
mod sweep;

fn main() -> ExitCode {
    if let Some(told) = nest::told() {
        inside::run(&told);
        return ExitCode::SUCCESS;
    }
    if let Some(why) = lacking::lacking() {
        eprintln!("The economy can't be measured here: {why}");
        return ExitCode::SUCCESS;
    }
    // Cargo adds `--bench`.
    let part = std::env::args().skip(1).find(|argument| !argument.starts_with("--")).unwrap_or_default();
    let mut runs =
        take(scenario::names().into_iter().filter(|name| name.contains(&part) && !scenario::sweeps(name)).collect());
    runs.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    print(&runs);
    if runs.iter().any(|run| run.over() && !run.granted()) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// One scenario's run.
struct Run {
    name: String,
    scenario: Scenario,
    outcome: Outcome,
}

/// Runs them, some side by side; one that fails in the lab itself is said and left out.
fn take(names: Vec<String>) -> Vec<Run> {
    let (names, runs) = (Mutex::new(names), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..nest::SIDE_BY_SIDE {
            scope.spawn(|| {
                loop {
                    let Some(name) = names.lock().unwrap().pop() else { break };
                    let run = scenario::load(&name).and_then(|scenario| {
                        let outcome = nest::run(&name, As::Root)?;
                        Ok(Run { name: name.clone(), scenario, outcome })
                    });
                    match run {
                        Ok(run) => runs.lock().unwrap().push(run),
                        Err(why) => eprintln!("{name}: {why}"),
                    }
                }
            });
        }
    });
    runs.into_inner().unwrap()
}

impl Run {
    fn healthy(&self) -> bool {
        self.scenario.expect.status == "healthy"
    }

    fn most_packets(&self) -> u64 {
        if self.healthy() { PACKETS_WHEN_HEALTHY } else { PACKETS }
    }

    /// Over what any network of its kind may take.
    fn over(&self) -> bool {
        self.outcome.packets > self.most_packets() || self.outcome.seconds > SECONDS
    }

    /// Whether its scenario allows as much as it took.
    fn granted(&self) -> bool {
        let expect = &self.scenario.expect;
        self.outcome.packets <= expect.packets.unwrap_or(self.most_packets())
            && self.outcome.seconds <= expect.seconds.unwrap_or(SECONDS)
    }

    fn right(&self) -> bool {
        check::wrong(&self.scenario.expect.by(As::Root), &self.outcome).is_empty()
    }
}

fn print(runs: &[Run]) {
    println!("  {:52} {:>7} {:>7} {:>7} {:>8}", "as root", "packets", "kB", "s", "silence");
    for run in runs {
        let Outcome { packets, bytes, seconds, report, .. } = &run.outcome;
        let mark = if run.over() { '!' } else { ' ' };
        let wrong = match run.scenario.not_yet.as_ref().or(run.scenario.chance.as_ref()) {
            _ if run.right() => "",
            Some(_) => "  not told yet",
            None => "  not as expected",
        };
        let silence = 100.0 * silence(report) / seconds;
        println!("{mark} {:52} {packets:7} {:7} {seconds:7.1} {silence:6.0} %{wrong}", run.name, bytes / 1000);
    }
    println!(
        "\nSilence: the part of the wall time in which probes were under way and all of them ended without an answer.\n"
    );
    summary("healthy", runs.iter().filter(|run| run.healthy()), PACKETS_WHEN_HEALTHY);
    summary("faults", runs.iter().filter(|run| !run.healthy()), PACKETS);
}

fn summary<'a>(kind: &str, runs: impl Iterator<Item = &'a Run>, packets: u64) {
    let (fine, over): (Vec<&Run>, Vec<&Run>) = runs.partition(|run| !run.over());
    let all = || fine.iter().chain(&over);
    let most = all().map(|run| run.outcome.packets).max().unwrap_or(0);
    let longest = all().map(|run| run.outcome.seconds).fold(0.0, f64::max);
    println!(
        "{kind}: {} of {} within {packets} packets and {SECONDS} s; at most {most} packets and {longest:.1} s",
        fine.len(),
        all().count()
    );
    for run in over {
        let granted = if run.granted() { ", which its scenario grants" } else { "" };
        let Outcome { packets, seconds, .. } = run.outcome;
        println!("  {} took {packets} packets and {seconds:.1} s{granted}: {}", run.name, run.scenario.story);
    }
}

/// For how long all probes under way were ones that ended in silence, in seconds.
#[expect(clippy::cast_precision_loss, reason = "a run's microseconds are few")]
fn silence(report: &Value) -> f64 {
    let probes: Vec<(u64, u64, bool)> = report["observations"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|probe| {
            let start = probe["started_us"].as_u64()?;
            Some((start, start + probe["took_us"].as_u64()?, probe["failure"]["how"] == "silent"))
        })
        .collect();
    let mut moments: Vec<u64> = probes.iter().flat_map(|probe| [probe.0, probe.1]).collect();
    moments.sort_unstable();
    let silent = moments.windows(2).filter(|span| {
        let mut under_way = probes.iter().filter(|probe| probe.0 <= span[0] && probe.1 >= span[1]).peekable();
        under_way.peek().is_some() && under_way.all(|probe| probe.2)
    });
    silent.map(|span| span[1] - span[0]).sum::<u64>() as f64 / 1e6
}
