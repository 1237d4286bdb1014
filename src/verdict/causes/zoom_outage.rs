//! Zoom itself is down.

use why5003_probes::model::{How, Layer, Stage};

use super::prelude::*;
use crate::verdict::measure::locate_flow::FlowLocation;

pub(super) const CAUSE: Cause = Cause {
    id: "zoom.outage",
    title: "Zoom's own service is down",
    layer: Layer::Zoom,
    owner: Owner::Zoom,
    masks: &[],
    effects: &[],
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
    let zoom: Vec<_> = evidence.attempts().filter(|a| a.role() == Role::SignIn && a.baseline()).collect();
    let works: Vec<u32> = zoom.iter().filter(|a| a.works()).map(|a| a.id()).take(3).collect();
    let pages: Vec<u32> = status_page(evidence).iter().map(|(id, _)| *id).collect();
    if let Some(ruling) = server_errors(evidence, &zoom, &pages).filter(|_| works.is_empty()) {
        return ruling;
    }
    if let Some((scope, ids)) = gone_everywhere(evidence) {
        let confidence = if admits_trouble(evidence) { Confidence::Proven } else { Confidence::Probable };
        let blocks = sign_in_fails(evidence);
        return Ruling::claim(Claim { scope, blocks, ..Claim::of(confidence, [ids, pages].concat()) });
    }
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
    nothing_answers(evidence, &unanswered, pages)
}

/// A 5xx status, under Zoom's own certificate.
fn server_errors(evidence: &Evidence, zoom: &[Attempt<'_>], pages: &[u32]) -> Option<Ruling> {
    let is_error = |a: &Attempt<'_>| a.genuine() && a.response().is_some_and(|r| (500..600).contains(&r.status));
    let errors: Vec<_> = zoom.iter().copied().filter(is_error).collect();
    let status = errors.first()?.response().map(|r| r.status.to_string()).unwrap_or_default();
    let because = errors.iter().map(|a| a.id()).chain(pages.iter().copied()).collect();
    let confidence = if admits_trouble(evidence) { Confidence::Proven } else { Confidence::Probable };
    let claim = Claim {
        scope: scope_of(errors),
        details: [("status".to_owned(), status)].into(),
        blocks: sign_in_fails(evidence),
        ..Claim::of(confidence, because)
    };
    let open = pages.is_empty().then(read_the_page);
    Some(Ruling { open, ..Ruling::claim(claim) })
}

fn read_the_page() -> Doubt {
    Doubt { next_test: "read Zoom's status page".to_owned(), questions: vec![STATUS_PAGE.of(())] }
}

/// No connection to Zoom stands, where neutral ones do.
fn nothing_answers(evidence: &Evidence, unanswered: &[Attempt<'_>], pages: Vec<u32>) -> Ruling {
    let (trouble, blocks) = (admits_trouble(evidence), sign_in_fails(evidence));
    if let Some(claim) = refused_at_the_end(evidence, unanswered) {
        let because = [claim.because, pages].concat();
        let confidence = if trouble { Confidence::Confirmed } else { Confidence::Indicated };
        return Ruling::claim(Claim { confidence, because, blocks, ..claim });
    }
    if pages.is_empty() {
        return Ruling { open: Some(read_the_page()), ..Ruling::silent() };
    }
    let zoom_flows = evidence.traceroutes().filter(|l| unanswered.iter().any(|a| a.to() == l.to()));
    let places: Vec<_> = zoom_flows.filter_map(|l| locate_flow(evidence, l.to(), l.transport())).collect();
    if !trouble {
        // What Zoom does not know of yet is not on its page either.
        return if places.iter().any(FlowLocation::open_to_the_last_router) {
            Ruling::doubt(NOTHING_COMES_BACK, Vec::new())
        } else {
            Ruling::excluded(pages)
        };
    }
    if places.iter().any(|p| !p.open_to_the_end && !p.past_the_shared_way) {
        return Ruling::silent();
    }
    // Without a walk along the way a filter is not excluded: the page may speak of something else.
    let confidence = if places.is_empty() { Confidence::Ambiguous } else { Confidence::Probable };
    let walks = places.iter().flat_map(|p| p.ids.clone());
    let because = unanswered.iter().map(|a| a.id()).chain(pages).chain(walks).collect();
    Ruling::claim(Claim { scope: scope_of(unanswered.iter().copied()), blocks, ..Claim::of(confidence, because) })
}

/// A RST answers every SYN, and comes from as far as another port of the same address answers from: nobody listens there.
fn refused_at_the_end(evidence: &Evidence, unanswered: &[Attempt<'_>]) -> Option<Claim> {
    let refused: Vec<_> = unanswered.iter().copied().filter(|a| a.ended(Stage::Connect, How::Refused)).collect();
    if refused.len() < 2 || refused.len() < unanswered.len() {
        return None;
    }
    let traceroute = refused.iter().find_map(|a| evidence.traceroutes().find(|l| l.to() == a.to()))?;
    let other = the_address_by_another_port(evidence, traceroute)?;
    let same_distance = traceroute.answered_at().is_some() && traceroute.answered_at() == other.answered_at();
    let because = refused.iter().map(|a| a.id()).chain([traceroute.id(), other.id()]).collect();
    same_distance.then(|| Claim {
        scope: scope_of(refused.iter().copied()),
        details: [("answer".to_owned(), "refused".to_owned())].into(),
        ..Claim::of(Confidence::Indicated, because)
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
