//! The probes at proxies that are set, and at those that a script names.

use why5003_probes::model::{Fact, Observation, Probe};
use why5003_probes::wire::proxy_settings::DIRECT;

use super::Plan;
use crate::experiment::proxies::{fetched, neutral, through};
use crate::experiment::{probes, role};

/// How many proxies of a script's choice are tried for one host: a client has given up before it comes to more.
const CHOSEN: usize = 2;

/// The probes by every proxy and script that is set.
pub(super) fn set(plan: &Plan<'_>) -> Vec<Probe> {
    let setup = plan.setup();
    let mut probes: Vec<Probe> = plan.here.proxies.iter().flat_map(|proxy| through(&setup, proxy)).collect();
    probes.extend(plan.here.scripts.iter().map(|script| fetched(&setup, script)));
    probes
}

/// The probes by the proxies that a script chose.
pub(super) fn chosen(plan: &Plan<'_>, seen: &Observation) -> Vec<Probe> {
    let mut probes: Vec<Probe> = Vec::new();
    for fact in &seen.facts {
        let Fact::PacChoice(choice) = fact else { continue };
        let Some(host) = plan.catalogue.host(&choice.host) else { continue };
        for proxy in choice.ways.iter().filter(|way| *way != DIRECT).filter_map(|way| way.parse().ok()).take(CHOSEN) {
            probes.push(probes::web_through(&host.name, role(host), host.port, &proxy));
            probes.extend(neutral(&plan.setup(), &proxy));
        }
    }
    probes
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use why5003_probes::model::PacChoice;
    use why5003_probes::wire::proxy_settings::Script;

    use super::*;
    use crate::catalogue::Catalogue;
    use crate::plan::Wishes;

    #[test]
    fn a_script_s_proxies_are_tried_and_its_direct_way_is_no_proxy_of_that_name() {
        let catalogue = Catalogue::embedded();
        let plan = Plan::new(&catalogue, Wishes::default());
        let ways = vec!["direct".to_owned(), "http://proxy.example:3128".to_owned()];
        let choice = Fact::PacChoice(PacChoice { host: "zoom.us".to_owned(), ways, fault: None });
        let seen = Observation {
            id: 0,
            probe: fetched(&plan.setup(), &Script::discovered()),
            started: Duration::ZERO,
            took: Duration::ZERO,
            facts: vec![choice],
            failure: None,
        };
        let probes = chosen(&plan, &seen);
        let spelled: Vec<String> = probes.iter().map(|probe| format!("{} {}", probe.kind, probe.via)).collect();
        assert_eq!(spelled, ["tls proxy http://proxy.example:3128", "proxy proxy http://proxy.example:3128"]);
    }
}
