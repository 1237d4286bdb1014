//! TCP 443 to Zoom is dropped without a word.

use why5003_probes::model::{How, Layer, Stage, Transport};

use super::prelude::*;
use crate::verdict::measure::limit;

pub(super) const CAUSE: Cause = Cause {
    id: "filter.drop",
    title: "A filter drops TCP connections to Zoom silently",
    layer: Layer::Filter,
    owner: Owner::Network,
    masks: &["filter.sni", "filter.after-handshake", "filter.media-tcp"],
    meaning: "SYNs to Zoom's addresses get no answer of any kind, at several addresses and over seconds, while neutral hosts connect from the \
              same computer at the same time. The filter is the last hop that still answers for Zoom's flow, or sits between that hop and the \
              next one, which answers for a neutral flow alone (a router answers an expired TTL before it filters what it forwards).",
    proof: "sudo traceroute -T -p 443 170.114.52.2\nsudo traceroute -T -p 443 example.com",
    remedies: &[
        Mend {
            os: "any",
            who: Owner::Network,
            text: "On the filter at {address} or just behind it, allow TCP 443 (Zoom lists TCP 80 too) outbound to zoom.us, *.zoom.us, zoom.com and *.zoom.com by name: Zoom publishes no \
                   addresses for its web service. Where rules know no names, allow all prefixes that the commands print.",
            command: "why5003 catalogue show meetings\nwhy5003 catalogue show cdn",
        },
        ANOTHER_NETWORK,
    ],
    sources: &[
        "Zoom KB0060548 (firewall rules)",
        "RFC 6298, section 2 (SYN retransmission)",
        "RFC 1812, section 5.3.1 (TTL)",
    ],
    rule,
};

fn rule(evidence: &Evidence) -> Ruling {
    let aimed = aimed(evidence);
    let passing: Vec<u32> = aimed.iter().filter(|a| a.connected().is_some()).map(|a| a.id()).collect();
    let silent: Vec<_> =
        aimed.iter().copied().filter(|a| a.ended(Stage::Connect, How::Silent) && family_works(evidence, *a)).collect();
    if silent.is_empty() {
        return Ruling::excluded(passing.into_iter().take(3).collect());
    }
    let lasting: Vec<_> = silent
        .iter()
        .copied()
        .filter(|a| a.failure().and_then(|f| f.waited_ms).is_some_and(|ms| ms >= DROP_FLOOR_MS))
        .collect();
    if !passing.is_empty() {
        return a_part(evidence, &aimed, &lasting, passing);
    }
    if lasting.len() < 2 {
        let host = silent.first().and_then(|a| a.host()).unwrap_or_default().to_owned();
        // The walk takes as long as the tries: both at once.
        let walk = silent.first().and_then(|a| {
            let (to, passing) = (a.to(), a_passing_control(evidence, a.to())?);
            Some(WHERE.of(Where::tcp(to, passing)))
        });
        let questions = silent
            .iter()
            .map(|a| AGAIN.of(HostAt::new(host.clone(), a.to())))
            .chain([OTHER_PREFIXES.of(())])
            .chain(walk)
            .collect();
        return Ruling::doubt("try the same addresses again, and others of Zoom's prefixes", questions);
    }
    dropped(evidence, &lasting, Beside::Nothing)
}

/// Some of Zoom's addresses pass: a gap in an allow list is two silent addresses of a prefix none of which passes, or one
/// whose way ends at a filter that two more of its prefix do not pass either.
fn a_part(evidence: &Evidence, aimed: &[Attempt<'_>], lasting: &[Attempt<'_>], passing: Vec<u32>) -> Ruling {
    if limit::told(evidence).is_some_and(|told| told.only_too_fast()) {
        return Ruling::excluded(limit::bursts(evidence).map(|o| o.id).collect());
    }
    let affected = gap(aimed, lasting);
    if affected.len() >= 2 {
        return dropped(evidence, &affected, Beside::Others);
    }
    let passes = |prefix| aimed.iter().any(|a| a.settings().prefix == prefix && a.connected().is_some());
    let mut lone = lasting.iter().filter(|a| a.settings().prefix.is_some() && !passes(a.settings().prefix));
    let Some(lone) = lone.next().copied() else { return Ruling::excluded(passing) };
    let walked = compared(evidence, lone.to());
    let place = place_of(evidence, lone.to(), Transport::Tcp);
    let stopped = place.as_ref().filter(|p| !p.open_to_the_end && !p.past_the_shared_way && p.location.next.is_some());
    let hop = stopped.and_then(|p| p.location.hop).filter(|hop| *hop > 0);
    let (suspect, next_test) =
        (lone.settings().prefix, "walk the TTL along the way to the silent address and others of its prefix");
    match (walked, hop) {
        (false, _) => {
            let passing = a_passing_control(evidence, lone.to());
            let question = passing.map(|passing| WHERE.of(Where::tcp(lone.to(), passing)));
            Ruling::doubt(next_test, question.into_iter().collect())
        }
        (true, Some(hop)) => match reach_beyond(evidence, hop) {
            None => Ruling::doubt(next_test, vec![PREFIXES.of(Prefixes { beyond: hop, suspect })]),
            Some(reach) if suspect.is_some_and(|prefix| reach.shut.contains_key(&prefix)) => {
                dropped(evidence, &[lone], Beside::Others)
            }
            Some(reach) => Ruling::excluded([passing, reach.ids].concat()),
        },
        // The way is open as far as others' is: one dead host, or one that nobody serves any more.
        (true, None) => Ruling::excluded([passing, place.map(|p| p.ids).unwrap_or_default()].concat()),
    }
}

