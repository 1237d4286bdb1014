//! Sweeps, on a loopback that owns a prefix of Zoom's.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::namespace::Inside;
use crate::program::{end, inside, run, signal, why5003};

/// 512 addresses, and the canaries, which nobody answers for.
const WANTED: [&str; 8] =
    ["sweep", "--prefix", "170.114.52.0/23", "--port", "tcp/443", "--trace", "0", "--format=json"];
const ADDRESSES: usize = 512;

pub(crate) fn killed_twice_and_resumed_it_has_asked_each_target_once() {
    for engine in ["connect", "auto"] {
        let file = fresh(&format!("killed.{engine}.ndjson"));
        let path = file.to_str().unwrap();
        let mut command = inside(Inside::Zoom, &WANTED);
        let first = command.args(["--all", "--rate", "300", "--engine", engine, "--out", path]).spawn().unwrap();
        kill_at(first, &file, 100);
        let resume = ["sweep", "--trace", "0", "--format=json", "--engine", engine, "--resume", path];
        let second = inside(Inside::Zoom, &[&resume[..], &["--rate", "300"]].concat()).spawn().unwrap();
        kill_at(second, &file, 250);
        // A kill in the middle of a write leaves a line without its end.
        fs::write(&file, [fs::read(&file).unwrap(), b"{\"target\":\"170.1".to_vec()].concat()).unwrap();
        let ran = run(&mut inside(Inside::Zoom, &[&resume[..], &["--rate", "0"]].concat()));
        let asked = asked(&file);
        assert!(asked.values().all(|times| *times == 1), "{asked:?}");
        assert_eq!(asked.keys().filter(|(target, _)| target.starts_with("170.114.")).count(), ADDRESSES);
        assert_eq!(ran.json()["pairs"][0]["targets"]["closed"], ADDRESSES, "{ran:?}");
    }
}

pub(crate) fn no_second_carries_more_packets_than_the_rate() {
    for engine in ["connect", "auto"] {
        let mut command = inside(Inside::Zoom, &WANTED);
        let began = Instant::now();
        let child = command.args(["--all", "--rate", "200", "--engine", engine]).spawn().unwrap();
        let seen = counted(&child);
        let ran = end(child, began);
        assert_eq!(ran.json()["pairs"][0]["targets"]["closed"], ADDRESSES, "{ran:?}");
        for (at, packets) in &seen {
            let later = seen.iter().find(|(then, _)| *then >= *at + Duration::from_secs(1));
            let Some((then, more)) = later else { break };
            // Each SYN draws a RST on the same loopback. The counter is read a little before or after its second ends.
            let within = (then.as_secs_f64() - at.as_secs_f64() + 0.05) * 200.0;
            assert!(
                f64::from((more - packets) / 2) <= within,
                "{engine}: {packets} to {more} within {at:?} to {then:?}"
            );
        }
    }
}

pub(crate) fn shards_share_nothing_and_are_all_of_it() {
    let mut targets = BTreeMap::new();
    for shard in ["1/3", "2/3", "3/3"] {
        let file = fresh(&format!("shard.{}.ndjson", &shard[..1]));
        let mut command = inside(Inside::Zoom, &WANTED);
        run(command.args(["--all", "--rate", "0", "--seed", "7", "--shard", shard, "--out", file.to_str().unwrap()]));
        for ((target, attempt), times) in asked(&file) {
            if attempt == 1 {
                *targets.entry(target).or_insert(0) += times;
            }
        }
    }
    let (zoom, canaries): (Vec<_>, Vec<_>) = targets.iter().partition(|(target, _)| target.starts_with("170.114."));
    assert!(zoom.iter().all(|(_, times)| **times == 1) && zoom.len() == ADDRESSES, "{targets:?}");
    // Without them, no part could tell whether what answers is what it seems.
    assert!(canaries.iter().all(|(_, times)| **times == 3) && !canaries.is_empty(), "{canaries:?}");
}

