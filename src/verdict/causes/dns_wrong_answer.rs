//! The resolver gives an address that is not Zoom's.

use why5003_probes::model::{AddressScope, Layer, Transport};

use super::prelude::*;

pub(super) const CAUSE: Cause = Cause {
    id: "dns.wrong-answer",
    title: "The resolver gives a false address for Zoom's names",
    layer: Layer::Dns,
    owner: Owner::Network,
    masks: &["tls.untrusted", "tls.inspection", "filter.block-page"],
    meaning: "The address that this computer's resolver gives does not show Zoom's certificate: it is a sinkhole, a private address, a block \
              page, or dead. Independent resolvers give other addresses. An unlisted address that does show Zoom's certificate would be right \
              (CDN, geography), so the certificate and not the number was judged.",
    proof: "dig +short zoom.us; dig +short zoom.us @9.9.9.9\nopenssl s_client -connect {address}:443 -servername zoom.us </dev/null",
    remedies: &[
        Mend {
            os: "any",
            who: Owner::Network,
            text: "Take zoom.us, *.zoom.us, zoom.com and *.zoom.com off the block list of the resolver {address}.",
            command: "",
        },
        Mend {
            os: "linux",
            who: Owner::User,
            text: "After the filter is mended, flush this computer's cache.",
            command: "resolvectl flush-caches",
        },
        Mend {
            os: "windows",
            who: Owner::User,
            text: "After the filter is mended, flush this computer's cache.",
            command: "ipconfig /flushdns",
        },
        Mend {
            os: "macos",
            who: Owner::User,
            text: "After the filter is mended, flush this computer's cache.",
            command: "sudo dscacheutil -flushcache; sudo killall -HUP mDNSResponder",
        },
    ],
    sources: &["Zoom KB0060548 (*.zoom.us, *.zoom.com)", "RFC 6890 (special-purpose addresses)"],
    rule,
};

fn rule(evidence: &Evidence) -> Ruling {
    let mut ruling = Ruling::silent();
    // How sign-in fails at addresses that are right: what fails in the same way elsewhere needs no false answer to explain it.
    let common: Vec<_> = aimed(evidence)
        .into_iter()
        .filter(|a| a.host().is_some_and(|h| decisive(evidence, h)))
        .filter_map(|a| a.failure().map(|f| (f.stage, f.how)))
        .collect();
    for name in zoom_names(evidence) {
        // A hosts line is its own cause, and answers before any resolver.
        if evidence.host().hosts_lines(name).next().is_some() {
            continue;
        }
        let own: Vec<_> = own_lookups(evidence, name).into_iter().filter(|l| !l.addresses().is_empty()).collect();
        let given: Vec<IpAddr> = own.iter().flat_map(|l| l.addresses()).collect();
        let (Some(first), false) = (given.first().copied(), own.is_empty()) else { continue };
        let tried: Vec<_> = evidence
            .attempts_at(name)
            .filter(|a| a.baseline() && !a.proxied() && given.contains(&a.to().ip()))
            .collect();
        let right: Vec<u32> =
            tried.iter().filter(|a| a.genuine() || a.genuine_but_for_the_date()).map(|a| a.id()).collect();
        if !right.is_empty() {
            ruling.excluded_by.extend(right);
            continue;
        }
        let truth = independent(evidence, name);
        if truth.iter().flat_map(|l| l.addresses()).any(|a| given.contains(&a)) {
            ruling.excluded_by.extend(truth.iter().map(|l| l.id()));
            continue;
        }
        let genuine: Vec<u32> =
            evidence.attempts_at(name).filter(|a| a.genuine() && a.baseline()).map(Attempt::id).collect();
        if truth.is_empty() && genuine.is_empty() {
            let alike = |a: &Attempt<'_>| match a.failure() {
                Some(failure) => common.contains(&(failure.stage, failure.how)),
                // A certificate that somebody made for this very name is a matter of TLS.
                None => a.handshake().is_some() && !shows_a_stranger(*a),
            };
            if !tried.is_empty() && !tried.iter().all(alike) {
                let doubt = ruling.open.get_or_insert_with(|| Doubt {
                    next_test: "ask independent resolvers for the same names, and try what they give".to_owned(),
                    questions: Vec::new(),
                });
                doubt.questions.push(INDEPENDENTLY.of(name.to_owned()));
                doubt.questions.push(KNOWN_ADDRESSES.of(name.to_owned()));
            }
            continue;
        }
        let stranger = tried.iter().any(|a| shows_a_stranger(*a));
        let special = given.iter().all(|a| !AddressScope::of(*a).is_public());
        let block_page = evidence.background().block_page(first);
        // Addresses that merely differ and are dead, while the others are dead too, prove nothing.
        if genuine.is_empty() && !stranger && !special && block_page.is_none() {
            continue;
        }
        if tried.is_empty() {
            continue;
        }
        // An address in Zoom's own networks that is merely dead from here may be right, and shut on the way.
        let old = !genuine.is_empty() && tried.iter().any(|a| way_is_open(evidence, *a));
        let of_zoom = tried.iter().all(|a| a.settings().prefix.is_some());
        if !stranger && !special && block_page.is_none() && of_zoom && !old {
            let doubt = ruling.open.get_or_insert_with(|| Doubt {
                next_test: format!("ask Zoom whether {first} is still {name}'s; walk the TTL there"),
                questions: Vec::new(),
            });
            for to in tried.iter().map(|a| a.to()) {
                // Other names that were tried there in vain are as good as a second try.
                if decisive(evidence, name) || evidence.attempts().filter(|a| a.to() == to).count() < 2 {
                    doubt.questions.push(AGAIN.of(HostAt::new(name, to)));
                }
                let passing = a_passing_control(evidence, to);
                doubt.questions.extend(passing.map(|passing| WHERE.of(Where::tcp(to, passing))));
            }
            continue;
        }
        let mut details = std::collections::BTreeMap::from([("answer".to_owned(), first.to_string())]);
        if let Some(whose) = block_page {
            details.insert("block_page".to_owned(), whose.to_owned());
        }
        if let Some(subject) = tried.iter().find_map(|a| a.chain().first()).map(|c| c.subject.clone()) {
            details.insert("certificate".to_owned(), subject);
        }
        let server =
            own.iter().find_map(|l| if let Source::Configured(server) = l.source() { Some(server) } else { None });
        let because = own
            .iter()
            .chain(&truth)
            .map(|l| l.id())
            .chain(tried.iter().map(|a| a.id()))
            .chain(genuine.iter().copied())
            .collect();
        ruling.claims.push(Claim {
            location: server.map(|s| Location { address: Some(s.ip()), ..Location::default() }),
            scope: scope_of_names([name]),
            details,
            blocks: decisive(evidence, name) && sign_in_fails(evidence),
            ..claim(how_sure(!genuine.is_empty(), of_zoom), because)
        });
    }
    merged(ruling)
}

/// A name that proves itself elsewhere settles most; an address in Zoom's own networks might yet come alive.
fn how_sure(proves_itself_elsewhere: bool, of_zoom: bool) -> f64 {
    match (proves_itself_elsewhere, of_zoom) {
        (false, _) => 0.88,
        (true, true) => 0.8,
        (true, false) => 0.97,
    }
}

/// The way to where nothing answered is open to its last router: then the address is dead, and not shut on the way.
fn way_is_open(evidence: &Evidence, attempt: Attempt<'_>) -> bool {
    place_of(evidence, attempt.to(), Transport::Tcp).is_some_and(|place| place.open_to_the_last_router())
}
