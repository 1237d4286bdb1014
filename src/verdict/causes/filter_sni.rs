//! Zoom's server name in the ClientHello is what kills the connection.

use why5003_probes::model::{How, Layer, Sni, Stage};

use super::prelude::*;

pub(super) const CAUSE: Cause = Cause {
    id: "filter.sni",
    title: "A filter kills TLS connections that carry Zoom's name",
    layer: Layer::Filter,
    owner: Owner::Network,
    masks: &["filter.after-handshake"],
    effects: &[],
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
    let whole: Vec<_> = aimed.iter().copied().filter(|a| a.handshake().is_some()).collect();
    // A host that passes at another address is not named by a filter.
    let passes = |a: &Attempt<'_>| whole.iter().any(|w| w.host() == a.host());
    let all_killed: Vec<_> = aimed.iter().copied().filter(|a| dies_in_handshake(*a)).collect();
    let killed: Vec<_> = all_killed.iter().copied().filter(|a| !passes(a)).collect();
    let mut ruling = Ruling { excluded_by: whole.iter().map(|a| a.id()).take(3).collect(), ..Ruling::silent() };
    let mut tried: Option<HostAt> = None;
    let hosts: BTreeSet<&str> = killed.iter().filter_map(|a| a.host()).collect();
    for host in hosts {
        let of_host: Vec<_> = killed.iter().copied().filter(|a| a.host() == Some(host)).collect();
        let Some(first) = of_host.first().copied() else { continue };
        let at = HostAt::new(host, first.to());
        let other_names: Vec<_> =
            evidence.attempts_at(host).filter(|a| a.to() == first.to() && a.other_name().is_some()).collect();
        if other_names.is_empty() {
            // One answer serves for all side hosts: only the way to sign-in is worth the packets, else the first.
            if decisive(evidence, host) || !any_decisive(evidence, all_killed.iter().filter_map(|a| a.host())) {
                ruling.open.get_or_insert(try_other_names(at));
            }
            continue;
        }
        let passing = other_names.iter().filter(|a| a.server_spoke_tls() && !refused_the_name(a));
        let passing: Vec<u32> = passing.map(|a| a.id()).collect();
        if passing.is_empty() {
            continue;
        }
        let elsewhere = Elsewhere::of(evidence, host);
        if of_host.len() < 2 && elsewhere.dies.is_empty() {
            ruling.open = Some(repeat(&at));
        } else {
            ruling.claims.push(claim(evidence, &of_host, passing, elsewhere));
        }
        tried.get_or_insert(at);
    }
    let mut ruling = merged(ruling);
    cover_all(&killed, &mut ruling);
    if let Some(at) = tried {
        locate(evidence, &at, &mut ruling);
    }
    ruling
}

fn try_other_names(at: HostAt) -> Doubt {
    let next_test = format!("send {} another server name, and {}'s to a neutral address", at.to, at.host);
    Doubt { next_test, questions: vec![OTHER_NAMES.of(at.clone()), AGAIN.of(at)] }
}

fn repeat(at: &HostAt) -> Doubt {
    let next_test = format!("repeat the handshake with {} at {}", at.host, at.to);
    Doubt { next_test, questions: vec![AGAIN.of(at.clone())] }
}

/// What became of the name at neutral addresses.
struct Elsewhere {
    /// Tries that it killed there too.
    dies: Vec<u32>,
    /// Tries that finished with it.
    passes: Vec<u32>,
}

impl Elsewhere {
    fn of(evidence: &Evidence, host: &str) -> Self {
        let name = Sni::Name(host.to_owned());
        let named = || evidence.attempts().filter(|a| a.role() == Role::Control && a.other_name() == Some(&name));
        Self {
            dies: named().filter(|a| dies_in_handshake(*a)).map(Attempt::id).collect(),
            passes: named().filter(|a| a.handshake().is_some()).map(Attempt::id).collect(),
        }
    }
}

fn claim(evidence: &Evidence, killed: &[Attempt<'_>], passing: Vec<u32>, elsewhere: Elsewhere) -> Claim {
    let confidence = match (elsewhere.dies.is_empty(), elsewhere.passes.is_empty()) {
        (false, _) => Confidence::Proven,
        (true, true) => Confidence::Likely,
        // The name alone does not do it elsewhere: a box in front of Zoom's addresses, or Zoom's server itself.
        (true, false) => Confidence::Contested,
    };
    let how = killed.first().and_then(|a| a.failure()).map(|f| f.how.to_string()).unwrap_or_default();
    let because = killed.iter().map(|a| a.id()).chain(passing).chain(elsewhere.dies).collect();
    Claim {
        details: [("answer".to_owned(), how)].into(),
        against: elsewhere.passes,
        ..Claim::about(evidence, killed, confidence, because)
    }
}

/// Side hosts that die the same way are covered by the same claim, though only some were experimented on.
fn cover_all(killed: &[Attempt<'_>], ruling: &mut Ruling) {
    if let Some(claim) = ruling.claims.first_mut() {
        claim.scope = scope_of(killed.iter().copied());
        claim.because = distinct(claim.because.iter().copied().chain(killed.iter().map(|a| a.id())).collect());
        ruling.open = None;
    }
}

/// Where the name is read, or the question that would tell.
fn locate(evidence: &Evidence, at: &HostAt, ruling: &mut Ruling) {
    let (location, traceroutes, question) = locate_hello(evidence, &at.host, at.to, Trigger::Name).parts();
    if let Some(claim) = ruling.claims.first_mut() {
        claim.location = location;
        claim.because.extend(traceroutes);
    }
    if let Some(question) = question {
        let next_test = format!("walk the TTL of a hello with {} and of one with another name to {}", at.host, at.to);
        ruling.open.get_or_insert(Doubt { next_test, questions: Vec::new() }).questions.push(question);
    }
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