/// As if it had never been split; what a part lacks, the whole asks for.
pub(crate) fn the_parts_of_a_sweep_are_put_together() {
    let files = ["1", "2", "3"].map(|part| fresh(&format!("part.{part}.ndjson")));
    for (file, shard) in files.iter().zip(["1/3", "2/3", "3/3"]) {
        let mut command = inside(Inside::Zoom, &WANTED);
        run(command.args(["--all", "--rate", "0", "--seed", "7", "--shard", shard, "--out", file.to_str().unwrap()]));
    }
    let cut: Vec<String> = fs::read_to_string(&files[1]).unwrap().lines().take(101).map(str::to_owned).collect();
    fs::write(&files[1], cut.join("\n") + "\n").unwrap();
    let together = |files: &[PathBuf]| {
        let mut command = inside(Inside::Zoom, &["sweep", "--trace", "0", "--format=json", "--rate", "0"]);
        for file in files {
            command.args(["--resume", file.to_str().unwrap()]);
        }
        run(&mut command).json()
    };
    let two = together(&files[..2]);
    assert_eq!((two["shard"].as_str(), two["complete"].as_bool()), (Some("1/3, 2/3"), Some(false)));
    assert_eq!((two["asked"].as_u64(), two["targets"].as_u64()), (Some(0), Some(347)));
    let all = together(&files);
    assert_eq!((all["shard"].as_str(), all["complete"].as_bool()), (Some("1/1"), Some(true)));
    assert_eq!(all["pairs"][0]["targets"]["closed"], ADDRESSES);
    assert!(all["asked"].as_u64().unwrap() < 100, "{}", all["asked"]);
}

