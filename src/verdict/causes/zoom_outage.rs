//! Zoom itself is down.

use std::collections::BTreeSet;

use why5003_probes::model::{How, Layer, Stage};

use super::prelude::*;

pub(super) const CAUSE: Cause = Cause {
    id: "zoom.outage",
    title: "Zoom's own service is down",
    layer: Layer::Zoom,
    owner: Owner::Zoom,
    masks: &[],
    meaning: "The way to Zoom is open and it is Zoom that fails: its servers answer with a 5xx status under their own certificate, or every \
              independent resolver agrees that the name is gone (as on 2025-04-16), or its status page reports a major outage while nothing \
              answers at Zoom's addresses. Nobody on this network can mend that.",
    proof: "curl -sI https://zoom.us; curl -s https://www.zoomstatus.com/api/v2/summary.json | head -c 300",
    remedies: &[
        Mend {
            os: "any",
            who: Owner::User,
            text: "Wait, and watch Zoom's status page; after an outage of names flush this computer's DNS cache.",
            command: "curl -s https://www.zoomstatus.com/api/v2/status.json",
        },
        Mend { os: "any", who: Owner::Zoom, text: "Restore the service.", command: "" },
    ],
    sources: &[
        "https://www.zoomstatus.com",
        "https://zoom.statuspage.io (incident of 2025-04-16)",
        "RFC 9110, section 15.6 (5xx)",
    ],
    rule,
};

fn rule(evidence: &Evidence) -> Ruling {
    let page = status_page(evidence);
    let pages: Vec<u32> = page.iter().map(|(id, _)| *id).collect();
    let trouble = admits_trouble(evidence);
    let fails = sign_in_fails(evidence);
    let zoom: Vec<_> = evidence.attempts().filter(|a| a.role() == Role::SignIn && a.baseline()).collect();
    let errors: Vec<_> = zoom
        .iter()
        .copied()
        .filter(|a| a.genuine() && a.response().is_some_and(|r| (500..600).contains(&r.status)))
        .collect();
    if !errors.is_empty() && !zoom.iter().any(|a| a.works()) {
        let status = errors.first().and_then(|a| a.response()).map(|r| r.status.to_string()).unwrap_or_default();
        let because = errors.iter().map(|a| a.id()).chain(pages.iter().copied()).collect();
        let mut ruling = Ruling::claim(Claim {
            scope: scope_of(errors.iter().copied()),
            details: [("status".to_owned(), status)].into(),
            blocks: fails,
            ..claim(if trouble { 0.98 } else { 0.9 }, because)
        });
        if page.is_none() {
            ruling.open =
                Some(Doubt { next_test: "read Zoom's status page".to_owned(), questions: vec![STATUS_PAGE.of(())] });
        }
        return ruling;
    }
    if let Some(gone) = gone_everywhere(evidence) {
        let confidence = if trouble { 0.97 } else { 0.9 };
        return Ruling::claim(Claim { blocks: fails, scope: gone.0, ..claim(confidence, [gone.1, pages].concat()) });
    }
    let works: Vec<u32> = zoom.iter().filter(|a| a.works()).map(|a| a.id()).take(3).collect();
    if !works.is_empty() {
        return Ruling::excluded(works);
    }
    let unanswered: Vec<_> = aimed(evidence)
        .into_iter()
        .filter(|a| a.connected().is_none() && a.failure().is_some() && family_works(evidence, *a))
        .collect();
    if unanswered.len() < 2 {
        return Ruling::silent();
    }
    if let Some(claim) = refused_at_the_end(evidence, &unanswered) {
        let because = [claim.because, pages].concat();
        return Ruling::claim(Claim { because, blocks: fails, confidence: if trouble { 0.95 } else { 0.8 }, ..claim });
    }
    if page.is_none() {
        return Ruling::doubt("read Zoom's status page", vec![STATUS_PAGE.of(())]);
    }
    let zoom_flows = evidence.ladders().filter(|l| unanswered.iter().any(|a| a.to() == l.to()));
    let places: Vec<_> = zoom_flows.filter_map(|l| place_of(evidence, l.to(), l.transport())).collect();
    if !trouble {
        // What Zoom does not know of yet is not on its page either.
        return if places.iter().any(crate::verdict::measure::place::Place::open_to_the_last_router) {
            Ruling::doubt(NOTHING_COMES_BACK, Vec::new())
        } else {
            Ruling::excluded(pages)
        };
    }
    if places.iter().any(|p| !p.open_to_the_end && !p.past_the_shared_way) {
        return Ruling::silent();
    }
    // Without a walk along the way a filter is not excluded: the page may speak of something else.
    let confidence = if places.is_empty() { 0.7 } else { 0.9 };
    let because =
        unanswered.iter().map(|a| a.id()).chain(pages).chain(places.iter().flat_map(|p| p.ids.clone())).collect();
    Ruling::claim(Claim { scope: scope_of(unanswered.iter().copied()), blocks: fails, ..claim(confidence, because) })
}

/// A RST answers every SYN, and comes from as far as another port of the same address answers from: nobody listens there.
fn refused_at_the_end(evidence: &Evidence, unanswered: &[Attempt<'_>]) -> Option<Claim> {
    let refused: Vec<_> = unanswered.iter().copied().filter(|a| a.ended(Stage::Connect, How::Refused)).collect();
    if refused.len() < 2 || refused.len() < unanswered.len() {
        return None;
    }
    let ladder = refused.iter().find_map(|a| evidence.ladders().find(|l| l.to() == a.to()))?;
    let other = the_address_by_another_port(evidence, ladder)?;
    let same_distance = ladder.answered_at().is_some() && ladder.answered_at() == other.answered_at();
    let because = refused.iter().map(|a| a.id()).chain([ladder.id(), other.id()]).collect();
    same_distance.then(|| Claim {
        scope: scope_of(refused.iter().copied()),
        details: [("answer".to_owned(), "refused".to_owned())].into(),
        ..claim(0.8, because)
    })
}

/// Names of sign-in that at least two independent resolvers deny, and none knows, while they answer neutral names.
fn gone_everywhere(evidence: &Evidence) -> Option<(Scope, Vec<u32>)> {
    for name in evidence.hosts(Role::SignIn) {
        if !decisive(evidence, name) {
            continue;
        }
        let asked: Vec<_> =
            evidence.lookups_of(name).filter(|l| matches!(l.source(), Source::Independent(_))).collect();
        let denies =
            |l: &&Lookup<'_>| matches!(l.named(), Named::NoName) || l.named() == Named::Rcode("SERVFAIL".to_owned());
        let denying: Vec<_> = asked.iter().filter(denies).collect();
        let servers: BTreeSet<_> = denying.iter().map(|l| format!("{:?}", l.source())).collect();
        let known = asked.iter().any(|l| matches!(l.named(), Named::Addresses(_)));
        let neutral = evidence
            .lookups()
            .find(|l| l.role() == Role::Control && matches!(l.named(), Named::Addresses(_)))
            .map(Lookup::id);
        // An answer that a box on the way forged for everybody looks the same, unless it could not have been forged.
        let unforgeable = denying.iter().any(|l| l.encrypted());
        let forged =
            evidence.lookups_of(name).any(|l| matches!(l.source(), Source::Nobody(_)) && l.answers().count() > 0);
        if servers.len() >= 2 && !known && (unforgeable || !forged) && !evidence.attempts_at(name).any(Attempt::genuine)
        {
            let ids = denying.iter().map(|l| l.id()).chain([neutral?]).collect();
            return Some((scope_of_names([name]), ids));
        }
    }
    None
}
