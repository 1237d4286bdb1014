//! The proxy opens tunnels, but not to the port of HTTPS.

use why5003_probes::model::{Layer, Proxy};

use super::prelude::*;
use crate::verdict::measure::failing_proxy::{
    FailingProxy, HTTPS, first_failing, neutral_tries, neutral_tunnels, refuses,
};

pub(super) const CAUSE: Cause = Cause {
    id: "proxy.connect-port",
    title: "The proxy refuses tunnels to TCP 443",
    layer: Layer::Proxy,
    owner: Owner::Network,
    masks: &["proxy.denied"],
    effects: &[],
    meaning: "The proxy refuses CONNECT to port 443 of Zoom and of neutral hosts alike, and opens tunnels to other ports for this same computer: \
              a rule about ports leaves that of HTTPS out. Where it opens 443 for neutral hosts it is proxy.denied, a rule about names.",
    proof: "curl -v -x {proxy} https://example.com -m 10; curl -v -p -x {proxy} http://example.com -m 10",
    remedies: &[Mend {
        os: "any",
        who: Owner::Network,
        text: "Allow CONNECT to port 443 on the proxy {proxy}: in squid, `acl SSL_ports port 443`.",
        command: "",
    }],
    sources: &["RFC 9110, section 9.3.6 (CONNECT to a limited set of ports)", "Zoom KB0060548 (proxy)"],
    rule,
};

fn rule(evidence: &Evidence) -> Ruling {
    let of_https = |a: Attempt<'_>| a.to().port() == HTTPS;
    let failing = first_failing(evidence, |_| true, |a, t| of_https(a) && refuses(t), Confidence::Confirmed);
    let Some(FailingProxy { proxy, mut claim }) = failing else { return Ruling::silent() };
    let neutral = neutral_tunnels(evidence, &proxy);
    let opened: Vec<u32> = neutral.iter().filter(|a| !refuses(a.tunnel())).map(|a| a.id()).collect();
    if !opened.is_empty() {
        return Ruling::excluded(opened);
    }
    if neutral.is_empty() {
        return Ruling::silent();
    }
    let others: Vec<_> = neutral_tries(evidence, &proxy).filter(|a| !of_https(*a)).collect();
    if others.is_empty() {
        return Ruling::doubt("ask the same proxy for tunnels to other ports", vec![OTHER_PORTS.of(proxy)]);
    }
    // 5xx: it would have let the tunnel pass, and met nobody at its end.
    let allowed = |a: &&Attempt<'_>| a.tunnel().is_some_and(|t| t.status == 200 || t.status >= 500);
    let ports: Vec<String> = others.iter().filter(allowed).map(|a| a.to().port().to_string()).collect();
    let seen = |attempts: &[Attempt<'_>]| attempts.iter().map(|a| a.id()).collect::<Vec<_>>();
    if ports.is_empty() {
        return Ruling::excluded(seen(&others));
    }
    claim.details.insert("ports_allowed".to_owned(), ports.join(", "));
    claim.because.extend(seen(&neutral));
    claim.because.extend(seen(&others));
    Ruling::claim(claim)
}

/// Does this proxy open tunnels to other ports than that of HTTPS?
const OTHER_PORTS: Experiment<Proxy> = Experiment::new("other-ports", |setup, proxy| {
    let neutral = setup.neutral_name().into_iter();
    neutral.flat_map(|name| PORTS.map(|port| probes::tunnel(name, Role::Control, port, proxy))).collect()
});

/// Ports that proxies let through beside 443: of news over TLS and of alternative HTTPS (squid's own configuration), and HTTP's.
const PORTS: [u16; 3] = [563, 8443, 80];
