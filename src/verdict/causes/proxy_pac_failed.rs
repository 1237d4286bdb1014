//! The proxy script that this computer is set to is not to be had, fails, or names a dead proxy.

use why5003_probes::model::{How, Layer, ProxySays, Stage};

use super::prelude::*;
use crate::evidence::{ScriptRun, SetWay};
use crate::verdict::measure::failing_proxy::{first_failing, is_dead};

pub(super) const CAUSE: Cause = Cause {
    id: "proxy.pac-failed",
    title: "The proxy script that this computer is set to does not lead to a proxy",
    layer: Layer::Proxy,
    owner: Owner::Network,
    masks: &["path.internet-down"],
    effects: &[],
    meaning: "This computer is set to a proxy script (PAC), and the script cannot be fetched, does not run, or names a proxy that does not answer. \
              Programs then go directly, where the network may let nothing pass, or wait for the dead proxy. A proxy that answers and \
              refuses is another cause, whoever named it.",
    proof: "curl -v -m 10 {script}",
    remedies: &[
        Mend {
            os: "any",
            who: Owner::Network,
            text: "Put the script {script} right: it must be served with status 200, define FindProxyForURL without an error, and name a proxy that answers.",
            command: "",
        },
        Mend {
            os: "any",
            who: Owner::User,
            text: "If the script belongs to another network, take the setting back where it stands ({source}), then restart Zoom.",
            command: "",
        },
    ],
    sources: &[
        "Netscape, Navigator Proxy Auto-Config File Format (1996)",
        "https://developer.mozilla.org/docs/Web/HTTP/Guides/Proxy_servers_and_tunneling/Proxy_Auto-Configuration_PAC_file",
        "Zoom KB0060548 (proxy)",
    ],
    rule,
};

fn rule(evidence: &Evidence) -> Ruling {
    let dead = first_failing(evidence, |set| set.script.is_some(), |a, _| is_dead(a), Confidence::Confirmed);
    if let Some(mut failing) = dead {
        let set = evidence.set_ways().find(|set| set.script.is_some());
        failing.claim.details.extend(set.map(|set| ("script".to_owned(), address(set))));
        return failing.ruling();
    }
    let mut fine = Vec::new();
    for set in evidence.set_ways() {
        let Some(script) = set.script else { continue };
        let Some(why) = failure(script) else {
            fine.push(script.id());
            continue;
        };
        // Most networks have no script to be discovered: that is no fault.
        let discovered = set.setting.says == ProxySays::Discover;
        if discovered && script.failure().is_some() {
            continue;
        }
        if !is_its_own(evidence, script) {
            let next_test =
                format!("ask whether {} is right: it does not answer, and neither does anybody else", address(set));
            return Ruling::doubt(next_test, Vec::new());
        }
        let details = BTreeMap::from([
            ("script".to_owned(), address(set)),
            ("source".to_owned(), set.setting.source.clone()),
            ("reason".to_owned(), why),
        ]);
        return Ruling::claim(Claim {
            details,
            scope: scope_of_names(evidence.background().decisive_hosts()),
            blocks: sign_in_fails(evidence),
            ..Claim::of(Confidence::Isolated, vec![script.id(), set.id])
        });
    }
    Ruling::excluded(fine)
}

/// Why a script gave no way for a host of sign-in.
fn failure(script: ScriptRun<'_>) -> Option<String> {
    let fault = || script.choices().find_map(|choice| choice.fault.clone());
    script.failure().map(ToString::to_string).or_else(fault)
}

/// Whether the failure is the script's or its server's own, and not that of a network on which nothing answers.
fn is_its_own(evidence: &Evidence, script: ScriptRun<'_>) -> bool {
    let Some(failure) = script.failure() else { return true };
    match (failure.stage, failure.how) {
        (Stage::Resolve, How::NotFound) => {
            evidence.lookups().any(|l| l.source() == Source::System && !l.addresses().is_empty())
        }
        (Stage::Connect, How::Silent | How::Unreachable | How::Prohibited) => {
            !controls_that_connect(evidence).is_empty()
        }
        (Stage::Resolve, _) | (Stage::Connect, How::NoRoute | How::NotPermitted | How::Exhausted) => false,
        _ => true,
    }
}

fn address(set: SetWay<'_>) -> String {
    match &set.setting.says {
        ProxySays::Script(url) => url.clone(),
        _ => "http://wpad/wpad.dat".to_owned(),
    }
}
