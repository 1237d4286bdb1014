//! The way through the proxy that this computer is set to use, by name or by a script: dead, closed to the unnamed, or closed
//! to Zoom.

use why5003_probes::model::{How, Layer, Proxy, Stage, Tunnel};

use super::prelude::*;
use crate::evidence::SetWay;
use crate::experiment::proxies;
use crate::verdict::measure::failing_proxy::{FailingProxy, first_failing, hangs, is_dead, neutral_tunnels, refuses};

pub(super) const UNREACHABLE: Cause = Cause {
    id: "proxy.unreachable",
    title: "The proxy that this computer is set to does not answer",
    layer: Layer::Proxy,
    owner: Owner::User,
    masks: &[],
    effects: &[],
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
    effects: &[],
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
    effects: &[],
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
    effects: &[],
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
    let failing = first_failing(evidence, named, |a, _| missing(a), Confidence::Proven);
    if let Some(failing) = failing.or_else(|| silent_on_everybody(evidence)) {
        return failing.ruling();
    }
    Ruling::excluded(
        evidence.attempts().filter(|a| a.proxied() && a.tunnel().is_some()).map(Attempt::id).take(3).collect(),
    )
}

fn auth_required(evidence: &Evidence) -> Ruling {
    let wants_a_name = |tunnel: Option<&Tunnel>| tunnel.is_some_and(|t| t.status == 407);
    first_failing(evidence, |_| true, |_, t| wants_a_name(t), Confidence::Proven)
        .map_or_else(Ruling::silent, FailingProxy::ruling)
}

fn denied(evidence: &Evidence) -> Ruling {
    first_failing(evidence, |_| true, |_, t| refuses(t), Confidence::Likely)
        .map_or_else(Ruling::silent, |failing| with_neutral_tunnels(evidence, failing))
}

fn upstream_failed(evidence: &Evidence) -> Ruling {
    let gave_up = |tunnel: Option<&Tunnel>| tunnel.is_some_and(|t| (500..600).contains(&t.status));
    first_failing(evidence, |_| true, |_, t| gave_up(t), Confidence::Unlocated)
        .map_or_else(|| hanging(evidence), |failing| with_neutral_tunnels(evidence, failing))
}

/// A proxy that keeps silent on Zoom and answers for a neutral host waits for Zoom in vain.
fn hanging(evidence: &Evidence) -> Ruling {
    let Some(mut failing) = first_failing(evidence, |_| true, |a, _| hangs(a), Confidence::Probable) else {
        return Ruling::silent();
    };
    let neutral = neutral_tunnels(evidence, &failing.proxy);
    if neutral.is_empty() {
        return Ruling { open: Some(ask_neutral(failing.proxy)), ..Ruling::silent() };
    }
    let answered: Vec<u32> = neutral.iter().filter(|a| a.tunnel().is_some()).map(|a| a.id()).collect();
    if answered.is_empty() {
        return Ruling::silent();
    }
    failing.claim.because.extend(answered);
    failing.ruling()
}

/// A proxy that takes connections and keeps silent on everybody: it may lack a way out, or names, or be no proxy.
fn silent_on_everybody(evidence: &Evidence) -> Option<FailingProxy> {
    let mut failing = first_failing(evidence, |_| true, |a, _| hangs(a), Confidence::Contested)?;
    let neutral = neutral_tunnels(evidence, &failing.proxy);
    if neutral.is_empty() || !neutral.iter().all(|a| hangs(*a)) {
        return None;
    }
    failing.claim.because.extend(neutral.iter().map(|a| a.id()));
    failing.claim.owner = Some(Owner::Network);
    let reason = "it takes connections and answers no CONNECT, to neutral hosts neither";
    failing.claim.details.insert("reason".to_owned(), reason.to_owned());
    Some(failing)
}

/// What a tunnel to a neutral host adds: a proxy that opens it refuses Zoom and not everybody.
fn with_neutral_tunnels(evidence: &Evidence, failing: FailingProxy) -> Ruling {
    let FailingProxy { proxy, mut claim } = failing;
    let neutral = neutral_tunnels(evidence, &proxy);
    if neutral.is_empty() {
        return Ruling { open: Some(ask_neutral(proxy)), ..Ruling::claim(claim) };
    }
    let opened: Vec<u32> =
        neutral.iter().filter(|a| a.tunnel().is_some_and(|t| t.status == 200)).map(|a| a.id()).collect();
    if opened.is_empty() {
        claim.details.insert("neutral_hosts_too".to_owned(), "yes".to_owned());
        claim.because.extend(neutral.iter().map(|a| a.id()));
    } else {
        claim.confidence = Confidence::Proven;
        claim.because.extend(opened);
    }
    Ruling::claim(claim)
}

fn ask_neutral(proxy: Proxy) -> Doubt {
    let next_test = "ask the same proxy for a tunnel to a neutral host".to_owned();
    Doubt { next_test, questions: vec![NEUTRAL_TUNNEL.of(proxy)] }
}

/// Does this proxy open tunnels to neutral hosts?
const NEUTRAL_TUNNEL: Experiment<Proxy> =
    Experiment::new("neutral-tunnel", |setup, proxy| proxies::neutral(setup, proxy).into_iter().collect());
