//! Names resolve, but only after a long wait.

use why5003_probes::model::{How, Layer, Via};

use super::prelude::*;
use crate::verdict::measure::resolvers::{library_is_late, resolvers_in_turn};

pub(super) const CAUSE: Cause = Cause {
    id: "dns.slow",
    title: "Every lookup of a name waits for seconds",
    layer: Layer::Dns,
    owner: Owner::Network,
    masks: &[],
    effects: &[Effect::NamesLate],
    meaning: "Names resolve, but too late: the resolver that is asked first answers only after seconds, or several resolvers that are asked before \
              the first living one are dead, and each program waits for each of them (5 s for the first and 3 s for the next, by default). A single \
              dead one costs every lookup those 5 s, which a client survives: that is told as an open question, and never as a cause.",
    proof: "time getent hosts zoom.us; dig example.com @{address}",
    remedies: &[
        Mend {
            os: "any",
            who: Owner::Network,
            text: "Repair the resolver {address}, or take it off the list that DHCP hands out.",
            command: "",
        },
        Mend {
            os: "linux",
            who: Owner::User,
            text: "Until then shorten the wait (systemd-resolved and NetworkManager overwrite this file).",
            command: "echo 'options timeout:1 attempts:2 rotate' | sudo tee -a /etc/resolv.conf",
        },
    ],
    sources: &[
        "https://man7.org/linux/man-pages/man5/resolv.conf.5.html (timeout)",
        "RFC 1536, section 1 (lost queries)",
    ],
    rule,
};

/// A lookup that took longer than this waited for somebody: RFC 1035 resolvers answer within a few round trips.
const SLOW_MS: u128 = 3000;

/// A lookup that took longer than this waited for more than one dead resolver: glibc gives the first 5 s (`resolv.conf(5)`).
///
/// One dead resolver among several is common, and the client's own patience is longer than those 5 s: issue 3 counts it
/// among the healthy networks. It is worth a line, not a status.
const PATIENCE_MS: u128 = 6000;

/// No living resolver near by takes so long for a name that was asked for just now; the DNS probe asks again after 700 ms.
const LATE_MS: u128 = 600;

fn rule(evidence: &Evidence) -> Ruling {
    let turn = resolvers_in_turn(evidence);
    let ids =
        |servers: &[SocketAddr]| servers.iter().flat_map(|s| evidence.asked_of(*s)).map(Lookup::id).collect::<Vec<_>>();
    if let (true, Some(first), Some(next)) = (library_is_late(evidence), turn.dead.first(), turn.next)
        && turn.wait.as_millis() >= PATIENCE_MS
        && evidence.asked_of(next).any(|l| matches!(l.named(), Named::Addresses(_)))
    {
        // The dead ones were waited for as long as is called slow, and so was the library; it goes on to wait.
        let mut claim = blamed(evidence, *first, [ids(&turn.dead), ids(&[next])].concat());
        claim.details.insert("dead".to_owned(), listed(&turn.dead));
        claim.details.insert("wait".to_owned(), format!("{} s", turn.wait.as_secs()));
        let next_test = format!("ask {next} for all names, which the system's library is late with");
        let questions = vec![NAMES_FROM.of(next).with_stand_in(next)];
        return Ruling { open: Some(Doubt { next_test, questions }), ..Ruling::claim(claim) };
    }
    let by_system: Vec<Lookup<'_>> = evidence.lookups().filter(|l| l.source() == Source::System).collect();
    let waited = |l: &Lookup<'_>, ms| match l.named() {
        Named::Addresses(_) => l.took_ms() >= ms,
        Named::Failed(How::Silent) => true,
        _ => false,
    };
    let slow: Vec<u32> = by_system.iter().filter(|l| waited(l, SLOW_MS)).map(|l| l.id()).collect();
    if slow.len() < 2 {
        let quick = by_system.iter().filter(|l| !l.addresses().is_empty() && l.took_ms() < SLOW_MS);
        return Ruling::excluded(quick.map(|l| l.id()).take(3).collect());
    }
    let Some(living) = turn.next else { return Ruling::silent() };
    let at_living: Vec<Lookup<'_>> = evidence.asked_of(living).collect();
    if at_living.is_empty() {
        return Ruling::silent();
    }
    let Some(first) = turn.dead.first().copied() else {
        // Where most names came soon, the few that did not were lost, and this computer or its line was busy when the resolver was asked.
        let most = slow.len() * 2 > by_system.len();
        if !most || !at_living.iter().all(|l| l.took_ms() >= LATE_MS && !matches!(l.named(), Named::Failed(_))) {
            return Ruling::silent();
        }
        return Ruling::claim(blamed(evidence, living, [slow, ids(&[living])].concat()));
    };
    if by_system.iter().filter(|l| waited(l, PATIENCE_MS)).count() < 2 {
        let next_test = format!(
            "repair the resolver {}, or take it off the list: it is dead, and each lookup waits for it before {} is asked",
            first.ip(),
            living.ip()
        );
        return Ruling::doubt(next_test, Vec::new());
    }
    let mut claim = blamed(evidence, first, [slow, ids(&turn.dead), ids(&[living])].concat());
    claim.details.insert("dead".to_owned(), listed(&turn.dead));
    Ruling::claim(claim)
}

fn listed(servers: &[SocketAddr]) -> String {
    servers.iter().map(|server| server.ip().to_string()).collect::<Vec<_>>().join(", ")
}

fn blamed(evidence: &Evidence, server: SocketAddr, because: Vec<u32>) -> Claim {
    Claim {
        location: Some(Location { address: Some(server.ip()), ..Location::default() }),
        blocks: sign_in_fails(evidence),
        ..Claim::of(Confidence::Likely, because)
    }
}

/// What does this configured resolver say of the names that the system's library was asked for, and is late with?
const NAMES_FROM: Experiment<SocketAddr> = Experiment::new("names-from", |setup, _| {
    let asked = setup.given.iter().filter(|probe| matches!(probe.via, Via::System));
    let mut asked: Vec<Probe> = asked.cloned().collect();
    asked.sort_by_cached_key(|probe| probe.target.host.clone());
    asked
});
