//! The report of a run, in the form of the schema `why5003.report/1`.

use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use why5003_probes::model::{Interface, Observation, ProxySetting};

use crate::verdict::Verdict;

/// The schema's name.
pub const SCHEMA: &str = "why5003.report/1";

/// A whole run: verdict and evidence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// Always `why5003.report/1`.
    pub schema: String,
    /// The program that made it.
    pub tool: Tool,
    /// When the run began, RFC 3339, UTC.
    pub started: String,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// Whether the run came to its end: nothing was left that it could still ask.
    pub complete: bool,
    /// What ended it before that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped_by: Option<StoppedBy>,
    /// What was probed against.
    pub catalogue: CatalogueStamp,
    /// From where.
    pub vantage: Vantage,
    /// The judgement.
    pub verdict: Verdict,
    /// What was seen, in the order of the plan.
    pub observations: Vec<Observation>,
}

/// What ended a run before its end.
///
/// Closed on purpose: a run has a user and a deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StoppedBy {
    /// The user, or a scheduler.
    Interrupt,
    /// Its deadline.
    Deadline,
}

/// The program that made a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    /// `why5003`.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// Which catalogue a run used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CatalogueStamp {
    /// Its date.
    pub revision: String,
    /// Where it came from: `built in`, or a file.
    pub source: String,
    /// SHA-256 of its text, hexadecimal.
    pub sha256: String,
}

/// From where a run looked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Vantage {
    /// The operating system.
    pub os: String,
    /// Whether raw sockets could be used.
    pub privileged: bool,
    /// Interfaces with an address.
    pub interfaces: Vec<Interface>,
    /// Configured resolvers.
    pub resolvers: Vec<SocketAddr>,
    /// Proxy settings found.
    pub proxies: Vec<ProxySetting>,
}
