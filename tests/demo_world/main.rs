//! The worlds of the demo, looked at from outside: each fault is there, and nothing else is wrong.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use why5003::demo::{FAULTS, Fault, World, start};
use why5003_probes::model::{How, ProxySays};
use why5003_probes::net::{DatagramOptions, Dial, Heard, Outcome, Sockets, Stream};
use why5003_probes::os::{Clock, System, SystemClock, SystemLookup};

use SystemLookup::{Found, NotFound, Silent, TryAgain};

/// Silence in these tests: far more than a round trip on loopback.
const SHORT: Duration = Duration::from_millis(300);
/// For what does answer.
const LONG: Duration = Duration::from_secs(10);

async fn world(fault: &str) -> World {
    start(Fault::named(fault).unwrap(), Arc::new(Sockets::new())).await.unwrap()
}

async fn lookup(world: &World, name: &str) -> SystemLookup {
    world.system.lookup(name, SHORT).await.unwrap()
}

/// The true address of a name, as the healthy resolver of any world would tell: by the catalogue.
fn known(world: &World, name: &str) -> IpAddr {
    let catalogue: toml::Table = world.catalogue.parse().unwrap();
    let entries = ["host", "control", "resolver"].iter().flat_map(|key| catalogue[*key].as_array().unwrap());
    let addresses = |entry: &toml::Value| {
        let addresses = entry.get("known_addresses").or(entry.get("addresses"))?;
        addresses.as_array()?.first()?.as_str()?.parse().ok()
    };
    let named = |entry: &&toml::Value| {
        ["name", "dot"].iter().any(|key| entry.get(*key).and_then(toml::Value::as_str) == Some(name))
    };
    entries.filter(named).find_map(addresses).unwrap()
}

async fn dial(world: &World, to: SocketAddr, wait: Duration) -> Result<Box<dyn Stream>, How> {
    dial_with(world, Dial::new(to, wait)).await
}

async fn dial_with(world: &World, dial: Dial) -> Result<Box<dyn Stream>, How> {
    match world.network.dial(dial).await.unwrap().outcome {
        Outcome::Connected(stream) => Ok(stream),
        Outcome::Failed(how, _) => Err(how),
    }
}

/// What came of a TLS handshake and a GET: the head and body, or in a word why not.
async fn fetch(
    stream: Box<dyn Stream>,
    roots: Arc<RootCertStore>,
    name: &str,
    path: &str,
    large: bool,
) -> Result<String, String> {
    let mut provider = rustls::crypto::aws_lc_rs::default_provider();
    if !large {
        provider.kx_groups = vec![rustls::crypto::aws_lc_rs::kx_group::X25519];
    }
    let handshake = handshake(stream, provider, roots, name, &[]);
    let mut tls = timeout(SHORT, handshake).await.map_err(|_| "silent")?.map_err(|error| error.to_string())?;
    tls.write_all(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).await.unwrap();
    let mut answer = String::new();
    tls.read_to_string(&mut answer).await.map_err(|error| error.to_string())?;
    Ok(answer)
}

async fn handshake(
    stream: Box<dyn Stream>,
    provider: CryptoProvider,
    roots: Arc<RootCertStore>,
    name: &str,
    alpn: &[&str],
) -> std::io::Result<TlsStream<Box<dyn Stream>>> {
    let mut config = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

/// A TLS connection to an independent resolver.
async fn resolver(world: &World, port: u16, alpn: &[&str]) -> TlsStream<Box<dyn Stream>> {
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let stream = dial(world, SocketAddr::new(known(world, "dns.first.example"), port), LONG).await.unwrap();
    handshake(stream, provider, world.trust.public(), "dns.first.example", alpn).await.unwrap()
}

/// One query and its answer as RFC 7766 has them framed.
async fn ask(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), query: &[u8]) -> Vec<u8> {
    let length = u16::try_from(query.len()).unwrap();
    stream.write_all(&[&length.to_be_bytes(), query].concat()).await.unwrap();
    let mut answer = vec![0; stream.read_u16().await.unwrap().into()];
    stream.read_exact(&mut answer).await.unwrap();
    answer
}

async fn get(world: &World, name: &str, path: &str) -> Result<String, String> {
    let to = SocketAddr::new(known(world, name), 443);
    let stream = dial(world, to, SHORT).await.map_err(|how| how.to_string())?;
    fetch(stream, world.trust.public(), name, path, true).await
}

