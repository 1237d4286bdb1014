//! What a sweep costs beside its peers, in one run: wall time, CPU for each probe, memory, and how much of the truth it tells.
//!
//! Run it as root with `cargo bench --bench sweep [-- --rounds N] [-- --rate N] [-- PART-OF-A-NAME…]`; it needs iproute2, nftables and
//! util-linux, and takes zmap, masscan, nmap and RustScan where they are installed. Two network namespaces of its own are joined by a
//! veth pair; behind the far end stand 131 072 addresses in four parts: open, closed, silent, and prohibited by a firewall that sends
//! an ICMP error for each packet. At last the whole program is run once where that firewall sends one a second, as a kernel does. It
//! fails where a goal is not met.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench that can't go on fails")]

use std::process::{Command, ExitCode, Stdio};

#[path = "sweep/bare.rs"]
mod bare;
#[path = "sweep/contestants.rs"]
mod contestants;
#[path = "sweep/goals.rs"]
mod goals;
#[path = "sweep/ours.rs"]
mod ours;
#[path = "sweep/readings.rs"]
mod readings;
#[path = "sweep/side_by_side.rs"]
mod side_by_side;
#[path = "sweep/usage.rs"]
mod usage;
#[expect(dead_code, reason = "IPv6 and counters are for the tests of the engines")]
#[path = "sweep/world.rs"]
mod world;

/// Names to the process what it is; without it, it is the one that was called.
const ROLE: &str = "WHY5003_BENCH_ROLE";

fn main() -> ExitCode {
    match std::env::var(ROLE).as_deref() {
        Ok("nest") => return if side_by_side::run() { ExitCode::SUCCESS } else { ExitCode::FAILURE },
        Ok("far-end") => world::far_end(),
        Ok("measured") => usage::measured(),
        Ok("syn" | "connect") => ours::run(),
        Ok("bare connect") => bare::connect(),
        Ok("bare syn") => bare::syn(),
        Ok(role) => panic!("no such role: {role}"),
        Err(_) => return nest(),
    }
    ExitCode::SUCCESS
}

/// Goes on in namespaces of its own.
fn nest() -> ExitCode {
    if !nix::unistd::geteuid().is_root() {
        eprintln!("The sweep can't be measured here: it makes network namespaces, which takes root");
        return ExitCode::SUCCESS;
    }
    let status = Command::new("timeout")
        .args([
            "--signal=KILL",
            "1800",
            "unshare",
            "--net",
            "--mount",
            "--pid",
            "--fork",
            "--kill-child",
            "--mount-proc",
        ])
        .arg(std::env::current_exe().unwrap())
        .args(std::env::args().skip(1).filter(|argument| argument != "--bench"))
        .env(ROLE, "nest")
        .stdin(Stdio::null())
        .status()
        .unwrap();
    if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
