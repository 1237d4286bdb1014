//! What a sweep's report holds.

use std::net::SocketAddr;

use ipnet::IpNet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::model::{CatalogueStamp, Tool};
use crate::catalogue::PortRange;
use crate::sweep::{Assessment, Counts, PairAssessment, PairState};
use crate::verdict::{Location, Missing, Sampled, SweepVerdict};

/// The schema's name.
pub const SWEEP_SCHEMA: &str = "why5003.sweep/1";

/// A whole sweep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SweepReport {
    /// Always `why5003.sweep/1`.
    pub schema: String,
    /// The program that made it.
    pub tool: Tool,
    /// When it began, RFC 3339, UTC: in an earlier run, where it was resumed.
    pub started: String,
    /// How long this run took, in milliseconds.
    pub duration_ms: u64,
    /// What was swept.
    pub catalogue: CatalogueStamp,
    /// How it was asked: `connect`, `syn`, `udp`.
    pub engines: Vec<String>,
    /// Which part of the targets, such as `1/1`.
    pub shard: String,
    /// Addresses and ports in this part.
    pub targets: u64,
    /// Targets asked in this run, repetitions included.
    pub asked: u64,
    /// Responses that came after their time; they were asked again.
    pub late: u64,
    /// Whether it came to its end.
    pub complete: bool,
    /// What it concludes: `status`, `pair_counts` and `circumstances`.
    #[serde(flatten)]
    pub verdict: SweepVerdict,
    /// The same in a few sentences.
    pub summary: String,
    /// Addresses that nobody can own, and that answered: no `open` is believed then.
    pub forged: Vec<SocketAddr>,
    /// Wide ranges of ports, of which `pairs` has those that were asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sampled: Vec<Sampled>,
    /// Prefix by port.
    pub pairs: Vec<SweepPair>,
    /// What this network does not let through, in as few prefixes and ports as say it.
    pub gap: Vec<Missing>,
}

/// A prefix at a port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SweepPair {
    /// The prefix.
    #[schemars(with = "String")]
    pub prefix: IpNet,
    /// `tcp/443`.
    #[schemars(with = "String")]
    pub port: PortRange,
    /// `open`, `passes`, `blocked`, `reset`, `prohibited`, `partly` or `unknown`.
    #[schemars(with = "String")]
    pub state: PairState,
    /// How its targets responded.
    pub targets: Counts,
    /// The parts of the prefix that are blocked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub blocked: Vec<IpNet>,
    /// Where the first of them is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// Of how many targets it could not be told their state.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unknown: u64,
    /// Present where these are taken to pass, as the same prefix does at a port that is in the same state
    /// elsewhere.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub inferred: bool,
}

impl SweepPair {
    /// Whether it is known the state of all of its targets, as [`PairAssessment::is_known`] says.
    pub(super) fn is_known(&self) -> bool {
        self.state != PairState::Unknown && self.unknown == 0
    }
}

/// The pairs of a survey, in the report's form.
pub fn sweep_pairs(assessment: &Assessment) -> Vec<SweepPair> {
    assessment.pairs.iter().map(pair).collect()
}

fn pair(of: &PairAssessment) -> SweepPair {
    SweepPair {
        prefix: of.pair.prefix,
        port: of.pair.port.into(),
        state: of.state,
        targets: of.tally,
        blocked: of.blocked.iter().map(|part| part.prefix).collect(),
        location: of.blocked.first().map(|part| part.location),
        unknown: of.unknown,
        inferred: of.inferred,
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}
