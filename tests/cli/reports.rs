//! Reports for programs: valid, alone on standard output, and of one mind with the exit code.

use serde_json::Value;
use std::fs;

use crate::program::{code_of, faults, run, run_on, why5003};

fn report(fault: &str) -> (i32, String) {
    let ran = run(&mut why5003(&["demo", fault, "--format", "json"]));
    assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
    (ran.code, ran.out)
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

pub(crate) fn json_is_of_the_schema_and_the_exit_code_is_the_status() {
    for (fault, expected) in [("healthy", 0), ("inspection", 1), ("dns-blocked", 2)] {
        let (code, text) = report(fault);
        let report = parsed(&text);
        assert_eq!((code, code_of(&report)), (expected, expected), "{fault}");
        assert_eq!(faults(&report), [""; 0], "{fault}");
    }
}

pub(crate) fn a_replay_comes_to_the_same_verdict() {
    let folder = Folder::new();
    for fault in ["healthy", "sni-reset"] {
        let (code, text) = report(fault);
        let file = folder.path(fault);
        fs::write(&file, &text).unwrap();
        let from_file = run(&mut why5003(&["replay", &file, "--format", "json"]));
        let from_input = run_on(&mut why5003(&["replay", "-", "--format", "json"]), &text);
        for replayed in [from_file, from_input] {
            assert_eq!((replayed.code, replayed.err.as_str()), (code, ""), "{fault}");
            assert_eq!(replayed.json(), parsed(&text), "{fault}");
        }
    }
}

pub(crate) fn quiet_says_nothing_beside_the_result() {
    let ran = run(&mut why5003(&["demo", "dns-blocked", "-q"]));
    assert_eq!((ran.code, ran.err.as_str()), (2, ""));
    assert!(ran.out.starts_with("BLOCKED"), "{}", ran.out);
}

/// A folder of this process's own under the build's, gone with the test.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new() -> Self {
        let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cli-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0);
    }
}
