//! What a trace finds, and what happens meanwhile.

use std::net::SocketAddr;

use why5003_probes::model::Family;

use super::super::common_path::{CommonPath, CommonPaths};
use super::super::reach::{Reach, Reaches};

/// What a trace found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TraceResult {
    /// How far packets to the targets come.
    pub reaches: Reaches,
    /// The common paths, by which that is known.
    pub common_paths: CommonPaths,
    /// The trace was stopped before its end.
    pub incomplete: bool,
    /// The trace's time was up before all was found out.
    pub out_of_time: bool,
    /// Targets that had answered the sweep do not answer any more: something shut this computer off meanwhile.
    pub shut_off: bool,
    /// Reference targets that did not answer: answers may be dropped on the way back, or the host is gone.
    pub unheard: Vec<SocketAddr>,
}

impl TraceResult {
    /// Takes over which reference targets of a family did not answer.
    pub(crate) fn of_known_hosts(&mut self, family: Family, unheard: &[SocketAddr]) {
        self.unheard.retain(|host| Family::of(host.ip()) != family);
        self.unheard.extend(unheard);
    }
}

/// What happens while a trace runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TraceEvent {
    /// So many targets are asked in such a way.
    Stage(&'static str, usize),
    /// The common path of a family; how far its targets' packets come, as it was known before, is forgotten.
    Shared {
        /// The family.
        family: Family,
        /// Its common path.
        common_path: CommonPath,
    },
    /// Reference targets of a family that did not answer.
    Unheard {
        /// The family.
        family: Family,
        /// These.
        hosts: Vec<SocketAddr>,
    },
    /// Packets to a target come so far.
    Reached(u64, Reach),
}
