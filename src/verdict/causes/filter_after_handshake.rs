//! Connections to Zoom die after so many bytes.

use why5003_probes::model::{Exchange, Fact, Hello, How, Layer, Stage};

use super::prelude::*;

pub(super) const CAUSE: Cause = Cause {
    id: "filter.after-handshake",
    title: "A filter kills connections to Zoom after so many bytes",
    layer: Layer::Filter,
    owner: Owner::Network,
    masks: &[],
    effects: &[],
    meaning: "TCP and TLS stand, and then the connection falls silent or is reset, after as many bytes each time, while a neutral host's goes on. A \
              path MTU black hole would stop the handshake, whose packets are the largest; a server in trouble would not count bytes. A box that \
              classifies connections by their beginning, or has a quota, does.",
    proof: "openssl s_client -connect {host}:443 -quiet  # then: HEAD / HTTP/1.1, Host: {host}, again and again",
    remedies: &[
        Mend {
            os: "any",
            who: Owner::Network,
            text: "Look for an application or content rule that matches Zoom once it has seen enough of a connection, or a quota on bytes of a \
                   connection, and exempt zoom.us, *.zoom.us, zoom.com and *.zoom.com.",
            command: "",
        },
        ANOTHER_NETWORK,
    ],
    sources: &["iptables-extensions(8), connbytes", "Zoom KB0060548 (*.zoom.us, *.zoom.com)"],
    rule,
};

fn rule(evidence: &Evidence) -> Ruling {
    let aimed = aimed(evidence);
    let broken: Vec<_> = aimed.iter().copied().filter(|a| breaks_off(*a)).collect();
    let Some(first) = broken.first().copied() else {
        return Ruling::excluded(aimed.iter().filter(|a| a.response().is_some()).map(|a| a.id()).take(3).collect());
    };
    let host = first.host().unwrap_or_default();
    let tried: Vec<_> =
        evidence.attempts_at(host).filter(|a| a.to() == first.to() && a.settings().exchange.is_some()).collect();
    if tried.is_empty() {
        return Ruling::doubt(
            format!("go on asking {host} on one connection, twice: does it die after as many bytes?"),
            vec![SUSTAINED.of(HostAt::new(host, first.to())), AGAIN.of(HostAt::new(host, first.to()))],
        );
    }
    let ids: Vec<u32> = broken.iter().chain(&tried).map(|a| a.id()).collect();
    let of_hello = |hello: Option<Hello>| -> Vec<&Exchange> {
        tried.iter().filter(|a| a.settings().hello == hello).flat_map(|a| exchanges(*a)).collect()
    };
    let (usual, small) = (of_hello(None), of_hello(Some(Hello::Small)));
    if usual.iter().chain(&small).any(|e| e.last == e.wanted) {
        return Ruling::excluded(ids);
    }
    let control = evidence
        .attempts()
        .filter(|a| a.role() == Role::Control && a.settings().exchange.is_some())
        .find(|a| exchanges(*a).iter().any(|e| e.last == e.wanted));
    let [one, other, ..] = usual.as_slice() else { return Ruling::silent() };
    // As far each time, and not from the first request on: so hangs a server that does not serve.
    let alike = one.answered == other.answered && near(total(one), total(other));
    let goes_on = |e: &Exchange| e.answered > 0;
    // A hello that is shorter by a kilobyte leaves room for more: bytes are what counts.
    let counted = small.iter().any(|e| e.answered > one.answered);
    let Some(control) = control.filter(|_| alike && (goes_on(one) || counted)) else {
        return Ruling::doubt(
            "look at the firewall's log for this connection, and ask Zoom's status page: it stands, and no answer comes",
            vec![STATUS_PAGE.of(())],
        );
    };
    let mut because = ids;
    because.push(control.id());
    Ruling::claim(Claim {
        details: [("bytes".to_owned(), total(one).to_string())].into(),
        ..Claim::about(evidence, &broken, if counted { Confidence::Probable } else { Confidence::Indicated }, because)
    })
}

/// The handshake finished, and then nothing or a RST came in an answer's place.
fn breaks_off(attempt: Attempt<'_>) -> bool {
    attempt.handshake().is_some()
        && attempt
            .failure()
            .is_some_and(|f| f.stage == Stage::Http && matches!(f.how, How::Silent | How::Reset | How::Closed))
}

fn exchanges(attempt: Attempt<'_>) -> Vec<&Exchange> {
    attempt.facts().filter_map(|f| if let Fact::Exchange(exchange) = f { Some(exchange) } else { None }).collect()
}

fn total(exchange: &Exchange) -> u64 {
    exchange.sent_bytes + exchange.received_bytes
}

/// Within what one answer more or less would make.
fn near(one: u64, other: u64) -> bool {
    one.abs_diff(other) <= SLACK
}

/// A certificate's and a session ticket's size differ by some bytes from one connection to the next.
const SLACK: u64 = 400;

/// After how many bytes of one connection to this host does it die, twice and with another hello, and a neutral one?
const SUSTAINED: Experiment<HostAt> = Experiment { told_by_silence: true, ..Experiment::new("sustained", sustained) };

/// The connection twice, once more with a hello that is shorter by a kilobyte, and a neutral one.
fn sustained(setup: &Setup<'_>, HostAt { host, to }: &HostAt) -> Vec<Probe> {
    let probe = probes::on_one_connection(host, setup.role_of(host), *to);
    let vary = |settings: Settings| probe.clone().with(settings);
    let mut asked = vec![
        vary(Settings { tries: Some(2), ..probe.settings.clone() }),
        vary(Settings { hello: Some(Hello::Small), ..probe.settings.clone() }),
    ];
    // A web site rather than a resolver, which may close what asks for no name.
    let known =
        |name: &str| setup.addresses.iter().filter(|(known, _)| known == name).map(|(_, address)| *address).min();
    let control = setup.catalogue.controls.iter().find_map(|control| {
        let address = known(&control.name)?;
        Some(probes::on_one_connection(&control.name, Role::Control, SocketAddr::new(address, control.port)))
    });
    asked.extend(control);
    asked
}
