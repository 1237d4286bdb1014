//! What every cause's file needs: the record, the ruling, the evidence's views, and the common ways to weigh them.

pub(super) use std::collections::{BTreeMap, BTreeSet};
pub(super) use std::net::{IpAddr, SocketAddr};

pub(super) use why5003_probes::model::{Probe, Role, Settings};

pub(super) use crate::evidence::{Attempt, Evidence, Lookup, Named, Source, Traceroute};
pub(super) use crate::experiment::names::{INDEPENDENTLY, KNOWN_ADDRESSES, NEUTRAL_NAMES};
pub(super) use crate::experiment::pages::{KNOWN_PAGES, STATUS_PAGE};
pub(super) use crate::experiment::prefixes::{PREFIXES, Prefixes};
pub(super) use crate::experiment::tries::{AGAIN, HostAt, OTHER_NAMES, OTHER_PREFIXES};
pub(super) use crate::experiment::walks::{BESIDE, BesideFlow, WHERE, Where};
pub(super) use crate::experiment::{Beside, DNS, Experiment, Question, Setup, probes};
pub(super) use crate::verdict::cause::{Cause, Effect, Mend};
pub(super) use crate::verdict::claim::{Claim, distinct, scope_of, scope_of_names};
pub(super) use crate::verdict::confidence::Confidence;
pub(super) use crate::verdict::measure::attempts::*;
pub(super) use crate::verdict::measure::black_hole::black_hole;
pub(super) use crate::verdict::measure::certificates::{covers, shows_a_stranger};
pub(super) use crate::verdict::measure::coverage::coverage_beyond;
pub(super) use crate::verdict::measure::locate_flow::{
    compared, first_walked, locate_flow, the_address_by_another_port, walk_again,
};
pub(super) use crate::verdict::measure::locate_hello::{Trigger, locate_hello};
pub(super) use crate::verdict::measure::names::*;
pub(super) use crate::verdict::measure::premature_answer::premature_answer;
pub(super) use crate::verdict::measure::sign_in::sign_in_fails;
pub(super) use crate::verdict::measure::zoom_side::{admits_trouble, status_page};
pub(super) use crate::verdict::model::{Location, Owner, Scope};
pub(super) use crate::verdict::ruling::{Doubt, Ruling};

/// What a user can do while somebody else mends the network.
pub(super) const ANOTHER_NETWORK: Mend = Mend {
    os: "any",
    who: Owner::User,
    text: "Until then use another network, such as a phone's hotspot.",
    command: "",
};

/// Adds to a claim how much of Zoom a filter at this hop covers, as far as packets to its prefixes told.
///
/// Where all tries lie in one prefix it gives back what is left to ask.
pub(super) fn covered(evidence: &Evidence, hop: u8, claim: &mut Claim) -> Option<Doubt> {
    let tried: BTreeSet<_> = aimed(evidence).iter().filter_map(|a| a.settings().prefix).collect();
    let reach = coverage_beyond(evidence, hop);
    if reach.is_none() && tried.len() < 2 {
        return Some(Doubt {
            next_test: format!("send packets to others of Zoom's prefixes that die just behind hop {hop}"),
            questions: vec![PREFIXES.of(Prefixes { beyond: hop, suspect: None })],
        });
    }
    let mut reach = reach.unwrap_or_default();
    let connected = aimed(evidence).into_iter().filter(|a| a.connected().is_some()).filter_map(|a| a.settings().prefix);
    reach.passing.extend(connected);
    reach.passing = distinct(reach.passing);
    reach.widen(claim);
    None
}

/// What is left to do where the way to Zoom is open and Zoom's answers do not arrive.
pub(super) const NOTHING_COMES_BACK: &str = "look for Zoom's answers outside this network's edge (tcpdump -ni OUTSIDE src port 443), or try \
     from another network: the way there is open to its last router, so answers die on the way back, or Zoom is silent";

/// This computer itself, as a place.
pub(super) fn here() -> Location {
    Location { hop: Some(0), ..Location::default() }
}

/// Claims that differ only in the names they cover, as one claim that covers them all.
///
/// A fault of one resolver shows at every name: it is one finding.
pub(super) fn merged(mut ruling: Ruling) -> Ruling {
    let mut claims: Vec<Claim> = Vec::new();
    for claim in ruling.claims.drain(..) {
        // A name that only the system's library was asked for has no place of its own: it is the same resolver's doing.
        let same = |c: &&mut Claim| c.location == claim.location || c.location.is_none() || claim.location.is_none();
        match claims.iter_mut().find(same) {
            Some(first) => {
                first.location = first.location.take().or(claim.location);
                first.blocks |= claim.blocks;
                first.confidence = first.confidence.max(claim.confidence);
                first.scope.hosts.extend(claim.scope.hosts);
                first.because = distinct(first.because.iter().copied().chain(claim.because).collect());
                for (key, value) in claim.details {
                    first.details.entry(key).or_insert(value);
                }
            }
            None => claims.push(claim),
        }
    }
    ruling.claims = claims;
    ruling.excluded_by = distinct(std::mem::take(&mut ruling.excluded_by));
    ruling
}
