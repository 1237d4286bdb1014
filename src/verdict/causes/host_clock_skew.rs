//! This computer's clock is wrong, so that good certificates look expired.

use why5003_probes::model::{CertificateFault, Layer, Roots};

use super::prelude::*;

pub(super) const CAUSE: Cause = Cause {
    id: "host.clock-skew",
    title: "This computer's clock is wrong",
    layer: Layer::Host,
    owner: Owner::User,
    // Not tls.*: those rules look past the date, and what they find remains when the clock is right again.
    masks: &["zoom.certificate", "host.trust-store"],
    effects: &[],
    meaning: "The certificates of Zoom and of neutral hosts fail by date alike, and the Date that HTTP servers send differs from this \
              computer's clock by an amount that explains it. Zoom names a wrong clock as the most common cause of certificate errors.",
    proof: "date -u; curl -sI http://example.com | grep -i ^date",
    remedies: &[
        Mend {
            os: "linux",
            who: Owner::User,
            text: "Set the clock by the network.",
            command: "sudo timedatectl set-ntp true",
        },
        Mend {
            os: "macos",
            who: Owner::User,
            text: "Set the clock by the network.",
            command: "sudo sntp -sS time.apple.com",
        },
        Mend { os: "windows", who: Owner::User, text: "Set the clock by the network.", command: "w32tm /resync" },
    ],
    sources: &["Zoom KB0067462 (time-misalignment)", "RFC 9110, section 6.6.1 (Date)"],
    rule,
};

/// Below this a clock breaks no certificate that is not about to end anyway.
const TOLERATED_S: i64 = 300;

/// Two servers' dates agree when their difference from this clock differs by no more than this: the time of two probes.
const AGREE_S: i64 = 120;

fn rule(evidence: &Evidence) -> Ruling {
    let dates: Vec<_> = evidence
        .attempts()
        .filter(|a| a.baseline())
        .filter_map(|a| {
            Some((a.id(), a.host().map(str::to_owned), a.response()?.clock_ahead_s?, a.response()?.date_s?))
        })
        .collect();
    let right: Vec<u32> =
        dates.iter().filter(|(_, _, ahead, _)| ahead.abs() <= TOLERATED_S).map(|(id, ..)| *id).collect();
    let by_date = |fault| matches!(fault, Some(Some(CertificateFault::Expired | CertificateFault::NotYetValid)));
    let failing: Vec<_> = evidence.attempts().filter(|a| a.baseline() && by_date(a.verified(Roots::Public))).collect();
    let zoom: Vec<_> = failing.iter().copied().filter(|a| is_zoom(a.role())).collect();
    let controls: Vec<_> = failing.iter().copied().filter(|a| a.role() == Role::Control).collect();
    if !right.is_empty() {
        return Ruling::excluded(right);
    }
    if failing.is_empty() {
        return Ruling::silent();
    }
    let next_test = "compare this computer's clock with the Date of two plain-HTTP servers";
    let Some((first, host, ahead, now)) = dates.first() else {
        return Ruling::doubt(next_test, vec![KNOWN_PAGES.of(())]);
    };
    let Some((second, ..)) = dates.iter().find(|(_, other, a, _)| other != host && (a - ahead).abs() <= AGREE_S) else {
        return Ruling::doubt(next_test, vec![KNOWN_PAGES.of(())]);
    };
    let explained = |a: &Attempt<'_>| a.chain().first().is_some_and(|c| (c.not_before_s..=c.not_after_s).contains(now));
    if controls.is_empty() || !controls.iter().all(explained) || !zoom.iter().all(explained) {
        return Ruling::doubt("check whether neutral hosts' certificates fail by date too", vec![KNOWN_PAGES.of(())]);
    }
    let because = zoom.iter().chain(&controls).map(|a| a.id()).chain([*first, *second]).collect();
    let details = [("clock_ahead_s".to_owned(), ahead.to_string())];
    Ruling::claim(Claim {
        location: Some(here()),
        scope: scope_of(zoom.iter().copied()),
        details: details.into(),
        blocks: any_decisive(evidence, zoom.iter().filter_map(|a| a.host())),
        ..Claim::of(Confidence::Proven, because)
    })
}
