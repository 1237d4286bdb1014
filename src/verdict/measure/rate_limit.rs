//! Whether new connections are limited: who stood at once and who only when the SYN was sent again, and what a burst and a slow
//! row of connections told.

use std::net::SocketAddr;

use why5003_probes::model::{Fact, How, Observation, ProbeName, Stage, Volley};

use super::attempts::{controls, is_zoom};
use super::retransmissions::waits_on_connections_that_stand;
use crate::evidence::{Attempt, Evidence};

/// Zoom's connections by how they came to stand.
#[derive(Clone, Debug, Default)]
pub(in crate::verdict) struct Pace<'a> {
    /// By the first SYN.
    pub(in crate::verdict) quick: Vec<Attempt<'a>>,
    /// By a later one, or not at all.
    pub(in crate::verdict) late: Vec<Attempt<'a>>,
}

/// Zoom's connections by how they came to stand.
pub(in crate::verdict) fn pace(evidence: &Evidence) -> Pace<'_> {
    let mut pace = Pace::default();
    let zoom = evidence.attempts().filter(|a| is_zoom(a.role()) && a.baseline() && !a.proxied() && a.is_tls());
    for attempt in zoom.filter(|a| a.to().is_ipv4()) {
        match attempt.connected() {
            Some(connected) if connected.rtt_us < LATE_US => pace.quick.push(attempt),
            Some(_) => pace.late.push(attempt),
            None if attempt.ended(Stage::Connect, How::Silent) => pace.late.push(attempt),
            None => {}
        }
    }
    pace
}

/// Where to try a burst, before anything else is sent that would disturb it: some connections stood at once, others did not, and
/// on those that stand nothing is lost.
pub(in crate::verdict) fn suspected(evidence: &Evidence) -> Option<SocketAddr> {
    let pace = pace(evidence);
    // Where a limit is for everybody, neutral hosts may have been quicker.
    let somebody = !pace.quick.is_empty()
        || controls(evidence).any(|a| a.connected().is_some_and(|connected| connected.rtt_us < LATE_US));
    let first = pace.quick.iter().chain(pace.late.iter().filter(|a| a.connected().is_some())).next()?;
    // A prefix of which nothing stands is a gap in an allow list rather; a limit picks at random.
    let neighbour = |a: &Attempt<'_>| pace.quick.iter().any(|q| q.settings().prefix == a.settings().prefix);
    let at_random = pace.late.iter().filter(|a| a.connected().is_some() || neighbour(a)).count();
    let odd = somebody && at_random >= SUSPICIOUS && !waits_on_connections_that_stand(evidence);
    (odd && bursts(evidence).next().is_none()).then(|| first.to())
}

/// What a burst, and the row after it, told.
#[derive(Clone, Debug)]
pub(in crate::verdict) struct BurstResult<'a> {
    /// All at once.
    pub(in crate::verdict) at_once: &'a Volley,
    /// One by one.
    pub(in crate::verdict) row: &'a Volley,
    /// The probe.
    pub(in crate::verdict) id: u32,
}

/// What a burst that lost some told; `None` where there was none, or all of it stood.
pub(in crate::verdict) fn burst_result(evidence: &Evidence) -> Option<BurstResult<'_>> {
    bursts(evidence).find_map(|seen| {
        let mut volleys = seen.facts.iter().filter_map(|f| if let Fact::Volley(v) = f { Some(v) } else { None });
        Some(BurstResult { at_once: volleys.next()?, row: volleys.next()?, id: seen.id })
    })
}

/// The observations of bursts.
pub(in crate::verdict) fn bursts(evidence: &Evidence) -> impl Iterator<Item = &Observation> {
    evidence.observations().iter().filter(|o| o.probe.kind == ProbeName::Burst)
}

impl BurstResult<'_> {
    /// The first few of the burst stood and the later ones did not, where loss would scatter them.
    ///
    /// As many as `slipped` may stand among the later ones: a limit gives room again while the burst goes out.
    pub(in crate::verdict) fn in_order(&self, slipped: u16) -> bool {
        let lost = self.at_once.made.saturating_sub(self.at_once.passed);
        lost >= SCARCE && self.at_once.passed <= self.at_once.passed_first + slipped
    }

    /// One by one no more stood than at once, the first ones again: those stood because the burst's had been closed meanwhile.
    /// One more or less may have been somebody else's.
    pub(in crate::verdict) fn too_many(&self) -> bool {
        let row = self.row;
        let same = row.passed.abs_diff(self.at_once.passed) <= 1 && row.passed <= row.passed_first + 1;
        self.in_order(1) && row.passed > 0 && row.made >= row.passed + 2 && same
    }

    /// More than stood at once stood one by one.
    pub(in crate::verdict) fn only_too_fast(&self) -> bool {
        self.in_order(2) && self.row.passed == self.row.made && self.row.made > self.at_once.passed
    }
}

/// A SYN that was answered only when it was sent again, after a second (RFC 6298, section 2.1).
pub(in crate::verdict) const LATE_US: u64 = 900_000;
/// Fewer late ones are an accident.
const SUSPICIOUS: usize = 2;
/// Of a dozen: fewer lost are an accident.
const SCARCE: u16 = 3;
