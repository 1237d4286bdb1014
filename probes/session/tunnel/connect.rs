//! CONNECT (RFC 9110, 9.3.6) on a connection to a proxy.
//!
//! The answer's head is read within 32 KiB, 64 fields and one deadline; a refusal's page is not read.

use std::error::Error as _;
use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::task::Poll;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::Empty;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::ext::ReasonPhrase;
use hyper::header::{HOST, HeaderMap, HeaderValue, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, USER_AGENT};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::time::timeout;

use super::leftover::put_back;
use super::{Ask, GARBAGE, Tunnelled, ended, malformed};
use crate::model::{CannotProbe, Fact, Failure, How, Secret, Stage, Tunnel, micros};
use crate::net::Stream;
use crate::session::stream_error;
use crate::wire::text::{shown, shown_bytes};

/// Asks for the tunnel.
///
/// # Errors
/// [`CannotProbe::Io`] when the host's name can't stand in a request.
pub(super) async fn ask(ask: &Ask<'_>, stream: Box<dyn Stream>) -> Result<Tunnelled, CannotProbe> {
    let request = request(ask)?;
    let asked = ask.clock.elapsed();
    let opened = http1::Builder::new()
        .max_headers(MAX_FIELDS)
        .max_buf_size(MAX_HEAD)
        // As browsers and curl write them: proxies are old software.
        .title_case_headers(true)
        .handshake::<_, Empty<Bytes>>(TokioIo::new(stream))
        .await;
    let (mut sender, mut connection) = match opened {
        Ok(pair) => pair,
        Err(error) => return Ok(Tunnelled { facts: Vec::new(), stream: Err(unanswered(&error)) }),
    };
    let answer = {
        let mut answer = pin!(sender.send_request(request));
        // Driven in place: the connection makes progress only while its answer is waited for.
        let driven = poll_fn(|cx| {
            let ended = connection.poll_without_shutdown(cx);
            match (answer.as_mut().poll(cx), ended) {
                (Poll::Ready(answer), _) => Poll::Ready(Some(answer)),
                (Poll::Pending, Poll::Ready(Err(error))) => Poll::Ready(Some(Err(error))),
                (Poll::Pending, Poll::Ready(Ok(()))) => Poll::Ready(None),
                (Poll::Pending, Poll::Pending) => Poll::Pending,
            }
        });
        timeout(ask.wait, driven).await
    };
    let took = ask.clock.elapsed().saturating_sub(asked);
    let parts = connection.into_parts();
    let (stream, ahead) = (parts.io.into_inner(), parts.read_buf);
    Ok(match answer {
        Ok(Some(Ok(response))) => {
            let answer = told(&response, micros(took));
            let granted = response.status().is_success();
            let refusal = Failure::new(Stage::Proxy, How::Denied).saying(line(&answer));
            let facts = vec![Fact::Tunnel(answer)];
            if granted {
                Tunnelled { facts, stream: Ok(put_back(ahead, stream)) }
            } else {
                ended(stream, facts, refusal)
            }
        }
        Ok(Some(Err(error))) => ended(stream, garbage(&error, &ahead), unanswered(&error)),
        Ok(None) => ended(stream, Vec::new(), Failure::new(Stage::Proxy, How::Closed)),
        Err(_elapsed) => {
            let silent = Failure::new(Stage::Proxy, How::Silent).after(ask.wait);
            let silent = if ahead.is_empty() { silent } else { silent.saying("in the middle of its answer") };
            ended(stream, Vec::new(), silent)
        }
    })
}

/// Bounds of the answer's head: well above what proxies send, far below what could hurt.
const MAX_HEAD: usize = 32 * 1024;
const MAX_FIELDS: usize = 64;

fn request(ask: &Ask<'_>) -> Result<Request<Empty<Bytes>>, CannotProbe> {
    let Ask { host, port, .. } = ask;
    let authority = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
    let mut request = Request::builder()
        .method(Method::CONNECT)
        .uri(&authority)
        .header(HOST, &authority)
        .header(USER_AGENT, concat!("why5003/", env!("CARGO_PKG_VERSION")))
        // Of no standard, but squid and others of its age keep the connection of a 407 open only with it; curl sends it too.
        .header("Proxy-Connection", "Keep-Alive");
    if let Some(credentials) = &ask.proxy.credentials {
        request = request.header(PROXY_AUTHORIZATION, basic(credentials));
    }
    request.body(Empty::new()).map_err(|error| CannotProbe::Io {
        operation: "write a CONNECT request for this host",
        source: io::Error::new(io::ErrorKind::InvalidInput, error),
    })
}

/// RFC 7617, 2; UTF-8, which its section 2.1 recommends.
fn basic(credentials: &Secret) -> String {
    format!("Basic {}", STANDARD.encode(credentials.reveal()))
}

