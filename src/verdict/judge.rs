//! From evidence to verdict: runs every rule, folds what a root explains, ranks what is left, and says how the sign-in path stands.

use std::collections::BTreeMap;

use why5003_probes::model::Layer;

use super::cause::Cause;
use super::causes::CAUSES;
use super::measure::chance::Trust;
use super::model::{Finding, Open, Part, Remedy, RuledOut, Status, Verdict};
use super::ruling::{Claim, Ruling};
use super::summary;
use crate::evidence::{Evidence, Names, SignIn, Source};
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

/// Where one of these is so, no resolver of this computer's answers any name.
const WITHOUT_NAMES: &[&str] = &["link.gateway-down", "path.internet-down", "dns.resolver-down"];

/// Observations that a verdict cites for one thing at most: enough to check it, few enough to read.
const CITED: usize = 12;

/// Judges the evidence. The same evidence always gives the same judgement.
pub fn judge(evidence: &Evidence) -> Judgement {
    let silence = Trust::of(evidence);
    let ruled = |cause: &Cause| match &silence {
        Some(trust) if !measures_silence(cause.id) => trust.hold(evidence, (cause.rule)(evidence)),
        _ => (cause.rule)(evidence),
    };
    let mut rulings: Vec<(&Cause, Ruling)> = CAUSES.iter().map(|cause| (cause, ruled(cause))).collect();
    if evidence.background().decisive_hosts().any(|host| evidence.goes_by_proxy(host)) {
        // What the proxy connects to, and how it finds it, is its own affair: the direct way is not the one of sign-in.
        for (_, ruling) in rulings.iter_mut().filter(|(cause, _)| matches!(cause.layer, Layer::Dns | Layer::Filter)) {
            ruling.claims.iter_mut().for_each(|claim| claim.blocks = false);
        }
    }
    let claimed: Vec<&Cause> = rulings.iter().filter(|(_, r)| !r.claims.is_empty()).map(|(cause, _)| *cause).collect();
    let folded = |cause: &Cause| claimed.iter().any(|root| root.id != cause.id && masks(root, cause.id));

    let mut ranked: Vec<(&Cause, &Claim)> = Vec::new();
    for (cause, ruling) in rulings.iter().filter(|(cause, _)| !folded(cause)) {
        ranked.extend(ruling.claims.iter().map(|claim| (*cause, claim)));
    }
    // Stable: what blocks comes first, then the order of the list, which is that of the layers.
    ranked.sort_by_key(|(_, claim)| !claim.blocks);
    let any_blocks = ranked.iter().any(|(_, claim)| claim.blocks);
    let causes: Vec<Finding> = ranked
        .iter()
        .map(|(cause, claim)| {
            let role = if claim.blocks == any_blocks { Part::Root } else { Part::Contributing };
            finding(cause, claim, role)
        })
        .collect();

    let mut ruled_out = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    let mut questions = Vec::new();
    for (cause, ruling) in &rulings {
        if folded(cause) {
            continue;
        }
        if ruling.claims.is_empty() && !ruling.excluded_by.is_empty() {
            let because = cited(&ruling.excluded_by);
            ruled_out.push(RuledOut { id: cause.id.to_owned(), because });
        }
        if let Some(doubt) = &ruling.open {
            questions.extend(doubt.questions.iter().filter(|q| !questions.contains(*q)).cloned().collect::<Vec<_>>());
            if ruling.claims.is_empty() {
                match open.iter_mut().find(|o| o.next_test == doubt.next_test) {
                    Some(same) => same.could_be.push(cause.id.to_owned()),
                    None => open.push(Open { could_be: vec![cause.id.to_owned()], next_test: doubt.next_test.clone() }),
                }
            }
        }
    }

    let alone = |question: &Question| question.beside() == Beside::Nothing;
    if questions.iter().any(alone) {
        // The others are asked again, once this one is answered.
        questions.retain(alone);
    } else if let Some(first) = silence.as_ref().map(Trust::first_of_all).filter(|first| !first.is_empty()) {
        questions = first.to_vec();
    }

    let status = status(evidence, any_blocks, !causes.is_empty());
    if status == Status::Unknown && !questions.iter().any(Question::is_quiet) {
        questions.extend(once_more(evidence));
    }
    if causes.is_empty() || status == Status::Degraded {
        open.push(summary::what_remains(evidence, status));
    }
    let mut not_looked = evidence.not_looked().to_vec();
    not_looked.sort();
    let summary = summary::sentence(status, &causes, evidence);
    let names = names(evidence, &causes);
    Judgement { verdict: Verdict { status, summary, causes, ruled_out, open, not_looked }, questions, names }
}

