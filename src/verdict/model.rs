//! What a judgement says, in the form that reports carry.

use std::collections::BTreeMap;

use ipnet::IpNet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
pub use why5003_probes::model::Location;

use crate::evidence::NotProbed;

/// The judgement of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Verdict {
    /// How the sign-in path stands.
    pub status: Status,
    /// The verdict in one sentence.
    pub summary: String,
    /// What is to blame, the root first.
    pub causes: Vec<Finding>,
    /// Near neighbours that the evidence excludes.
    pub ruled_out: Vec<RuledOut>,
    /// What could not be decided, each with its next test.
    pub open: Vec<Open>,
    /// What was not probed, and why.
    pub not_probed: Vec<NotProbed>,
}

/// How the sign-in path stands, seen from this computer.
///
/// Closed on purpose: these are the four exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It works and nothing else was found.
    Healthy,
    /// It works; something else of Zoom is impaired.
    Degraded,
    /// It does not work: a client would show 5003.
    Blocked,
    /// It could not be told.
    Unknown,
}

/// One cause, with what speaks for and against it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// The cause's id.
    pub id: String,
    /// The cause's title.
    pub title: String,
    /// 0.5 to 1: how sure the evidence makes it.
    pub confidence: f64,
    /// Who can mend it.
    pub owner: Owner,
    /// A root, or something a root brings about or that adds to it.
    pub role: FindingRole,
    /// Where on the way it sits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// How much it covers.
    #[serde(default, skip_serializing_if = "Scope::is_empty")]
    pub scope: Scope,
    /// What is particular to this cause, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub details: BTreeMap<String, String>,
    /// Observations that speak for it.
    pub because: Vec<u32>,
    /// Observations that speak against it.
    pub against: Vec<u32>,
    /// How to mend it.
    pub remedies: Vec<Remedy>,
}

/// Who can mend a cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Owner {
    /// The person at this computer.
    User,
    /// Whoever runs this network.
    Network,
    /// The internet provider.
    Isp,
    /// Zoom.
    Zoom,
}

/// Whether a finding is the root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FindingRole {
    /// Nothing else found explains it.
    Root,
    /// It adds to a root, or follows from it.
    Contributing,
}

/// How much a cause covers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Scope {
    /// Ports, such as `tcp/443`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<String>,
    /// Published prefixes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub prefixes: Vec<IpNet>,
    /// Names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
}

impl Scope {
    /// Whether nothing is known of it.
    pub fn is_empty(&self) -> bool {
        self.ports.is_empty() && self.prefixes.is_empty() && self.hosts.is_empty()
    }
}

/// One way to mend a cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Remedy {
    /// On which system: `any`, `linux`, `macos`, `windows`.
    pub os: String,
    /// Who does it.
    pub who: Owner,
    /// What to do, in one or two sentences.
    pub text: String,
    /// A command to copy, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
}

/// A cause that the evidence excludes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RuledOut {
    /// The cause's id.
    pub id: String,
    /// The observations that exclude it.
    pub because: Vec<u32>,
}

/// What could not be decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Open {
    /// The causes it could be.
    pub could_be: Vec<String>,
    /// What would settle it.
    pub next_test: String,
}
