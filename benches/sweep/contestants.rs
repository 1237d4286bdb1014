//! The contestants: our engines, loops that do no more than they must, and the peers that are installed.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::sys::resource::{Resource, getrlimit};

use super::readings::{Read, read_log, read_masscan, read_nmap, read_plain, read_rustscan, read_zmap};
use super::world::{GATEWAY_MAC, INTERFACE, OWN, PARTS, PARTS_MORE, PREFIXES};

/// A program that is run, and how it tells what it found.
pub(crate) struct Contestant {
    pub(crate) name: &'static str,
    pub(crate) role: Option<&'static str>,
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<String>,
    /// Its standard output is its result.
    pub(crate) prints: bool,
    /// The highest exit code that is no failure.
    pub(crate) code: i32,
    /// How many addresses it asks.
    pub(crate) asks: u32,
    pub(crate) read: Option<Read>,
}

impl Contestant {
    /// Whether it is installed; says so where it is not.
    pub(crate) fn is_there(&self) -> bool {
        let there = self.role.is_some()
            || Command::new("sh")
                .args(["-c", &format!("command -v {}", self.program.display())])
                .stdout(Stdio::null())
                .status()
                .unwrap()
                .success();
        if !there {
            println!("{} is not installed", self.name);
        }
        there
    }
}

/// All of them in turn, at so many probes a second, or 0 for as fast as they go; what they tell goes to a file in that folder.
pub(crate) fn contestants(rate: u32, folder: &Path) -> Vec<Contestant> {
    let result = folder.join("result").display().to_string();
    let ours_of = |name, role, prefixes: &[String], asks| {
        ours(name, role, &[&[rate.to_string(), result.clone()], prefixes].concat(), asks)
    };
    let ours_of_all = |name| ours_of(name, name, &PREFIXES.map(str::to_owned), ALL);
    let peers_rate = if rate == 0 { 10_000_000 } else { rate };
    let few: Vec<String> = PARTS.iter().map(|(_, prefix)| prefix.replace("/17", "/20")).collect();
    let many: Vec<String> = PARTS_MORE.iter().map(|(_, prefix)| (*prefix).to_owned()).collect();
    let mut all = vec![
        ours_of_all("syn"),
        ours_of_all("bare syn"),
        zmap(peers_rate, folder, &result),
        masscan(peers_rate, &result),
        ours_of_all("connect"),
        ours_of_all("bare connect"),
        rustscan(),
    ];
    for [of_few, of_many, role] in [["syn 1/8", "syn x4", "syn"], ["connect 1/8", "connect x4", "connect"]] {
        all.push(ours_of(of_few, role, &few, ALL / 8));
        all.push(ours_of(of_many, role, &many, ALL * 4));
    }
    all.push(nmap(peers_rate, &few, &result));
    all
}

/// This bench itself in a role: an engine of ours, or the bare loop that it is measured against.
fn ours(name: &'static str, role: &'static str, arguments: &[String], asks: u32) -> Contestant {
    Contestant {
        name,
        role: Some(role),
        program: std::env::current_exe().unwrap(),
        arguments: arguments.to_vec(),
        prints: false,
        code: 0,
        asks,
        read: (!role.starts_with("bare")).then_some(read_plain as Read),
    }
}

/// A program of others, which writes its result to a file.
fn peer(name: &'static str, arguments: &str, asks: u32, read: Read) -> Contestant {
    let arguments = arguments.split_whitespace().map(str::to_owned).collect();
    Contestant {
        name,
        role: None,
        program: PathBuf::from(name),
        arguments,
        prints: false,
        code: 0,
        asks,
        read: Some(read),
    }
}

fn zmap(rate: u32, folder: &Path, result: &str) -> Contestant {
    let none = folder.join("none");
    std::fs::write(&none, "").unwrap();
    let arguments = format!(
        "-q -p 443 -i {INTERFACE} -G {} -S {OWN} -r {rate} --cooldown-time=1 -b {} -o {result} -O csv \
         --output-fields=saddr,classification --output-filter=success=1||success=0 {}",
        gateway().join(":"),
        none.display(),
        PREFIXES.join(" ")
    );
    peer("zmap", &arguments, ALL, read_zmap)
}

fn masscan(rate: u32, result: &str) -> Contestant {
    let arguments = format!(
        "-p443 --rate {rate} --wait 1 --adapter {INTERFACE} --adapter-ip {OWN} --router-mac {} -oL {result} --show closed {}",
        gateway().join("-"),
        PREFIXES.join(" ")
    );
    peer("masscan", &arguments, ALL, read_masscan)
}

/// It asks an eighth of the addresses: all of them take it minutes.
fn nmap(rate: u32, prefixes: &[String], result: &str) -> Contestant {
    let arguments = format!(
        "-sS -n -Pn -p443 --max-retries 0 --min-hostgroup 4096 --min-parallelism 1000 --min-rate {rate} \
         --initial-rtt-timeout 500ms --max-rtt-timeout 500ms -oX {result} {}",
        prefixes.join(" ")
    );
    peer("nmap", &arguments, ALL / 8, read_nmap)
}

/// The bytes of the gateway's hardware address.
fn gateway() -> [String; 6] {
    GATEWAY_MAC.map(|byte| format!("{byte:02x}"))
}

/// The program as it is called. It traces silent addresses afterwards, which takes minutes: it is no peer of those above.
pub(crate) fn whole(rate: u32, folder: &Path) -> Contestant {
    let result = folder.join("result").display().to_string();
    let arguments = format!(
        "sweep -4 --service meetings --prefix {} --port tcp/443 --all --rate {rate} --max-inflight 0 --yes --engine syn \
         --trace 180 --out {result} --format json",
        PREFIXES.join(" --prefix ")
    );
    Contestant {
        name: "why5003",
        role: None,
        program: PathBuf::from(env!("CARGO_BIN_EXE_why5003")),
        arguments: arguments.split(' ').map(str::to_owned).collect(),
        prints: false,
        // Blocked is a verdict.
        code: 2,
        asks: ALL,
        read: Some(read_log),
    }
}

/// It connects, and tells only what is open; it has no rate, so its batch is as large as it advises itself: all descriptors but a
/// hundred. It waits once, before the kernel asks a second time; prefixes are no names, so it looks none up.
fn rustscan() -> Contestant {
    let (_, descriptors) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    let batch = descriptors.saturating_sub(100).min(u64::from(u16::MAX));
    let arguments = format!(
        "--no-config --greppable --scripts none --tries 1 --timeout 960 --ports 443 --ulimit {descriptors} \
         --batch-size {batch} --addresses {}",
        PREFIXES.join(",")
    );
    Contestant {
        name: "rustscan",
        role: None,
        program: PathBuf::from("rustscan"),
        arguments: arguments.split(' ').map(str::to_owned).collect(),
        prints: true,
        code: 0,
        asks: ALL,
        read: Some(read_rustscan),
    }
}

/// How many addresses are swept.
pub(crate) const ALL: u32 = 131_072;
