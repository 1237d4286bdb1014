//! A proxy script, as it was fetched and run.

use why5003_probes::model::{Fact, Failure, Observation, PacChoice, ProbeName, Via};
use why5003_probes::wire::proxy_settings::Script;

/// What came of fetching a script, and of running it.
#[derive(Clone, Copy, Debug)]
pub struct ScriptRun<'a> {
    seen: &'a Observation,
}

impl<'a> ScriptRun<'a> {
    pub(super) fn of(seen: &'a Observation) -> Option<Self> {
        let fetches = seen.probe.kind == ProbeName::Proxy && seen.probe.via == Via::Direct;
        fetches.then_some(Self { seen })
    }

    /// The observation's number.
    pub fn id(self) -> u32 {
        self.seen.id
    }

    /// Whether it is this script's.
    pub fn is(self, script: &Script) -> bool {
        script.is_fetched_by(&self.seen.probe.target, &self.seen.probe.settings)
    }

    /// Why it was not to be had.
    pub fn failure(self) -> Option<&'a Failure> {
        self.seen.failure.as_ref()
    }

    /// What it chose, host by host.
    pub fn choices(self) -> impl Iterator<Item = &'a PacChoice> {
        self.seen.facts.iter().filter_map(|fact| if let Fact::PacChoice(choice) = fact { Some(choice) } else { None })
    }

    /// What it chose for this host.
    pub fn choice(self, host: &str) -> Option<&'a PacChoice> {
        self.choices().find(|choice| choice.host == host)
    }
}
