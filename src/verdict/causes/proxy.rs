//! The way through the proxy that this computer is set to use, by name or by a script: dead, closed to the unnamed, or closed
//! to Zoom.

use why5003_probes::model::{How, Layer, Proxy, Stage, Tunnel, Via};

use super::prelude::*;
use crate::evidence::SetWay;
use crate::experiment::proxies;

pub(super) const UNREACHABLE: Cause = Cause {
    id: "proxy.unreachable",
    title: "The proxy that this computer is set to does not answer",
    layer: Layer::Proxy,
    owner: Owner::User,
    masks: &[],
    meaning: "This computer is set to use a proxy that cannot be reached: its name does not resolve, or its port is closed or silent. Programs that \
              follow the setting wait for it until they give up. A setting left over from another network is the usual reason.",
    proof: "curl -v -x {proxy} https://zoom.us -m 10",
    remedies: &[
        Mend {
            os: "linux",
            who: Owner::User,
            text: "Take the setting back where it stands ({source}); the command does so for this shell and for GNOME, then restart Zoom.",
            command: "unset http_proxy https_proxy all_proxy HTTPS_PROXY ALL_PROXY; gsettings set org.gnome.system.proxy mode none",
        },
        Mend {
            os: "windows",
            who: Owner::User,
            text: "Take the setting back, then restart Zoom.",
            command: "netsh winhttp reset proxy",
        },
        Mend {
            os: "macos",
            who: Owner::User,
            text: "Take the setting back, then restart Zoom.",
            command: "networksetup -setsecurewebproxystate Wi-Fi off",
        },
        Mend {
            os: "any",
            who: Owner::Network,
            text: "If the proxy is meant to be used here, bring {proxy} back.",
            command: "",
        },
    ],
    sources: &["Zoom KB0060548 (proxy)", "RFC 9110, section 9.3.6 (CONNECT)"],
    rule: unreachable,
};

pub(super) const AUTH_REQUIRED: Cause = Cause {
    id: "proxy.auth-required",
    title: "The proxy wants a user name and password",
    layer: Layer::Proxy,
    owner: Owner::User,
    masks: &["proxy.denied"],
    meaning: "The proxy answers CONNECT with 407: it lets nobody through who does not sign in to it. Zoom's client prompts for credentials once; if \
              that prompt was dismissed, or the scheme cannot be used there, the client only shows that it cannot connect.",
    proof: "curl -v -x {proxy} https://zoom.us -m 10 2>&1 | grep -i proxy-auth",
    remedies: &[
        Mend {
            os: "any",
            who: Owner::User,
            text: "Sign in to the proxy {proxy} in Zoom's prompt (restart Zoom to see it again).",
            command: "",
        },
        Mend {
            os: "any",
            who: Owner::Network,
            text: "Let *.zoom.us and *.zoom.com pass the proxy {proxy} without authentication, or directly.",
            command: "",
        },
    ],
    sources: &[
        "RFC 9110, section 15.5.8 (407)",
        "Zoom KB0060548 (you may be prompted to enter the proxy username/password)",
    ],
    rule: auth_required,
};

pub(super) const DENIED: Cause = Cause {
    id: "proxy.denied",
    title: "The proxy refuses Zoom",
    layer: Layer::Proxy,
    owner: Owner::Network,
    masks: &[],
    meaning: "The proxy opens tunnels to neutral hosts and refuses Zoom's (403 or a like status): a rule of the proxy names Zoom or its category.",
    proof: "curl -v -x {proxy} https://zoom.us -m 10; curl -v -x {proxy} https://example.com -m 10",
    remedies: &[Mend {
        os: "any",
        who: Owner::Network,
        text: "Allow CONNECT to *.zoom.us:443 and *.zoom.com:443 on the proxy {proxy}.",
        command: "",
    }],
    sources: &["RFC 9110, section 15.5.4 (403)", "Zoom KB0060548 (proxy)"],
    rule: denied,
};

pub(super) const UPSTREAM_FAILED: Cause = Cause {
    id: "proxy.upstream-failed",
    title: "The proxy cannot reach Zoom",
    layer: Layer::Proxy,
    owner: Owner::Network,
    masks: &[],
    meaning: "The proxy is there and willing, but its own connection to Zoom fails (502, 503 or 504), or it waits for Zoom in vain, while it reaches \
              neutral hosts: its resolver, or a firewall behind it, is at fault.",
    proof: "curl -v -x {proxy} https://zoom.us -m 30",
    remedies: &[Mend {
        os: "any",
        who: Owner::Network,
        text: "Look at the log of the proxy {proxy} for zoom.us: does it resolve the name, and may it connect to TCP 443?",
        command: "",
    }],
    sources: &["RFC 9110, sections 15.6.3 to 15.6.5"],
    rule: upstream_failed,
};

