//! Looks for settling, taken one after the other, and what they brought.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use why5003_probes::model::{Fact, Hop, HopAnswer, How, IcmpError, Look, Observation};

use super::super::schedule::{Finish, Limits, Schedule, Tools};
use crate::sweep::Brought;

/// Takes looks one after the other at such a distance, and hands over what was seen by their place in the list.
pub(super) async fn seen(tools: &Tools, looks: Vec<Look>, gap: Duration) -> BTreeMap<u32, Observation> {
    let mut schedule = Schedule::new(tools.clone(), Limits::default());
    let mut seen = BTreeMap::new();
    let mut looks = (0..).zip(looks);
    let (mut next, mut at) = (looks.next(), Instant::now());
    loop {
        tokio::select! {
            biased;
            finish = schedule.next(), if schedule.pending().next().is_some() => {
                if let Some(Finish::Seen(observation)) = finish {
                    seen.insert(observation.id, *observation);
                }
            }
            () = sleep_until(at), if next.is_some() => {
                if let Some((id, look)) = next.take() {
                    schedule.push(id, look);
                }
                next = looks.next();
                at += gap;
            }
            else => return seen,
        }
    }
}

pub(super) fn hops(walk: &Observation) -> Vec<Hop> {
    walk.facts.iter().filter_map(|fact| if let Fact::Hop(hop) = fact { Some(hop.clone()) } else { None }).collect()
}

pub(super) fn brought(seen: &Observation) -> Brought {
    let icmp = |fact: &Fact| if let Fact::Icmp(IcmpError { from, .. }) = fact { *from } else { None };
    let from = seen.facts.iter().rev().find_map(icmp);
    let came = match seen.failure.as_ref().map(|failure| failure.how) {
        None => HopAnswer::Answered,
        Some(How::Expired) => HopAnswer::Expired,
        Some(How::Unreachable) => HopAnswer::Unreachable,
        Some(How::Refused | How::Reset) if from.is_none() => HopAnswer::Refused,
        // A port unreachable from the way is a prohibition, too.
        Some(How::Prohibited | How::Refused | How::Reset) => HopAnswer::Prohibited,
        Some(_) => HopAnswer::Silent,
    };
    Brought { came, from }
}
