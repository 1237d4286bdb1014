//! All contestants in turn, several rounds, and the table of what they took and told.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::sys::resource::{Resource, getrlimit};

use super::goals::{self, Figures};
use super::usage::{Usage, measure};
use super::world::{FarEnd, GATEWAY_MAC, INTERFACE, OWN, PARTS, PARTS_MORE, PREFIXES, Part, part};

/// Measures as the arguments say, and prints; `false` where a goal is not met.
pub(crate) fn run() -> bool {
    let wish = Wish::read();
    let folder = std::env::temp_dir().join(format!("why5003-sweep-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let far_end = FarEnd::start();
    println!(
        "{} addresses at {} probes a second, {} rounds; each waits a second in all for what is silent\n",
        ALL, wish.rate, wish.rounds
    );
    println!(
        "  {:14} {:>7} {:>9} {:>8} {:>9} {:>8}   {:>7} {:>7} {:>7} {:>10}",
        "", "wall s", "asked/s", "probes", "µs/probe", "MiB", "open", "closed", "silent", "prohibited"
    );
    let contestants: Vec<Contestant> = contestants(&wish, &folder).into_iter().filter(Contestant::is_there).collect();
    let mut runs: BTreeMap<&str, Vec<(Usage, Told)>> = BTreeMap::new();
    for _ in 0..wish.rounds {
        for one in &contestants {
            let run = one.run(&folder);
            print(one, &run);
            runs.entry(one.name).or_default().push(run);
        }
        println!();
    }
    println!("The median of each, by CPU:");
    let mut figures = BTreeMap::new();
    for one in &contestants {
        let mut of_one = runs.remove(one.name).unwrap();
        of_one.sort_unstable_by_key(|(usage, _)| usage.cpu);
        figures.insert(one.name, print(one, &of_one[of_one.len() / 2]));
    }
    drop(far_end);
    std::fs::remove_dir_all(folder).unwrap();
    goals::met(&figures)
}

struct Wish {
    rounds: usize,
    rate: u32,
    parts_of_names: Vec<String>,
}

impl Wish {
    fn read() -> Self {
        let mut wish = Self { rounds: 3, rate: 100_000, parts_of_names: Vec::new() };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--rounds" => wish.rounds = arguments.next().unwrap().parse().unwrap(),
                "--rate" => wish.rate = arguments.next().unwrap().parse().unwrap(),
                _ => wish.parts_of_names.push(argument),
            }
        }
        wish
    }
}

/// How a contestant's output is read: the state that a line tells of an address.
type Read = fn(&str) -> Option<(Ipv4Addr, Part)>;

struct Contestant {
    name: &'static str,
    role: Option<&'static str>,
    program: PathBuf,
    arguments: Vec<String>,
    /// Its standard output is its result.
    prints: bool,
    /// How many addresses it asks.
    asks: u32,
    read: Option<Read>,
}

/// How many addresses of each part were told as they are; for what should be silent, all but those of which something was told.
#[derive(Clone, Copy, Debug)]
struct Told {
    right: [u32; 4],
    /// Of how many addresses; 0 where nothing is told.
    of: u32,
    /// Probes sent: silence is asked about again.
    probes: u32,
}

fn contestants(wish: &Wish, folder: &Path) -> Vec<Contestant> {
    let own = std::env::current_exe().unwrap();
    let result = folder.join("result").display().to_string();
    let ours_of = |name, role: &'static str, prefixes: &[String], asks| Contestant {
        name,
        role: Some(role),
        program: own.clone(),
        arguments: [wish.rate.to_string(), result.clone()].iter().chain(prefixes).cloned().collect(),
        prints: false,
        asks,
        read: (!role.starts_with("bare")).then_some(read_plain as Read),
    };
    let ours = |name| ours_of(name, name, &PREFIXES.map(str::to_owned), ALL);
    let gateway = GATEWAY_MAC.map(|byte| format!("{byte:02x}"));
    let rate = if wish.rate == 0 { 10_000_000 } else { wish.rate };
    let peer = |name: &'static str, arguments: String, read: Read| Contestant {
        name,
        role: None,
        program: PathBuf::from(name),
        arguments: arguments.split(' ').map(str::to_owned).chain(PREFIXES.map(str::to_owned)).collect(),
        prints: false,
        asks: ALL,
        read: Some(read),
    };
    std::fs::write(folder.join("none"), "").unwrap();
    let none = folder.join("none").display().to_string();
    let mut all = vec![
        ours("syn"),
        ours("bare syn"),
        peer(
            "zmap",
            format!(
                "-q -p 443 -i {INTERFACE} -G {} -S {OWN} -r {rate} --cooldown-time=1 -b {none} -o {result} -O csv \
                 --output-fields=saddr,classification --output-filter=success=1||success=0",
                gateway.join(":")
            ),
            read_zmap,
        ),
        peer(
            "masscan",
            format!(
                "-p443 --rate {rate} --wait 1 --adapter {INTERFACE} --adapter-ip {OWN} --router-mac {} -oL {result} \
                 --show closed",
                gateway.join("-")
            ),
            read_masscan,
        ),
        ours("connect"),
        ours("bare connect"),
        rustscan(),
    ];
    let few: Vec<String> = PARTS.iter().map(|(_, prefix)| prefix.replace("/17", "/20")).collect();
    let many: Vec<String> = PARTS_MORE.iter().map(|(_, prefix)| (*prefix).to_owned()).collect();
    for [of_few, of_many, role] in [["syn 1/8", "syn x4", "syn"], ["connect 1/8", "connect x4", "connect"]] {
        all.push(ours_of(of_few, role, &few, ALL / 8));
        all.push(ours_of(of_many, role, &many, ALL * 4));
    }
    // It takes minutes for all.
    all.push(Contestant {
        name: "nmap",
        role: None,
        program: PathBuf::from("nmap"),
        arguments: format!(
            "-sS -n -Pn -p443 --max-retries 0 --min-hostgroup 4096 --min-parallelism 1000 --min-rate {rate} \
             --initial-rtt-timeout 500ms --max-rtt-timeout 500ms -oG {result} {}",
            few.join(" ")
        )
        .split_whitespace()
        .map(str::to_owned)
        .collect(),
        prints: false,
        asks: ALL / 8,
        read: Some(read_nmap),
    });
    let wished = |name: &str| wish.parts_of_names.iter().any(|part| name.contains(part.as_str()));
    all.retain(|one| wish.parts_of_names.is_empty() || wished(one.name));
    all
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
        asks: ALL,
        read: Some(read_rustscan),
    }
}