async fn say(world: &World, to: SocketAddr, text: &str) -> String {
    let mut stream = dial(world, to, LONG).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

async fn proxy(world: &World) -> Result<Box<dyn Stream>, How> {
    let ProxySays::Use(url) = &world.system.proxies().unwrap()[0].says else { panic!("no proxy") };
    dial(world, url.strip_prefix("http://").unwrap().parse().unwrap(), SHORT).await
}

async fn connect(world: &World, authority: &str) -> (Box<dyn Stream>, String) {
    let mut stream = proxy(world).await.unwrap();
    stream.write_all(format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n").as_bytes()).await.unwrap();
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        head.push(char::from(stream.read_u8().await.unwrap()));
    }
    (stream, head)
}

fn begins(answer: &Result<String, String>, with: &str) {
    assert!(answer.as_ref().is_ok_and(|text| text.starts_with(with)), "{answer:?}");
}

fn fails(answer: &Result<String, String>, with: &str) {
    assert!(answer.as_ref().is_err_and(|text| text.contains(with)), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_world_opens_and_closes_twice_at_the_same_time() {
    for fault in FAULTS {
        let network = || Arc::new(Sockets::new());
        let (one, two) = tokio::join!(start(fault, network()), start(fault, network()));
        assert_ne!(one.unwrap().catalogue, two.unwrap().catalogue, "{}", fault.name);
    }
}

#[tokio::test]
async fn a_healthy_world_answers_everything() {
    let world = world("healthy").await;
    let Found(addresses) = lookup(&world, "zoom.us").await else { panic!("not found") };
    assert_eq!((addresses.len(), addresses[0]), (3, known(&world, "zoom.us")));
    let answer = get(&world, "zoom.us", "/").await;
    begins(&answer, "HTTP/1.1 301 ");
    assert!(answer.unwrap().contains("\r\nLocation: https://www.zoom.com/\r\n"));
    begins(&get(&world, "www.first.example", "/").await, "HTTP/1.1 200 ");
    begins(&get(&world, "logfiles.zoom.us", "/").await, "HTTP/1.1 301 ");
}

#[tokio::test]
async fn a_name_that_is_not_there_is_not_found() {
    assert!(matches!(lookup(&world("healthy").await, "nowhere.example").await, NotFound(_)));
}

#[tokio::test]
async fn the_configured_resolver_has_the_manners_of_the_fault() {
    let told = |fault| async move {
        let world = world(fault).await;
        (
            lookup(&world, "zoom.us").await,
            lookup(&world, "log.zoom.us").await,
            lookup(&world, "www.first.example").await,
        )
    };
    assert!(matches!(told("dns-blocked").await, (NotFound(_), NotFound(_), Found(_))));
    assert!(matches!(told("dns-servfail").await, (TryAgain(_), TryAgain(_), Found(_))));
    assert!(matches!(told("resolver-down").await, (Silent, Silent, Silent)));
    assert!(matches!(told("no-internet").await, (TryAgain(_), TryAgain(_), TryAgain(_))));
    let (zoom, log, _) = told("side-host").await;
    assert!(matches!(zoom, Found(_)));
    assert_eq!(log, Found(vec!["0.0.0.0".parse().unwrap()]));
    let (zoom, log, _) = told("dns-wrong-answer").await;
    assert_eq!(zoom, log);
}

#[tokio::test]
async fn independent_resolvers_know_what_the_configured_one_denies() {
    let world = world("dns-blocked").await;
    let server = SocketAddr::new(known(&world, "dns.first.example"), 53);
    let query = b"\0\x07\x01\0\0\x01\0\0\0\0\0\0\x04zoom\x02us\0\0\x01\0\x01";
    let mut socket = world.network.datagram(server, DatagramOptions::default()).await.unwrap();
    socket.send(query).await.unwrap();
    let Heard::Bytes(by_udp) = socket.hear(LONG).await else { panic!("nothing heard") };
    assert_eq!(by_udp[7], 3);
    assert_eq!(ask(&mut dial(&world, server, LONG).await.unwrap(), query).await, by_udp);
    assert_eq!(ask(&mut resolver(&world, 853, &[]).await, query).await, by_udp);
    let (mut client, connection) = h2::client::handshake(resolver(&world, 443, &["h2"]).await).await.unwrap();
    let request = http::Request::post("https://dns.first.example/dns-query").body(()).unwrap();
    let (response, mut body) = client.send_request(request, false).unwrap();
    body.send_data(query.to_vec().into(), true).unwrap();
    let answer = async { response.await.unwrap().into_body().data().await.unwrap().unwrap() };
    let (by_https, ended) = tokio::join!(answer, connection);
    ended.unwrap();
    assert_eq!(by_https, by_udp);
}

#[tokio::test]
async fn a_block_page_vouches_for_itself() {
    let world = world("dns-wrong-answer").await;
    let Found(addresses) = lookup(&world, "zoom.us").await else { panic!("not found") };
    let stream = dial(&world, SocketAddr::new(addresses[0], 443), SHORT).await.unwrap();
    fails(&fetch(stream, world.trust.public(), "zoom.us", "/", true).await, "UnknownIssuer");
    let page = say(&world, SocketAddr::new(addresses[0], 80), "GET / HTTP/1.1\r\n\r\n").await;
    assert!(page.contains("Site blocked"));
}

#[tokio::test]
async fn a_pinned_name_is_dead_and_its_line_is_there() {
    let world = world("hosts-file").await;
    let lines = world.system.hosts_lines(&["zoom.us".to_owned(), "log.zoom.us".to_owned()]).unwrap();
    assert_eq!(lookup(&world, "zoom.us").await, Found(vec![lines[0].address]));
    assert_eq!(dial(&world, SocketAddr::new(lines[0].address, 443), SHORT).await.err(), Some(How::Silent));
    begins(&get(&world, "zoom.us", "/").await, "HTTP/1.1 301 ");
}

#[tokio::test]
async fn a_dropped_port_is_silent_and_a_rejected_one_refuses() {
    let (dropped, rejected) = (world("drop").await, world("syn-reset").await);
    assert_eq!(get(&dropped, "zoom.us", "/").await, Err("silent".to_owned()));
    assert_eq!(get(&rejected, "zoom.us", "/").await, Err("refused".to_owned()));
    begins(&get(&dropped, "www.first.example", "/").await, "HTTP/1.1 200 ");
    begins(&get(&rejected, "www.first.example", "/").await, "HTTP/1.1 200 ");
}

#[tokio::test]
async fn a_reset_connection_stood_before() {
    let world = world("reset").await;
    fails(&get(&world, "zoom.us", "/").await, "reset");
    begins(&get(&world, "www.first.example", "/").await, "HTTP/1.1 200 ");
}

#[tokio::test]
async fn a_filter_by_name_resets_zooms_name_at_any_address_and_no_other_at_zooms() {
    let world = world("sni-reset").await;
    let at = |name| SocketAddr::new(known(&world, name), 443);
    let ask = |to, name| {
        let world = &world;
        async move { fetch(dial(world, to, SHORT).await.unwrap(), world.trust.public(), name, "/", true).await }
    };
    fails(&ask(at("zoom.us"), "zoom.us").await, "reset");
    fails(&ask(at("www.first.example"), "log.zoom.us").await, "reset");
    begins(&ask(at("www.first.example"), "www.first.example").await, "HTTP/1.1 200 ");
    fails(&ask(at("zoom.us"), "www.first.example").await, "certificate");
}

#[tokio::test]
async fn an_inspected_chain_is_good_only_for_a_computer_that_trusts_the_gateway() {
    for (fault, trusted) in [("inspection", true), ("inspection-untrusted", false)] {
        let world = world(fault).await;
        fails(&get(&world, "zoom.us", "/").await, "UnknownIssuer");
        let stream = dial(&world, SocketAddr::new(known(&world, "zoom.us"), 443), SHORT).await.unwrap();
        let answer = fetch(stream, world.trust.system().unwrap(), "zoom.us", "/", true).await;
        assert_eq!(answer.is_ok(), trusted, "{answer:?}");
    }
}

#[tokio::test]
async fn chains_are_wrong_as_the_fault_has_it() {
    fails(&get(&world("untrusted").await, "zoom.us", "/").await, "UnknownIssuer");
    fails(&get(&world("expired").await, "zoom.us", "/").await, "expired");
    begins(&get(&world("expired").await, "www.first.example", "/").await, "HTTP/1.1 200 ");
}

#[tokio::test]
async fn only_the_wall_clock_is_wrong() {
    let world = world("clock-skew").await;
    let ahead = world.clock.wall().saturating_sub(SystemClock::start().wall());
    assert!(ahead.as_secs().abs_diff(3 * 365 * 86_400) < 60);
    assert!(world.clock.elapsed() < LONG);
}

#[tokio::test]
async fn an_outage_answers_under_zooms_own_certificate_and_the_status_page_says_so() {
    let world = world("outage").await;
    begins(&get(&world, "zoom.us", "/").await, "HTTP/1.1 503 ");
    let Found(addresses) = lookup(&world, "www.zoomstatus.com").await else { panic!("not found") };
    let stream = dial(&world, SocketAddr::new(addresses[0], 443), SHORT).await.unwrap();
    let page = fetch(stream, world.trust.public(), "www.zoomstatus.com", "/api/v2/summary.json", true).await;
    assert!(page.unwrap().contains("\"indicator\":\"major\""));
}

#[tokio::test]
async fn media_answer_in_zooms_dialect_unless_blocked() {
    let request = [&[0, 1, 0, 0x18][..], &[7; 16], &[1, 1, 0, 0x14], b"1234567890123456789\0"].concat();
    for (fault, answered) in [("healthy", true), ("udp-blocked", false)] {
        let world = world(fault).await;
        let catalogue: toml::Table = world.catalogue.parse().unwrap();
        let server = catalogue["media"]["servers"][0].as_str().unwrap().parse().unwrap();
        let mut socket = world.network.datagram(server, DatagramOptions::default()).await.unwrap();
        socket.send(&request).await.unwrap();
        assert_eq!(matches!(socket.hear(SHORT).await, Heard::Bytes(reply) if reply.len() == 32), answered);
    }
}

#[tokio::test]
async fn a_captive_portal_answers_for_everybody() {
    let world = world("captive-portal").await;
    let page = say(&world, SocketAddr::new(known(&world, "zoom.us"), 80), "GET / HTTP/1.1\r\n\r\n").await;
    assert!(page.starts_with("HTTP/1.1 302 ") && page.contains("\r\nLocation: http://login.portal.example/\r\n"));
    fails(&get(&world, "zoom.us", "/").await, "certificate");
    fails(&get(&world, "www.first.example", "/").await, "certificate");
}

#[tokio::test]
async fn large_segments_vanish_and_small_ones_do_not() {
    let world = world("mtu-blackhole").await;
    assert_eq!(get(&world, "zoom.us", "/").await, Err("silent".to_owned()));
    let to = SocketAddr::new(known(&world, "zoom.us"), 443);
    let stream = dial_with(&world, Dial { mss: Some(1200), ..Dial::new(to, SHORT) }).await.unwrap();
    begins(&fetch(stream, world.trust.public(), "zoom.us", "/", true).await, "HTTP/1.1 301 ");
}

#[tokio::test]
async fn a_large_hello_is_swallowed_and_a_small_one_is_not() {
    let world = world("large-hello").await;
    assert_eq!(get(&world, "zoom.us", "/").await, Err("silent".to_owned()));
    let stream = dial(&world, SocketAddr::new(known(&world, "zoom.us"), 443), SHORT).await.unwrap();
    begins(&fetch(stream, world.trust.public(), "zoom.us", "/", false).await, "HTTP/1.1 301 ");
}

#[tokio::test]
async fn a_proxy_that_works_reaches_what_is_closed_to_others() {
    let world = world("proxy-works").await;
    assert_eq!(get(&world, "zoom.us", "/").await, Err("silent".to_owned()));
    let (stream, head) = connect(&world, "zoom.us:443").await;
    assert_eq!(head, "HTTP/1.1 200 Connection established\r\n\r\n");
    begins(&fetch(stream, world.trust.public(), "zoom.us", "/", true).await, "HTTP/1.1 301 ");
}

#[tokio::test]
async fn a_proxy_refuses_as_the_fault_has_it() {
    let (_, head) = connect(&world("proxy-407").await, "zoom.us:443").await;
    assert!(head.starts_with("HTTP/1.1 407 "), "{head}");
    assert!(head.contains("\r\nProxy-Authenticate: Negotiate\r\nProxy-Authenticate: Basic "), "{head}");
    let denied = world("proxy-denied").await;
    let (_, head) = connect(&denied, "zoom.us:443").await;
    assert!(head.starts_with("HTTP/1.1 403 ") && head.contains("X-Squid-Error: ERR_ACCESS_DENIED 0\r\n"), "{head}");
    let (_, head) = connect(&denied, "www.first.example:443").await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    assert_eq!(proxy(&world("proxy-dead").await).await.err(), Some(How::Refused));
}

#[tokio::test]
async fn an_address_without_a_house_is_silent_wherever_it_is() {
    let world = world("healthy").await;
    let unlisted = world.system.interfaces().unwrap()[0].addresses[0].addr();
    for address in [unlisted, "192.0.2.1".parse().unwrap(), "170.114.52.2".parse().unwrap()] {
        let to = SocketAddr::new(address, 443);
        assert_eq!(dial(&world, to, SHORT).await.err(), Some(How::Silent), "{to}");
        let mut socket = world.network.datagram(to, DatagramOptions::default()).await.unwrap();
        socket.send(b"?").await.unwrap();
        assert_eq!(socket.hear(SHORT).await, Heard::Nothing, "{to}");
    }
    let v6 = "[2001:db8::1]:443".parse().unwrap();
    assert_eq!(dial(&world, v6, SHORT).await.err(), Some(How::NoRoute));
}
