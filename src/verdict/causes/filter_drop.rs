//! TCP 443 to Zoom is dropped without a word.

use why5003_probes::model::{How, Layer, Stage, Transport};

use super::prelude::*;
use crate::verdict::measure::locate_flow::FlowLocation;
use crate::verdict::measure::rate_limit;

pub(super) const CAUSE: Cause = Cause {
    id: "filter.drop",
    title: "A filter drops TCP connections to Zoom silently",
    layer: Layer::Filter,
    owner: Owner::Network,
    masks: &["filter.sni", "filter.after-handshake", "filter.media-tcp"],
    effects: &[],
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
    dropped(evidence, &lasting, Others::Silent)
}

/// Some of Zoom's addresses pass: this may be a gap in an allow list.
///
/// Such a gap is two silent addresses of a prefix of which none passes. Or it is one whose way ends at a filter, if two more
/// addresses of its prefix do not pass the filter either.
fn a_part(evidence: &Evidence, aimed: &[Attempt<'_>], lasting: &[Attempt<'_>], passing: Vec<u32>) -> Ruling {
    if rate_limit::burst_result(evidence).is_some_and(|told| told.only_too_fast()) {
        return Ruling::excluded(rate_limit::bursts(evidence).map(|o| o.id).collect());
    }
    let affected = gap(aimed, lasting);
    if affected.len() >= 2 {
        return dropped(evidence, &affected, Others::Pass);
    }
    let passes = |prefix| aimed.iter().any(|a| a.settings().prefix == prefix && a.connected().is_some());
    let mut lone = lasting.iter().filter(|a| a.settings().prefix.is_some() && !passes(a.settings().prefix));
    let Some(lone) = lone.next().copied() else { return Ruling::excluded(passing) };
    let walked = compared(evidence, lone.to());
    let place = locate_flow(evidence, lone.to(), Transport::Tcp);
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
        (true, Some(hop)) => match coverage_beyond(evidence, hop) {
            None => Ruling::doubt(next_test, vec![PREFIXES.of(Prefixes { beyond: hop, suspect })]),
            Some(reach) if suspect.is_some_and(|prefix| reach.shut.contains_key(&prefix)) => {
                dropped(evidence, &[lone], Others::Pass)
            }
            Some(reach) => Ruling::excluded([passing, reach.ids].concat()),
        },
        // The way is open as far as others' is: one dead host, or one that nobody serves any more.
        (true, None) => Ruling::excluded([passing, place.map(|p| p.ids).unwrap_or_default()].concat()),
    }
}

/// Whether other addresses of Zoom's pass.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Others {
    /// None does.
    Silent,
    /// Some do.
    Pass,
}

