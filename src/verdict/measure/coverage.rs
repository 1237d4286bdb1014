//! How much of Zoom a filter covers: which published prefixes' packets came past it, as far as routers behind it told.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use ipnet::IpNet;
use why5003_probes::model::{How, Observation, ProbeName, Role};

use crate::evidence::Evidence;
use crate::verdict::claim::Claim;
use crate::verdict::model::Scope;

/// Which prefixes' packets came past a hop.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::verdict) struct Coverage {
    /// Prefixes of which no address that was asked was reached, and the addresses: two each at least.
    pub(in crate::verdict) shut: BTreeMap<IpNet, Vec<SocketAddr>>,
    /// Prefixes of which one was.
    pub(in crate::verdict) passing: Vec<IpNet>,
    /// The probes.
    pub(in crate::verdict) ids: Vec<u32>,
}

/// What packets that were to die just behind this hop tell; `None` where none were sent.
pub(in crate::verdict) fn coverage_beyond(evidence: &Evidence, hop: u8) -> Option<Coverage> {
    let sent: Vec<&Observation> = evidence
        .observations()
        .iter()
        .filter(|o| {
            o.probe.kind == ProbeName::Tcp
                && o.probe.role == Role::Range
                && o.probe.settings.ttl.is_some_and(|t| t > hop)
        })
        .collect();
    // An answer that only a second packet got shows a router that limits what it sends: then silence says nothing.
    let limited = sent.iter().any(|o| came_past(o) && o.took >= LATE);
    let mut by_prefix: BTreeMap<IpNet, Vec<&Observation>> = BTreeMap::new();
    for probe in &sent {
        if let Some(prefix) = probe.probe.settings.prefix {
            by_prefix.entry(prefix).or_default().push(probe);
        }
    }
    let mut coverage = Coverage { ids: sent.iter().map(|o| o.id).collect(), ..Coverage::default() };
    for (prefix, probes) in by_prefix {
        let told = |o: &&Observation| !(limited && o.failure.as_ref().is_some_and(|f| f.how == How::Silent));
        if probes.iter().any(|o| came_past(o)) {
            coverage.passing.push(prefix);
        } else if probes.len() >= FLOOR && probes.iter().all(told) {
            coverage.shut.insert(prefix, probes.iter().filter_map(|o| o.probe.target.socket()).collect());
        }
    }
    (!sent.is_empty()).then_some(coverage)
}

impl Coverage {
    /// Adds to a claim which prefixes it covers and which it spares.
    pub(in crate::verdict) fn widen(&self, claim: &mut Claim) {
        let Scope { prefixes, .. } = &mut claim.scope;
        for prefix in self.shut.keys() {
            if !prefixes.contains(prefix) {
                prefixes.push(*prefix);
            }
        }
        let spared: Vec<String> =
            self.passing.iter().filter(|prefix| !prefixes.contains(prefix)).map(ToString::to_string).collect();
        let covers = match (prefixes.len(), spared.is_empty()) {
            (0, _) => return,
            (many, true) => format!("every one of Zoom's prefixes that was tried ({many})"),
            (_, false) => format!("a part of Zoom's prefixes: {} pass the same hop", spared.join(", ")),
        };
        claim.details.insert("covers".to_owned(), covers);
        claim.because.extend(self.ids.iter().copied());
    }
}

/// A router behind the hop said that the packet died there, or the address itself answered.
fn came_past(seen: &Observation) -> bool {
    seen.failure.as_ref().is_none_or(|failure| failure.how == How::Expired)
}

/// DESIGN: a gap in an allow list needs two addresses of the prefix.
const FLOOR: usize = 2;

/// Nearly the time after which the kernel sends a SYN again (RFC 6298, section 2.1).
const LATE: Duration = Duration::from_millis(900);
