//! A proxy that is set and through which Zoom fails.

use std::collections::BTreeMap;

use why5003_probes::model::{How, Proxy, Role, Stage, Tunnel, Via};

use super::attempts::is_zoom;
use super::names::decisive;
use crate::evidence::{Attempt, Evidence, ScriptRun, SetWay};
use crate::verdict::claim::Claim;
use crate::verdict::confidence::Confidence;
use crate::verdict::ruling::Ruling;

/// A proxy that is set and through which Zoom fails, and what is claimed of it.
#[derive(Clone, Debug)]
pub(in crate::verdict) struct FailingProxy {
    pub(in crate::verdict) proxy: Proxy,
    pub(in crate::verdict) claim: Claim,
}

impl FailingProxy {
    /// The claim alone.
    pub(in crate::verdict) fn ruling(self) -> Ruling {
        Ruling::claim(self.claim)
    }
}

/// The first proxy that is set, by a setting that `unsupported` says, through which Zoom fails as `holds` says, and never works.
pub(in crate::verdict) fn first_failing(
    evidence: &Evidence,
    unsupported: impl Fn(&SetWay<'_>) -> bool,
    holds: impl Fn(Attempt<'_>, Option<&Tunnel>) -> bool,
    confidence: Confidence,
) -> Option<FailingProxy> {
    evidence.set_ways().filter(unsupported).find_map(|set| {
        let zoom: Vec<_> = evidence.attempts().filter(|a| is_zoom(a.role()) && a.baseline() && set.sends(*a)).collect();
        if zoom.iter().any(|a| a.works()) {
            return None;
        }
        let failing: Vec<_> = zoom.iter().copied().filter(|a| holds(*a, a.tunnel())).collect();
        let first = failing.first()?;
        let mut details = details(set, *first);
        let direct = direct_try(evidence);
        if direct.is_some() {
            details.insert("direct".to_owned(), "works without the proxy".to_owned());
        }
        let ids = failing.iter().map(|a| a.id()).chain([set.id]);
        let because = ids.chain(set.script.map(ScriptRun::id)).chain(direct).collect();
        let claim = Claim { details, ..Claim::about(evidence, &failing, confidence, because) };
        Some(FailingProxy { proxy: through(*first)?.clone(), claim })
    })
}

/// What the setting, the proxy and the failure say of themselves.
fn details(set: SetWay<'_>, failed: Attempt<'_>) -> BTreeMap<String, String> {
    let tunnel = failed.tunnel();
    let failure = failed.failure().filter(|_| tunnel.is_none()).map(ToString::to_string);
    let schemes = tunnel.filter(|t| !t.schemes.is_empty()).map(|t| t.schemes.join(", "));
    let said = [
        ("proxy", through(failed).map(ToString::to_string)),
        ("source", Some(set.setting.source.clone())),
        ("status", tunnel.map(|t| t.status.to_string())),
        ("reason", tunnel.and_then(|t| t.reason.clone()).or(failure)),
        ("error", tunnel.and_then(|t| t.error.clone())),
        ("server", tunnel.and_then(|t| t.server.clone())),
        ("schemes", schemes),
    ];
    said.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text?))).collect()
}

/// A direct try of sign-in that works.
fn direct_try(evidence: &Evidence) -> Option<u32> {
    let works = |a: &Attempt<'_>| !a.proxied() && a.works() && a.host().is_some_and(|host| decisive(evidence, host));
    evidence.attempts().find(works).map(Attempt::id)
}

/// The proxy itself was not reached, or is none.
pub(in crate::verdict) fn is_dead(attempt: Attempt<'_>) -> bool {
    attempt.tunnel().is_none() && !hangs(attempt) && attempt.failure().is_some_and(|f| f.stage == Stage::Proxy)
}

/// The proxy took the connection and kept silent on what was asked: it waits for somebody itself, or it is none.
pub(in crate::verdict) fn hangs(attempt: Attempt<'_>) -> bool {
    attempt.connected().is_some() && attempt.tunnel().is_none() && attempt.ended(Stage::Proxy, How::Silent)
}

/// The proxy answers and will not, for another reason than that nobody signed in to it.
pub(in crate::verdict) fn refuses(tunnel: Option<&Tunnel>) -> bool {
    tunnel.is_some_and(|t| (400..500).contains(&t.status) && t.status != 407)
}

/// The tries of neutral hosts by this proxy, at the port of HTTPS.
pub(in crate::verdict) fn neutral_tunnels<'a>(evidence: &'a Evidence, proxy: &Proxy) -> Vec<Attempt<'a>> {
    neutral_tries(evidence, proxy).filter(|a| a.to().port() == HTTPS).collect()
}

/// The tries of neutral hosts by this proxy, at any port.
pub(in crate::verdict) fn neutral_tries<'a>(
    evidence: &'a Evidence,
    proxy: &Proxy,
) -> impl Iterator<Item = Attempt<'a>> {
    // As it is spelled: credentials are no part of that.
    let spelled = proxy.to_string();
    let by_it = move |a: &Attempt<'_>| through(*a).is_some_and(|by| by.to_string() == spelled);
    evidence.attempts().filter(|a| a.role() == Role::Control).filter(by_it)
}

/// The proxy that a try went by.
pub(in crate::verdict) fn through(attempt: Attempt<'_>) -> Option<&Proxy> {
    match attempt.via() {
        Via::Proxy(proxy) => Some(proxy),
        Via::Direct | Via::System | Via::Dns { .. } => None,
    }
}

/// The port of HTTPS (RFC 9110, section 4.2.2).
pub(in crate::verdict) const HTTPS: u16 = 443;
