//! By which ways this computer's settings send its programs to a host.

use std::net::IpAddr;

use why5003_probes::model::{ProxySays, ProxySetting, Via};
use why5003_probes::wire::proxy_settings::{DIRECT, Script, exempts};

use super::{Attempt, Evidence, ScriptRun};

/// A setting that sends programs somewhere, with the script that it names, where it was fetched.
#[derive(Clone, Copy, Debug)]
pub struct SetWay<'a> {
    /// The observation that tells of the setting.
    pub id: u32,
    /// The setting.
    pub setting: &'a ProxySetting,
    /// What came of its script.
    pub script: Option<ScriptRun<'a>>,
}

impl<'a> SetWay<'a> {
    /// The ways for this host in order, as proxies are spelled, or [`DIRECT`]; none where it says nothing for it.
    pub fn ways(self, host: &str) -> Vec<&'a str> {
        match &self.setting.says {
            _ if exempts(self.setting, host) => Vec::new(),
            ProxySays::Use(proxy) => vec![proxy.as_str()],
            ProxySays::Script(_) | ProxySays::Discover => {
                let chosen = self.script.and_then(|script| script.choice(host));
                chosen.into_iter().flat_map(|choice| &choice.ways).map(String::as_str).collect()
            }
            ProxySays::ForHttp(_) | ProxySays::Unreadable(_) => Vec::new(),
        }
    }

    /// Whether a try went by one of the proxies that it sets for the try's host.
    pub fn sends(self, attempt: Attempt<'_>) -> bool {
        let Via::Proxy(proxy) = attempt.via() else { return false };
        let Some(host) = attempt.host() else { return false };
        let spelled = proxy.to_string();
        self.ways(host).iter().any(|way| *way == spelled)
    }
}

impl Evidence {
    /// The settings of proxies and scripts, in order of precedence.
    pub fn set_ways(&self) -> impl Iterator<Item = SetWay<'_>> {
        self.host().proxies().map(|(id, setting)| {
            let named = Script::of(&setting.says);
            let script = named.and_then(|named| self.scripts().find(|run| run.is(&named)));
            SetWay { id, setting, script }
        })
    }

    /// Whether a setting sends this computer's programs to this host by a proxy, before anything else.
    pub fn uses_proxy_for(&self, host: &str) -> bool {
        self.set_ways().any(|set| set.ways(host).first().is_some_and(|way| *way != DIRECT))
    }

    /// Whether a setting sends them by a proxy and, should that fail, directly.
    pub fn falls_back_to_direct(&self, host: &str) -> bool {
        self.set_ways().any(|set| set.ways(host).contains(&DIRECT))
    }

    /// Whether a proxy alone decides what programs reach at this host, and the proxy is there or is set by its address.
    ///
    /// Then nothing on the direct way stops them, and no resolver does.
    pub fn goes_by_proxy(&self, host: &str) -> bool {
        let found = |a: Attempt<'_>| {
            let by_address = matches!(a.via(), Via::Proxy(proxy) if proxy.host.parse::<IpAddr>().is_ok());
            self.is_sent(a) && (by_address || a.connected().is_some())
        };
        self.uses_proxy_for(host) && !self.falls_back_to_direct(host) && self.attempts_at(host).any(found)
    }

    /// Whether a try went by a proxy that a setting gives its host.
    pub fn is_sent(&self, attempt: Attempt<'_>) -> bool {
        self.set_ways().any(|set| set.sends(attempt))
    }

    /// What came of every script that was fetched.
    pub fn scripts(&self) -> impl Iterator<Item = ScriptRun<'_>> {
        self.observations.iter().filter_map(ScriptRun::of)
    }
}
