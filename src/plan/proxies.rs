//! The looks at proxies: those that are set, those that a script names, and those that a network may offer.

use why5003_probes::model::{Fact, Look, Observation, Proxy, ProxyScheme, Role, Settings};
use why5003_probes::wire::proxy_settings::{DIRECT, Script};

use super::{Plan, first, looks};

/// The ports at which proxies usually listen: squid's, and HTTP's alternative one (IANA).
const PROXY_PORTS: [u16; 2] = [3128, 8080];

/// Ports that proxies let through beside 443: of news over TLS and of alternative HTTPS (squid's own configuration), and HTTP's.
const OTHER_PORTS: [u16; 3] = [563, 8443, 80];

/// How long each step by an offered proxy may take: it is near, and what it leads to answers within a second or never.
const OFFER_MS: u32 = 2500;

/// How many proxies of a script's choice are tried for one host: a client has given up before it comes to more.
const CHOSEN: usize = 2;

/// The looks by every proxy and script that is set.
pub(super) fn set(plan: &Plan<'_>) -> Vec<Look> {
    let mut looks: Vec<Look> = plan.here.proxies.iter().flat_map(|proxy| through(plan, proxy)).collect();
    looks.extend(plan.here.scripts.iter().map(|script| fetched(plan, script)));
    looks
}

/// The looks by the proxies that a script chose.
pub(super) fn chosen(plan: &Plan<'_>, seen: &Observation) -> Vec<Look> {
    let mut looks: Vec<Look> = Vec::new();
    for fact in &seen.facts {
        let Fact::PacChoice(choice) = fact else { continue };
        let Some(host) = plan.catalogue.host(&choice.host) else { continue };
        for proxy in choice.ways.iter().filter(|way| *way != DIRECT).filter_map(|way| way.parse().ok()).take(CHOSEN) {
            looks.push(looks::web_through(&host.name, first::role(host), host.port, &proxy));
            looks.extend(neutral(plan, &proxy));
        }
    }
    looks
}

/// The looks by proxies that are not set for HTTPS, and that this network may offer: by WPAD, at the gateways, or as the
/// proxy for plain HTTP.
pub(super) fn offered(plan: &Plan<'_>) -> Vec<Look> {
    let at_gateways = plan.here.gateways.iter().filter(|gateway| plan.may_use(**gateway)).flat_map(|gateway| {
        PROXY_PORTS.map(|port| Proxy { scheme: ProxyScheme::Http, host: gateway.to_string(), port, credentials: None })
    });
    let known = |proxy: &Proxy| plan.here.proxies.contains(proxy);
    let offers: Vec<Proxy> = plan.here.for_http.iter().cloned().chain(at_gateways).filter(|p| !known(p)).collect();
    let mut looks: Vec<Look> = offers.iter().flat_map(|proxy| through(plan, proxy)).collect();
    looks.push(fetched(plan, &Script::discovered()));
    looks.into_iter().map(in_short).collect()
}

/// The tunnels to ports that proxies let through beside that of HTTPS.
pub(super) fn other_ports(plan: &Plan<'_>, proxy: &Proxy) -> Vec<Look> {
    let Some(control) = plan.catalogue.controls.first() else { return Vec::new() };
    OTHER_PORTS.map(|port| looks::tunnel(&control.name, Role::Control, port, proxy)).into()
}

fn through(plan: &Plan<'_>, proxy: &Proxy) -> Vec<Look> {
    let decisive = plan.catalogue.hosts.iter().filter(|host| host.decisive);
    let mut looks: Vec<Look> =
        decisive.map(|host| looks::web_through(&host.name, Role::SignIn, host.port, proxy)).collect();
    looks.extend(neutral(plan, proxy));
    looks
}

/// The tunnel to a neutral host.
pub(super) fn neutral(plan: &Plan<'_>, proxy: &Proxy) -> Option<Look> {
    plan.catalogue.controls.first().map(|control| looks::tunnel(&control.name, Role::Control, control.port, proxy))
}

fn fetched(plan: &Plan<'_>, script: &Script) -> Look {
    let decisive = plan.catalogue.hosts.iter().filter(|host| host.decisive);
    let look = looks::script(&script.host, script.port, &script.path);
    let names = Some(decisive.map(|host| host.name.clone()).collect());
    let settings = Settings { names, ..look.settings.clone() };
    look.with(settings)
}

fn in_short(look: Look) -> Look {
    let settings = Settings { wait_ms: Some(OFFER_MS), ..look.settings.clone() };
    look.with(settings)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use why5003_probes::model::PacChoice;

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
            look: fetched(&plan, &Script::discovered()),
            started: Duration::ZERO,
            took: Duration::ZERO,
            facts: vec![choice],
            failure: None,
        };
        let looks = chosen(&plan, &seen);
        let spelled: Vec<String> = looks.iter().map(|look| format!("{} {}", look.probe, look.via)).collect();
        assert_eq!(spelled, ["tls proxy http://proxy.example:3128", "proxy proxy http://proxy.example:3128"]);
    }
}
