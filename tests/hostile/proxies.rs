//! Proxies, and whoever gives out proxy scripts.

use why5003_probes::model::{Fetch, Method, Probe, ProbeName, Role, Settings, Target, Transport, Via};

use crate::harm::{STEERS, STEERS_IN_HTTP, does_no_harm, impatient};
use crate::peer::{Peer, Says};

async fn through(kind: ProbeName, scheme: &str, says: Says) {
    let peer = Peer::tcp(says).await;
    let via = Via::Proxy(format!("{scheme}://{}", peer.address()).parse().unwrap());
    let target = Target::name("zoom.us").at_port(443, Transport::Tcp);
    does_no_harm(Probe::new(kind, Role::SignIn, target).by(via).with(impatient()), peer).await;
}

#[tokio::test]
async fn answers_to_connect_without_end_end() {
    let fields = format!("Server: {STEERS_IN_HTTP}\r\nVia: {STEERS_IN_HTTP}\r\n");
    let asks =
        format!("HTTP/1.1 407 {STEERS_IN_HTTP}\r\nProxy-Authenticate: {STEERS_IN_HTTP} realm=\"{STEERS_IN_HTTP}\"\r\n");
    let refusals = [
        Says::once(format!("{asks}{fields}Content-Length: 0\r\n\r\n")),
        Says::once(format!("{asks}{fields}\r\n")).then(STEERS),
        Says::once(asks).then("Proxy-Authenticate: Basic realm=x\r\n".repeat(100)),
        Says::once(format!("HTTP/1.1 503 {STEERS}\r\n\r\n{STEERS}")),
        Says::once(format!("HTTP/1.1 200 OK\r\n\r\n{STEERS}")).then(STEERS),
        Says::once("HTTP/1.1 200 OK\r\n\r\n").then([0x16]).slowly(),
    ];
    for says in crate::http::pages().into_iter().chain(refusals) {
        through(ProbeName::Proxy, "http", says.clone()).await;
        through(ProbeName::Tls, "http", says).await;
    }
}

#[tokio::test]
async fn garbage_for_socks_ends() {
    for says in [
        Says::always(vec![0xff; 4096]),
        Says::always(STEERS),
        Says::once(*b"\x05\xff"),
        Says::always([5]).slowly(),
        // Each method chosen and then a reply whose address is a name of 255 bytes, or of no kind.
        Says::once(*b"\x05\x00\x05\x00\x00\x03\xff").then(STEERS),
        Says::once(*b"\x05\x00\x05\x01\x00\x03\xff").then(STEERS),
        Says::once(*b"\x05\x00\x05\x00\x00\x7f").then([0; 4096]),
        Says::once(*b"\x05\x02").then([1]).slowly(),
        Says::always(*b"\x05\x00"),
    ] {
        through(ProbeName::Proxy, "socks5", says.clone()).await;
        through(ProbeName::Tls, "socks5", says).await;
    }
}

#[tokio::test]
async fn what_is_no_tls_ends_at_an_https_proxy() {
    for says in [Says::always(vec![0xff; 4096]), Says::once(STEERS), Says::always([0x16]).slowly()] {
        through(ProbeName::Proxy, "https", says).await;
    }
}

#[tokio::test]
async fn scripts_without_end_end() {
    let ok = "HTTP/1.1 200 OK\r\n\r\n";
    let script = format!("{ok}function FindProxyForURL(u, h) {{ return \"PROXY {STEERS}.example:80; ");
    let scripts = [
        Says::once(script.clone()),
        Says::once(script.clone()).then(format!("PROXY {STEERS}:3128; ")),
        Says::once(script).then("PROXY proxy.example:3128; ".repeat(100)),
        Says::once(format!("{ok}function FindProxyForURL")).then("(".repeat(1000)),
        Says::once(ok).then("/*".repeat(1000)),
        Says::once(ok).then("\\".repeat(1000)),
    ];
    let fetch = Fetch { method: Method::Get, path: "/wpad.dat".to_owned(), expect: None };
    for says in crate::http::pages().into_iter().chain(scripts) {
        let peer = Peer::tcp(says).await;
        let settings = Settings { fetch: Some(fetch.clone()), ..impatient() };
        let probe = Probe::new(ProbeName::Proxy, Role::Host, Target::tcp(peer.address())).with(settings);
        does_no_harm(probe, peer).await;
    }
}