/// All that was asked passes by what the file says, and then it says one thing more.
pub(crate) fn what_is_doubted_stays_doubted_when_a_sweep_is_resumed_without_tracing() {
    let file = fresh("doubted.ndjson");
    run(inside(Inside::Zoom, &WANTED).args(["--rate", "0", "--seed", "7", "--out", file.to_str().unwrap()]));
    let text = fs::read_to_string(&file).unwrap();
    let (head, came) = text.split_once('\n').unwrap();
    let targets: Vec<Value> = came.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let targets: Vec<&str> = targets.iter().filter_map(|line| line["target"].as_str()).collect();
    let mut lines = vec![
        head.to_owned(),
        r#"{"ipv6":false,"shared":{"routers":["10.0.1.1","10.0.2.2"],"proven":true}}"#.to_owned(),
    ];
    for target in &targets {
        lines.push(format!(r#"{{"target":"{target}","try":1,"came":"silent"}}"#));
        lines.push(format!(r#"{{"target":"{target}","reach":{{"passes":{{"hop":2}}}}}}"#));
    }
    let with = |more: &[String]| {
        fs::write(&file, [&lines[..], more].concat().join("\n") + "\n").unwrap();
        let resumed = ["sweep", "--resume", file.to_str().unwrap(), "--trace", "0", "--format=json"];
        run(&mut inside(Inside::Zoom, &resumed)).json()["status"].as_str().unwrap().to_owned()
    };
    assert_eq!(with(&[]), "healthy");
    let unheard = r#"{"ipv6":false,"unheard":["170.114.52.2:443"]}"#.to_owned();
    assert_eq!(with(std::slice::from_ref(&unheard)), "unknown");
    assert_eq!(with(&[unheard, r#"{"ipv6":false,"unheard":[]}"#.to_owned()]), "healthy");
    // It answered the sweep's raw packets, and no connection of a program's.
    let zooms = targets.iter().find(|target| target.starts_with("170.114.")).unwrap();
    let open = format!(r#"{{"target":"{zooms}","try":2,"came":"open"}}"#);
    assert_eq!(with(std::slice::from_ref(&open)), "healthy");
    assert_eq!(with(&[open, format!(r#"{{"target":"{zooms}","reach":"unknown"}}"#)]), "unknown");
}

pub(crate) fn parts_of_different_sweeps_are_not_put_together() {
    let files = ["1", "2"].map(|seed| fresh(&format!("seed.{seed}.ndjson")));
    for (file, seed) in files.iter().zip(["1", "2"]) {
        let mut command = inside(Inside::Zoom, &WANTED);
        let shard = format!("{seed}/2");
        run(command.args(["--rate", "0", "--seed", seed, "--shard", &shard, "--out", file.to_str().unwrap()]));
    }
    let paths = files.each_ref().map(|file| file.to_str().unwrap());
    let ran = run(&mut inside(Inside::Zoom, &["sweep", "--resume", paths[0], "--resume", paths[1]]));
    assert_eq!((ran.code, ran.out.as_str()), (3, ""));
    assert!(ran.err.contains("they are not parts of one sweep"), "{}", ran.err);
}

pub(crate) fn a_file_that_is_being_written_is_left_alone() {
    let file = fresh("locked.ndjson");
    let path = file.to_str().unwrap();
    let mut command = inside(Inside::Zoom, &WANTED);
    let mut first = command.args(["--all", "--rate", "20", "--out", path]).spawn().unwrap();
    let end = Instant::now() + Duration::from_secs(30);
    while fs::read(&file).map_or(0, |text| text.len()) == 0 {
        assert!(Instant::now() < end, "it wrote nothing");
        thread::yield_now();
    }
    let second = run(&mut inside(Inside::Zoom, &["sweep", "--resume", path]));
    signal(first.id(), "KILL");
    first.wait().unwrap();
    assert_eq!((second.code, second.out.as_str()), (3, ""));
    assert!(second.err.contains("another why5003 is at work on it"), "{}", second.err);
}

pub(crate) fn a_deadline_ends_a_sweep_with_what_was_found() {
    let mut command = inside(Inside::Zoom, &WANTED);
    let ran = run(command.args(["--all", "--rate", "20", "--deadline", "1"]));
    let report = ran.json();
    assert_eq!((ran.code, report["complete"].as_bool()), (3, Some(false)));
    assert!(report["summary"].as_str().unwrap().contains("The deadline ended the sweep early"), "{report:#}");
    assert!(ran.took < Duration::from_secs(10) && report["asked"].as_u64().unwrap() < 60, "{ran:?}");
}

pub(crate) fn what_a_sweep_will_come_to_is_told_before_it_begins() {
    let told = |arguments: &[&str]| {
        let words = ["sweep", "--prefix", "170.114.52.0/23", "--port", "tcp/443", "--deadline", "0.1"];
        run(inside(Inside::Zoom, &words).args(arguments)).err.trim_end().to_owned()
    };
    assert_eq!(
        told(&["--rate", "1"]),
        "7 targets: up to 4 addresses of 1 prefix at 1 port, and 3 targets in documentation prefixes as canaries for forged answers. At 1 packet \
         a second and at most 1000 under way, it takes at least 7 s, and some of the silent are asked again. Silent flows \
         are then traced, for 40 minutes at most (--trace). A stateful firewall will hold up to about 310 \
         entries for it."
    );
    let few_at_once = told(&["--all", "--rate", "0", "--max-inflight", "10", "--trace", "0"]);
    assert!(few_at_once.contains("it takes at least 50 s") && !few_at_once.contains("--trace"), "{few_at_once}");
}

pub(crate) fn a_large_sweep_wants_a_yes_and_makes_no_file_without() {
    let file = fresh("large.ndjson");
    let mut command = inside(Inside::Zoom, &["sweep", "--prefix", "170.114.0.0/16", "--port", "tcp/443", "--all"]);
    let ran = run(command.args(["--out", file.to_str().unwrap()]));
    assert_eq!((ran.code, ran.out.as_str(), file.exists()), (3, "", false));
    assert!(ran.err.contains("65539 targets") && ran.err.contains("--yes"), "{}", ran.err);
}

pub(crate) fn a_computer_without_a_way_is_told_after_the_first_errors() {
    for engine in ["connect", "auto"] {
        let ran =
            run(&mut inside(Inside::Nothing, &["sweep", "--format=json", "--rate", "0", "-4", "--engine", engine]));
        let report = ran.json();
        assert_eq!((ran.code, report["complete"].as_bool()), (3, Some(false)));
        assert!(report["summary"].as_str().unwrap().contains("no route to any target"), "{ran:?}");
        assert!(report["asked"].as_u64().unwrap() <= 512, "{}", report["asked"]);
    }
}

pub(crate) fn a_finished_sweep_is_not_asked_again() {
    let file = fresh("finished.ndjson");
    let path = file.to_str().unwrap();
    let mut command = inside(Inside::Zoom, &WANTED);
    let first = run(command.args(["--rate", "0", "--out", path]));
    let again = run(&mut inside(Inside::Zoom, &["sweep", "--trace", "0", "--format=json", "--resume", path]));
    assert_eq!((first.json()["asked"].as_u64(), again.json()["asked"].as_u64()), (Some(10), Some(0)));
    assert_eq!(first.json()["pairs"], again.json()["pairs"]);
}

pub(crate) fn a_sweep_report_is_of_its_schema() {
    let mut command = inside(Inside::Zoom, &WANTED);
    let report = run(command.args(["--rate", "0"])).json();
    let schema = run(&mut why5003(&["schema", "sweep"])).json();
    let faults: Vec<String> =
        jsonschema::validator_for(&schema).unwrap().iter_errors(&report).map(|error| error.to_string()).collect();
    assert_eq!((report["schema"].as_str(), faults), (Some("why5003.sweep/1"), Vec::new()));
}

/// A place for a file that is not there.
fn fresh(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    drop(fs::remove_file(&path));
    path
}

/// Kills it, without a word, once its file has so many lines.
fn kill_at(mut child: Child, file: &Path, lines: usize) {
    let end = Instant::now() + Duration::from_secs(30);
    while fs::read(file).map_or(0, |text| text.split(|byte| *byte == b'\n').count()) < lines {
        assert!(Instant::now() < end, "it wrote too little");
        thread::yield_now();
    }
    signal(child.id(), "KILL");
    child.wait().unwrap();
}

/// How often each target was asked for the n-th time, as the file says.
fn asked(file: &Path) -> BTreeMap<(String, u64), u32> {
    let text = fs::read_to_string(file).unwrap();
    let mut asked = BTreeMap::new();
    for line in text.lines().skip(1) {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        if line["came"].is_null() {
            continue;
        }
        let key = (line["target"].as_str().unwrap().to_owned(), line["try"].as_u64().unwrap());
        *asked.entry(key).or_insert(0) += 1;
    }
    asked
}

/// What its loopback has carried, and when, until it ends.
fn counted(child: &Child) -> Vec<(Duration, u32)> {
    // Before it has a namespace of its own, the loopback is that of whoever runs the tests.
    while network_of("self") == network_of(&child.id().to_string()) {
        thread::yield_now();
    }
    let (began, mut seen) = (Instant::now(), Vec::new());
    while let Some(packets) = carried(child.id()) {
        let at = began.elapsed();
        if seen.last().is_none_or(|(_, before)| *before != packets) {
            seen.push((at, packets));
        }
        thread::yield_now();
    }
    seen
}

fn network_of(process: &str) -> Option<PathBuf> {
    fs::read_link(format!("/proc/{process}/ns/net")).ok()
}

fn carried(process: u32) -> Option<u32> {
    let counters = fs::read_to_string(format!("/proc/{process}/net/dev")).ok()?;
    let lo = counters.lines().find_map(|line| line.trim().strip_prefix("lo:"))?;
    lo.split_whitespace().nth(9)?.parse().ok()
}
