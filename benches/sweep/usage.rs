//! What a program took: a process of its own runs it, so that the kernel counts it alone.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use serde_json::{Value, json};

use super::ROLE;

/// What a run took.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Usage {
    pub(crate) wall: Duration,
    /// User and system time.
    pub(crate) cpu: Duration,
    /// The largest resident set, in KiB.
    pub(crate) peak_kib: i64,
    /// The exit code, where it was not killed.
    pub(crate) code: Option<i32>,
}

/// Runs a program, in a role where it is this one, and says what it took; its output goes to a file or nowhere.
pub(crate) fn measure(
    (role, program, arguments): (Option<&str>, &Path, &[String]),
    output: Option<&Path>,
    folder: &Path,
) -> Usage {
    let to = folder.join("usage.json");
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg(&to).arg(output.unwrap_or(Path::new(NOWHERE))).arg(role.unwrap_or("-")).arg(program).args(arguments);
    assert!(command.env(ROLE, "measured").status().unwrap().success());
    let said: Value = serde_json::from_slice(&std::fs::read(&to).unwrap()).unwrap();
    let microseconds = |name: &str| Duration::from_micros(said[name].as_u64().unwrap());
    Usage {
        wall: microseconds("wall_us"),
        cpu: microseconds("cpu_us"),
        peak_kib: said["peak_kib"].as_i64().unwrap(),
        code: said["code"].as_i64().map(|code| code.try_into().unwrap()),
    }
}

/// The process in between.
pub(crate) fn measured() {
    let mut arguments = std::env::args().skip(1);
    let to = PathBuf::from(arguments.next().unwrap());
    let output = arguments.next().unwrap();
    let role = arguments.next().unwrap();
    let mut command = Command::new(arguments.next().unwrap());
    command.args(arguments).env(ROLE, role).stdin(Stdio::null());
    let loud = std::env::var_os("WHY5003_BENCH_LOUD").is_some();
    if !loud || output != NOWHERE {
        command.stdout(File::create(output).unwrap());
    }
    if !loud {
        command.stderr(Stdio::null());
    }
    let began = Instant::now();
    let status = command.status().unwrap();
    let wall = began.elapsed();
    let used = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
    let microseconds = [used.user_time(), used.system_time()].map(|time| time.tv_sec() * 1_000_000 + time.tv_usec());
    let said = json!({
        "wall_us": u64::try_from(wall.as_micros()).unwrap(),
        "cpu_us": microseconds.iter().sum::<i64>(),
        "peak_kib": used.max_rss(),
        "code": status.code(),
    });
    std::fs::write(to, said.to_string()).unwrap();
}

const NOWHERE: &str = "/dev/null";
