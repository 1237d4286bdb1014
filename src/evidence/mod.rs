//! All observations of a run, and the views that rules take of them.

use why5003_probes::kit::Observation;

/// What a rule would have to know before it can decide; the plan turns it into looks.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Question {}

/// All observations of a run.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    observations: Vec<Observation>,
}

impl Evidence {
    /// The observations, in the order of the plan.
    pub fn observations(&self) -> &[Observation] {
        &self.observations
    }
}