impl Contestant {
    fn is_there(&self) -> bool {
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

    fn run(&self, folder: &Path) -> (Usage, Told) {
        let result = folder.join("result");
        drop(std::fs::remove_file(&result));
        let prints = self.prints.then_some(result.as_path());
        let usage = measure((self.role, &self.program, &self.arguments), prints, folder);
        assert!(usage.succeeded, "{} failed; WHY5003_BENCH_LOUD=1 shows why", self.name);
        // What is left of it at the far end, half-open or on its way, is gone before the next begins.
        std::thread::sleep(BETWEEN);
        let Some(read) = self.read else { return (usage, Told { right: [0; 4], of: 0, probes: self.asks }) };
        let text = std::fs::read_to_string(result).unwrap();
        let asked = text.lines().find_map(|line| line.strip_prefix("asked ")?.parse().ok());
        let told: BTreeMap<Ipv4Addr, Part> = text.lines().filter_map(read).collect();
        let mut right = PARTS.map(|(part, _)| if part == Part::Silent { self.asks / 4 } else { 0 });
        for (address, told) in told {
            let Some(at) = PARTS.iter().position(|(other, _)| Some(*other) == part(address)) else { continue };
            match PARTS[at].0 {
                Part::Silent => right[at] -= 1,
                truth if truth == told => right[at] += 1,
                _ => {}
            }
        }
        (usage, Told { right, of: self.asks, probes: asked.unwrap_or(self.asks) })
    }
}

fn print(one: &Contestant, (usage, told): &(Usage, Told)) -> Figures {
    let wall = usage.wall.as_secs_f64();
    let each = usage.cpu.as_secs_f64() * 1e6 / f64::from(told.probes);
    let peak_mib = f64::from(u32::try_from(usage.peak_kib).unwrap()) / 1024.0;
    let shares = (told.of > 0).then(|| told.right.map(|right| 400.0 * f64::from(right) / f64::from(told.of)));
    let shown = shares.map_or_else(String::new, |[open, closed, silent, prohibited]| {
        format!("{open:6.2}% {closed:6.2}% {silent:6.2}% {prohibited:9.3}%")
    });
    println!(
        "  {:14} {wall:7.2} {:9.0} {:8} {each:9.2} {peak_mib:8.1}   {shown}",
        one.name,
        f64::from(one.asks) / wall,
        told.probes
    );
    let right = shares.map(|[open, closed, silent, _]| open.min(closed).min(silent));
    Figures { wall, each, peak_mib, right }
}

fn read_plain(line: &str) -> Option<(Ipv4Addr, Part)> {
    let (address, word) = line.split_once(' ')?;
    Some((address.parse().ok()?, by_word(word)?))
}

fn read_zmap(line: &str) -> Option<(Ipv4Addr, Part)> {
    let (address, word) = line.split_once(',')?;
    Some((address.parse().ok()?, by_word(word)?))
}

fn read_masscan(line: &str) -> Option<(Ipv4Addr, Part)> {
    let mut words = line.split(' ');
    let word = words.next()?;
    Some((words.nth(2)?.parse().ok()?, by_word(word)?))
}

fn read_nmap(line: &str) -> Option<(Ipv4Addr, Part)> {
    let (host, ports) = line.strip_prefix("Host: ")?.split_once("Ports: 443/")?;
    Some((host.split(' ').next()?.parse().ok()?, by_word(ports.split('/').next()?)?))
}

fn read_rustscan(line: &str) -> Option<(Ipv4Addr, Part)> {
    let (address, ports) = line.split_once(" -> ")?;
    (ports == "[443]").then_some((address.parse().ok()?, Part::Open))
}

fn by_word(word: &str) -> Option<Part> {
    match word {
        "open" | "synack" => Some(Part::Open),
        "closed" | "rst" => Some(Part::Closed),
        "prohibited" => Some(Part::Prohibited),
        _ => None,
    }
}

const ALL: u32 = 131_072;
const BETWEEN: Duration = Duration::from_millis(500);
