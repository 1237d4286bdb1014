//! What loss or delay alone could have done: a claim that rests on silence is held back where its silence may be chance.
//!
//! An answer (a reset, a refusal, a certificate, another address) is never chance, and its claims pass as they are.

use std::time::Duration;

use why5003_probes::model::{Fact, How, Observation, Stage};

use super::count_loss::{self, FlowSize};
use super::loss::{self, Lost};
use super::rate;
use super::rate_limit;
use crate::evidence::Evidence;
use crate::experiment::Question;
use crate::verdict::claim::Claim;
use crate::verdict::ruling::{Doubt, Ruling};

/// How far silence is to be believed in this run.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::verdict) struct ChanceOfLoss {
    /// The share of exchanges that is lost, 0 to 1; 1 where it is suspected and not counted yet.
    lost: f64,
    why: String,
    questions: Vec<Question>,
}

impl ChanceOfLoss {
    /// How far silence is to be believed; `None` where nothing speaks against it.
    pub(in crate::verdict) fn of(evidence: &Evidence) -> Option<Self> {
        if let (Some(neutral), _) = loss::delays(evidence)
            && neutral >= LATE
        {
            let why = format!("an answer takes {:.1} s here, so what seems silent may be late", neutral.as_secs_f64());
            return Some(Self { lost: 1.0, why, questions: Vec::new() });
        }
        if rate_limit::burst_result(evidence).is_some_and(|told| told.too_many() || told.only_too_fast()) {
            let why = "connections are limited here, so silence proves nothing".to_owned();
            return Some(Self { lost: 1.0, why, questions: Vec::new() });
        }
        if rate::is_held(evidence) {
            let why = "flows are held to a rate here, so what seems silent may wait in a queue".to_owned();
            return Some(Self { lost: 1.0, why, questions: Vec::new() });
        }
        match loss::measured(evidence) {
            Some(loss) if loss.lost() == Lost::Few => {
                let why = "handshakes or flows to neutral hosts wait here, so what seems silent may be late".to_owned();
                // That no packets are lost does not make handshakes prompt.
                let late = rate::seems_held(evidence) || rate::neutral_flows_wait(evidence);
                late.then_some(Self { lost: 1.0, why, questions: Vec::new() })
            }
            Some(loss) => {
                let share = loss.share();
                let why = format!("{:.0} of 100 exchanges are lost here, so silence proves little", share * 100.0);
                Some(Self { lost: share, why, questions: Vec::new() })
            }
            None => {
                let mut questions = Vec::new();
                let (lossy, held) = (loss::suspected(evidence), rate::seems_held(evidence));
                let timed = || count_loss::flows_wanted(evidence, FlowSize::SHORT);
                if rate::seems_queued(evidence) {
                    questions = timed();
                }
                if questions.is_empty() && lossy {
                    questions = count_loss::questions(evidence);
                }
                if questions.is_empty() && held {
                    questions = timed();
                }
                let why = "packets seem to be lost or late here: tell how many before silence is believed".to_owned();
                // Where no count came to anything, since answers came now soon and now late, silence is no better for it.
                (lossy || held).then_some(Self { lost: 1.0, why, questions })
            }
        }
    }

    /// What must be told before anything else is asked, since other probes on the same way would disturb it.
    pub(in crate::verdict) fn first_of_all(&self) -> &[Question] {
        &self.questions
    }

    /// The ruling without the claims whose silence may be chance: those become an open question.
    pub(in crate::verdict) fn hold(&self, evidence: &Evidence, mut ruling: Ruling) -> Ruling {
        if self.lost >= HOPELESS
            && let Some(open) = &mut ruling.open
        {
            open.questions.retain(|question| !question.is_told_by_silence());
        }
        let claims = ruling.claims.len();
        ruling.claims.retain(|claim| self.chance(evidence, claim) <= BELIEVED);
        if ruling.claims.len() < claims {
            let questions = ruling.open.take().map(|open| open.questions).unwrap_or_default();
            ruling.open = Some(Doubt { next_test: self.why.clone(), questions });
        }
        ruling
    }

    /// How likely it is that all probes of a claim were silent by chance, in a run with so many probes.
    fn chance(&self, evidence: &Evidence, claim: &Claim) -> f64 {
        let probes = evidence.observations();
        let cited = claim.because.iter().filter_map(|id| {
            let at = probes.binary_search_by_key(id, |o| o.id).ok()?;
            probes.get(at)
        });
        let failed: Vec<&Observation> =
            cited.filter(|o| o.failure.is_some() && o.probe.settings.traceroute.is_none()).collect();
        // SERVFAIL is a resolver's word for servers that kept silent, which its own packets may have been lost to.
        let gave_up = |o: &Observation| o.facts.iter().any(|f| matches!(f, Fact::Answer(a) if a.rcode == "SERVFAIL"));
        let silent = |o: &&Observation| gave_up(o) || o.failure.as_ref().is_some_and(|f| f.how == How::Silent);
        if failed.is_empty() || !failed.iter().all(silent) {
            return 0.0;
        }
        let counted = evidence
            .syn_counts()
            .filter(|count| count.answered == 0 && failed.iter().any(|o| o.probe.target.socket() == Some(count.to())))
            .map(|count| self.lost.powi(count.made.into()));
        let by_probe = failed.iter().map(|o| self.silence(o));
        let all: f64 = counted.chain(by_probe).product();
        (all * f64::from(u32::try_from(probes.len()).unwrap_or(u32::MAX))).min(1.0)
    }

    /// How likely loss alone makes this probe silent.
    fn silence(&self, seen: &Observation) -> f64 {
        let tries = |fact: &Fact| if let Fact::Tries { made, .. } = fact { Some(i32::from(*made)) } else { None };
        if let Some(made) = seen.facts.iter().find_map(tries) {
            return self.lost.powi(made);
        }
        let whole = |exchanges: i32| 1.0 - (1.0 - self.lost).powi(exchanges);
        match seen.failure.as_ref().map(|f| (f.stage, f.waited_ms)) {
            // The kernel's SYNs: after 0, 1 and 3 seconds (RFC 6298, 2.1 and 5.5).
            Some((Stage::Connect | Stage::Proxy, Some(waited))) => {
                self.lost.powi(if waited >= THIRD_SYN_MS { 3 } else { 1 })
            }
            // The system's library asks for both families, and once more after five seconds.
            Some((Stage::Resolve, _)) => whole(2).powi(2),
            // A hello in two segments and a flight in three or four, which are sent again thrice within the wait.
            Some((Stage::Hello | Stage::Handshake | Stage::Http | Stage::Data, _)) => whole(3).powi(3),
            _ => self.lost,
        }
    }
}

/// Where so much is lost, experiments that end in silence teach nothing.
const HOPELESS: f64 = 0.5;
/// One verdict in a hundred may be chance.
const BELIEVED: f64 = 0.01;
/// Probes wait about three seconds for an answer: with half of that gone in a single exchange, two in a row are late.
const LATE: Duration = Duration::from_millis(1500);
/// The third SYN has left by then.
const THIRD_SYN_MS: u32 = 2_900;