fn told<B>(response: &Response<B>, took_us: u64) -> Tunnel {
    let status = response.status();
    let fields = response.headers();
    let reason = match response.extensions().get::<ReasonPhrase>() {
        Some(phrase) => String::from_utf8_lossy(phrase.as_bytes()).into_owned(),
        None => status.canonical_reason().unwrap_or_default().to_owned(),
    };
    Tunnel {
        status: status.as_u16(),
        reason: Some(shown(reason.trim(), WORDS)).filter(|reason| !reason.is_empty()),
        schemes: schemes(fields),
        error: field(fields, "x-squid-error"),
        server: field(fields, "via").or_else(|| field(fields, "server")),
        took_us,
    }
}

fn line(answer: &Tunnel) -> String {
    match &answer.reason {
        Some(reason) => format!("{} {reason}", answer.status),
        None => answer.status.to_string(),
    }
}

/// How many characters of one text of the proxy's are kept.
const WORDS: usize = 200;

fn field(fields: &HeaderMap, name: &str) -> Option<String> {
    let text = text(fields.get(name)?);
    Some(shown(text.trim(), WORDS)).filter(|text| !text.is_empty())
}

fn text(value: &HeaderValue) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(value.as_bytes())
}

/// The schemes of all `Proxy-Authenticate` fields, in order, each once.
fn schemes(fields: &HeaderMap) -> Vec<String> {
    let mut schemes = Vec::<String>::new();
    for value in fields.get_all(PROXY_AUTHENTICATE) {
        for element in elements(&text(value)) {
            let Some(scheme) = scheme(&element) else { continue };
            if schemes.len() < MAX_SCHEMES && !schemes.iter().any(|known| known.eq_ignore_ascii_case(scheme)) {
                schemes.push(scheme.to_owned());
            }
        }
    }
    schemes
}

/// IANA registers a dozen schemes; a longer list is no list of schemes.
const MAX_SCHEMES: usize = 12;

/// The elements of a list, split at commas outside quoted strings (RFC 9110, 5.6.1 and 5.6.4).
fn elements(list: &str) -> Vec<String> {
    let (mut elements, mut element) = (Vec::new(), String::new());
    let (mut quoted, mut escaped) = (false, false);
    for c in list.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ',' if !quoted => {
                elements.push(std::mem::take(&mut element));
                continue;
            }
            _ => {}
        }
        element.push(c);
    }
    elements.push(element);
    elements
}

/// The scheme that an element of a challenge list begins with, if it begins a challenge: a token that is not followed by an
/// equals sign (RFC 9110, 11.3 and 11.6.1).
fn scheme(element: &str) -> Option<&str> {
    let element = element.trim_matches([' ', '\t']);
    let end = element.find(|c: char| !(c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)));
    let (token, rest) = element.split_at_checked(end.unwrap_or(element.len()))?;
    let is_parameter = rest.trim_start_matches([' ', '\t']).starts_with('=');
    let is_scheme =
        !token.is_empty() && token.len() <= 40 && !is_parameter && (rest.is_empty() || rest.starts_with([' ', '\t']));
    is_scheme.then_some(token)
}

/// The beginning of what was no HTTP, or more of it than is read.
fn garbage(error: &hyper::Error, read: &[u8]) -> Vec<Fact> {
    if !error.is_parse() || read.is_empty() {
        return Vec::new();
    }
    vec![Fact::Garbage { text: shown_bytes(read, GARBAGE) }]
}

fn unanswered(error: &hyper::Error) -> Failure {
    if error.is_parse() {
        malformed(shown(&format!("no HTTP answer: {error}"), WORDS))
    } else {
        match error.source().and_then(|source| source.downcast_ref::<io::Error>()) {
            Some(error) => stream_error::failure(Stage::Proxy, error),
            None => Failure::new(Stage::Proxy, How::Closed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn offers(values: &[&str], schemes: &[&str]) {
        let mut fields = HeaderMap::new();
        for value in values {
            fields.append(PROXY_AUTHENTICATE, value.parse().unwrap());
        }
        assert_eq!(super::schemes(&fields), schemes);
    }

    #[test]
    fn schemes_are_told_from_their_parameters() {
        offers(&["Negotiate", "NTLM", "Basic realm=\"a, Digest b\""], &["Negotiate", "NTLM", "Basic"]);
        offers(
            &["Basic realm=\"x\", Digest realm = \"y\", qop=\"auth,auth-int\", negotiate"],
            &["Basic", "Digest", "negotiate"],
        );
        offers(&["Negotiate YIIJ==", "NEGOTIATE"], &["Negotiate"]);
        offers(&["", ",,", "\"Basic\"", "=x", "Basic realm=\"never \\\" closed, NTLM"], &["Basic"]);
    }
}
