//! What a proxy says to CONNECT, or what a proxy script's address gives.
//!
//! What it looks at: through a proxy, its answer to a request for a tunnel to the target. The tunnel is dropped at
//! once, and not one byte goes to the host behind it. Direct, with `fetch` set: a proxy auto-configuration script over
//! plain HTTP, and the proxies that it names. With `names` set, the script is run, within bounds, for the routes that
//! it chooses for each name.
//!
//! What a bad result means: the proxy is dead or unknown (nothing `connected`), refuses (`tunnel` with 407, 403, 502
//! to 504 and its own words), or is no proxy (`garbage`). Or the script cannot be fetched, is no script, or names a
//! proxy that fails in turn. What to do: ask whoever runs the proxy to let Zoom's names through, or take the stale
//! setting away. Example: `why5003 probe proxy zoom.us:443 --proxy http://proxy.example:3128`.

mod pac;

use std::time::Duration;

use crate::model::{
    BadProbe, CannotProbe, Fact, Failure, Fetch, How, Layer, Method, PacScript, Pending, Probe, ProbeName, Proxy, Seen,
    Settings, Stage, Transport, Via,
};
use crate::prober::{ProbeKind, Prober, Subject};
use crate::session::Means;
use crate::session::dial::Opened;
use crate::session::dial_host::{Way, reach};
use crate::session::http::{self, Ask, Extent, Fetched, host_field};
use crate::session::pac::ask;
use crate::session::tunnel::tunnel_by;

/// Proxies and proxy scripts.
pub(crate) const KIND: ProbeKind = ProbeKind {
    name: ProbeName::Proxy,
    summary: "asks a proxy for a tunnel to the target, or fetches a proxy script from it",
    layer: Layer::Proxy,
    subject: Subject::Address,
    default_port: Some((443, Transport::Tcp)),
    sources: &[
        "RFC 9110, 9.3.6 (CONNECT) and 11 (authentication)",
        "RFC 7617 (Basic)",
        "RFC 1928, RFC 1929 (SOCKS 5)",
        "https://developer.mozilla.org/docs/Web/HTTP/Guides/Proxy_servers_and_tunneling/Proxy_Auto-Configuration_PAC_file",
    ],
    prepare,
};

fn prepare(probe: &Probe) -> Result<Box<dyn Prober>, BadProbe> {
    let bad = |reason| BadProbe { probe: KIND.name, target: probe.target.to_string(), reason };
    if has_foreign_variable(&probe.settings) {
        return Err(bad(
            "a variable that a proxy probe does not have (it has fetch, names, ttl, mss, source and wait_ms)",
        ));
    }
    let address = probe.target.address.map(|address| address.to_string());
    let host = probe.target.host.clone();
    let Some((port, Transport::Tcp)) = probe.target.port else {
        return Err(bad("no TCP port (write zoom.us:443)"));
    };
    let no_host = || bad("no host (write zoom.us:443)");
    let way = Way::of(&probe.settings, WAIT);
    match (&probe.via, &probe.settings.fetch) {
        (Via::Proxy(proxy), None) => {
            let host = address.or(host).ok_or_else(no_host)?;
            Ok(Box::new(Tunnelling { proxy: proxy.clone(), host, port, way }))
        }
        (Via::Direct, Some(fetch)) if fetch.method == Method::Get => {
            let dialled = address.or_else(|| host.clone()).ok_or_else(no_host)?;
            let called = host.unwrap_or_else(|| dialled.clone());
            let names = probe.settings.names.clone().unwrap_or_default();
            Ok(Box::new(Script { dialled, called, port, way, fetch: fetch.clone(), names }))
        }
        (Via::Direct, Some(_)) => Err(bad("a script is fetched with GET")),
        (Via::Direct, None) => Err(bad("neither a proxy to go through nor a script to fetch (set one of the two)")),
        (Via::Proxy(_), Some(_)) => Err(bad("a fetch through a proxy (leave fetch unset, or use the tls probe)")),
        (Via::System | Via::Dns { .. }, _) => Err(bad("a way for names only (use direct or a proxy)")),
    }
}

