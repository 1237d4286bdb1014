//! Shared experiments with pages whose content is known.

use why5003_probes::model::{Probe, Role};

use super::{Experiment, Setup, probes};

/// What does Zoom's status page say?
pub const STATUS_PAGE: Experiment<()> = Experiment::new("status-page", |setup, ()| status_page(setup));

/// Do the other plain-HTTP pages come as they are known, and what do their servers say the time is?
pub const KNOWN_PAGES: Experiment<()> = Experiment::new("known-pages", |setup, ()| known_pages(setup));

fn status_page(setup: &Setup<'_>) -> Vec<Probe> {
    setup.catalogue.status.iter().map(|page| probes::by_system(&page.host, Role::Status)).collect()
}

fn known_pages(setup: &Setup<'_>) -> Vec<Probe> {
    let names = setup.catalogue.portals.iter().filter_map(|page| page.target.host.as_deref());
    names.map(|name| probes::by_system(name, Role::Portal)).collect()
}
