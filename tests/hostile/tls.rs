//! Whoever answers a ClientHello.

use why5003_probes::model::{Fetch, Method, Probe, ProbeName, Role, Settings, Target};

use crate::certificates::{long_chain, plain, steering};
use crate::harm::{STEERS, STEERS_IN_HTTP, does_no_harm, impatient};
use crate::peer::{Peer, Says};

async fn shakes(kind: ProbeName, peer: Peer) {
    let fetch = Fetch { method: Method::Get, path: "/".to_owned(), expect: None };
    let settings = Settings { fetch: (kind == ProbeName::Tls).then_some(fetch), ..impatient() };
    let target = Target::tcp(peer.address()).called("zoom.us");
    does_no_harm(Probe::new(kind, Role::SignIn, target).with(settings), peer).await;
}

/// A TLS record (RFC 8446, 5.1) of that type.
fn record(kind: u8, content: &[u8]) -> Vec<u8> {
    [&[kind, 3, 3], u16::try_from(content.len()).unwrap().to_be_bytes().as_slice(), content].concat()
}

const CHANGE_CIPHER_SPEC: u8 = 20;
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const APPLICATION: u8 = 23;

fn answers() -> Vec<Says> {
    // A ServerHello of 16 MiB, which never ends (RFC 8446, 4).
    let endless = record(HANDSHAKE, b"\x02\xff\xff\xff");
    vec![
        Says::always(vec![0xff; 4096]),
        Says::always(STEERS),
        Says::once(format!("HTTP/1.1 400 {STEERS}\r\n\r\n{STEERS}")),
        Says::once(format!("HTTP/1.1 400 {STEERS_IN_HTTP}\r\n\r\n")).then(STEERS),
        Says::once(endless.clone()).then(record(HANDSHAKE, &[0; 16 << 10])),
        Says::once(endless).then(record(HANDSHAKE, &[0])).slowly(),
        Says::always(record(HANDSHAKE, &[])),
        Says::always(record(CHANGE_CIPHER_SPEC, &[1])),
        Says::always(record(APPLICATION, &[0; 1024])),
        // A warning (RFC 5246, 7.2): user_canceled.
        Says::always(record(ALERT, &[1, 90])),
        Says::once([HANDSHAKE, 3, 3, 0xff, 0xff]).then([0; 4096]),
        Says::always([HANDSHAKE]).slowly(),
    ]
}

#[tokio::test]
async fn what_is_no_handshake_ends() {
    for says in answers() {
        shakes(ProbeName::Tls, Peer::tcp(says).await).await;
    }
}

#[tokio::test]
async fn what_is_no_handshake_ends_at_every_segment_size() {
    for says in answers() {
        shakes(ProbeName::Mtu, Peer::tcp(says).await).await;
    }
}

#[tokio::test]
async fn whoever_speaks_first_and_for_ever_is_left() {
    let peer = Peer::tcp(Says::always(STEERS)).await;
    let probe = Probe::new(ProbeName::Tcp, Role::SignIn, Target::tcp(peer.address())).with(impatient());
    does_no_harm(probe, peer).await;
}

#[tokio::test]
async fn names_in_certificates_that_steer_a_terminal_are_written_out() {
    let says = Says::once("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    shakes(ProbeName::Tls, Peer::tls(steering(), says).await).await;
}

#[tokio::test]
async fn a_chain_without_end_ends() {
    // Within what is read of a handshake, and beyond it.
    for length in [100, 2000] {
        shakes(ProbeName::Tls, Peer::tls(long_chain(length), Says::default()).await).await;
    }
}

#[tokio::test]
async fn pages_without_end_behind_a_handshake_end() {
    for says in crate::http::pages() {
        shakes(ProbeName::Tls, Peer::tls(plain("zoom.us", &[]), says.clone()).await).await;
        shakes(ProbeName::Tls, Peer::trusted(plain("zoom.us", &[]), says).await).await;
    }
}
