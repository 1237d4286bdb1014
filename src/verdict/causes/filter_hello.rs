//! Filters that mind the form of the ClientHello and not the name in it: its size, its version.

use why5003_probes::model::{Hello, How, Layer, Stage, TlsVersions};

use super::prelude::*;

pub(super) const LARGE: Cause = Cause {
    id: "filter.large-clienthello",
    title: "A filter kills TLS connections whose ClientHello spans two segments",
    layer: Layer::Filter,
    owner: Owner::Network,
    masks: &["filter.sni"],
    effects: &[],
    meaning: "A ClientHello that fits one segment passes; one that spans two (as the post-quantum key share of current clients makes it) does not, \
              whatever the size of the segments. A middlebox expects the whole hello in the first segment. An MTU black hole would pass it at a \
              smaller segment size.",
    proof: "openssl s_client -groups X25519MLKEM768 -connect {host}:443 </dev/null\nopenssl s_client -groups X25519 -connect {host}:443 </dev/null",
    remedies: &[
        Mend {
            os: "any",
            who: Owner::Network,
            text: "Update the firewall or proxy that inspects TLS, which must reassemble a ClientHello from several segments; or exempt zoom.us, *.zoom.us, \
                   zoom.com and *.zoom.com from it.",
            command: "",
        },
        ANOTHER_NETWORK,
    ],
    sources: &["https://tldr.fail", "RFC 8446, section 5.1 (handshake messages may span records)", "FIPS 203 (ML-KEM)"],
    rule: large,
};

pub(super) const VERSION: Cause = Cause {
    id: "filter.tls-version",
    title: "A filter lets only one TLS version through",
    layer: Layer::Filter,
    owner: Owner::Network,
    masks: &["filter.sni", "filter.large-clienthello"],
    effects: &[],
    meaning: "At the same address and time a handshake that offers TLS 1.2 alone finishes, and one that offers 1.3 dies. A middlebox does not know, \
              or does not want, TLS 1.3.",
    proof: "openssl s_client -tls1_2 -connect {host}:443 </dev/null\nopenssl s_client -tls1_3 -connect {host}:443 </dev/null",
    remedies: &[
        Mend {
            os: "any",
            who: Owner::Network,
            text: "Update the firewall or proxy that inspects TLS, let it pass what it does not know, or exempt zoom.us, *.zoom.us, zoom.com and *.zoom.com \
                   from it.",
            command: "",
        },
        ANOTHER_NETWORK,
    ],
    sources: &["RFC 8446, section 9.3 (middlebox requirements)"],
    rule: version,
};

fn large(evidence: &Evidence) -> Ruling {
    let mut ruling = experiment(evidence, |a| a.settings().hello == Some(Hello::Small));
    let Some(claim) = ruling.claims.first_mut() else { return ruling };
    let first = evidence.attempts().find(|a| claim.because.first() == Some(&a.id()));
    let Some((host, to)) = first.and_then(|a| Some((a.host()?, a.to()))) else { return ruling };
    let (location, traceroutes, question) = locate_hello(evidence, host, to, Trigger::Size).parts();
    claim.location = location;
    claim.because.extend(traceroutes);
    ruling.open = question.map(|question| Doubt {
        next_test: format!("walk the TTL of a large and of a small hello to {to}"),
        questions: vec![question],
    });
    ruling
}

fn version(evidence: &Evidence) -> Ruling {
    // With 1.2 alone the hello is small too: only a small hello that offers 1.3 and dies tells the version from the size.
    let small_dies = |host: &str| {
        evidence
            .attempts_at(host)
            .any(|a| a.settings().hello == Some(Hello::Small) && a.settings().tls.is_none() && !a.server_spoke_tls())
    };
    let mut ruling = experiment(evidence, |a| a.settings().tls == Some(TlsVersions::Only12));
    // One host is experimented on; the others only die alike.
    ruling.claims.retain(|claim| claim.scope.hosts.iter().any(|host| small_dies(host)));
    ruling
}

/// The baseline dies in the handshake, and the same address takes the variant.
fn experiment(evidence: &Evidence, variant: impl Fn(&Attempt<'_>) -> bool) -> Ruling {
    let aimed = aimed(evidence);
    let whole: Vec<u32> = aimed.iter().filter(|a| a.handshake().is_some()).map(|a| a.id()).take(3).collect();
    // A host that finishes a handshake at one address is nobody's to stop; a filter may stand before a part of them.
    let passes = |host: Option<&str>| aimed.iter().any(|a| a.host() == host && a.handshake().is_some());
    let dying: Vec<_> = aimed
        .iter()
        .copied()
        .filter(|a| !passes(a.host()))
        .filter(|a| {
            a.connected().is_some() && a.failure().is_some_and(|f| f.stage == Stage::Hello && f.how != How::Malformed)
        })
        .collect();
    let Some(first) = dying.first().copied() else { return Ruling::excluded(whole) };
    if let Some((search, _)) = black_hole(evidence) {
        // Smaller segments heal it: a variant that passes there merely gets a shorter answer.
        return Ruling::excluded(vec![search.id]);
    }
    let host = first.host().unwrap_or_default();
    let tried: Vec<_> = evidence.attempts_at(host).filter(|a| a.to() == first.to()).filter(|a| variant(a)).collect();
    if tried.is_empty() {
        let question = OTHER_HELLO.of(HostAt::new(host, first.to()));
        return Ruling::doubt("vary the size and the version of the ClientHello", vec![question]);
    }
    let passing: Vec<u32> = tried.iter().filter(|a| a.handshake().is_some()).map(|a| a.id()).collect();
    if passing.is_empty() {
        return Ruling::excluded(tried.iter().map(|a| a.id()).collect());
    }
    let because = dying.iter().map(|a| a.id()).chain(passing).collect();
    Ruling::claim(Claim { ..Claim::about(evidence, &dying, Confidence::Likely, because) })
}

/// Does a ClientHello in one segment pass where one in two does not, and does TLS 1.2 alone?
const OTHER_HELLO: Experiment<HostAt> =
    Experiment { told_by_silence: true, ..Experiment::new("other-hello", other_hellos) };

fn other_hellos(setup: &Setup<'_>, HostAt { host, to }: &HostAt) -> Vec<Probe> {
    let forms = [
        Settings { hello: Some(Hello::Small), ..Settings::default() },
        Settings { tls: Some(TlsVersions::Only12), ..Settings::default() },
    ];
    forms.map(|form| probes::handshake(host, setup.role_of(host), *to).with(form)).into()
}