/// Whether other addresses of Zoom's pass.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Beside {
    Nothing,
    Others,
}

/// These addresses are silent: where on the way, or whether at its end.
fn dropped(evidence: &Evidence, affected: &[Attempt<'_>], beside: Beside) -> Ruling {
    let Some(first) = first_walked(evidence, affected) else { return Ruling::silent() };
    let to = first.to();
    let host = first.host().unwrap_or_default().to_owned();
    let place = place_of(evidence, to, Transport::Tcp);
    let mut ruling = Ruling::silent();
    if place.is_none()
        && let Some(passing) = a_passing_control(evidence, to)
        && !compared(evidence, to)
    {
        let mut questions = vec![WHERE.of(Where::tcp(to, passing)), STATUS_PAGE.of(())];
        if aimed(evidence).iter().any(|a| !a.ended(Stage::Connect, How::Silent)) {
            // Beside the walk, which takes as long: what is open in the end needs two tries to be told as failing. Where
            // nothing of Zoom's came back the walk began before its silence was told, and ends first.
            questions.push(AGAIN.of(HostAt::new(host, to)));
        }
        ruling.open =
            Some(Doubt { next_test: "walk the TTL along Zoom's flow and a neutral one".to_owned(), questions });
    }
    if place.is_some()
        && let Some(again) = walk_again(evidence, to, Transport::Tcp)
    {
        return Ruling::doubt(
            "walk the TTL along Zoom's flow again, alone: routers spare their errors here",
            vec![again],
        );
    }
    let page = status_page(evidence);
    if place.as_ref().is_some_and(crate::verdict::measure::place::Place::open_to_the_last_router)
        && !admits_trouble(evidence)
    {
        let questions = page.is_none().then_some(STATUS_PAGE.of(())).into_iter().collect();
        return Ruling::doubt(NOTHING_COMES_BACK, questions);
    }
    if place.as_ref().is_some_and(|p| p.open_to_the_end) {
        let other_port =
            evidence.ladders().find(|l| l.to() == to).and_then(|l| the_address_by_another_port(evidence, l));
        if other_port.is_some() {
            // The host is alive and the way open: its answers from this port alone do not come.
            return Ruling::doubt(NOTHING_COMES_BACK, Vec::new());
        }
        // The way is open to the last routers: silence is the far end's.
        return Ruling::excluded(place.map(|p| p.ids).unwrap_or_default());
    }
    let past = place.as_ref().is_some_and(|p| p.past_the_shared_way);
    let prefixes: std::collections::BTreeSet<_> = affected.iter().filter_map(|a| a.settings().prefix).collect();
    if past && (beside == Beside::Others || prefixes.len() < 2 || page.is_none() || admits_trouble(evidence)) {
        // What the near network can stop it let pass. All of Zoom's networks do not die unnoticed at once; one may.
        let questions = page.is_none().then_some(STATUS_PAGE.of(())).into_iter().collect();
        let next_test = "try from another network: Zoom's flow passes every router that others pass, so its silence comes \
                         from farther on, from Zoom, or from a filter of answers";
        return Ruling::doubt(next_test, questions);
    }
    if place.is_none() && admits_trouble(evidence) {
        // Silence is then as likely Zoom's: only a place on the way makes it a filter's.
        return Ruling { open: ruling.open, ..Ruling::silent() };
    }
    let located = place.as_ref().is_some_and(|p| p.location.next.is_some());
    // Short of the first router it is this computer's own filter, or a box on the link that no TTL shows.
    let near = place.as_ref().is_some_and(|p| p.location.hop == Some(0));
    let confidence = match (past, located && !near) {
        (true, _) => 0.65,
        (false, true) => 0.96,
        (false, false) => 0.75,
    };
    let controls = controls_that_connect(evidence);
    let mut because: Vec<u32> = affected.iter().map(|a| a.id()).chain(controls.into_iter().take(3)).collect();
    because.extend(place.iter().flat_map(|p| p.ids.clone()));
    let location = place.filter(|p| !p.past_the_shared_way).map(|p| p.location);
    let mut claim = Claim {
        owner: near.then_some(Owner::User),
        scope: scope_of(affected.iter().copied()),
        blocks: any_decisive(evidence, affected.iter().filter_map(|a| a.host())) && sign_in_fails(evidence),
        ..claim(confidence, because)
    };
    if let Some(hop) = location.as_ref().filter(|_| located && !near).and_then(|l| l.hop) {
        ruling.open = covered(evidence, hop, &mut claim);
    }
    // The last router that shows itself is none to blame where others' packets go no other way.
    claim.location = location;
    ruling.claims.push(claim);
    ruling
}

/// The silent tries that make a gap in an allow list: two addresses of a prefix none of which passes.
fn gap<'a>(aimed: &[Attempt<'a>], silent: &[Attempt<'a>]) -> Vec<Attempt<'a>> {
    let shut = |prefix| {
        let of_it = |a: &&Attempt<'_>| a.settings().prefix == prefix;
        let addresses: std::collections::BTreeSet<_> = silent.iter().filter(of_it).map(|a| a.to()).collect();
        addresses.len() >= 2 && !aimed.iter().filter(of_it).any(|a| a.connected().is_some())
    };
    silent.iter().copied().filter(|a| a.settings().prefix.is_some() && shut(a.settings().prefix)).collect()
}
