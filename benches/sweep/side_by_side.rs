//! All contestants in turn, several rounds, and the table of what they took and told.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use super::contestants::{ALL, Contestant, contestants, whole};
use super::goals::{self, Figures};
use super::usage::{Usage, measure};
use super::world::{FarEnd, IcmpErrors, PARTS, Part, part};

/// Measures as the arguments say, and prints; `false` where a goal is not met.
pub(crate) fn run() -> bool {
    let wish = Wish::read();
    let folder = std::env::temp_dir().join(format!("why5003-sweep-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let far_end = FarEnd::start(IcmpErrors::All);
    println!(
        "{} addresses at {} probes a second, {} rounds; each waits a second in all for what is silent\n",
        ALL, wish.rate, wish.rounds
    );
    println!(
        "  {:14} {:>7} {:>9} {:>8} {:>9} {:>8}   {:>7} {:>7} {:>7} {:>10}",
        "", "wall s", "asked/s", "probes", "µs/probe", "MiB", "open", "closed", "silent", "prohibited"
    );
    let mut contestants = contestants(wish.rate, &folder);
    contestants.retain(|one| wish.wants(one.name) && one.is_there());
    let mut runs: BTreeMap<&str, Vec<(Usage, Score)>> = BTreeMap::new();
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
    let whole = whole(wish.rate, &folder);
    if wish.wants(whole.name) {
        let far_end = FarEnd::start(IcmpErrors::AFew);
        println!("\nThe whole program, once, where the firewall's kernel sends one ICMP error a second:");
        figures.insert(whole.name, print(&whole, &whole.run(&folder)));
        drop(far_end);
    }
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

    fn wants(&self, name: &str) -> bool {
        self.parts_of_names.is_empty() || self.parts_of_names.iter().any(|part| name.contains(part.as_str()))
    }
}

/// How many addresses of each part were told as they are; for what should be silent, all but those of which something was told.
#[derive(Clone, Copy, Debug)]
struct Score {
    right: [u32; 4],
    /// Of how many addresses; 0 where nothing is told.
    of: u32,
    /// Probes sent: silence is asked about again.
    probes: u32,
}

impl Contestant {
    fn run(&self, folder: &Path) -> (Usage, Score) {
        let result = folder.join("result");
        drop(std::fs::remove_file(&result));
        let prints = self.prints.then_some(result.as_path());
        let usage = measure((self.role, &self.program, &self.arguments), prints, folder);
        assert!(
            usage.code.is_some_and(|code| (0..=self.code).contains(&code)),
            "{} failed; WHY5003_BENCH_LOUD=1 shows why",
            self.name
        );
        // What is left of it at the far end, half-open or on its way, is gone before the next begins.
        std::thread::sleep(BETWEEN);
        let Some(read) = self.read else { return (usage, Score { right: [0; 4], of: 0, probes: self.asks }) };
        let text = std::fs::read_to_string(result).unwrap();
        let asked = text.lines().find_map(|line| line.strip_prefix("asked ")?.parse().ok());
        let mut right = PARTS.map(|(part, _)| if part == Part::Silent { self.asks / 4 } else { 0 });
        for (address, told) in read(&text) {
            let Some(at) = PARTS.iter().position(|(other, _)| Some(*other) == part(address)) else { continue };
            match PARTS[at].0 {
                Part::Silent => right[at] -= 1,
                truth if told == Some(truth) => right[at] += 1,
                _ => {}
            }
        }
        (usage, Score { right, of: self.asks, probes: asked.unwrap_or(self.asks) })
    }
}

fn print(one: &Contestant, (usage, score): &(Usage, Score)) -> Figures {
    let wall = usage.wall.as_secs_f64();
    let each = usage.cpu.as_secs_f64() * 1e6 / f64::from(score.probes);
    let peak_mib = f64::from(u32::try_from(usage.peak_kib).unwrap()) / 1024.0;
    let shares = (score.of > 0).then(|| score.right.map(|right| 400.0 * f64::from(right) / f64::from(score.of)));
    let shown = shares.map_or_else(String::new, |[open, closed, silent, prohibited]| {
        format!("{open:6.2}% {closed:6.2}% {silent:6.2}% {prohibited:9.2}%")
    });
    println!(
        "  {:14} {wall:7.2} {:9.0} {:8} {each:9.2} {peak_mib:8.1}   {shown}",
        one.name,
        f64::from(one.asks) / wall,
        score.probes
    );
    let right = shares.map(|shares| shares.into_iter().fold(100.0, f64::min));
    Figures { wall, each, peak_mib, right }
}

const BETWEEN: Duration = Duration::from_millis(500);