fn unreachable(evidence: &Evidence) -> Ruling {
    let named = |set: &SetWay<'_>| set.script.is_none();
    let resolves = evidence.lookups().any(|l| l.source() == Source::System && !l.addresses().is_empty());
    // Where the system finds no name at all, it is not the proxy that is missing.
    let missing = |a: Attempt<'_>| is_dead(a) && (resolves || !a.ended(Stage::Proxy, How::NotFound));
    for ruling in [judge(evidence, named, |a, _| missing(a), 0.96), silent_on_everybody(evidence)] {
        if !ruling.claims.is_empty() {
            return ruling;
        }
    }
    Ruling::excluded(
        evidence.attempts().filter(|a| a.proxied() && a.tunnel().is_some()).map(Attempt::id).take(3).collect(),
    )
}

fn auth_required(evidence: &Evidence) -> Ruling {
    judge(evidence, |_| true, |_, tunnel| tunnel.is_some_and(|t| t.status == 407), 0.97)
}

fn denied(evidence: &Evidence) -> Ruling {
    let mut ruling = judge(evidence, |_| true, |_, t| refuses(t), 0.85);
    with_neutral_tunnels(evidence, &mut ruling);
    ruling
}

fn upstream_failed(evidence: &Evidence) -> Ruling {
    let mut ruling = judge(evidence, |_| true, |_, t| t.is_some_and(|t| (500..600).contains(&t.status)), 0.75);
    if ruling.claims.is_empty() {
        return hanging(evidence);
    }
    with_neutral_tunnels(evidence, &mut ruling);
    ruling
}

/// A proxy that keeps silent on Zoom and answers for a neutral host waits for Zoom in vain.
fn hanging(evidence: &Evidence) -> Ruling {
    let mut ruling = judge(evidence, |_| true, |a, _| hangs(a), 0.9);
    let Some(claim) = ruling.claims.first_mut() else { return ruling };
    let Some(proxy) = claim.details.get("proxy") else { return ruling };
    let neutral = neutral_tunnels(evidence, proxy);
    if neutral.is_empty() {
        let ask = proxy.parse().map(|proxy| NEUTRAL_TUNNEL.of(proxy));
        return Ruling::doubt("ask the same proxy for a tunnel to a neutral host", ask.into_iter().collect());
    }
    let answered: Vec<u32> = neutral.iter().filter(|a| a.tunnel().is_some()).map(|a| a.id()).collect();
    if answered.is_empty() {
        return Ruling::silent();
    }
    claim.because.extend(answered);
    ruling
}

/// A proxy that takes connections and keeps silent on everybody: it may lack a way out, or names, or be no proxy.
fn silent_on_everybody(evidence: &Evidence) -> Ruling {
    let mut ruling = judge(evidence, |_| true, |a, _| hangs(a), 0.6);
    let Some(claim) = ruling.claims.first_mut() else { return ruling };
    let neutral = neutral_tunnels(evidence, claim.details.get("proxy").map_or("", String::as_str));
    if neutral.is_empty() || !neutral.iter().all(|a| hangs(*a)) {
        return Ruling::silent();
    }
    claim.because.extend(neutral.iter().map(|a| a.id()));
    claim.owner = Some(Owner::Network);
    let reason = "it takes connections and answers no CONNECT, to neutral hosts neither";
    claim.details.insert("reason".to_owned(), reason.to_owned());
    ruling
}

/// The proxy itself was not reached, or is none.
pub(super) fn is_dead(attempt: Attempt<'_>) -> bool {
    attempt.tunnel().is_none() && !hangs(attempt) && attempt.failure().is_some_and(|f| f.stage == Stage::Proxy)
}

/// The proxy took the connection and kept silent on what was asked: it waits for somebody itself, or it is none.
fn hangs(attempt: Attempt<'_>) -> bool {
    attempt.connected().is_some() && attempt.tunnel().is_none() && attempt.ended(Stage::Proxy, How::Silent)
}

/// The proxy answers and will not, for another reason than that nobody signed in to it.
pub(super) fn refuses(tunnel: Option<&Tunnel>) -> bool {
    tunnel.is_some_and(|t| (400..500).contains(&t.status) && t.status != 407)
}

