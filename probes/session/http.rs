//! One HTTP/1.1 exchange on a stream that stands: a request, its response, and what it says to those who diagnose.
//!
//! It sends no cookie, no credentials and no body, follows nothing, and takes no more than its limits.

use std::io;
use std::time::Duration;

use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper::header::{self, HeaderMap, HeaderName};
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use super::stream_error::broken;
use crate::model::{Expect, Fact, Failure, Fetch, How, Method, Response, Stage, Target, micros};
use crate::net::counting_stream::Tap;
use crate::os::Clock;
use crate::wire::http::{excerpt, http_date, status_page};
use crate::wire::text::{shown, shown_bytes};

/// A response and its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fetched {
    /// What the response says.
    pub response: Response,
    /// The body, cut at 64 KiB; at 1 MiB where a status page was expected.
    pub body: Vec<u8>,
}

impl Fetched {
    /// The response as facts, with the status page where one was asked for and came.
    pub(crate) fn facts(self, fetch: &Fetch) -> Vec<Fact> {
        let page = match fetch.expect {
            Some(Expect::StatusPage) => status_page(&self.body),
            Some(Expect::Text(_) | Expect::Status(_)) | None => None,
        };
        [Fact::Response(self.response)].into_iter().chain(page.map(Fact::StatusPage)).collect()
    }
}

/// Whether a host and a path can stand in a request at all, so that [`fetch`] can send it.
pub(crate) fn can_be_sent(host: &str, fetch: &Fetch) -> bool {
    request(host, fetch).is_some()
}

/// What `Host` says for a target: name or address, and the port where it is not the scheme's own (RFC 9110, section 7.2).
pub(crate) fn host_header(target: &Target, own_port: u16) -> String {
    host_field(&target.label(), target.port.map_or(own_port, |(port, _)| port), own_port)
}

/// What `Host` says for a name or an address without brackets, and a port, where the scheme's own is `own_port`.
pub(crate) fn host_field(host: &str, port: u16, own_port: u16) -> String {
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    if port == own_port { host } else { format!("{host}:{port}") }
}

/// Sends one request to `host` and takes its response, all within `wait`.
///
/// Limits: 64 headers, 32 KiB of head, the body as said at [`Fetched::body`]; what comes beyond that of the body is not
/// read. The stream is used up.
///
/// # Errors The [`Failure`], at [`Stage::Http`]: silent where head or body took longer than `wait`. Reset, closed and
/// alert are as the stream says. Malformed means no HTTP, or an answer beyond the limits.
pub(crate) async fn fetch<S>(
    stream: S,
    host: &str,
    fetch: &Fetch,
    clock: &dyn Clock,
    wait: Duration,
) -> Result<Fetched, Failure>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let body = Extent { bytes: body_limit(fetch), whole: false };
    ask(stream, Ask { host, fetch, clock, wait, body }).await
}

/// One request, and how its answer is taken.
#[derive(Clone, Copy)]
pub(crate) struct Ask<'a> {
    /// What `Host` says.
    pub(crate) host: &'a str,
    /// What is asked for.
    pub(crate) fetch: &'a Fetch,
    /// Tells the time.
    pub(crate) clock: &'a dyn Clock,
    /// How long head and body may take together.
    pub(crate) wait: Duration,
    /// How much of the body is taken.
    pub(crate) body: Extent,
}

/// How much of a body is taken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extent {
    /// What comes beyond these is not read.
    pub(crate) bytes: usize,
    /// A body whose end was not said, by a length, a last chunk or a closing of TLS, is a failure: it may have been cut.
    pub(crate) whole: bool,
}

