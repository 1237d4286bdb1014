//! Nothing leaves this network directly, and a proxy that is not set here leads out.

use why5003_probes::model::{Layer, Proxy, ProxySays, ProxyScheme, Stage};
use why5003_probes::wire::proxy_settings::{DIRECT, Script};

use super::prelude::*;
use crate::evidence::SetWay;
use crate::experiment::proxies;
use crate::verdict::measure::failing_proxy::through;

pub(super) const CAUSE: Cause = Cause {
    id: "proxy.required",
    title: "This network lets nobody out but through a proxy, which is not set here",
    layer: Layer::Proxy,
    owner: Owner::User,
    masks: &["path.internet-down", "path.blackhole", "dns.*", "filter.*", "zoom.*"],
    effects: &[],
    meaning: "No neutral host can be reached directly, any more than Zoom can, while a proxy of this network opens the way to Zoom: one that it \
              offers by WPAD or at its gateway, or one that is set for plain HTTP alone, or for other hosts than Zoom's. What a filter does to \
              the direct way is then by design.",
    proof: "curl -sI -m 5 https://example.com; curl -sI -m 5 -x {proxy} https://zoom.us",
    remedies: &[
        Mend {
            os: "linux",
            who: Owner::User,
            text: "Set the proxy {proxy} for HTTPS, then restart Zoom, and sign in to the proxy if it asks.",
            command: "export https_proxy={proxy}; gsettings set org.gnome.system.proxy mode manual",
        },
        Mend {
            os: "any",
            who: Owner::User,
            text: "Set the proxy {proxy} for HTTPS in the system's network settings, then restart Zoom.",
            command: "",
        },
        Mend {
            os: "any",
            who: Owner::Network,
            text: "Hand the proxy's setting to the computers of this network, or let TCP 443 to Zoom pass directly.",
            command: "",
        },
    ],
    sources: &[
        "Zoom KB0060548 (proxy)",
        "draft-ietf-wrec-wpad-01 (Web Proxy Auto-Discovery)",
        "curl(1), environment (https_proxy)",
    ],
    rule,
};

fn rule(evidence: &Evidence) -> Ruling {
    let direct: Vec<_> = controls(evidence).collect();
    let passing: Vec<u32> = direct.iter().filter(|a| a.connected().is_some()).map(|a| a.id()).take(3).collect();
    if !passing.is_empty() {
        return Ruling::excluded(passing);
    }
    let closed = |a: &&Attempt<'_>| a.failure().is_some_and(|f| f.stage == Stage::Connect) && !a.icmp().any(|i| i.own);
    let closed: Vec<_> = direct.iter().filter(closed).collect();
    let destinations: BTreeSet<_> = closed.iter().map(|a| a.to()).collect();
    // What is set and tried is judged by what came of it.
    let by_set_proxy = evidence.attempts().any(|a| is_zoom(a.role()) && a.proxied() && evidence.is_sent(a));
    if destinations.len() < 2 || by_set_proxy || !sign_in_fails(evidence) {
        return Ruling::silent();
    }
    let offered: Vec<_> = evidence
        .attempts()
        .filter(|a| a.proxied() && a.baseline() && a.host().is_some_and(|host| decisive(evidence, host)))
        .collect();
    // One that asks who is there is a proxy, and would let out whom it knows.
    let asks = |a: &Attempt<'_>| a.tunnel().is_some_and(|t| t.status == 407);
    let found = offered.iter().find(|a| a.works()).or(offered.iter().find(|a| asks(a)));
    let Some(leads_out) = found.copied() else {
        if offered.is_empty() && evidence.scripts().next().is_none() {
            let next_test = "look for a proxy: by WPAD, at the gateway, or the one that is set for plain HTTP";
            return Ruling::doubt(next_test, vec![OFFERED_PROXIES.of(())]);
        }
        return Ruling::excluded(offered.iter().map(|a| a.id()).collect());
    };
    let proxy = through(leads_out).map(ToString::to_string).unwrap_or_default();
    let (source, known_by) = source_of(evidence, &proxy, leads_out.host().unwrap_or_default());
    let mut details: BTreeMap<String, String> = [("proxy".to_owned(), proxy), ("source".to_owned(), source)].into();
    if let Some(tunnel) = leads_out.tunnel().filter(|t| t.status != 200) {
        details.insert("status".to_owned(), tunnel.status.to_string());
        details.insert("schemes".to_owned(), tunnel.schemes.join(", "));
    }
    let tried = closed.iter().map(|a| a.id()).take(MOST_CITED);
    Ruling::claim(Claim {
        details,
        scope: scope_of_names(evidence.background().decisive_hosts()),
        blocks: true,
        ..Claim::of(
            if leads_out.works() { Confidence::Confirmed } else { Confidence::Indicated },
            [leads_out.id()].into_iter().chain(known_by).chain(tried).collect(),
        )
    })
}

/// By what this computer could have known of a proxy: a setting that is not for Zoom over HTTPS, a script, or its place; and
/// the observation that tells so.
fn source_of(evidence: &Evidence, proxy: &str, host: &str) -> (String, Option<u32>) {
    let half_set =
        |set: &SetWay<'_>| matches!(&set.setting.says, ProxySays::ForHttp(p) | ProxySays::Use(p) if p == proxy);
    if let Some(set) = evidence.set_ways().find(half_set) {
        let why = match set.setting.says {
            ProxySays::ForHttp(_) => "for plain HTTP alone".to_owned(),
            _ => format!("which exempts {host}"),
        };
        return (format!("{}, {why}", set.setting.source), Some(set.id));
    }
    let chose = |way: &String| way != DIRECT && way == proxy;
    let script = evidence.scripts().find(|run| run.choices().any(|choice| choice.ways.iter().any(chose)));
    match script {
        Some(script) => ("wpad".to_owned(), Some(script.id())),
        None => ("an open proxy port at the gateway".to_owned(), None),
    }
}

/// Failing tries that are named as the ground; more say the same.
const MOST_CITED: usize = 6;

/// Does a proxy lead out that this network offers, by WPAD or at its gateway, or that is set for plain HTTP alone?
const OFFERED_PROXIES: Experiment<()> = Experiment::new("offered-proxies", |setup, ()| offered(setup));

fn offered(setup: &Setup<'_>) -> Vec<Probe> {
    let at_gateways = setup.gateways.iter().filter(|gateway| setup.may_use(**gateway)).flat_map(|gateway| {
        PROXY_PORTS.map(|port| Proxy { scheme: ProxyScheme::Http, host: gateway.to_string(), port, credentials: None })
    });
    let known = |proxy: &Proxy| setup.proxies.contains(proxy);
    let offers: Vec<Proxy> = setup.for_http.iter().cloned().chain(at_gateways).filter(|p| !known(p)).collect();
    let mut probes: Vec<Probe> = offers.iter().flat_map(|proxy| proxies::through(setup, proxy)).collect();
    probes.push(proxies::fetched(setup, &Script::discovered()));
    probes.into_iter().map(in_short).collect()
}

fn in_short(probe: Probe) -> Probe {
    let settings = Settings { wait_ms: Some(OFFER_MS), ..probe.settings.clone() };
    probe.with(settings)
}

/// The ports at which proxies usually listen: squid's, and HTTP's alternative one (IANA).
const PROXY_PORTS: [u16; 2] = [3128, 8080];

/// How long each step by an offered proxy may take: it is near, and what it leads to answers within a second or never.
const OFFER_MS: u32 = 2500;
