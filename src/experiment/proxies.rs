//! The probes that go by a proxy, or fetch the script that chooses one.

use why5003_probes::model::{Probe, Proxy, Role, Settings};
use why5003_probes::wire::proxy_settings::Script;

use super::{Setup, probes};

/// The hosts of sign-in by this proxy, and a neutral one.
pub fn through(setup: &Setup<'_>, proxy: &Proxy) -> Vec<Probe> {
    let decisive = setup.catalogue.hosts.iter().filter(|host| host.decisive);
    let mut probes: Vec<Probe> =
        decisive.map(|host| probes::web_through(&host.name, Role::SignIn, host.port, proxy)).collect();
    probes.extend(neutral(setup, proxy));
    probes
}

/// The tunnel to a neutral host.
pub fn neutral(setup: &Setup<'_>, proxy: &Proxy) -> Option<Probe> {
    setup.catalogue.controls.first().map(|control| probes::tunnel(&control.name, Role::Control, control.port, proxy))
}

/// A script, and what it chooses for the hosts of sign-in.
pub fn fetched(setup: &Setup<'_>, script: &Script) -> Probe {
    let decisive = setup.catalogue.hosts.iter().filter(|host| host.decisive);
    let probe = probes::script(&script.host, script.port, &script.path);
    let names = Some(decisive.map(|host| host.name.clone()).collect());
    let settings = Settings { names, ..probe.settings.clone() };
    probe.with(settings)
}