/// As [`fetch`], with the limits of the body as they are given.
///
/// # Errors
/// As for [`fetch`]; closed also where a body that was wanted whole broke off.
pub(crate) async fn ask<S>(stream: S, ask: Ask<'_>) -> Result<Fetched, Failure>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let Some(request) = request(ask.host, ask.fetch) else {
        return Err(Failure::new(Stage::Http, How::NotPermitted).saying("host or path can't stand in a request"));
    };
    let mut tap = Tap::new(stream, u64::MAX);
    let mut head = None;
    let ended = tokio::time::timeout(ask.wait, exchange(&mut tap, request, ask, &mut head)).await;
    let so_far = so_far(tap.received(), head.as_ref());
    match ended {
        Ok(Ok(fetched)) => Ok(fetched),
        Ok(Err(error)) => Err(failure(&error, tap.first(), so_far)),
        Err(_elapsed) => {
            let silent = Failure::new(Stage::Http, How::Silent).after(ask.wait);
            Err(silent.saying_any(so_far))
        }
    }
}

fn request(host: &str, fetch: &Fetch) -> Option<Request<Empty<Bytes>>> {
    let path = fetch.path.starts_with('/').then(|| fetch.path.parse::<Uri>().ok()).flatten()?;
    let method = match fetch.method {
        Method::Get => hyper::Method::GET,
        Method::Head => hyper::Method::HEAD,
    };
    Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, host)
        .header(header::USER_AGENT, USER_AGENT)
        .header(header::ACCEPT, "*/*")
        .header(header::CONNECTION, "close")
        .body(Empty::new())
        .ok()
}

/// What had come when it ended, where anything had.
fn so_far(bytes: u64, head: Option<&Response>) -> Option<String> {
    match head {
        Some(response) => Some(format!("after {bytes} bytes of a response with status {}", response.status)),
        None if bytes > 0 => Some(format!("after {bytes} bytes of a head")),
        None => None,
    }
}

/// Drives the connection and the exchange side by side; whichever ends, nothing of them outlives this call.
async fn exchange<S>(
    tap: &mut Tap<S>,
    request: Request<Empty<Bytes>>,
    ask: Ask<'_>,
    head: &mut Option<Response>,
) -> Result<Fetched, hyper::Error>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let (sender, connection) = limits().handshake(TokioIo::new(tap)).await?;
    let talk = talk(sender, request, ask, head);
    tokio::pin!(talk, connection);
    tokio::select! {
        biased;
        told = &mut talk => told,
        // Once the connection has ended, what it brought is there to be read, or its error is.
        _ended = &mut connection => talk.await,
    }
}

fn limits() -> Builder {
    let mut builder = Builder::new();
    builder
        .max_headers(HEADERS)
        .max_buf_size(HEAD_BYTES)
        // Boxes that rewrite pages write odd headers; their page is worth more than their spelling.
        .ignore_invalid_headers_in_responses(true)
        .allow_spaces_after_header_name_in_responses(true)
        .allow_obsolete_multiline_headers_in_responses(true);
    builder
}

async fn talk(
    mut sender: SendRequest<Empty<Bytes>>,
    request: Request<Empty<Bytes>>,
    ask: Ask<'_>,
    head: &mut Option<Response>,
) -> Result<Fetched, hyper::Error> {
    let Ask { fetch, clock, body, .. } = ask;
    let began = clock.elapsed();
    let (parts, incoming) = sender.send_request(request).await?.into_parts();
    let took = clock.elapsed().saturating_sub(began);
    let mut response = read_head(parts.status.as_u16(), &parts.headers, took, clock.wall());
    *head = Some(response.clone());
    let body = read_body(incoming, &parts.headers, body).await?;
    response.excerpt = excerpt(&body);
    response.as_expected = fetch.expect.as_ref().map(|expect| as_expected(expect, response.status, &body));
    Ok(Fetched { response, body })
}

fn read_head(status: u16, headers: &HeaderMap, took: Duration, now: Duration) -> Response {
    let text = |name: HeaderName| headers.get(name).map(|value| shown_bytes(value.as_bytes(), HEADER_CHARS));
    let date_s = headers.get(header::DATE).and_then(|date| http_date(date.to_str().ok()?));
    let now_s = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    Response {
        status,
        server: text(header::SERVER),
        via: text(header::VIA),
        location: headers.get(header::LOCATION).map(|value| location(&String::from_utf8_lossy(value.as_bytes()))),
        content_type: text(header::CONTENT_TYPE),
        excerpt: None,
        date_s,
        clock_ahead_s: date_s.map(|date| now_s.saturating_sub(date)),
        as_expected: None,
        took_us: micros(took),
    }
}

