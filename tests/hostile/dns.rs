//! DNS servers, by every transport.

use std::time::Duration;

use why5003_probes::model::{Probe, ProbeName, Role, Settings, Target};

use crate::certificates::plain;
use crate::harm::{STEERS, does_no_harm, impatient};
use crate::peer::{Peer, Says};

async fn asks(transport: &str, peer: Peer, settings: Settings) {
    let via = format!("{transport}://{}#dns.example", peer.address());
    let via = via.trim_end_matches(if matches!(transport, "udp" | "tcp") { "#dns.example" } else { "" });
    let probe =
        Probe::new(ProbeName::Dns, Role::SignIn, Target::name("zoom.us")).by(via.parse().unwrap()).with(settings);
    does_no_harm(probe, peer).await;
}

async fn over_udp(says: Says) {
    let settings = Settings { second_answer_ms: Some(300), ..impatient() };
    asks("udp", Peer::udp(says).await, settings).await;
}

async fn over_tcp(says: Says) {
    asks("tcp", Peer::tcp(says).await, impatient()).await;
}

/// A message as a server begins it: the query's own id where there is UDP, one question and this many answers.
fn message(answers: u16, rest: &[u8]) -> Vec<u8> {
    let [high, low] = answers.to_be_bytes();
    let header = [0, 0, 0x81, 0x80, 0, 1, high, low, 0, 0, 0, 0];
    [&header, b"\x04zoom\x02us\0\0\x01\0\x01".as_slice(), rest].concat()
}

/// As TCP frames it, under an id that nobody asked with.
fn framed(message: &[u8]) -> Vec<u8> {
    [&u16::try_from(message.len()).unwrap().to_be_bytes(), message].concat()
}

/// One answer: an address under the question's own name.
const ADDRESS: &[u8] = b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\xc0\0\x02\x01";

/// An alias whose one label steers a terminal.
fn alias() -> Vec<u8> {
    let length = u8::try_from(STEERS.len()).unwrap();
    let name = [&[length], STEERS.as_bytes(), &[0]].concat();
    [b"\xc0\x0c\0\x05\0\x01\0\0\0\x3c\0".as_slice(), &[length + 2], &name].concat()
}

#[tokio::test]
async fn answers_without_end_end() {
    over_udp(Says::always(message(1, ADDRESS))).await;
    over_udp(Says::once(message(1, ADDRESS)).then(message(0, b""))).await;
    over_tcp(Says::always(framed(&message(1, ADDRESS)))).await;
}

#[tokio::test]
async fn datagrams_of_somebody_else_end() {
    over_udp(Says::always(*b"\xff\xff nothing that was asked for")).await;
    over_udp(Says::always(*b"\xff\xff nothing that was asked for").slowly()).await;
}

#[tokio::test]
async fn messages_that_make_no_sense_are_read_to_no_end() {
    let messages: Vec<Vec<u8>> = vec![
        vec![],
        vec![0, 0],
        message(0, b"")[..11].to_vec(),
        // More answers than there are, and a name that points at itself.
        message(u16::MAX, ADDRESS),
        message(1, b"\xc0\x1a\0\x01\0\x01\0\0\0\x3c\0\x04\xc0\0\x02\x01"),
        // An address of no length, and one longer than the message.
        message(1, b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\0"),
        message(1, b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\xff\xff\xc0"),
        message(1, &[0x3f; 600]),
        vec![0; 1200],
    ];
    for message in messages {
        over_udp(Says::once(message.clone())).await;
        over_tcp(Says::once(framed(&message)).then(framed(&message))).await;
    }
}

#[tokio::test]
async fn a_message_full_of_answers_leaves_few_facts() {
    let many = message(3000, &ADDRESS.repeat(3000));
    over_udp(Says::once(many.clone())).await;
    over_udp(Says::always(many.clone())).await;
    over_tcp(Says::always(framed(&many))).await;
}

#[tokio::test]
async fn names_that_steer_a_terminal_are_written_out() {
    over_udp(Says::once(message(2, &[&alias(), ADDRESS].concat()))).await;
    over_udp(Says::once(message(500, &alias().repeat(500)))).await;
}

#[tokio::test]
async fn streams_that_never_end_a_message_end() {
    over_tcp(Says::always(vec![0xff; 64 << 10])).await;
    over_tcp(Says::once([0xff, 0xff]).then([0]).slowly()).await;
    over_tcp(Says::always([0]).slowly()).await;
    over_tcp(Says::always([0, 0])).await;
}

#[tokio::test]
async fn what_is_no_tls_ends_encrypted_questions() {
    for transport in ["dot", "doh"] {
        for says in [Says::always(vec![0xff; 4096]), Says::always([0x16]).slowly(), Says::once(STEERS)] {
            asks(transport, Peer::tcp(says).await, impatient()).await;
        }
    }
}

#[tokio::test]
async fn answers_without_end_over_tls_end() {
    for says in [
        Says::always(framed(&message(1, ADDRESS))),
        Says::always(vec![0xff; 16 << 10]),
        Says::once([0xff, 0xff]).then([0]).slowly(),
    ] {
        asks("dot", Peer::trusted(plain("dns.example", &[]), says).await, impatient()).await;
    }
}

/// One frame of HTTP/2 (RFC 9113, 4.1) on a stream.
fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let [_, high, middle, low] = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&[high, middle, low, kind, flags, 0, 0, 0, stream], payload].concat()
}

#[tokio::test]
async fn frames_without_end_over_https_end() {
    const END_HEADERS: u8 = 4;
    let (settings, ping) = (frame(4, 0, 0, b""), frame(6, 0, 0, b"12345678"));
    // Status 200, and then a field of a new name for ever (RFC 7541, 6.2.2).
    let headers = [settings.clone(), frame(1, 0, 1, b"\x88")].concat();
    let continuation = frame(9, 0, 1, b"\0\x01a\x0csixteen byte");
    let data = [settings.clone(), frame(1, END_HEADERS, 1, b"\x88")].concat();
    for says in [
        Says::always(settings.clone()),
        Says::once(settings.clone()).then(ping.repeat(100)),
        Says::once(headers).then(continuation.repeat(100)),
        Says::once(data.clone()).then(frame(0, 0, 1, &[0xff; 1024])),
        Says::once(data).then(frame(0, 0, 1, &[0])).slowly(),
        Says::once(settings.clone()).then(settings).slowly(),
        Says::always(STEERS),
    ] {
        asks("doh", Peer::trusted(plain("dns.example", &["h2"]), says).await, impatient()).await;
    }
}

/// Silence that a second try would only double.
#[tokio::test]
async fn many_tries_keep_to_their_own_time() {
    let settings = Settings { tries: Some(1), wait_ms: Some(200), ..Settings::default() };
    let says = Says { pause: Some(Duration::from_millis(150)), ..Says::always(*b"\xff\xff of somebody else") };
    asks("udp", Peer::udp(says).await, settings).await;
}