/// Claims for the first proxy that is set, by a setting that `heeded` says, through which Zoom fails as `holds` says, and
/// never works.
pub(super) fn judge(
    evidence: &Evidence,
    heeded: impl Fn(&SetWay<'_>) -> bool,
    holds: impl Fn(Attempt<'_>, Option<&Tunnel>) -> bool,
    confidence: f64,
) -> Ruling {
    for set in evidence.set_ways().filter(heeded) {
        let zoom: Vec<_> = evidence.attempts().filter(|a| is_zoom(a.role()) && a.baseline() && set.sends(*a)).collect();
        let failing: Vec<_> = zoom.iter().copied().filter(|a| holds(*a, a.tunnel())).collect();
        let Some(first) = failing.first().copied() else { continue };
        if zoom.iter().any(|a| a.works()) {
            continue;
        }
        let mut details = std::collections::BTreeMap::from([
            ("proxy".to_owned(), through(first).unwrap_or_default()),
            ("source".to_owned(), set.setting.source.clone()),
        ]);
        if let Some(tunnel) = first.tunnel() {
            details.insert("status".to_owned(), tunnel.status.to_string());
            let said =
                [("reason", tunnel.reason.clone()), ("error", tunnel.error.clone()), ("server", tunnel.server.clone())];
            details.extend(said.into_iter().filter_map(|(key, text)| Some((key.to_owned(), text?))));
            if !tunnel.schemes.is_empty() {
                details.insert("schemes".to_owned(), tunnel.schemes.join(", "));
            }
        } else if let Some(failure) = first.failure() {
            details.insert("reason".to_owned(), failure.to_string());
        }
        let direct: Vec<u32> = evidence
            .attempts()
            .filter(|a| !a.proxied() && a.works() && a.host().is_some_and(|h| decisive(evidence, h)))
            .map(Attempt::id)
            .take(1)
            .collect();
        if !direct.is_empty() {
            details.insert("direct".to_owned(), "works without the proxy".to_owned());
        }
        let script = set.script.map(crate::evidence::ScriptRun::id);
        let because = failing.iter().map(|a| a.id()).chain([set.id]).chain(script).chain(direct).collect();
        return Ruling::claim(Claim {
            scope: scope_of(failing.iter().copied()),
            details,
            blocks: any_decisive(evidence, failing.iter().filter_map(|a| a.host())) && sign_in_fails(evidence),
            ..claim(confidence, because)
        });
    }
    Ruling::silent()
}

/// What a tunnel to a neutral host adds: a proxy that opens it refuses Zoom and not everybody.
fn with_neutral_tunnels(evidence: &Evidence, ruling: &mut Ruling) {
    let Some(claim) = ruling.claims.first_mut() else { return };
    let Some(proxy) = claim.details.get("proxy") else { return };
    let neutral = neutral_tunnels(evidence, proxy);
    let opened: Vec<u32> =
        neutral.iter().filter(|a| a.tunnel().is_some_and(|t| t.status == 200)).map(|a| a.id()).collect();
    if !opened.is_empty() {
        claim.confidence = 0.97;
        claim.because.extend(opened);
    } else if !neutral.is_empty() {
        claim.details.insert("neutral_hosts_too".to_owned(), "yes".to_owned());
        claim.because.extend(neutral.iter().map(|a| a.id()));
    } else if let Ok(proxy) = proxy.parse() {
        ruling.open = Some(Doubt {
            next_test: "ask the same proxy for a tunnel to a neutral host".to_owned(),
            questions: vec![NEUTRAL_TUNNEL.of(proxy)],
        });
    }
}

/// The tries of neutral hosts by this proxy, at the port of HTTPS.
pub(super) fn neutral_tunnels<'a>(evidence: &'a Evidence, proxy: &str) -> Vec<Attempt<'a>> {
    let at_https = |a: &Attempt<'_>| a.role() == Role::Control && a.to().port() == HTTPS;
    evidence.attempts().filter(|a| at_https(a) && through(*a).as_deref() == Some(proxy)).collect()
}

/// The proxy that a try went by, as it is spelled.
pub(super) fn through(attempt: Attempt<'_>) -> Option<String> {
    match attempt.via() {
        Via::Proxy(proxy) => Some(proxy.to_string()),
        Via::Direct | Via::System | Via::Dns { .. } => None,
    }
}

/// The port of HTTPS (RFC 9110, section 4.2.2).
pub(super) const HTTPS: u16 = 443;

/// Does this proxy open tunnels to neutral hosts?
const NEUTRAL_TUNNEL: Experiment<Proxy> =
    Experiment::new("neutral-tunnel", |setup, proxy| proxies::neutral(setup, proxy).into_iter().collect());