/// Scheme, host and path; what a query or user part holds may be a secret.
fn location(text: &str) -> String {
    let bare = match url::Url::parse(text) {
        Ok(url) => {
            let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
            format!("{}://{}{port}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path())
        }
        Err(_) => text.split(['?', '#']).next().unwrap_or_default().to_owned(),
    };
    shown(&bare, LOCATION_CHARS)
}

fn body_limit(fetch: &Fetch) -> usize {
    match fetch.expect {
        Some(Expect::StatusPage) => STATUS_PAGE_BYTES,
        Some(Expect::Text(_) | Expect::Status(_)) | None => BODY_BYTES,
    }
}

async fn read_body(mut incoming: Incoming, headers: &HeaderMap, extent: Extent) -> Result<Vec<u8>, hyper::Error> {
    let mut body = Vec::new();
    while let Some(frame) = incoming.frame().await {
        let frame = match frame {
            Ok(frame) => frame,
            // A body without a stated length ends with the connection, however impolitely that is closed.
            Err(error) if !extent.whole && ends_with_connection(headers) && cause(&error).is_some_and(is_end) => break,
            Err(error) => return Err(error),
        };
        if let Some(bytes) = frame.data_ref() {
            let room = extent.bytes.saturating_sub(body.len());
            body.extend(bytes.iter().take(room));
        }
        if body.len() >= extent.bytes {
            break;
        }
    }
    Ok(body)
}

fn ends_with_connection(headers: &HeaderMap) -> bool {
    !headers.contains_key(header::CONTENT_LENGTH) && !headers.contains_key(header::TRANSFER_ENCODING)
}

fn is_end(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::UnexpectedEof
}

fn as_expected(expect: &Expect, status: u16, body: &[u8]) -> bool {
    match expect {
        Expect::StatusPage => status_page(body).is_some(),
        Expect::Text(text) => text.is_empty() || body.windows(text.len()).any(|window| window == text.as_bytes()),
        Expect::Status(expected) => status == *expected && body.is_empty(),
    }
}

fn failure(error: &hyper::Error, first: &[u8], so_far: Option<String>) -> Failure {
    let (how, words) = match cause(error) {
        Some(cause) => broken(cause),
        None if error.is_incomplete_message() || error.is_canceled() || error.is_closed() => (How::Closed, None),
        // HTTP begins so (RFC 9112, section 4): what is wrong came later, and the parser knows it.
        None if first.starts_with(b"HTTP/1.") => (How::Malformed, Some(shown(&error.to_string(), FIRST_CHARS))),
        None => (How::Malformed, Some(shown_bytes(first, FIRST_CHARS))),
    };
    let failure = Failure::new(Stage::Http, how);
    failure.saying_any(words.or(so_far))
}

/// The stream's own error, where that is what ended it.
fn cause(error: &hyper::Error) -> Option<&io::Error> {
    let mut next = std::error::Error::source(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<io::Error>() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// Says who asks and nothing about the user; a client's own name is never borrowed.
pub(crate) const USER_AGENT: &str = concat!("why5003/", env!("CARGO_PKG_VERSION"));
const HEADERS: usize = 64;
const HEAD_BYTES: usize = 32 * 1024;
/// A page's title and first text, a portal's redirect, an OCSP responder's greeting: all far below.
const BODY_BYTES: usize = 64 * 1024;
/// A summary lists every component and open incident: with some hundred of each it passes 64 KiB.
const STATUS_PAGE_BYTES: usize = 1024 * 1024;
const HEADER_CHARS: usize = 120;
const LOCATION_CHARS: usize = 300;
const FIRST_CHARS: usize = 120;

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

    use super::*;
    use crate::testing::Stopped;

    const LONG: Duration = Duration::from_secs(10);
    const SHORT: Duration = Duration::from_millis(60);

    fn get(expect: Option<Expect>) -> Fetch {
        Fetch { method: Method::Get, path: "/a?b=c".to_owned(), expect }
    }

    fn response(status: u16) -> Response {
        Response {
            status,
            server: None,
            via: None,
            location: None,
            content_type: None,
            excerpt: None,
            date_s: None,
            clock_ahead_s: None,
            as_expected: None,
            took_us: 0,
        }
    }

    /// Reads the request's head.
    async fn hear(peer: &mut DuplexStream) -> String {
        let mut heard = Vec::new();
        while !heard.ends_with(b"\r\n\r\n") {
            heard.push(peer.read_u8().await.unwrap());
        }
        String::from_utf8(heard).unwrap()
    }

    /// The peer hears the request, answers these bytes, and closes.
    async fn answered(ask: &Fetch, answer: &[u8]) -> Result<Fetched, Failure> {
        let (ours, mut theirs) = tokio::io::duplex(4096);
        let peer = async move {
            hear(&mut theirs).await;
            let _we_may_hang_up_first = theirs.write_all(answer).await;
        };
        tokio::join!(fetch(ours, "zoom.us", ask, &Stopped, LONG), peer).0
    }

    #[tokio::test]
    async fn the_request_says_who_asks_and_nothing_else() {
        let (ours, mut theirs) = tokio::io::duplex(4096);
        let ask = get(None);
        let peer = async move { hear(&mut theirs).await };
        let (_closed, heard) = tokio::join!(fetch(ours, "zoom.us", &ask, &Stopped, LONG), peer);
        let version = env!("CARGO_PKG_VERSION");
        assert_eq!(
            heard,
            format!(
                "GET /a?b=c HTTP/1.1\r\nhost: zoom.us\r\nuser-agent: why5003/{version}\r\naccept: */*\r\nconnection: close\r\n\r\n"
            )
        );
    }

    #[tokio::test]
    async fn a_response_is_read_with_its_clock_and_without_its_query() {
        let answer = b"HTTP/1.1 302 Found\r\nDate: Tue, 30 Jun 2026 23:59:30 GMT\r\nServer: gate\xc2\x9b1\r\nVia: 1.1 box\r\n\
            Location: https://u:p@portal.example:8443/login?token=secret#x\r\nContent-Type: text/html\r\nContent-Length: 30\r\n\r\n\
            <title>Sign\x1b[2J in</title><p>x";
        let fetched = answered(&get(Some(Expect::Text("Sign".to_owned()))), answer).await.unwrap();
        let expected = Response {
            server: Some(r"gate\u{9b}1".to_owned()),
            via: Some("1.1 box".to_owned()),
            location: Some("https://portal.example:8443/login".to_owned()),
            content_type: Some("text/html".to_owned()),
            excerpt: Some(r"Sign\u{1b}[2J in".to_owned()),
            date_s: Some(1_782_863_970),
            clock_ahead_s: Some(30),
            as_expected: Some(true),
            ..response(302)
        };
        assert_eq!(fetched.response, expected);
    }

    #[tokio::test]
    async fn an_escape_in_a_header_costs_that_header_alone() {
        let answer = b"HTTP/1.1 200 OK\r\nServer: \x1b]0;x\x07\r\nVia: box\r\nContent-Length: 0\r\n\r\n";
        let fetched = answered(&get(None), answer).await.unwrap();
        assert_eq!(fetched.response, Response { via: Some("box".to_owned()), ..response(200) });
    }

    #[tokio::test]
    async fn an_empty_page_is_told_from_a_portal_by_its_status() {
        let ask = get(Some(Expect::Status(204)));
        let empty = answered(&ask, b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
        let portal = answered(&ask, b"HTTP/1.1 200 OK\r\n\r\n<html>pay here").await.unwrap();
        assert_eq!((empty.response.as_expected, portal.response.as_expected), (Some(true), Some(false)));
    }

    #[tokio::test]
    async fn a_status_page_is_a_fact_of_its_own() {
        let answer =
            b"HTTP/1.1 200 OK\r\n\r\n{\"status\":{\"indicator\":\"none\",\"description\":\"All Systems Operational\"}}";
        let ask = get(Some(Expect::StatusPage));
        let facts = answered(&ask, answer).await.unwrap().facts(&ask);
        let page = crate::model::StatusPage {
            indicator: "none".to_owned(),
            description: "All Systems Operational".to_owned(),
            impaired: Vec::new(),
        };
        assert_eq!(facts.last(), Some(&Fact::StatusPage(page)));
    }

    #[tokio::test]
    async fn what_is_no_http_is_malformed_and_shown() {
        let failure = answered(&get(None), b"SSH-2.0-OpenSSH_9\x1b\r\n").await.unwrap_err();
        assert_eq!(failure, Failure::new(Stage::Http, How::Malformed).saying(r"SSH-2.0-OpenSSH_9\u{1b}\u{d}\u{a}"));
    }

    #[tokio::test]
    async fn a_peer_that_hangs_up_is_closed_and_not_silent() {
        assert_eq!(answered(&get(None), b"").await, Err(Failure::new(Stage::Http, How::Closed)));
        let cut = Failure::new(Stage::Http, How::Closed).saying("after 42 bytes of a response with status 200");
        assert_eq!(answered(&get(None), b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf").await, Err(cut));
    }

    #[tokio::test]
    async fn a_peer_that_says_nothing_is_silent_after_the_wait() {
        let (ours, mut theirs) = tokio::io::duplex(4096);
        let ask = get(None);
        let (failed, _heard) = tokio::join!(fetch(ours, "zoom.us", &ask, &Stopped, SHORT), hear(&mut theirs));
        assert_eq!(failed, Err(Failure::new(Stage::Http, How::Silent).after(SHORT)));
    }

    #[tokio::test]
    async fn a_body_that_drips_ends_with_the_wait_and_keeps_its_status() {
        let (ours, mut theirs) = tokio::io::duplex(4096);
        let ask = get(None);
        let peer = async {
            hear(&mut theirs).await;
            theirs.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
            let mut drip = tokio::time::interval(Duration::from_millis(5));
            while theirs.write_all(b".").await.is_ok() {
                drip.tick().await;
            }
        };
        let (failed, ()) = tokio::join!(fetch(ours, "zoom.us", &ask, &Stopped, SHORT), peer);
        let failed = failed.unwrap_err();
        assert_eq!((failed.how, failed.waited_ms), (How::Silent, Some(60)));
        assert!(failed.detail.unwrap().ends_with("bytes of a response with status 200"));
    }

    #[tokio::test]
    async fn headers_without_end_are_malformed_at_the_limit() {
        let line = "X-More: and more and more\r\n".repeat(100_000);
        let failed = answered(&get(None), format!("HTTP/1.1 200 OK\r\n{line}").as_bytes()).await.unwrap_err();
        assert_eq!((failed.stage, failed.how), (Stage::Http, How::Malformed));
        let one = format!("HTTP/1.1 200 OK\r\nX: {}", "x".repeat(200_000));
        let failed = answered(&get(None), one.as_bytes()).await.unwrap_err();
        assert_eq!((failed.stage, failed.how), (Stage::Http, How::Malformed));
    }

    #[tokio::test]
    async fn a_huge_body_is_taken_up_to_the_limit() {
        let page = [b"HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n".as_slice(), &vec![b'x'; 9_000_000]].concat();
        assert_eq!(answered(&get(None), &page).await.unwrap().body.len(), BODY_BYTES);
    }

    #[tokio::test]
    async fn a_head_request_waits_for_no_body() {
        let ask = Fetch { method: Method::Head, ..get(None) };
        let fetched = answered(&ask, b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n").await.unwrap();
        assert_eq!(fetched, Fetched { response: response(200), body: Vec::new() });
    }

    #[test]
    fn a_line_break_can_not_be_smuggled_into_a_request() {
        let path = |path: &str| Fetch { path: path.to_owned(), ..get(None) };
        assert!(can_be_sent("zoom.us", &path("/")));
        assert!(!can_be_sent("zoom.us\r\nx: y", &path("/")));
        assert!(!can_be_sent("zoom.us", &path("/\r\nx: y")));
        assert!(!can_be_sent("zoom.us", &path("http://other.example/")));
    }
}
