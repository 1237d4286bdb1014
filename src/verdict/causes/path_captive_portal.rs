//! A portal answers in place of the internet until somebody logs in.

use why5003_probes::model::Layer;

use super::prelude::*;

pub(super) const CAUSE: Cause = Cause {
    id: "path.captive-portal",
    title: "A captive portal holds this network until somebody logs in",
    layer: Layer::Path,
    owner: Owner::User,
    masks: &["dns.wrong-answer", "dns.intercepted", "proxy.transparent", "filter.*", "tls.*", "zoom.*"],
    effects: &[],
    meaning: "Plain-HTTP pages whose content is known come back redirected or rewritten, for hosts of several operators and for an address \
              without a name too. Hotels, trains and guest networks do that until their terms are accepted. A filter that blocks Zoom alone \
              leaves those pages as they are.",
    proof: "curl -si http://detectportal.firefox.com/success.txt | head",
    remedies: &[
        Mend {
            os: "linux",
            who: Owner::User,
            text: "Open a plain-HTTP page in a browser, and log in or accept the terms there.",
            command: "xdg-open http://neverssl.com",
        },
        Mend {
            os: "macos",
            who: Owner::User,
            text: "Open a plain-HTTP page in a browser, and log in or accept the terms there.",
            command: "open http://neverssl.com",
        },
        Mend {
            os: "windows",
            who: Owner::User,
            text: "Open a plain-HTTP page in a browser, and log in or accept the terms there.",
            command: "start http://neverssl.com",
        },
        Mend { os: "any", who: Owner::Network, text: "Let this device's address through the portal.", command: "" },
    ],
    sources: &["RFC 8910 (captive-portal identification)", "RFC 8952, section 4"],
    rule,
};

fn rule(evidence: &Evidence) -> Ruling {
    let pages: Vec<_> = evidence.attempts().filter(|a| a.role() == Role::Portal && !a.proxied()).collect();
    let expected = |a: &&Attempt<'_>| a.response().and_then(|r| r.as_expected);
    let right: Vec<u32> = pages.iter().filter(|a| expected(a) == Some(true)).map(|a| a.id()).collect();
    if !right.is_empty() {
        return Ruling::excluded(right);
    }
    let rewritten: Vec<_> = pages.iter().filter(|a| expected(a) == Some(false)).copied().collect();
    // Two pages, not two addresses: a portal's own DNS gives one address for every name.
    let places: BTreeSet<_> = rewritten.iter().map(|a| (a.host(), a.to())).collect();
    if places.is_empty() {
        return Ruling::silent();
    }
    if places.len() < 2 {
        return Ruling::doubt("fetch other plain-HTTP pages whose content is known", vec![KNOWN_PAGES.of(())]);
    }
    let mut details = BTreeMap::new();
    if let Some(location) = rewritten.iter().find_map(|a| a.response()?.location.clone()) {
        details.insert("portal".to_owned(), location);
    }
    let ids = rewritten.iter().map(|a| a.id()).collect();
    Ruling::claim(Claim { details, blocks: sign_in_fails(evidence), ..Claim::of(Confidence::Confirmed, ids) })
}
