//! The probes that go by a proxy, or fetch the script that chooses one.

use why5003_probes::model::{Look, Proxy, Role, Settings};
use why5003_probes::wire::proxy_settings::Script;

use super::{Setup, looks};

/// The hosts of sign-in by this proxy, and a neutral one.
pub fn through(setup: &Setup<'_>, proxy: &Proxy) -> Vec<Look> {
    let decisive = setup.catalogue.hosts.iter().filter(|host| host.decisive);
    let mut looks: Vec<Look> =
        decisive.map(|host| looks::web_through(&host.name, Role::SignIn, host.port, proxy)).collect();
    looks.extend(neutral(setup, proxy));
    looks
}

/// The tunnel to a neutral host.
pub fn neutral(setup: &Setup<'_>, proxy: &Proxy) -> Option<Look> {
    setup.catalogue.controls.first().map(|control| looks::tunnel(&control.name, Role::Control, control.port, proxy))
}

/// A script, and what it chooses for the hosts of sign-in.
pub fn fetched(setup: &Setup<'_>, script: &Script) -> Look {
    let decisive = setup.catalogue.hosts.iter().filter(|host| host.decisive);
    let look = looks::script(&script.host, script.port, &script.path);
    let names = Some(decisive.map(|host| host.name.clone()).collect());
    let settings = Settings { names, ..look.settings.clone() };
    look.with(settings)
}
