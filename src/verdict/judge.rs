//! From evidence to verdict: runs every rule, folds what a root explains, ranks what is left, and says how the sign-in path stands.

use why5003_probes::model::Layer;

use super::cause::{Cause, Effect};
use super::causes::CAUSES;
use super::claim::Claim;
use super::finding::{cited, finding};
use super::measure::chance_of_loss::ChanceOfLoss;
use super::measure::resolvers::{library_is_late, nobody_tells_names};
use super::measure::sign_in::{SignIn, sign_in, signs_in_by_proxy};
use super::model::{Finding, FindingRole, Open, RuledOut, Status, Verdict};
use super::ruling::Ruling;
use super::summary;
use crate::evidence::{Evidence, Names, Source};
use crate::experiment::names::NAME_AGAIN;
use crate::experiment::tries::{AGAIN, HostAt};
use crate::experiment::{Beside, Question};

/// What judging gives: the verdict, and what the rules would ask to say more.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// The verdict on the evidence as it is.
    pub verdict: Verdict,
    /// What would settle what is open.
    pub questions: Vec<Question>,
    /// What is to be expected of the system's library.
    pub names: Names,
}

/// Judges the evidence. The same evidence always gives the same judgement.
pub fn judge(evidence: &Evidence) -> Judgement {
    let silence = ChanceOfLoss::of(evidence);
    let rulings = unmasked(rulings(evidence, silence.as_ref()));
    let ranked = ranked(&rulings);
    let any_blocks = ranked.iter().any(|(_, claim)| claim.blocks);
    let causes: Vec<Finding> = ranked
        .iter()
        .map(|(cause, claim)| {
            let role = if claim.blocks == any_blocks { FindingRole::Root } else { FindingRole::Contributing };
            finding(cause, claim, role)
        })
        .collect();
    let status = status(evidence, any_blocks, !causes.is_empty());
    let mut open = open(&rulings);
    if causes.is_empty() || status == Status::Degraded {
        open.push(summary::what_remains(evidence, status));
    }
    let mut not_probed = evidence.not_probed().to_vec();
    not_probed.sort();
    let summary = summary::sentence(status, &causes, evidence);
    let found: Vec<&Cause> = ranked.iter().map(|(cause, _)| *cause).collect();
    Judgement {
        questions: questions(evidence, &rulings, silence.as_ref(), status),
        names: names(evidence, &found),
        verdict: Verdict { status, summary, causes, ruled_out: ruled_out(&rulings), open, not_probed },
    }
}