/// What is to be expected of the system's library.
fn names(evidence: &Evidence, causes: &[Finding]) -> Names {
    if causes.iter().any(|finding| WITHOUT_NAMES.contains(&finding.id.as_str())) || evidence.nobody_tells_names() {
        return Names::Lost;
    }
    let late = causes.iter().any(|finding| finding.id == "dns.slow") && evidence.library_is_late();
    if late { Names::Late } else { Names::Told }
}

/// The observations to cite: all, or the first and the last of many. Rules name what fails first, and what it is held against
/// (neutral hosts, ladders, experiments) last.
fn cited(ids: &[u32]) -> Vec<u32> {
    if ids.len() <= CITED {
        return ids.to_vec();
    }
    let half = CITED / 2;
    let last = ids.len() - half;
    ids.iter().enumerate().filter(|(at, _)| *at < half || *at >= last).map(|(_, id)| *id).collect()
}

/// Whether a cause is what makes silence doubtful: it counts silence, and does not merely rest on it.
fn measures_silence(id: &str) -> bool {
    matches!(id, "path.loss" | "path.slow" | "path.throttled" | "path.nat-exhausted" | "filter.rate-limit")
}

/// Whether a cause's record says that it explains another one; `dns.*` names a layer, `*` all.
fn masks(root: &Cause, id: &str) -> bool {
    root.masks.iter().any(|pattern| match pattern.strip_suffix('*') {
        Some(prefix) => id.starts_with(prefix),
        None => *pattern == id,
    })
}

fn status(evidence: &Evidence, any_blocks: bool, anything: bool) -> Status {
    match evidence.sign_in() {
        _ if any_blocks => Status::Blocked,
        // Our own limits are no word on the network.
        SignIn::Fails(ids) if out_of_means(evidence, &ids) => Status::Unknown,
        // One try is no floor: what failed once and was not tried again is not known to fail.
        SignIn::Fails(ids) if ids.len() < 2 => Status::Unknown,
        SignIn::Fails(_) => Status::Blocked,
        SignIn::Untold => Status::Unknown,
        SignIn::Works(_) if anything => Status::Degraded,
        SignIn::Works(_) => Status::Healthy,
    }
}

/// The try of sign-in that failed alone, once more: two are the least that is believed.
fn once_more(evidence: &Evidence) -> Option<Question> {
    let SignIn::Fails(ids) = evidence.sign_in() else { return None };
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

fn finding(cause: &Cause, claim: &Claim, role: Part) -> Finding {
    let fill = Filling::of(claim);
    let remedies = cause
        .remedies
        .iter()
        .map(|mend| Remedy {
            os: mend.os.to_owned(),
            who: mend.who,
            text: fill.fill(mend.text),
            command: (!mend.command.is_empty()).then(|| fill.fill(mend.command)),
        })
        .collect();
    Finding {
        id: cause.id.to_owned(),
        title: cause.title.to_owned(),
        confidence: claim.confidence.clamp(0.5, 1.0),
        owner: claim.owner.unwrap_or(cause.owner),
        role,
        location: claim.location.filter(|l| *l != super::model::Location::default()),
        scope: claim.scope.clone(),
        details: claim.details.clone(),
        because: cited(&claim.because),
        against: cited(&claim.against),
        remedies,
    }
}

/// What stands in for `{…}` in a remedy: the claim's details by their names, and its place and scope.
struct Filling(BTreeMap<String, String>);

impl Filling {
    fn of(claim: &Claim) -> Self {
        let mut words: BTreeMap<String, String> = claim.details.clone();
        if let Some(address) = claim.location.as_ref().and_then(|l| l.address) {
            words.insert("address".to_owned(), address.to_string());
        }
        if let Some(host) = claim.scope.hosts.first() {
            words.insert("host".to_owned(), host.clone());
        }
        if let Some(port) = claim.scope.ports.first() {
            words.insert("port".to_owned(), port.clone());
        }
        Self(words)
    }

    fn fill(&self, text: &str) -> String {
        let mut filled = text.to_owned();
        for (name, word) in &self.0 {
            filled = filled.replace(&format!("{{{name}}}"), word);
        }
        for (name, unknown) in UNKNOWN {
            filled = filled.replace(name, unknown);
        }
        filled
    }
}

/// What a remedy says where the evidence does not tell.
const UNKNOWN: &[(&str, &str)] = &[
    (" at {address} or just behind it", " that does this (not located)"),
    (" {address}", ""),
    ("{host}", "zoom.us"),
    ("{mtu}", "1400"),
    ("{issuer}", "see the issuer"),
    ("{proxy}", "PROXY"),
    ("{source}", "see the settings"),
];