/// An experiment whose variable is not set would pass for its baseline; `tries` and `prefix` change nothing that is seen here.
fn has_foreign_variable(settings: &Settings) -> bool {
    let Settings { record, checking_disabled, traceroute, sni, hello, tls, dialect, .. } = settings;
    record.is_some()
        || checking_disabled.is_some()
        || traceroute.is_some()
        || sni.is_some()
        || hello.is_some()
        || tls.is_some()
        || dialect.is_some()
}

/// A proxy answers only when its own lookup and connection are done; 5 s leave it the three SYNs that we would send.
const WAIT: Duration = Duration::from_secs(5);
/// The port that plain HTTP implies.
const HTTP: u16 = 80;
/// What Chrome takes of a script; it rejects a longer one.
const SCRIPT_BYTES: usize = 1024 * 1024;

/// Asks for a tunnel. The host is the target's address where one is chosen, or else its name.
struct Tunnelling {
    proxy: Proxy,
    host: String,
    port: u16,
    way: Way,
}

impl Prober for Tunnelling {
    fn probe<'a>(&'a self, means: &'a Means<'a>) -> Pending<'a, Result<Seen, CannotProbe>> {
        Box::pin(async move {
            let tunnelled = tunnel_by(means, &self.proxy, (&self.host, self.port), self.way).await?;
            Ok(Seen { facts: tunnelled.facts, failure: tunnelled.stream.err() })
        })
    }
}

/// Fetches a script.
struct Script {
    dialled: String,
    called: String,
    port: u16,
    way: Way,
    fetch: Fetch,
    /// The hosts that it is asked for.
    names: Vec<String>,
}

impl Prober for Script {
    fn probe<'a>(&'a self, means: &'a Means<'a>) -> Pending<'a, Result<Seen, CannotProbe>> {
        Box::pin(async move {
            let Opened { mut facts, stream } = reach(means, &self.dialled, self.port, self.way).await?;
            let stream = match stream {
                Ok(stream) => stream,
                Err(failure) => return Ok(Seen::failed(facts, failure)),
            };
            let own = stream.local().ip();
            let host = host_field(&self.called, self.port, HTTP);
            let body = Extent { bytes: SCRIPT_BYTES, whole: false };
            let request = Ask { host: &host, fetch: &self.fetch, clock: means.clock, wait: self.way.wait, body };
            let Fetched { response, body } = match http::ask(stream, request).await {
                Ok(fetched) => fetched,
                Err(failure) => return Ok(Seen::failed(facts, failure)),
            };
            let script = pac::read(response.status, &body);
            let failure = not_to_be_had(&script);
            let code = script.is_script.then(|| String::from_utf8_lossy(&body).into_owned());
            facts.push(Fact::Response(response));
            facts.push(Fact::PacScript(script));
            if let Some(code) = code.filter(|_| failure.is_none() && !self.names.is_empty()) {
                let said = if body.len() < SCRIPT_BYTES {
                    ask(means, &code, &self.names, Some(own)).await
                } else {
                    self.names.iter().map(|_| Err("it is longer than a megabyte".to_owned())).collect()
                };
                let choices = self.names.iter().zip(said).map(|(host, said)| pac::choice(host, said));
                facts.extend(choices.map(Fact::PacChoice));
            }
            Ok(Seen { facts, failure })
        })
    }
}

fn not_to_be_had(script: &PacScript) -> Option<Failure> {
    if !(200..300).contains(&script.status) {
        Some(Failure::new(Stage::Http, How::Denied).saying(script.status.to_string()))
    } else if !script.is_script {
        Some(Failure::new(Stage::Data, How::Malformed).saying("no FindProxyForURL"))
    } else {
        None
    }
}

#[cfg(test)]
mod tests;
