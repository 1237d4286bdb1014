//! What a sweep will come to, said before it begins; and a question where that is much.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use super::super::output;
use super::super::settings::Settings;
use crate::app::{SweepPlan, SweepSettings, TIME_OF_A_TARGET};

/// Says what it will come to.
///
/// # Errors
/// When it is large, and the user did not say `--yes`.
pub(super) fn announce(shown: &Settings, how: &SweepSettings, yes: bool, plan: &SweepPlan) -> anyhow::Result<()> {
    let left = plan.left();
    let asked = if plan.parts.to_probe().is_some() { left } else { 0 };
    let mut text = match (asked, left) {
        (0, 0) => format!("All {} are known.", targets(plan.targets())),
        (0, _) => format!("Of these parts, {} are not known: resume each part by itself for them.", targets(left)),
        _ => format!("{} {}.", what(plan, asked), how_long(how, asked)),
    };
    if !how.trace.is_zero() {
        let most = length(how.trace);
        let _ = write!(text, " Silent flows are then traced, for {most} at most (--trace).");
    }
    if asked > 0 {
        let held = conntrack(how, asked);
        let _ = write!(text, " A stateful firewall will hold up to about {held} entries for it.");
    }
    if asked > LARGE && !yes {
        anyhow::bail!("{text} This is large: add --yes to do it, or ask fewer with --per-prefix, --prefix or --port");
    }
    output::note(shown, &text);
    Ok(())
}

/// Which targets there are.
fn what(plan: &SweepPlan, asked: u64) -> String {
    let pairs = plan.space.pairs();
    let zooms = || pairs.iter().filter(|pair| !pair.canary);
    let prefixes = zooms().map(|pair| pair.prefix).collect::<BTreeSet<_>>().len() as u64;
    let ports = zooms().map(|pair| pair.port).collect::<BTreeSet<_>>().len() as u64;
    let (all, canaries) = (plan.space.count(), plan.space.canaries().count() as u64);
    let largest = pairs.iter().enumerate().map(|(at, _)| plan.space.numbers(at)).map(|own| own.end - own.start).max();
    let each = match (largest.unwrap_or(0), plan.head.per_prefix) {
        (most @ 2.., Some(per_prefix)) if most <= u64::from(per_prefix) => format!("up to {most} addresses of "),
        _ => String::new(),
    };
    let every = if prefixes == 1 { "" } else { "each of " };
    let part = if plan.parts.are_whole() { String::new() } else { format!("part {} of ", plan.parts) };
    let known = if plan.results.tally(0..all).known() > 0 { " left" } else { "" };
    format!(
        "{}{known}: {part}{each}{every}{} at {}, and {} in documentation prefixes as canaries for forged answers.",
        targets(asked),
        counted(prefixes, "prefix", "prefixes"),
        counted(ports, "port", "ports"),
        counted(canaries, "target", "targets"),
    )
}

/// An open target takes a SYN, an ACK and a RST; all others take one packet. Of those that stay silent some are asked again.
fn how_long(how: &SweepSettings, asked: u64) -> String {
    let by_rate = how.rate.map(|rate| seconds(asked, u64::from(rate)));
    // Silent ones, which are most, are under way for their whole time.
    let inflight = how.max_inflight.map(|most| u64::try_from(most).unwrap_or(u64::MAX));
    let by_inflight = inflight.map(|most| TIME_OF_A_TARGET.mul_f64(share(asked, most)));
    let pace = match how.rate {
        None => "As fast as it goes".to_owned(),
        Some(rate) => format!("At {} a second", counted(u64::from(rate), "packet", "packets")),
    };
    let under_way = inflight.map_or(String::new(), |most| format!(" and at most {most} under way"));
    match by_rate.max(by_inflight) {
        Some(least) => {
            format!("{pace}{under_way}, it takes at least {}, and some of the silent are asked again", length(least))
        }
        None => format!("{pace}, and some of the silent are asked again"),
    }
}

/// Entries of a firewall's connection table: each unanswered SYN is kept for two minutes by Linux
/// (`nf_conntrack_tcp_timeout_syn_sent`), and other makers keep theirs for less.
///
/// What is asked again may come from another port. Tracing asks about each target a few times, from a port of its own each time, and
/// walks to neutral hosts.
fn conntrack(how: &SweepSettings, asked: u64) -> u64 {
    let kept = Duration::from_secs(120);
    let again = asked.min(REPEATED);
    let sweep = match how.rate {
        None => asked + again,
        Some(rate) => (asked + again).min(u64::from(rate) * kept.as_secs()),
    };
    if how.trace.is_zero() {
        return sweep;
    }
    sweep + (asked * TRACED).min(TRACED_A_SECOND * how.trace.min(kept).as_secs()) + WALKED
}

fn seconds(asked: u64, rate: u64) -> Duration {
    Duration::from_secs(asked.div_ceil(rate))
}

fn share(asked: u64, inflight: u64) -> f64 {
    f64::from(u32::try_from(asked.div_ceil(inflight)).unwrap_or(u32::MAX))
}

fn targets(count: u64) -> String {
    counted(count, "target", "targets")
}

fn counted(count: u64, one: &str, several: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { several })
}

fn length(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..=1 => "a second".to_owned(),
        2..120 => format!("{seconds} s"),
        120..7_200 => format!("{} minutes", seconds / 60),
        _ => format!("{} hours", seconds / 3_600),
    }
}

/// Targets beyond which a sweep is not begun without a word.
const LARGE: u64 = 10_000;
/// 32 silent targets of each transport, twice: more only where one of them answers then.
const REPEATED: u64 = 128;
/// How often tracing asks about a target that stays silent, where it dies on the way.
const TRACED: u64 = 8;
/// One each 60 ms of each family, at the most.
const TRACED_A_SECOND: u64 = 2 * 17;
/// Packets of the walks to three neutral hosts of each family.
const WALKED: u64 = 240;
