//! Running processes of the Zoom client, from `/proc` (proc(5)); it touches none of them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::files;
use crate::model::ClientProcess;

/// The client's programs, as the kernel calls them: 15 characters at most (`TASK_COMM_LEN`, proc_pid_comm(5)).
const PROGRAMS: [&str; 4] = ["zoom", "ZoomLauncher", "ZoomWebviewHost", "aomhost"];
/// Processes told of.
const MOST: usize = 32;
/// Bytes read of one process's environment.
const ENVIRONMENT: u64 = 256 << 10;
/// Bytes read of any other file of `/proc/PID`.
const LIMIT: u64 = 64 << 10;
/// Clock ticks a second in what `/proc` tells (`USER_HZ`): 100 on every machine that Rust's standard library runs on.
const TICKS: u64 = 100;

/// A running process of the client.
pub(super) struct Running {
    /// Process id, name and age.
    pub(super) process: ClientProcess,
    /// Its program's file as the kernel tells, where it may be read.
    pub(super) program: Option<PathBuf>,
    /// Its control group, which names the flatpak or snap it runs in.
    pub(super) group: String,
}

/// The client's processes, in the order of their ids.
///
/// # Errors
/// The system's own, where `/proc` can't be listed.
pub(super) fn running(root: &Path) -> io::Result<Vec<Running>> {
    let proc = root.join("proc");
    let uptime = read(&proc.join("uptime")).and_then(|text| parse_uptime(&text));
    let mut ids: Vec<u32> =
        fs::read_dir(&proc)?.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect();
    ids.sort_unstable();
    Ok(ids.into_iter().filter_map(|pid| one(&proc.join(pid.to_string()), pid, uptime)).take(MOST).collect())
}

/// The environment of a process, as the kernel gives it; empty where it has ended.
///
/// # Errors
/// The system's own; a process of another user's refuses.
pub(super) fn environment(root: &Path, pid: u32) -> io::Result<Vec<u8>> {
    let path = root.join("proc").join(pid.to_string()).join("environ");
    Ok(files::bytes(&path, ENVIRONMENT)?.unwrap_or_default())
}

fn one(folder: &Path, pid: u32, uptime: Option<u64>) -> Option<Running> {
    let name = read(&folder.join("comm"))?;
    let name = PROGRAMS.into_iter().find(|&program| program == name.trim_end())?;
    let started = read(&folder.join("stat")).and_then(|text| parse_start(&text))?;
    Some(Running {
        process: ClientProcess { pid, name: name.to_owned(), age_s: uptime?.saturating_sub(started) },
        program: fs::read_link(folder.join("exe")).ok(),
        group: read(&folder.join("cgroup")).unwrap_or_default(),
    })
}

/// A process may end between two reads, so that none of its files need be there.
fn read(path: &Path) -> Option<String> {
    files::bytes(path, LIMIT).ok()?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// Whole seconds since the computer started.
fn parse_uptime(text: &str) -> Option<u64> {
    text.split(['.', ' ']).next()?.parse().ok()
}

/// Field 22, in whole seconds since the computer started; the name in field 2 may hold spaces and parentheses.
fn parse_start(text: &str) -> Option<u64> {
    let (_, after_name) = text.rsplit_once(')')?;
    let ticks: u64 = after_name.split_ascii_whitespace().nth(19)?.parse().ok()?;
    Some(ticks / TICKS)
}

#[cfg(test)]
pub(super) mod tests {
    use std::os::unix::fs::symlink;

    use proptest::prelude::*;

    use super::*;

    /// Lays a process down below a root; the computer has been up for 1000 s, and the process was started at 400 s.
    pub(in crate::os::linux) fn lay(root: &Path, pid: u32, name: &str, program: &str, group: &str) {
        let proc = root.join("proc");
        let folder = proc.join(pid.to_string());
        fs::create_dir_all(&folder).unwrap();
        fs::write(proc.join("uptime"), "1000.25 3000.00\n").unwrap();
        fs::write(folder.join("comm"), format!("{name}\n")).unwrap();
        let stat = format!("{pid} ({name}) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 40000 20 21\n");
        fs::write(folder.join("stat"), stat).unwrap();
        fs::write(folder.join("cgroup"), group).unwrap();
        symlink(program, folder.join("exe")).unwrap();
    }

    #[test]
    fn processes_of_the_client_are_told_with_their_age() {
        let folder = tempfile::tempdir().unwrap();
        lay(folder.path(), 4711, "zoom", "/opt/zoom/zoom", "0::/user.slice\n");
        lay(folder.path(), 42, "zoomer", "/usr/bin/zoomer", "");
        let processes: Vec<_> = running(folder.path()).unwrap().into_iter().map(|one| one.process).collect();
        assert_eq!(processes, [ClientProcess { pid: 4711, name: "zoom".to_owned(), age_s: 600 }]);
    }

    #[test]
    fn a_name_with_parentheses_does_not_shift_the_fields() {
        let text = "7 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 250 20";
        assert_eq!(parse_start(text), Some(2));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let text = String::from_utf8_lossy(&bytes);
            parse_start(&text);
            parse_uptime(&text);
        }
    }
}
