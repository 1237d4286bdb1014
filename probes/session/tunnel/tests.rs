//! Tunnels through small proxies on loopback, honest and hostile.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;
use crate::model::{Secret, Tunnel};
use crate::os::SystemLookup;
use crate::testing::{ClosedTcp, Names, Peer, Scene, head, say};

/// Long enough for loopback on a busy machine; a test of silence sets its own.
const WAIT: Duration = Duration::from_secs(20);

fn scene() -> Scene {
    // Nothing listens at ::1, so the third address is needed.
    let second =
        SystemLookup::Found(vec!["::1".parse().unwrap(), "::1".parse().unwrap(), "127.0.0.1".parse().unwrap()]);
    Scene::new().knowing(Names::none().and("proxy.test", second).and("silent.test", SystemLookup::Silent))
}

fn proxy(scheme: ProxyScheme, host: &str, port: u16) -> Proxy {
    Proxy { scheme, host: host.to_owned(), port, credentials: None }
}

/// Asks a peer, which does its part meanwhile, for a tunnel to zoom.us:443.
async fn ask_of(
    scheme: ProxyScheme,
    credentials: Option<&str>,
    wait: Duration,
    part: impl AsyncFnOnce(TcpStream),
) -> Tunnelled {
    let peer = Peer::listen().await;
    let proxy = Proxy { credentials: credentials.map(Secret::new), ..proxy(scheme, "127.0.0.1", peer.port()) };
    let ask = scene().with(async |means| tunnel(means, &proxy, "zoom.us", 443, wait).await.unwrap());
    let served = async { part(peer.accept().await).await };
    tokio::join!(ask, served).0
}

/// What an HTTP proxy's answer is seen as, without the connection and the time taken.
async fn seen(answer: &[u8]) -> (Vec<Fact>, Option<Failure>) {
    let tunnelled = ask_of(ProxyScheme::Http, None, WAIT, async |mut stream| {
        head(&mut stream).await;
        say(&mut stream, answer).await;
    })
    .await;
    (without_times(tunnelled.facts), tunnelled.stream.err())
}

fn without_times(facts: Vec<Fact>) -> Vec<Fact> {
    let untimed = |fact| match fact {
        Fact::Connected(_) => None,
        Fact::Tunnel(tunnel) => Some(Fact::Tunnel(Tunnel { took_us: 0, ..tunnel })),
        fact => Some(fact),
    };
    facts.into_iter().filter_map(untimed).collect()
}

fn told(status: u16, reason: &str) -> Tunnel {
    Tunnel { status, reason: Some(reason.to_owned()), schemes: Vec::new(), error: None, server: None, took_us: 0 }
}

fn failure(how: How, detail: &str) -> Failure {
    Failure::new(Stage::Proxy, how).saying(detail)
}

#[tokio::test]
async fn a_granted_tunnel_carries_bytes_both_ways_from_the_first() {
    let tunnelled = ask_of(ProxyScheme::Http, None, WAIT, async |mut stream| {
        let asked = head(&mut stream).await;
        let expected = format!(
            "CONNECT zoom.us:443 HTTP/1.1\r\nHost: zoom.us:443\r\nUser-Agent: why5003/{}\r\nProxy-Connection: Keep-Alive\r\n\r\n",
            env!("CARGO_PKG_VERSION")
        );
        assert_eq!(asked, expected);
        say(&mut stream, b"HTTP/1.0 200 Connection established\r\nVia: 1.1 gate (squid)\r\n\r\nat once").await;
        say(&mut stream, b" and later").await;
    })
    .await;
    let expected = Tunnel { server: Some("1.1 gate (squid)".to_owned()), ..told(200, "Connection established") };
    assert!(matches!(tunnelled.facts.first(), Some(Fact::Connected(_))));
    assert_eq!(without_times(tunnelled.facts), [Fact::Tunnel(expected)]);
    let mut heard = String::new();
    tunnelled.stream.unwrap().read_to_string(&mut heard).await.unwrap();
    assert_eq!(heard, "at once and later");
}

