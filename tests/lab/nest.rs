//! A nest of namespaces for one run: network, mounts and processes of its own, all gone when it ends.

use std::ffi::OsString;
use std::fmt::{self, Display, Formatter};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Names the scenario to the process inside; its presence makes this binary be that process.
const TOLD: &str = "WHY5003_LAB_INSIDE";

/// Nests that run side by side: most of their time is waiting.
pub(crate) const SIDE_BY_SIDE: usize = 8;

/// The same for sweeps, which wait for routers that say a word a second.
pub(crate) const SWEEPS_SIDE_BY_SIDE: usize = 24;

/// The longest that a run may take in all, in seconds: building, running, and room.
const PATIENCE: &str = "350";

/// Who runs the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum As {
    Root,
    User,
}

/// What the process inside is to do.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Told {
    pub(crate) scenario: String,
    pub(crate) who: As,
    /// Where the outcome goes.
    pub(crate) outcome: PathBuf,
}

/// What a run came to.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Outcome {
    /// The report, as the program printed it.
    pub(crate) report: Value,
    pub(crate) exit_code: Option<i32>,
    pub(crate) stderr: String,
    /// Wall time of the program, in seconds.
    pub(crate) seconds: f64,
    /// What the client sent meanwhile.
    pub(crate) packets: u64,
    pub(crate) bytes: u64,
    /// The final states in the file that a sweep wrote to `$LAB/out/sweep.ndjson`.
    pub(crate) words: Vec<Value>,
}

/// What this process was told, if it is one inside.
pub(crate) fn told() -> Option<Told> {
    let told = std::env::var(TOLD).ok()?;
    Some(serde_json::from_str(&told).unwrap())
}

/// Runs one scenario in a nest of its own.
///
/// # Errors
/// What failed of the lab itself.
pub(crate) fn run(scenario: &str, who: As) -> Result<Outcome, String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("lab");
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let outcome = folder.join(format!("{scenario} {who}.json"));
    drop(fs::remove_file(&outcome));
    let told = Told { scenario: scenario.to_owned(), who, outcome: outcome.clone() };
    let said = Command::new("timeout")
        .args(["--signal=KILL", PATIENCE])
        .args(["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"])
        .arg(std::env::current_exe().unwrap())
        .env(TOLD, serde_json::to_string(&told).unwrap())
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("unshare: {error}"))?;
    if !said.status.success() {
        return Err(format!("the lab failed: {}\n{}", said.status, String::from_utf8_lossy(&said.stderr)));
    }
    let text = fs::read(&outcome).map_err(|error| format!("{}: {error}", outcome.display()))?;
    serde_json::from_slice(&text).map_err(|error| format!("{}: {error}", outcome.display()))
}

impl Outcome {
    /// The report for a human, and what went to standard error.
    pub(crate) fn shown(&self) -> String {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("lab/replayed.{}.json", std::process::id()));
        let path = path.with_extension(format!("{:?}.json", std::thread::current().id()));
        fs::write(&path, self.report.to_string()).unwrap();
        let program: OsString = env!("CARGO_BIN_EXE_why5003").into();
        let said = Command::new(program).args(["--quiet", "replay"]).arg(&path).output().unwrap();
        drop(fs::remove_file(&path));
        format!("{}{}{}", String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr), self.stderr)
    }
}

impl Display for As {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Root => "as root",
            Self::User => "as a user",
        })
    }
}
