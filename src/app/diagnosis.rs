//! One diagnosis, from tools to report.

use std::cell::Cell;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use why5003_probes::model::{Fact, Family, Interface, Observation, ProxySetting};

use super::head::{milliseconds, remedy_os, rfc3339, this_program};
use super::{LoadedCatalogue, Overrides};
use crate::evidence::{Background, Evidence, NotProbed};
use crate::plan::{Plan, Wishes};
use crate::report::{Report, SCHEMA, StoppedBy, Vantage};
use crate::run::{self, Event, Standing, Tools};
use crate::verdict::{Judgement, Status, judge};

/// What is diagnosed, with what, and how.
#[derive(Clone)]
pub struct Diagnosis {
    /// How.
    pub settings: DiagnosisSettings,
    /// What probes are made with.
    pub tools: Tools,
    /// What is probed against.
    pub catalogue: LoadedCatalogue,
}

/// How a diagnosis is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiagnosisSettings {
    /// The run ends after so long, and what was seen by then is judged; 20 seconds unless told.
    pub deadline: Duration,
    /// The one address family to use; both unless told.
    pub family: Option<Family>,
    /// What stands in the place of the system's own settings.
    pub overrides: Overrides,
}

impl Default for DiagnosisSettings {
    fn default() -> Self {
        Self { deadline: DEADLINE, family: None, overrides: Overrides::default() }
    }
}

/// A user waits so long, and what is silent has been asked often enough by then.
const DEADLINE: Duration = Duration::from_secs(20);

/// Probes, judges, probes again until nothing is open, and writes it up.
///
/// `events` hears of every probe. The run ends early when `stop` comes; the report then says that it is not complete.
pub async fn diagnose(
    diagnosis: &Diagnosis,
    events: &mut dyn FnMut(Event<'_>),
    stop: impl Future<Output = ()>,
) -> Report {
    let Diagnosis { settings, tools, catalogue } = diagnosis;
    let tools = settings.overrides.over(tools.clone());
    let (started, began) = (tools.clock.wall(), tools.clock.elapsed());
    let background = Background::new(Arc::clone(&catalogue.catalogue), remedy_os(tools.system.name()));
    let wishes = Wishes { proxy: settings.overrides.proxy.clone(), family: settings.family };
    let plan = Plan::new(&catalogue.catalogue, wishes);
    let mut growing = Growing::new(background.clone());
    let interrupted = Cell::new(false);
    let stop = async {
        stop.await;
        interrupted.set(true);
    };
    let gathered = run::diagnose(
        tools.clone(),
        plan,
        settings.deadline,
        &mut |seen, missed| standing(growing.up_to(seen, missed)),
        events,
        stop,
    )
    .await;
    let took = tools.clock.elapsed().saturating_sub(began);
    let stopped_by = match (gathered.incomplete, interrupted.get()) {
        (false, _) => None,
        (true, true) => Some(StoppedBy::Interrupt),
        (true, false) => Some(StoppedBy::Deadline),
    };
    let evidence = Evidence::new(gathered.observations, gathered.not_probed, background);
    Report {
        schema: SCHEMA.to_owned(),
        tool: this_program(),
        started: rfc3339(started),
        duration_ms: milliseconds(took),
        complete: stopped_by.is_none(),
        stopped_by,
        catalogue: catalogue.stamp(),
        vantage: vantage(&tools, &evidence),
        verdict: judge(&evidence).verdict,
        observations: evidence.into_observations(),
    }
}

/// Evidence that grows with a run: each observation is taken over once, however often it is judged.
struct Growing {
    evidence: Evidence,
    seen: usize,
    missed: usize,
}

impl Growing {
    fn new(background: Background) -> Self {
        Self { evidence: Evidence::new(Vec::new(), Vec::new(), background), seen: 0, missed: 0 }
    }

    /// The evidence of all that a run has so far; both lists only grow at their ends.
    fn up_to(&mut self, seen: &[Observation], missed: &[NotProbed]) -> &Evidence {
        let new = |from: usize| seen.get(from..).unwrap_or_default().to_vec();
        let new_missed = |from: usize| missed.get(from..).unwrap_or_default().to_vec();
        self.evidence.add(new(self.seen), new_missed(self.missed));
        (self.seen, self.missed) = (seen.len(), missed.len());
        &self.evidence
    }
}

fn standing(evidence: &Evidence) -> Standing {
    let Judgement { verdict, questions, names } = judge(evidence);
    let content = verdict.status == Status::Healthy;
    Standing { questions, content, names }
}

fn vantage(tools: &Tools, evidence: &Evidence) -> Vantage {
    let mut interfaces: Vec<Interface> = Vec::new();
    let mut resolvers: Vec<SocketAddr> = Vec::new();
    let mut proxies: Vec<ProxySetting> = Vec::new();
    for fact in evidence.observations().iter().flat_map(|o| &o.facts) {
        match fact {
            Fact::Interface(interface) if !interface.addresses.is_empty() => interfaces.push(interface.clone()),
            Fact::Resolver(resolver) => resolvers.push(resolver.server),
            Fact::ProxySetting(proxy) => proxies.push(proxy.clone()),
            _ => {}
        }
    }
    Vantage {
        os: tools.system.name().to_owned(),
        privileged: tools.system.privileged(),
        interfaces,
        resolvers,
        proxies,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::parse;

    /// Observations come back in no order, a few at a time.
    #[test]
    fn what_grows_is_judged_like_what_was_there_at_once() {
        let recorded = parse(include_str!("../../benches/drop.json")).unwrap();
        let background = Background::new(Arc::new(crate::catalogue::Catalogue::embedded()), "linux");
        let mut seen = recorded.observations;
        let missed = recorded.verdict.not_probed;
        seen.reverse();
        let mut growing = Growing::new(background.clone());
        for many in [0, 7, 7, seen.len() / 2, seen.len()] {
            growing.up_to(seen.get(..many).unwrap(), missed.get(..missed.len().min(many)).unwrap());
        }
        let at_once = Evidence::new(seen.clone(), missed.clone(), background);
        assert_eq!(judge(growing.up_to(&seen, &missed)), judge(&at_once));
    }
}
