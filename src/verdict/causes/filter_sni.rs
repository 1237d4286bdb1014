//! Zoom's server name in the ClientHello is what kills the connection.

use why5003_probes::model::{How, Layer, Sni, Stage};

use super::prelude::*;

pub(super) const CAUSE: Cause = Cause {
    id: "filter.sni",
    title: "A filter kills TLS connections that carry Zoom's name",
    layer: Layer::Filter,
    owner: Owner::Network,
    masks: &["filter.after-handshake"],
    meaning: "TCP connects, but a ClientHello with Zoom's server name is answered by a RST, an alert or silence, while the same address takes \
              another name, and a neutral address refuses Zoom's name too. So the name is read on the way. Addresses and ports are open.",
    proof: "openssl s_client -connect {address}:443 -servername zoom.us </dev/null\nopenssl s_client -connect {address}:443 -servername example.com </dev/null",
    remedies: &[
        Mend {
            os: "any",
            who: Owner::Network,
            text: "Allow zoom.us, *.zoom.us, zoom.com and *.zoom.com in the web filter (URL category, application control, SNI rule); exempt them from inspection.",
            command: "",
        },
        ANOTHER_NETWORK,
    ],
    sources: &["RFC 6066, section 3 (server_name)", "Zoom KB0060548 (*.zoom.us, *.zoom.com)"],
    rule,
};

fn rule(evidence: &Evidence) -> Ruling {
    let aimed = aimed(evidence);
    let killed: Vec<_> = aimed.iter().copied().filter(|a| dies_in_handshake(*a)).collect();
    let whole: Vec<_> = aimed.iter().copied().filter(|a| a.handshake().is_some()).collect();
    let mut ruling = Ruling { excluded_by: whole.iter().map(|a| a.id()).take(3).collect(), ..Ruling::silent() };
    let mut tried: Option<(&str, SocketAddr)> = None;
    let hosts: std::collections::BTreeSet<&str> = killed.iter().filter_map(|a| a.host()).collect();
    for host in hosts {
        // A host that passes at another address is not named by a filter.
        if whole.iter().any(|a| a.host() == Some(host)) {
            continue;
        }
        let of_host: Vec<_> = killed.iter().copied().filter(|a| a.host() == Some(host)).collect();
        let Some(first) = of_host.first().copied() else { continue };
        let same_address: Vec<_> =
            evidence.attempts_at(host).filter(|a| a.to() == first.to() && a.other_name().is_some()).collect();
        if same_address.is_empty() {
            // One answer serves for all side hosts: only the way to sign-in is worth the packets, else the first.
            if decisive(evidence, host) || !any_decisive(evidence, killed.iter().filter_map(|a| a.host())) {
                ruling.open.get_or_insert(Doubt {
                    next_test: format!("send {} another server name, and {host}'s to a neutral address", first.to()),
                    questions: vec![
                        OTHER_NAMES.of(HostAt::new(host, first.to())),
                        AGAIN.of(HostAt::new(host, first.to())),
                    ],
                });
            }
            continue;
        }
        let passes: Vec<u32> =
            same_address.iter().filter(|a| a.server_spoke_tls() && !refused_the_name(a)).map(|a| a.id()).collect();
        if passes.is_empty() {
            continue;
        }
        tried.get_or_insert((host, first.to()));
        let named: Vec<_> = evidence
            .attempts()
            .filter(|a| a.role() == Role::Control && a.other_name() == Some(&Sni::Name(host.to_owned())))
            .collect();
        let dies_elsewhere: Vec<u32> = named.iter().filter(|a| dies_in_handshake(**a)).map(|a| a.id()).collect();
        let against: Vec<u32> = named.iter().filter(|a| a.handshake().is_some()).map(|a| a.id()).collect();
        if of_host.len() < 2 && dies_elsewhere.is_empty() {
            ruling.open = Some(Doubt {
                next_test: format!("repeat the handshake with {host} at {}", first.to()),
                questions: vec![AGAIN.of(HostAt::new(host, first.to()))],
            });
            continue;
        }
        let confidence = match (dies_elsewhere.is_empty(), against.is_empty()) {
            (false, _) => 0.97,
            (true, true) => 0.85,
            // The name alone does not do it elsewhere: a box in front of Zoom's addresses, or Zoom's server itself.
            (true, false) => 0.65,
        };
        let how = of_host.first().and_then(|a| a.failure()).map(|f| f.how.to_string()).unwrap_or_default();
        let because = of_host.iter().map(|a| a.id()).chain(passes).chain(dies_elsewhere).collect();
        ruling.claims.push(Claim {
            scope: scope_of(of_host.iter().copied()),
            details: [("answer".to_owned(), how)].into(),
            against,
            blocks: decisive(evidence, host) && sign_in_fails(evidence),
            ..claim(confidence, because)
        });
    }
    let mut ruling = merged(ruling);
    if let Some(claim) = ruling.claims.first_mut() {
        // Side hosts that die the same way are covered by the same claim, though only some were experimented on.
        let alike: Vec<_> = killed.iter().copied().filter(|a| !whole.iter().any(|w| w.host() == a.host())).collect();
        claim.scope = scope_of(alike.iter().copied());
        claim.because = distinct(claim.because.iter().copied().chain(alike.iter().map(|a| a.id())).collect());
        ruling.open = None;
    }
    if let Some((host, to)) = tried {
        let (location, ladders, question) = place_of_hello(evidence, host, to, Trigger::Name).parts();
        if let Some(claim) = ruling.claims.first_mut() {
            claim.location = location;
            claim.because.extend(ladders);
        }
        if let Some(question) = question {
            let next_test = format!("walk the TTL of a hello with {host} and of one with another name to {to}");
            ruling.open.get_or_insert(Doubt { next_test, questions: Vec::new() }).questions.push(question);
        }
    }
    ruling
}

/// TCP stood, and then the handshake did not finish.
fn dies_in_handshake(attempt: Attempt<'_>) -> bool {
    attempt.connected().is_some()
        && attempt.handshake().is_none()
        && attempt.failure().is_some_and(|f| {
            matches!(f.stage, Stage::Hello | Stage::Handshake)
                && matches!(f.how, How::Reset | How::Closed | How::Silent | How::Alert)
        })
}

/// A server that does not know a name may say so by an alert (RFC 6066, section 3): it spoke, so nothing is in the way, but
/// the name was not taken either.
fn refused_the_name(attempt: &Attempt<'_>) -> bool {
    attempt.ended(Stage::Handshake, How::Alert)
        && attempt.failure().and_then(|f| f.detail.as_deref()) != Some("unrecognized_name")
}
