//! Reads one HTTP/1.1 request and answers it from a list of pages.
//!
//! It sends what the page says and closes; there are no further requests on a connection.

use std::fmt::Write;
use std::io;
use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use why5003_probes::model::Pending;

use super::servers::Serve;

/// What a server says, by path.
#[derive(Clone, Debug)]
pub(super) struct Site {
    /// Pages at a path of their own.
    pub(super) pages: Vec<(&'static str, Page)>,
    /// The answer to every other path.
    pub(super) otherwise: Page,
}

/// An answer.
#[derive(Clone, Debug)]
pub(super) struct Page {
    /// Status code and reason.
    pub(super) status: &'static str,
    /// Further header lines, without line ends.
    pub(super) headers: Vec<String>,
    /// The body, UTF-8.
    pub(super) body: String,
}

impl Page {
    /// A page without a body.
    pub(super) fn empty(status: &'static str) -> Self {
        Self { status, headers: Vec::new(), body: String::new() }
    }

    /// A page of that type.
    pub(super) fn of(status: &'static str, media_type: &str, body: impl Into<String>) -> Self {
        Self { status, headers: vec![format!("Content-Type: {media_type}")], body: body.into() }
    }

    /// A redirect.
    pub(super) fn redirect(status: &'static str, to: &str) -> Self {
        Self { status, headers: vec![format!("Location: {to}")], body: String::new() }
    }

    /// A small page of HTML.
    pub(super) fn html(status: &'static str, title: &str, text: &str) -> Self {
        let body =
            format!("<html><head><title>{title}</title></head><body><h1>{title}</h1><p>{text}</p></body></html>\n");
        Self::of(status, "text/html; charset=utf-8", body)
    }

    /// As it goes over the wire; the date is that of the computer's own clock, which a wrong clock of the demo does not touch.
    pub(super) fn written(&self, with_body: bool) -> Vec<u8> {
        let date = DateTimePrinter::new().timestamp_to_rfc9110_string(&Timestamp::now()).unwrap_or_default();
        let mut text = format!("HTTP/1.1 {}\r\nDate: {date}\r\nServer: demo\r\nConnection: close\r\n", self.status);
        for header in &self.headers {
            text.push_str(header);
            text.push_str("\r\n");
        }
        // RFC 9110, 8.6: no length with 204.
        if !self.status.starts_with("204") {
            let _infallible = write!(text, "Content-Length: {}\r\n", self.body.len());
        }
        text.push_str("\r\n");
        if with_body {
            text.push_str(&self.body);
        }
        text.into_bytes()
    }
}

impl Site {
    /// The same page for every path.
    pub(super) fn of(page: Page) -> Self {
        Self { pages: Vec::new(), otherwise: page }
    }

    fn page(&self, path: &str) -> &Page {
        self.pages.iter().find(|(at, _)| *at == path).map_or(&self.otherwise, |(_, page)| page)
    }

    /// Answers one request and closes.
    ///
    /// # Errors
    /// Those of the stream; a peer that says nothing in time is [`io::ErrorKind::TimedOut`].
    pub(super) async fn answer<S>(&self, stream: &mut S) -> io::Result<()>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let head = within(read_head(stream)).await?;
        let mut words = head.split(u8::is_ascii_whitespace);
        let method = words.next().unwrap_or_default();
        let path = words.next().and_then(|path| std::str::from_utf8(path).ok()).unwrap_or("/");
        let answer = match method {
            b"GET" => self.page(path).written(true),
            b"HEAD" => self.page(path).written(false),
            _ => Page::empty("405 Method Not Allowed").written(false),
        };
        within(stream.write_all(&answer)).await?;
        within(stream.shutdown()).await
    }
}

/// Plain HTTP.
#[derive(Clone, Debug)]
pub(super) struct PlainSite(pub(super) Site);

impl Serve for PlainSite {
    fn serve(&self, mut stream: TcpStream) -> Pending<'_, ()> {
        Box::pin(async move {
            let _gone = self.0.answer(&mut stream).await;
        })
    }
}

/// Reads up to the empty line that ends a request's head; what comes after it is not read.
///
/// # Errors
/// Those of the stream; [`io::ErrorKind::InvalidData`] when the head is longer than 8 KiB.
pub(super) async fn read_head<S: AsyncRead + Unpin>(stream: &mut S) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() == HEAD_BYTES {
            return Err(io::ErrorKind::InvalidData.into());
        }
        // A byte at a time, so that nothing that follows the head is taken from a tunnel.
        head.push(stream.read_u8().await?);
    }
    Ok(head)
}

/// Waits no longer than a peer on this very computer can need.
///
/// # Errors
/// Those of what is waited for; [`io::ErrorKind::TimedOut`] when it takes too long.
pub(super) async fn within<T>(operation: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    timeout(PATIENCE, operation).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

const HEAD_BYTES: usize = 8192;
const PATIENCE: Duration = Duration::from_secs(10);
