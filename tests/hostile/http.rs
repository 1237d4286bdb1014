//! Whoever answers an HTTP request.

use why5003_probes::model::{Probe, ProbeName, Role, Target};

use crate::harm::{STEERS, STEERS_IN_HTTP, does_no_harm, impatient};
use crate::peer::{Peer, Says};

/// Heads and bodies that never end, or that mean harm.
pub(crate) fn pages() -> Vec<Says> {
    let ok = "HTTP/1.1 200 OK\r\n";
    let fields = format!("Server: {STEERS_IN_HTTP}\r\nVia: 1.1 {STEERS_IN_HTTP}\r\nContent-Type: {STEERS_IN_HTTP}\r\n");
    vec![
        // Fields without end, one field without end, and drop by drop.
        Says::once(ok).then("X-Field: value\r\n".repeat(100)),
        Says::once(format!("{ok}X-Field: ")).then("value".repeat(1000)),
        Says::once(ok).then("X: y\r\n").slowly(),
        Says::once("HTTP/1.1 ").then("2").slowly(),
        Says::always(vec![0xff; 4096]),
        Says::always(STEERS),
        // Preliminary answers without end (RFC 9110, 15.2).
        Says::always("HTTP/1.1 100 Continue\r\n\r\n"),
        Says::always("HTTP/1.1 103 Early Hints\r\n\r\n").slowly(),
        // Bodies: without end, as large as a number can be, in chunks, chunk extensions without end, drop by drop.
        Says::once(format!("{ok}\r\n")).then("body".repeat(1000)),
        Says::once(format!("{ok}Content-Length: 18446744073709551615\r\n\r\n")).then("body".repeat(1000)),
        Says::once(format!("{ok}Content-Length: 18446744073709551616\r\n\r\n")).then("body".repeat(1000)),
        Says::once(format!("{ok}Transfer-Encoding: chunked\r\n\r\n")).then("4\r\nbody\r\n".repeat(100)),
        Says::once(format!("{ok}Transfer-Encoding: chunked\r\n\r\n4;")).then("extension".repeat(100)),
        Says::once(format!("{ok}Transfer-Encoding: chunked\r\n\r\n0\r\n")).then("Trailer: x\r\n".repeat(100)),
        Says::once(format!("{ok}Content-Length: 1000\r\n\r\n")).then("x").slowly(),
        // Words that steer a terminal: in the reason, in fields, in the page and its title.
        Says::once(format!("HTTP/1.1 403 {STEERS_IN_HTTP}\r\n{fields}Content-Length: 0\r\n\r\n")),
        Says::once(format!("HTTP/1.1 302 {STEERS}\r\nLocation: {STEERS}\r\n\r\n")),
        Says::once(format!("HTTP/1.1 302 Found\r\nLocation: http://{STEERS_IN_HTTP}/\r\nContent-Length: 0\r\n\r\n")),
        Says::once(format!("{ok}{fields}\r\n<title>{STEERS} blocked {STEERS}</title>")).then(STEERS),
        Says::once(format!("HTTP/1.1 200 {STEERS_IN_HTTP}\r\nDate: {STEERS_IN_HTTP}\r\nContent-Length: 0\r\n\r\n")),
    ]
}

#[tokio::test]
async fn pages_without_end_end() {
    for says in pages() {
        let peer = Peer::tcp(says).await;
        let probe = Probe::new(ProbeName::Http, Role::Portal, Target::tcp(peer.address()).called("portal.example"));
        does_no_harm(probe.with(impatient()), peer).await;
    }
}
