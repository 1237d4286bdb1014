//! The configured resolvers as the system's library comes to them: one after the other, each when the one before kept silent.

use std::net::SocketAddr;
use std::time::Duration;

use why5003_probes::model::{How, RecordType};

use crate::evidence::{Evidence, Lookup, Named, Source};

/// The configured resolvers, as the system's library comes to them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::verdict) struct InTurn {
    /// Those that answer nobody, before the first that does.
    pub(in crate::verdict) dead: Vec<SocketAddr>,
    /// The first that is not dead; it need not have answered yet.
    pub(in crate::verdict) next: Option<SocketAddr>,
    /// How long the library waits until it asks that one.
    pub(in crate::verdict) wait: Duration,
}

/// The configured resolvers, as the system's library comes to them.
pub(in crate::verdict) fn resolvers_in_turn(evidence: &Evidence) -> InTurn {
    let (mut dead, mut wait) = (Vec::new(), Duration::ZERO);
    let all = u32::try_from(evidence.host().resolvers().count()).unwrap_or(u32::MAX);
    for (nth, setting) in (0..).zip(evidence.host().resolver_settings()) {
        let mut asked = evidence.asked_of(setting.server).peekable();
        let nobody_asked = asked.peek().is_none();
        let (mut fails, mut silent) = (true, true);
        for named in asked.map(Lookup::named) {
            fails &= matches!(named, Named::Failed(_));
            silent &= named == Named::Failed(How::Silent);
        }
        if nobody_asked || !fails {
            return InTurn { dead, next: Some(setting.server), wait };
        }
        // One that refuses costs no time.
        if silent {
            wait += waited_for(nth, all, setting.timeout_s.unwrap_or(TIMEOUT_S));
        }
        dead.push(setting.server);
    }
    InTurn { dead, next: None, wait }
}

/// Whether the system's library has told nothing of any name yet, but for those that the hosts file pins.
pub(in crate::verdict) fn library_is_late(evidence: &Evidence) -> bool {
    let told = |l: &Lookup<'_>| l.source() == Source::System && evidence.host().hosts_lines(l.name()).next().is_none();
    !evidence.lookups().any(|lookup| told(&lookup))
}

/// Whether nobody was heard of whom a name was asked by wire: neither the configured resolvers nor two others.
pub(in crate::verdict) fn nobody_tells_names(evidence: &Evidence) -> bool {
    let (mut configured, mut others) = (0, 0);
    for lookup in evidence.lookups() {
        match lookup.source() {
            Source::System | Source::Nobody(_) => {}
            _ if !matches!(lookup.named(), Named::Failed(How::Silent)) => return false,
            Source::Configured(_) => configured += 1,
            Source::Independent(_) => others += 1,
        }
    }
    configured >= 2 && others >= 2
}

/// What the system's library will be told of a name in the end.
///
/// It waits for the dead resolvers first, then asks the one that answers. On a way that loses much it asks once more.
pub(super) fn told_in_the_end<'a>(evidence: &'a Evidence, host: &str) -> Option<Lookup<'a>> {
    let turn = resolvers_in_turn(evidence);
    let lossy =
        || evidence.syn_counts().any(|count| count.answered > 0 && (count.made - count.answered) * MUCH >= count.made);
    let next = turn.next.filter(|_| !turn.dead.is_empty() || lossy())?;
    let asked = evidence.asked_of(next);
    let mut of_host = asked.filter(|l| l.name() == host && !l.unchecked() && l.record() == RecordType::A);
    of_host.find(|l| matches!(l.named(), Named::Addresses(_)))
}

/// How long the library waits for one of so many servers. For the first it is the timeout. For later ones the timeout doubles each
/// time and is divided by their number (glibc, `resolv/res_send.c`, `send_dg`). Of three silent ones the third is asked after 8 s.
fn waited_for(nth: u32, all: u32, timeout_s: u8) -> Duration {
    let doubled = u64::from(timeout_s) << nth.min(8);
    let seconds = if nth == 0 { doubled } else { doubled / u64::from(all.max(1)) };
    Duration::from_secs(seconds.max(1))
}

/// One exchange of so many lost: a lookup takes two, so that one in five waits.
const MUCH: u16 = 10;
/// What the library waits for the first server, in seconds, unless told otherwise (`RES_TIMEOUT`, `resolv.conf(5)`).
const TIMEOUT_S: u8 = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_library_asks_the_third_of_three_silent_resolvers_after_eight_seconds() {
        let wait: Duration = (0..2).map(|nth| waited_for(nth, 3, TIMEOUT_S)).sum();
        assert_eq!(wait, Duration::from_secs(8));
    }

    #[test]
    fn no_resolver_is_waited_for_less_than_a_second() {
        assert_eq!(waited_for(1, 3, 1), Duration::from_secs(1));
    }
}