#[tokio::test]
async fn what_is_written_into_a_tunnel_comes_out() {
    let peer = Peer::listen().await;
    let proxy = proxy(ProxyScheme::Http, "127.0.0.1", peer.port());
    let ask = scene().with(async |means| {
        let mut stream = tunnel(means, &proxy, "2001:db8::1", 443, WAIT).await.unwrap().stream.unwrap();
        stream.write_all(b"hello\r\n\r\n").await.unwrap();
        assert_eq!(stream.read_u8().await.unwrap(), b'!');
    });
    let serve = async {
        let mut stream = peer.accept().await;
        assert!(head(&mut stream).await.starts_with("CONNECT [2001:db8::1]:443 HTTP/1.1\r\n"));
        say(&mut stream, b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n").await;
        assert_eq!(head(&mut stream).await, "hello\r\n\r\n");
        say(&mut stream, b"!").await;
    };
    tokio::join!(ask, serve);
}

#[tokio::test]
async fn credentials_are_sent_only_where_the_user_gave_some() {
    let tunnelled = ask_of(ProxyScheme::Http, Some("Aladdin:open sesame"), WAIT, async |mut stream| {
        // The example of RFC 7617, section 2.
        let asked = head(&mut stream).await;
        assert!(asked.contains("\r\nProxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"), "{asked}");
        say(&mut stream, b"HTTP/1.1 204 \r\n\r\n").await;
    })
    .await;
    assert!(tunnelled.stream.is_ok());
}

#[tokio::test]
async fn a_407_tells_its_schemes() {
    let answer = b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Negotiate\r\n\
        Proxy-Authenticate: Basic realm=\"a, b\"\r\nContent-Length: 1000000\r\n\r\n<html>";
    let schemes = vec!["Negotiate".to_owned(), "Basic".to_owned()];
    assert_eq!(
        seen(answer).await,
        (
            vec![Fact::Tunnel(Tunnel { schemes, ..told(407, "Proxy Authentication Required") })],
            Some(failure(How::Denied, "407 Proxy Authentication Required"))
        )
    );
}

#[tokio::test]
async fn a_403_tells_the_proxy_s_own_error() {
    let answer = b"HTTP/1.1 403 Forbidden\r\nServer: squid/6.6\r\nX-Squid-Error: ERR_ACCESS_DENIED 0\r\n\r\n";
    let tunnel = Tunnel {
        error: Some("ERR_ACCESS_DENIED 0".to_owned()),
        server: Some("squid/6.6".to_owned()),
        ..told(403, "Forbidden")
    };
    assert_eq!(seen(answer).await, (vec![Fact::Tunnel(tunnel)], Some(failure(How::Denied, "403 Forbidden"))));
}

#[tokio::test]
async fn a_502_is_a_refusal_in_the_proxy_s_words() {
    assert_eq!(
        seen(b"HTTP/1.1 502 DNS lookup failed\r\n\r\n").await,
        (vec![Fact::Tunnel(told(502, "DNS lookup failed"))], Some(failure(How::Denied, "502 DNS lookup failed")))
    );
}

#[tokio::test]
async fn a_proxy_that_says_nothing_is_silent() {
    let wait = Duration::from_millis(50);
    let peer = Peer::listen().await;
    let proxy = proxy(ProxyScheme::Http, "127.0.0.1", peer.port());
    // The backlog takes the connection; nobody ever answers on it.
    let tunnelled = scene().with(async |means| tunnel(means, &proxy, "zoom.us", 443, wait).await.unwrap()).await;
    assert_eq!(tunnelled.stream.err(), Some(Failure::new(Stage::Proxy, How::Silent).after(wait)));
    assert!(matches!(tunnelled.facts[..], [Fact::Connected(_)]));
}

#[tokio::test]
async fn a_proxy_that_hangs_up_is_closed() {
    let closed = Some(Failure::new(Stage::Proxy, How::Closed));
    assert_eq!(seen(b"").await, (Vec::new(), closed.clone()));
    assert_eq!(seen(b"HTTP/1.1 200 OK\r\nVia:").await, (Vec::new(), closed));
}

#[tokio::test]
async fn a_reset_is_told_from_a_hang_up() {
    let tunnelled = ask_of(ProxyScheme::Http, None, WAIT, async |mut stream| {
        head(&mut stream).await;
        stream.set_zero_linger().unwrap();
    })
    .await;
    assert_eq!(tunnelled.stream.err(), Some(Failure::new(Stage::Proxy, How::Reset)));
}

#[tokio::test]
async fn what_speaks_no_http_is_shown_and_malformed() {
    let (facts, failure) = seen(b"SSH-2.0-OpenSSH_9.9\r\n").await;
    assert_eq!(facts, [Fact::Garbage { text: "SSH-2.0-OpenSSH_9.9\\u{d}\\u{a}".to_owned() }]);
    assert_eq!(failure.map(|failure| (failure.stage, failure.how)), Some((Stage::Proxy, How::Malformed)));
}

#[tokio::test]
async fn a_reason_phrase_never_reaches_the_terminal_as_it_is() {
    let (facts, failure) = seen(b"HTTP/1.1 407 \x1b[2J\x1b]0;owned\x07\r\n\r\n").await;
    assert_eq!(
        facts,
        [Fact::Garbage { text: "HTTP/1.1 407 \\u{1b}[2J\\u{1b}]0;owned\\u{7}\\u{d}\\u{a}\\u{d}\\u{a}".to_owned() }]
    );
    assert_eq!(failure.unwrap().how, How::Malformed);
    let (facts, _) = seen("HTTP/1.1 403 No\tway\r\nX-Squid-Error: a\u{9b}2J\u{202e}b\r\n\r\n".as_bytes()).await;
    let tunnel = Tunnel { error: Some("a\\u{9b}2J\\u{202e}b".to_owned()), ..told(403, "No\\u{9}way") };
    assert_eq!(facts, [Fact::Tunnel(tunnel)]);
}

#[track_caller]
fn is_too_much((facts, failure): (Vec<Fact>, Option<Failure>)) {
    assert!(
        matches!(&facts[..], [Fact::Garbage { text }] if text.chars().count() == 121 && text.ends_with('…')),
        "{facts:?}"
    );
    let failure = failure.unwrap();
    assert_eq!(
        (failure.how, failure.detail.as_deref()),
        (How::Malformed, Some("no HTTP answer: message head is too large"))
    );
}

#[tokio::test]
async fn a_head_without_end_is_given_up() {
    let line = b"HTTP/1.1 200 OK\r\n".as_slice();
    is_too_much(seen(&[line, &b"X-Filler: on and on and on\r\n".repeat(65)].concat()).await);
    is_too_much(seen(&[line, b"X: ", &b"x".repeat(1 << 20)].concat()).await);
}

#[tokio::test]
async fn interim_answers_without_end_meet_the_deadline() {
    let wait = Duration::from_millis(200);
    let tunnelled = ask_of(ProxyScheme::Http, None, wait, async |mut stream| {
        head(&mut stream).await;
        while stream.write_all(b"HTTP/1.1 103 Early Hints\r\n\r\n").await.is_ok() {}
    })
    .await;
    assert_eq!(tunnelled.stream.err().unwrap().how, How::Silent);
}

#[tokio::test]
async fn a_proxy_that_stops_in_the_middle_of_its_answer_is_silent_there() {
    let wait = Duration::from_millis(200);
    let mut held = None;
    let tunnelled = ask_of(ProxyScheme::Http, None, wait, async |mut stream| {
        head(&mut stream).await;
        say(&mut stream, b"HTTP/1.1 200 OK\r\nVia:").await;
        held = Some(stream);
    })
    .await;
    let expected = Failure::new(Stage::Proxy, How::Silent).after(wait).saying("in the middle of its answer");
    assert_eq!(tunnelled.stream.err(), Some(expected));
}

#[tokio::test]
async fn a_proxy_is_found_by_name_and_its_second_address_tried() {
    let peer = Peer::listen().await;
    let proxy = proxy(ProxyScheme::Http, "proxy.test", peer.port());
    let ask = scene().with(async |means| tunnel(means, &proxy, "zoom.us", 443, WAIT).await.unwrap());
    let serve = async {
        let mut stream = peer.accept().await;
        head(&mut stream).await;
        say(&mut stream, b"HTTP/1.1 200 OK\r\n\r\n").await;
    };
    let (tunnelled, ()) = tokio::join!(ask, serve);
    assert_eq!(without_times(tunnelled.facts), [Fact::Tunnel(told(200, "OK"))]);
    assert!(tunnelled.stream.is_ok());
}

async fn unreached(proxy: Proxy, failure: Failure) {
    let tunnelled = scene().with(async |means| tunnel(means, &proxy, "zoom.us", 443, WAIT).await.unwrap()).await;
    assert_eq!((tunnelled.facts, tunnelled.stream.err()), (Vec::new(), Some(failure)));
}

#[tokio::test]
async fn an_unknown_name_a_dead_resolver_and_a_closed_port_are_told_apart() {
    unreached(proxy(ProxyScheme::Http, "gone.test", 3128), failure(How::NotFound, "Name or service not known")).await;
    unreached(proxy(ProxyScheme::Http, "silent.test", 3128), Failure::new(Stage::Proxy, How::Silent).after(WAIT)).await;
    let closed = ClosedTcp::new();
    let port = closed.address().port();
    unreached(proxy(ProxyScheme::Socks5, "127.0.0.1", port), failure(How::Refused, "ECONNREFUSED")).await;
}

#[tokio::test]
async fn a_name_that_fits_no_request_is_not_probed_at() {
    let peer = Peer::listen().await;
    scene()
        .with(async |means| {
            for scheme in [ProxyScheme::Http, ProxyScheme::Socks5] {
                let proxy = proxy(scheme, "127.0.0.1", peer.port());
                let name = format!("a b\r\n{}", "x".repeat(300));
                assert!(matches!(tunnel(means, &proxy, &name, 443, WAIT).await, Err(CannotProbe::Io { .. })));
            }
        })
        .await;
}

/// What a SOCKS proxy's messages are seen as; each is sent when as many bytes as stand before it have come.
async fn socks(credentials: Option<&str>, turns: &[(&[u8], &[u8])]) -> (Vec<Fact>, Result<String, Failure>) {
    let tunnelled = ask_of(ProxyScheme::Socks5, credentials, WAIT, async |mut stream| {
        for (expected, answer) in turns {
            let mut heard = vec![0; expected.len()];
            stream.read_exact(&mut heard).await.unwrap();
            assert_eq!(&heard, expected);
            say(&mut stream, answer).await;
        }
    })
    .await;
    let rest = match tunnelled.stream {
        Ok(mut stream) => {
            let mut rest = String::new();
            stream.read_to_string(&mut rest).await.unwrap();
            Ok(rest)
        }
        Err(failure) => Err(failure),
    };
    (without_times(tunnelled.facts), rest)
}

const GREETING: &[u8] = &[5, 1, 0];
const REQUEST: &[u8] = b"\x05\x01\x00\x03\x07zoom.us\x01\xbb";

#[tokio::test]
async fn socks_grants_and_loses_nothing_of_what_follows() {
    let reply: &[u8] = b"\x05\x00\x00\x01\x7f\x00\x00\x01\x04\x38at once";
    assert_eq!(
        socks(None, &[(GREETING, &[5, 0]), (REQUEST, reply)]).await,
        (vec![Fact::Tunnel(told(200, "succeeded"))], Ok("at once".to_owned()))
    );
    let by_name: &[u8] = b"\x05\x00\x00\x03\x04gate\x04\x38";
    let login: &[u8] = b"\x01\x03ann\x06s3cret";
    assert_eq!(
        socks(Some("ann:s3cret"), &[(&[5, 2, 0, 2], &[5, 2]), (login, &[1, 0]), (REQUEST, by_name)]).await.1,
        Ok(String::new())
    );
}

#[tokio::test]
async fn socks_refuses_in_its_own_words() {
    for (code, status, reason) in [
        (1, 500, "general SOCKS server failure"),
        (2, 403, "connection not allowed by ruleset"),
        (3, 502, "network unreachable"),
        (4, 502, "host unreachable"),
        (5, 502, "connection refused"),
        (200, 500, "SOCKS reply 200"),
    ] {
        assert_eq!(
            socks(None, &[(GREETING, &[5, 0]), (REQUEST, &[5, code, 0, 1, 0, 0, 0, 0, 0, 0])]).await,
            (vec![Fact::Tunnel(told(status, reason))], Err(failure(How::Denied, reason)))
        );
    }
}

#[tokio::test]
async fn socks_that_wants_a_login_is_a_407() {
    let (wanted, refused) = ("no acceptable authentication method", "user name or password not accepted");
    assert_eq!(
        socks(None, &[(GREETING, &[5, 0xff])]).await,
        (vec![Fact::Tunnel(told(407, wanted))], Err(failure(How::Denied, wanted)))
    );
    assert_eq!(
        socks(Some("ann"), &[(&[5, 2, 0, 2], &[5, 2]), (b"\x01\x03ann\x00", &[1, 1])]).await,
        (vec![Fact::Tunnel(told(407, refused))], Err(failure(How::Denied, refused)))
    );
}

#[tokio::test]
async fn what_speaks_no_socks_is_malformed_or_closed() {
    let garbage = |text: &str| vec![Fact::Garbage { text: text.to_owned() }];
    assert_eq!(
        socks(None, &[(GREETING, b"HTTP/1.1 400 Bad Request\r\n\r\n")]).await,
        (garbage("HT"), Err(failure(How::Malformed, "no answer of SOCKS 5")))
    );
    assert_eq!(
        socks(None, &[(GREETING, &[5, 2])]).await,
        (garbage("\\u{5}\\u{2}"), Err(failure(How::Malformed, "an authentication method that was not offered")))
    );
    assert_eq!(
        socks(None, &[(GREETING, &[5, 0]), (REQUEST, &[5, 0, 0, 9])]).await,
        (garbage("\\u{0}\\u{9}"), Err(failure(How::Malformed, "an unknown address type")))
    );
    let closed = Failure::new(Stage::Proxy, How::Closed);
    assert_eq!(socks(None, &[(GREETING, &[5])]).await, (Vec::new(), Err(closed.clone())));
    assert_eq!(socks(None, &[(GREETING, &[5, 0]), (REQUEST, &[5, 0, 0, 3, 255, 1])]).await, (Vec::new(), Err(closed)));
}