/// These addresses are silent: where on the way, or whether at its end.
fn dropped(evidence: &Evidence, affected: &[Attempt<'_>], beside: Others) -> Ruling {
    let Some(first) = first_walked(evidence, affected) else { return Ruling::silent() };
    match locate_flow(evidence, first.to(), Transport::Tcp) {
        Some(place) => {
            not_a_filter(evidence, affected, beside, &place).unwrap_or_else(|| dropped_at(evidence, affected, place))
        }
        None => dropped_somewhere(evidence, affected, first),
    }
}

/// Nothing tells yet where.
fn dropped_somewhere(evidence: &Evidence, affected: &[Attempt<'_>], first: Attempt<'_>) -> Ruling {
    let open = walk(evidence, first);
    if admits_trouble(evidence) {
        // Silence is then as likely Zoom's: only a place on the way makes it a filter's.
        return Ruling { open, ..Ruling::silent() };
    }
    let because = with_controls(evidence, affected);
    let claim = Claim::about(evidence, affected, Confidence::Unlocated, because);
    Ruling { open, ..Ruling::claim(claim) }
}

fn walk(evidence: &Evidence, first: Attempt<'_>) -> Option<Doubt> {
    let to = first.to();
    let passing = a_passing_control(evidence, to).filter(|_| !compared(evidence, to))?;
    let mut questions = vec![WHERE.of(Where::tcp(to, passing)), STATUS_PAGE.of(())];
    if aimed(evidence).iter().any(|a| !a.ended(Stage::Connect, How::Silent)) {
        // Beside the walk, which takes as long: what is open in the end needs two tries to be told as failing. Where
        // nothing of Zoom's came back the walk began before its silence was told, and ends first.
        questions.push(AGAIN.of(HostAt::new(first.host().unwrap_or_default(), to)));
    }
    Some(Doubt { next_test: "walk the TTL along Zoom's flow and a neutral one".to_owned(), questions })
}

/// What the place says where it is no filter's, or not surely one.
fn not_a_filter(evidence: &Evidence, affected: &[Attempt<'_>], beside: Others, place: &FlowLocation) -> Option<Ruling> {
    let to = first_walked(evidence, affected)?.to();
    if let Some(again) = walk_again(evidence, to, Transport::Tcp) {
        let next_test = "walk the TTL along Zoom's flow again, alone: routers spare their errors here";
        return Some(Ruling::doubt(next_test, vec![again]));
    }
    let unread = status_page(evidence).is_none();
    let read_the_page = || unread.then(|| STATUS_PAGE.of(())).into_iter().collect();
    if place.open_to_the_last_router() && !admits_trouble(evidence) {
        return Some(Ruling::doubt(NOTHING_COMES_BACK, read_the_page()));
    }
    if place.open_to_the_end {
        let traceroute = evidence.traceroutes().find(|l| l.to() == to);
        let other_port = traceroute.and_then(|l| the_address_by_another_port(evidence, l));
        return Some(match other_port {
            // The host is alive and the way open: its answers from this port alone do not come.
            Some(_) => Ruling::doubt(NOTHING_COMES_BACK, Vec::new()),
            // The way is open to the last routers: silence is the far end's.
            None => Ruling::excluded(place.ids.clone()),
        });
    }
    let prefixes: BTreeSet<_> = affected.iter().filter_map(|a| a.settings().prefix).collect();
    // What the near network can stop it let pass. All of Zoom's networks do not die unnoticed at once; one may.
    let unsure = beside == Others::Pass || prefixes.len() < 2 || unread || admits_trouble(evidence);
    (place.past_the_shared_way && unsure).then(|| {
        let next_test = "try from another network: Zoom's flow passes every router that others pass, so its silence comes \
                         from farther on, from Zoom, or from a filter of answers";
        Ruling::doubt(next_test, read_the_page())
    })
}

/// A filter, at this place.
fn dropped_at(evidence: &Evidence, affected: &[Attempt<'_>], place: FlowLocation) -> Ruling {
    let located = place.location.next.is_some();
    // Short of the first router it is this computer's own filter, or a box on the link that no TTL shows.
    let near = place.location.hop == Some(0);
    let confidence = match (place.past_the_shared_way, located && !near) {
        (true, _) => Confidence::Contested,
        (false, true) => Confidence::Proven,
        (false, false) => Confidence::Unlocated,
    };
    let because = [with_controls(evidence, affected), place.ids].concat();
    let owner = near.then_some(Owner::User);
    let mut claim = Claim { owner, ..Claim::about(evidence, affected, confidence, because) };
    // The last router that shows itself is none to blame where others' packets go no other way.
    let location = (!place.past_the_shared_way).then_some(place.location);
    let hop = location.as_ref().filter(|_| located && !near).and_then(|l| l.hop);
    let open = hop.and_then(|hop| covered(evidence, hop, &mut claim));
    claim.location = location;
    Ruling { open, ..Ruling::claim(claim) }
}

/// The tries, and three neutral ones that passed.
fn with_controls(evidence: &Evidence, affected: &[Attempt<'_>]) -> Vec<u32> {
    affected.iter().map(|a| a.id()).chain(controls_that_connect(evidence).into_iter().take(3)).collect()
}

/// The silent tries that make a gap in an allow list: two addresses of a prefix none of which passes.
fn gap<'a>(aimed: &[Attempt<'a>], silent: &[Attempt<'a>]) -> Vec<Attempt<'a>> {
    let shut = |prefix| {
        let of_it = |a: &&Attempt<'_>| a.settings().prefix == prefix;
        let addresses: BTreeSet<_> = silent.iter().filter(of_it).map(|a| a.to()).collect();
        addresses.len() >= 2 && !aimed.iter().filter(of_it).any(|a| a.connected().is_some())
    };
    silent.iter().copied().filter(|a| a.settings().prefix.is_some() && shut(a.settings().prefix)).collect()
}
