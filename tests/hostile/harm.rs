//! What no peer may do to this program: hold it up, fill its memory, or speak to the terminal through its reports.

use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use why5003::catalogue::Catalogue;
use why5003::evidence::{Background, Evidence};
use why5003::report::{self, Report, Style};
use why5003::verdict::judge;
use why5003_probes::kind;
use why5003_probes::model::{Observation, Probe, Settings};
use why5003_probes::net::Sockets;
use why5003_probes::os::{SystemClock, this_system};
use why5003_probes::session::Means;

use crate::peer::Peer;

/// Half a second for each answer, and two tries where silence is tried again.
pub(crate) fn impatient() -> Settings {
    Settings { wait_ms: Some(500), tries: Some(2), ..Settings::default() }
}

/// Probes a peer, which must do no harm.
pub(crate) async fn does_no_harm(probe: Probe, peer: Peer) -> Observation {
    let seen = probe_at(probe, peer).await;
    keeps_little(&seen);
    steers_nothing(&seen);
    seen
}

/// Runs the probe while the peer speaks.
async fn probe_at(probe: Probe, peer: Peer) -> Observation {
    let prober = (kind(probe.kind).prepare)(&probe).unwrap();
    let (clock, system, trust) = (SystemClock::start(), this_system(), peer.trust());
    let network = Sockets::new();
    let means = Means { network: &network, clock: &clock, system: &*system, trust: &trust };
    let began = Instant::now();
    let seen = tokio::select! {
        seen = tokio::time::timeout(TOO_LONG, prober.probe(&means)) => seen,
        () = peer.speaks() => unreachable!("a peer goes on until the probe has ended"),
    };
    let took = began.elapsed();
    let seen = seen.unwrap_or_else(|_| panic!("{probe:?} did not end in {took:?}")).unwrap();
    let sent = peer.sent();
    assert!(sent < MOST_SENT, "{probe:?} took {sent} bytes");
    Observation { id: 0, probe, started: Duration::ZERO, took, facts: seen.facts, failure: seen.failure }
}

fn keeps_little(seen: &Observation) {
    let kept = serde_json::to_string(seen).unwrap().len();
    assert!(kept < MOST_KEPT, "{kept} bytes are kept: {seen:?}");
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak: usize = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(peak < MOST_MEMORY_KB, "{peak} kB of memory at most: {seen:?}");
}

/// Judges it and writes it down in every form.
fn steers_nothing(seen: &Observation) {
    let report = report_of(seen);
    let style = Style { width: 80, colour: false, verbose: false };
    let texts = [
        report::human(&report, style),
        report::human(&report, Style { verbose: true, ..style }),
        report::markdown(&report),
        report::json(&report),
        report::json_line(&report),
        report::result_line(seen),
    ];
    for text in texts {
        let active: Vec<char> = text.chars().filter(|&c| is_active(c)).collect();
        assert!(active.is_empty(), "{active:?} in {text}");
    }
    let json = report::json(&report);
    assert_eq!(report::json(&report::parse(&json).unwrap()), json);
}

fn report_of(seen: &Observation) -> Report {
    let sample = report::parse(include_str!("../reports/diagnoses/no_observations.json")).unwrap();
    let background = Background::new(Arc::new(Catalogue::embedded()), "linux");
    let evidence = Evidence::new(vec![seen.clone()], Vec::new(), background);
    Report { verdict: judge(&evidence).verdict, observations: vec![seen.clone()], ..sample }
}

/// Control characters but the line's end, and the characters of Unicode that print nothing and turn text around.
fn is_active(c: char) -> bool {
    let turns = matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}');
    turns || (c.is_control() && c != '\n') || matches!(c, '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

/// Steers a terminal, rings its bell, turns text around, and speaks in the one-byte controls that some terminals use.
pub(crate) const STEERS: &str = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\u{202e}live\u{200b}\r";
/// As much of it as may stand in a field of HTTP (RFC 9110, 5.5, obs-text).
pub(crate) const STEERS_IN_HTTP: &str = "\u{9b}31m\u{202e}live\u{200b}\u{feff}";

/// Connecting, asking, and asking a second time, with half a second for each and as much again for a busy computer.
const TOO_LONG: Duration = Duration::from_secs(4);
/// The kernel takes up to 32 MiB from a peer before anybody reads them (`net.ipv4.tcp_rmem`), and 4 from the sender.
const MOST_SENT: usize = 40 << 20;
/// Ten certificates and an excerpt of a page are some kilobytes.
const MOST_KEPT: usize = 32 << 10;
/// The tests themselves need a third of it.
const MOST_MEMORY_KB: usize = 192 << 10;
