//! Looks at proxies and scripts served on loopback.

use std::net::{IpAddr, Ipv4Addr};

use super::*;
use crate::model::{Hello, ProxyScheme, Role, Settings, Target};
use crate::testing::{Peer, Scene, head, say};

fn probe(target: &str, via: Via, fetch: Option<Fetch>) -> Probe {
    let settings = Settings { fetch, wait_ms: Some(20_000), ..Settings::default() };
    Probe::new(KIND.name, Role::Host, target.parse::<Target>().unwrap()).by(via).with(settings)
}

fn fetching(method: Method, path: &str) -> Fetch {
    Fetch { method, path: path.to_owned(), expect: None }
}

fn through(port: u16) -> Via {
    Via::Proxy(Proxy { scheme: ProxyScheme::Http, host: "127.0.0.1".to_owned(), port, credentials: None })
}

/// Runs the probe while the peer hears one request's head and answers; gives the request's head too.
async fn take(probe: Probe, peer: &Peer, answer: &[u8]) -> (String, Seen) {
    let probe = (KIND.prepare)(&probe).unwrap();
    let seen = Scene::new().with(async |means| probe.probe(means).await.unwrap());
    let serve = async {
        let mut stream = peer.accept().await;
        let asked = head(&mut stream).await;
        say(&mut stream, answer).await;
        asked
    };
    let (seen, asked) = tokio::join!(seen, serve);
    (asked, seen)
}

#[tokio::test]
async fn a_tunnel_is_asked_for_by_name_or_by_the_address_chosen() {
    for (target, line) in [
        ("zoom.us:443", "CONNECT zoom.us:443 HTTP/1.1\r\n"),
        ("zoom.us@192.0.2.1:443", "CONNECT 192.0.2.1:443 HTTP/1.1\r\n"),
        ("[2001:db8::1]:8801", "CONNECT [2001:db8::1]:8801 HTTP/1.1\r\n"),
    ] {
        let peer = Peer::listen().await;
        let (asked, seen) = take(probe(target, through(peer.port()), None), &peer, b"HTTP/1.1 200 OK\r\n\r\n").await;
        assert!(asked.starts_with(line), "{asked}");
        assert_eq!(seen.failure, None);
        assert!(matches!(&seen.facts[..], [Fact::Connected(_), Fact::Tunnel(tunnel)] if tunnel.status == 200));
    }
}

#[tokio::test]
async fn a_refused_tunnel_is_a_failure_of_the_proxy() {
    let peer = Peer::listen().await;
    let (_, seen) =
        take(probe("zoom.us:443", through(peer.port()), None), &peer, b"HTTP/1.1 504 Gateway Timeout\r\n\r\n").await;
    let expected = Failure::new(Stage::Proxy, How::Denied).saying("504 Gateway Timeout");
    assert_eq!(seen.failure, Some(expected));
}

async fn script(answer: &str) -> (PacScript, Option<Failure>) {
    let peer = Peer::listen().await;
    let target = format!("wpad.test@{}:{}", IpAddr::from(Ipv4Addr::LOCALHOST), peer.port());
    let (asked, seen) =
        take(probe(&target, Via::Direct, Some(fetching(Method::Get, "/wpad.dat"))), &peer, answer.as_bytes()).await;
    assert!(asked.starts_with("GET /wpad.dat HTTP/1.1\r\n"), "{asked}");
    match &seen.facts[..] {
        [Fact::Connected(_), Fact::Response(_), Fact::PacScript(script)] => (script.clone(), seen.failure),
        facts => panic!("{facts:?}"),
    }
}

#[tokio::test]
async fn a_script_is_fetched_and_tells_its_proxies() {
    let body = "function FindProxyForURL(u, h) { return 'PROXY proxy.example:3128; DIRECT' }";
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let expected = PacScript {
        status: 200,
        bytes: 76,
        is_script: true,
        names_proxies: vec!["http://proxy.example:3128".to_owned()],
        names_direct: true,
    };
    assert_eq!(script(&answer).await, (expected, None));
}

#[tokio::test]
async fn a_page_in_place_of_a_script_is_malformed_and_an_error_is_denied() {
    let page = script("HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n<html></html>").await.1;
    assert_eq!(page, Some(Failure::new(Stage::Data, How::Malformed).saying("no FindProxyForURL")));
    let gone = script("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").await.1;
    assert_eq!(gone, Some(Failure::new(Stage::Http, How::Denied).saying("404")));
}

#[tokio::test]
async fn a_script_s_server_without_a_name_fails_at_resolving() {
    let probe = (KIND.prepare)(&probe("wpad.test:80", Via::Direct, Some(fetching(Method::Get, "/wpad.dat")))).unwrap();
    let seen = Scene::new().with(async |means| probe.probe(means).await.unwrap()).await;
    let failure = Failure::new(Stage::Resolve, How::NotFound).saying("Name or service not known");
    assert_eq!(seen, Seen::failed(Vec::new(), failure));
}

#[test]
fn a_probe_that_makes_no_sense_is_not_prepared() {
    let small = Settings { hello: Some(Hello::Small), ..Settings::default() };
    for probe in [
        probe("zoom.us:443", through(3128), None).with(small),
        probe("zoom.us", through(3128), None),
        probe("zoom.us:443/udp", through(3128), None),
        probe("this-host", through(3128), None),
        probe("zoom.us:443", through(3128), Some(fetching(Method::Get, "/"))),
        probe("zoom.us:443", Via::Direct, None),
        probe("zoom.us:443", Via::Direct, Some(fetching(Method::Head, "/"))),
        probe("zoom.us:443", Via::System, None),
    ] {
        assert!((KIND.prepare)(&probe).is_err(), "{probe:?}");
    }
}
