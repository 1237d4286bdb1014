//! What a sweep will come to, said before it begins; and a question where that is much.

use std::time::Duration;

use super::super::args::{self, Options};
use super::super::output;
use super::wanted::Wanted;

/// Says what it will come to.
///
/// # Errors
/// When it is large, and the user did not say `--yes`.
pub(super) fn check(options: &Options, args: &args::Sweep, wanted: &Wanted) -> anyhow::Result<()> {
    let all = wanted.shard.share(wanted.space.count());
    let known = wanted.known.tally(0..wanted.space.count()).known();
    let targets = all.saturating_sub(known);
    let prefixes = wanted.space.lanes().iter().filter(|lane| !lane.canary).count();
    let pace = match args.rate {
        0 => "as fast as it goes".to_owned(),
        rate => {
            // An open target takes a SYN, an ACK and a RST; all others take one packet.
            let least = Duration::from_secs(targets.div_ceil(u64::from(rate)));
            format!("at {rate} packets a second, so at least {}", length(least))
        }
    };
    let held = conntrack(targets, args.rate);
    let text = format!(
        "{targets} targets ({prefixes} prefix-and-port pairs) {pace}; a stateful firewall will hold up to {held} \
         entries for it."
    );
    if targets > LARGE && !args.yes {
        anyhow::bail!("{text} This is large: add --yes to do it, or ask fewer with --per-prefix, --prefix or --port");
    }
    output::note(options, &text);
    Ok(())
}

/// Entries of a firewall's connection table: each unanswered SYN is kept for two minutes by Linux
/// (`nf_conntrack_tcp_timeout_syn_sent`), and other makers keep theirs for less.
fn conntrack(targets: u64, rate: u32) -> u64 {
    match rate {
        0 => targets,
        rate => targets.min(u64::from(rate) * 120),
    }
}

fn length(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} minutes", seconds / 60),
        _ => format!("{} hours", seconds / 3_600),
    }
}

/// Targets beyond which a sweep is not begun without a word.
const LARGE: u64 = 10_000;