/// A cause, and what its rule says.
type Ruled = (&'static Cause, Ruling);

/// What every rule says, where loss alone explains no claim.
fn rulings(evidence: &Evidence, silence: Option<&ChanceOfLoss>) -> Vec<Ruled> {
    let ruled = |cause: &Cause| match silence {
        Some(chance) if !cause.has(Effect::SilenceDoubtful) => chance.hold(evidence, (cause.rule)(evidence)),
        _ => (cause.rule)(evidence),
    };
    let mut rulings: Vec<Ruled> = CAUSES.iter().map(|cause| (cause, ruled(cause))).collect();
    if evidence.background().decisive_hosts().any(|host| evidence.goes_by_proxy(host)) {
        // What the proxy connects to, and how it finds it, is its own affair: the direct way is not the one of sign-in.
        for (_, ruling) in rulings.iter_mut().filter(|(cause, _)| matches!(cause.layer, Layer::Dns | Layer::Filter)) {
            ruling.claims.iter_mut().for_each(|claim| claim.blocks = false);
        }
    }
    rulings
}

/// The rulings without those that a found root explains.
fn unmasked(rulings: Vec<Ruled>) -> Vec<Ruled> {
    let roots: Vec<&Cause> = rulings.iter().filter(|(_, r)| !r.claims.is_empty()).map(|(cause, _)| *cause).collect();
    rulings.into_iter().filter(|(cause, _)| !roots.iter().any(|root| root.masks(cause.id))).collect()
}

/// All claims: what blocks comes first, then the order of the list, which is that of the layers.
fn ranked(rulings: &[Ruled]) -> Vec<(&'static Cause, &Claim)> {
    let mut ranked: Vec<_> =
        rulings.iter().flat_map(|(cause, ruling)| ruling.claims.iter().map(move |claim| (*cause, claim))).collect();
    // Stable, so that the list's order remains.
    ranked.sort_by_key(|(_, claim)| !claim.blocks);
    ranked
}

fn ruled_out(rulings: &[Ruled]) -> Vec<RuledOut> {
    let out = rulings.iter().filter(|(_, ruling)| ruling.claims.is_empty() && !ruling.excluded_by.is_empty());
    out.map(|(cause, ruling)| RuledOut { id: cause.id.to_owned(), because: cited(&ruling.excluded_by) }).collect()
}

/// What is suspected and not claimed; causes that the same test would settle stand together.
fn open(rulings: &[Ruled]) -> Vec<Open> {
    let mut open: Vec<Open> = Vec::new();
    for (cause, ruling) in rulings.iter().filter(|(_, ruling)| ruling.claims.is_empty()) {
        let Some(doubt) = &ruling.open else { continue };
        match open.iter_mut().find(|o| o.next_test == doubt.next_test) {
            Some(same) => same.could_be.push(cause.id.to_owned()),
            None => open.push(Open { could_be: vec![cause.id.to_owned()], next_test: doubt.next_test.clone() }),
        }
    }
    open
}

/// What the rules would ask now.
fn questions(evidence: &Evidence, rulings: &[Ruled], silence: Option<&ChanceOfLoss>, status: Status) -> Vec<Question> {
    if status == Status::Healthy && signs_in_by_proxy(evidence) {
        // What a rule would know of the direct way changes nothing for a client that goes through its proxy.
        return Vec::new();
    }
    let mut questions: Vec<Question> = Vec::new();
    for question in rulings.iter().filter_map(|(_, ruling)| ruling.open.as_ref()).flat_map(|doubt| &doubt.questions) {
        if !questions.contains(question) {
            questions.push(question.clone());
        }
    }
    let alone = |question: &Question| question.beside() == Beside::Nothing;
    if questions.iter().any(alone) {
        // The others are asked again, once this one is answered.
        questions.retain(alone);
    } else if let Some(first) = silence.map(ChanceOfLoss::first_of_all).filter(|first| !first.is_empty()) {
        questions = first.to_vec();
    }
    if status == Status::Unknown && !questions.iter().any(Question::is_quiet) {
        questions.extend(once_more(evidence));
    }
    questions
}

/// What is to be expected of the system's library.
fn names(evidence: &Evidence, found: &[&Cause]) -> Names {
    let any = |effect| found.iter().any(|cause| cause.has(effect));
    if any(Effect::NamesLost) || nobody_tells_names(evidence) {
        return Names::Lost;
    }
    if any(Effect::NamesLate) && library_is_late(evidence) { Names::Late } else { Names::Told }
}

fn status(evidence: &Evidence, any_blocks: bool, anything: bool) -> Status {
    match sign_in(evidence) {
        _ if any_blocks => Status::Blocked,
        // Our own limits are no word on the network.
        SignIn::Fails(ids) if out_of_means(evidence, &ids) => Status::Unknown,
        // One try is no floor: what failed once and was not tried again is not known to fail.
        SignIn::Fails(ids) if ids.len() < 2 => Status::Unknown,
        SignIn::Fails(_) => Status::Blocked,
        SignIn::Unknown => Status::Unknown,
        SignIn::Works(_) if anything => Status::Degraded,
        SignIn::Works(_) => Status::Healthy,
    }
}

/// The try of sign-in that failed alone, once more: two are the least that is believed.
fn once_more(evidence: &Evidence) -> Option<Question> {
    let SignIn::Fails(ids) = sign_in(evidence) else { return None };
    let [only] = ids[..] else { return None };
    if let Some(lookup) = evidence.lookups().find(|lookup| lookup.id() == only) {
        // A resolver's own silence was tried three times; the library is still asking.
        if lookup.source() != Source::System {
            return None;
        }
        return Some(NAME_AGAIN.of(lookup.name().to_owned()));
    }
    let failed = evidence.attempts().find(|a| a.id() == only && !a.proxied())?;
    Some(AGAIN.of(HostAt::new(failed.host()?, failed.to())))
}

fn out_of_means(evidence: &Evidence, ids: &[u32]) -> bool {
    use why5003_probes::model::How;
    let exhausted = |id: &u32| {
        evidence
            .observations()
            .binary_search_by_key(id, |o| o.id)
            .ok()
            .and_then(|at| evidence.observations().get(at))
            .is_some_and(|o| o.failure.as_ref().is_some_and(|f| f.how == How::Exhausted))
    };
    !ids.is_empty() && ids.iter().all(exhausted)
}
