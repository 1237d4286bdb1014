//! Runs the program, with an environment that holds nothing of who runs the tests.

use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::namespace::{self, Inside};

/// What a run of the program came to.
#[derive(Debug)]
pub(crate) struct Ran {
    /// Its exit code.
    pub(crate) code: i32,
    /// Standard output.
    pub(crate) out: String,
    /// Standard error.
    pub(crate) err: String,
    /// How long it took.
    pub(crate) took: Duration,
}

impl Ran {
    /// Standard output, which must be JSON and nothing else.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// The program, which must not need a network for this: it prints, reads a file, or runs the demo on loopback.
pub(crate) fn why5003(arguments: &[&str]) -> Command {
    let harmless =
        ["demo", "replay", "explain", "schema", "completions", "man", "help", "--help", "-h", "-V", "--version"];
    assert!(harmless.contains(&arguments[0]), "{arguments:?} may send packets: run it inside a namespace");
    bare(&[PROGRAM], arguments)
}

/// The program in a network that leads nowhere.
pub(crate) fn inside(network: Inside, arguments: &[&str]) -> Command {
    let mut words = namespace::words(network);
    words.push(PROGRAM);
    bare(&words, arguments)
}

/// These words and arguments as a command with an empty environment, in the folder of the given files.
pub(crate) fn bare(words: &[&str], arguments: &[&str]) -> Command {
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).args(arguments).current_dir(Path::new(FOLDER).join("given"));
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs it to its end.
#[track_caller]
pub(crate) fn run(command: &mut Command) -> Ran {
    let began = Instant::now();
    end(command.spawn().unwrap(), began)
}

/// Runs it to its end with this on standard input.
#[track_caller]
pub(crate) fn run_on(command: &mut Command, input: &str) -> Ran {
    let began = Instant::now();
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    end(child, began)
}

/// Waits for its end, which must come.
#[track_caller]
pub(crate) fn end(child: Child, began: Instant) -> Ran {
    let id = child.id();
    let (ended, end) = mpsc::channel();
    thread::spawn(move || ended.send(child.wait_with_output()));
    let Ok(output) = end.recv_timeout(LONG) else {
        signal(id, "KILL");
        panic!("it did not end within {LONG:?}");
    };
    let Output { status, stdout, stderr } = output.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (out, err) = (text(stdout), text(stderr));
    assert!(!err.contains("panicked"), "{err}");
    let code = status.code().unwrap_or_else(|| panic!("it was ended by a signal: {status}: {err}"));
    Ran { code, out, err, took: began.elapsed() }
}

/// Sends a signal to one process, by its number.
pub(crate) fn signal(id: u32, name: &str) {
    let sent = Command::new("kill").args([&format!("-{name}"), &id.to_string()]).status().unwrap();
    assert!(sent.success(), "kill -{name} {id}");
}

/// The exit code of a report's status.
pub(crate) fn code_of(report: &Value) -> i32 {
    match report["verdict"]["status"].as_str().unwrap() {
        "healthy" => 0,
        "degraded" => 1,
        "blocked" => 2,
        "unknown" => 3,
        status => panic!("{status} is no status"),
    }
}

/// What the published schema finds wrong in a report.
pub(crate) fn faults(report: &Value) -> Vec<String> {
    let schema = run(&mut why5003(&["schema"])).json();
    let validator = jsonschema::validator_for(&schema).unwrap();
    validator.iter_errors(report).map(|error| error.to_string()).collect()
}

/// The folder of these tests.
pub(crate) const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli");
const PROGRAM: &str = env!("CARGO_BIN_EXE_why5003");
/// Far more than any run here takes, on a computer that does much else.
const LONG: Duration = Duration::from_secs(90);
