//! DNS over HTTPS (RFC 8484) by hickory's HTTP/2 client, on a connection that is ours.
//!
//! The library drives the connection in a task of its own. Its stream is on a lease that ends with the probe, and with
//! it the task.

use std::future::ready;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use hickory_resolver::net::NetError;
use hickory_resolver::net::h2;
use hickory_resolver::net::http::DEFAULT_DNS_QUERY_PATH;
use hickory_resolver::net::runtime::iocompat::AsyncIoTokioAsStd;
use hickory_resolver::net::xfer::{DnsRequestSender, FirstAnswer};
use hickory_resolver::proto::op::{DnsRequest, DnsRequestOptions};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::timeout;

use super::stream::{Asking, STREAM_BYTES};
use super::tls::{client, not_shaken};
use crate::model::{CannotProbe, Fact, Failure, How, Stage};
use crate::net::Stream;
use crate::net::counting_stream::Tap;
use crate::session::stream_error::broken;
use crate::wire::text::shown;

/// Asks by POST over HTTP/2; the certificate must be for `name`. TCP, TLS and HTTP failures keep their own stages.
///
/// # Errors
/// [`CannotProbe`] when no socket could be made.
pub(crate) async fn by_https(
    asking: Asking<'_>,
    name: &str,
    facts: &mut Vec<Fact>,
) -> Result<Option<Failure>, CannotProbe> {
    let stream = match asking.connect(facts).await? {
        Ok(stream) => stream,
        Err(failure) => return Ok(Some(failure)),
    };
    let clock = asking.means.clock;
    let (config, judge) = client(asking.means)?;
    let began = clock.elapsed();
    let mut sent = None;
    let (lease, lent) = lend(stream);
    let ended = timeout(asking.wait(), async {
        let tcp = ready(Ok(AsyncIoTokioAsStd(lent)));
        let mut h2 = h2::connect(tcp, config, asking.server, name.into(), DEFAULT_DNS_QUERY_PATH.into(), None).await?;
        sent = Some(clock.elapsed());
        let request = DnsRequest::new(asking.question.message(), DnsRequestOptions::default());
        h2.send_message(request).first_answer().await
    })
    .await;
    let (first, icmp) = lease.end();
    facts.extend(icmp.into_iter().map(Fact::Icmp));
    facts.extend(judge.fact());
    let ended = ended.unwrap_or(Err(NetError::Timeout));
    let (how, words) = match (ended, sent) {
        // The id is 0 on the wire, so that HTTP caches can serve (RFC 8484, 4.1).
        (Ok(response), Some(sent)) => return Ok(asking.answered(response.as_buffer(), 0, sent, facts)),
        (Ok(_), None) => (How::Malformed, None),
        (Err(error), _) => net_error(&error),
    };
    let waited = clock.elapsed().saturating_sub(began);
    if sent.is_none() {
        return Ok(Some(not_shaken(how, words, &judge, &first, facts).after(waited)));
    }
    let failure = Failure::new(Stage::Http, how).after(waited);
    Ok(Some(failure.saying_any(words)))
}

/// hickory's errors as this program's words; most of them are text alone.
fn net_error(error: &NetError) -> (How, Option<String>) {
    match error {
        NetError::Timeout => (How::Silent, None),
        NetError::Io(error) => broken(error),
        NetError::H2(error) => match error.get_io() {
            Some(error) => broken(error),
            None if error.is_remote() => (How::Closed, Some(shown(&error.to_string(), WORDS_CHARS))),
            None => (How::Malformed, Some(shown(&error.to_string(), WORDS_CHARS))),
        },
        NetError::Msg(text) if text.starts_with(HTTP_REFUSAL) => (How::Denied, Some(shown(text, WORDS_CHARS))),
        error => (How::Malformed, Some(shown(&error.to_string(), WORDS_CHARS))),
    }
}

/// What hickory-net 0.26 writes for any HTTP status but 2xx (`h2.rs`, `send`); a test here holds it to that.
const HTTP_REFUSAL: &str = "http unsuccessful code";
const WORDS_CHARS: usize = 120;

/// Our end of a stream that was lent; when it goes, the stream is closed and whoever holds the other end gets an error.
struct Lease(Arc<Mutex<Shared>>);

/// The lent end.
struct Lent(Arc<Mutex<Shared>>);

struct Shared {
    stream: Option<Tap<Box<dyn Stream>>>,
    waiting: Option<Waker>,
}

fn lend(stream: Box<dyn Stream>) -> (Lease, Lent) {
    let shared = Shared { stream: Some(Tap::new(stream, STREAM_BYTES)), waiting: None };
    let shared = Arc::new(Mutex::new(shared));
    (Lease(Arc::clone(&shared)), Lent(shared))
}

fn locked(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Lease {
    /// Ends the lease: the first bytes that came, and the ICMP errors.
    fn end(self) -> (Vec<u8>, Vec<crate::model::IcmpError>) {
        match &mut locked(&self.0).stream {
            Some(tap) => (tap.first().to_vec(), tap.inner().icmp()),
            None => (Vec::new(), Vec::new()),
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut shared = locked(&self.0);
        let (stream, waiting) = (shared.stream.take(), shared.waiting.take());
        drop(shared);
        drop(stream);
        if let Some(waiting) = waiting {
            waiting.wake();
        }
    }
}

impl Lent {
    fn poll<T>(
        &self,
        cx: &mut Context<'_>,
        poll: impl FnOnce(Pin<&mut Tap<Box<dyn Stream>>>, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        let mut shared = locked(&self.0);
        let Some(stream) = &mut shared.stream else {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        };
        let polled = poll(Pin::new(stream), cx);
        if polled.is_pending() {
            shared.waiting = Some(cx.waker().clone());
        }
        polled
    }
}

impl AsyncRead for Lent {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.poll(cx, |stream, cx| stream.poll_read(cx, buf))
    }
}

impl AsyncWrite for Lent {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll(cx, |stream, cx| stream.poll_write(cx, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll(cx, AsyncWrite::poll_flush)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll(cx, AsyncWrite::poll_shutdown)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;
    use tokio::net::TcpListener;

    use super::*;
    use crate::net::{Dial, Network, Outcome};
    use crate::testing::Loopback;

    #[tokio::test]
    async fn who_holds_the_lent_end_is_woken_and_the_connection_closed_when_the_lease_ends() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let wait = std::time::Duration::from_secs(2);
        let dial = Dial::new(listener.local_addr().unwrap(), wait);
        let Outcome::Connected(stream) = Loopback.dial(dial).await.unwrap().outcome else {
            panic!("loopback takes connections")
        };
        let (mut peer, _) = listener.accept().await.unwrap();
        let (lease, mut lent) = lend(stream);
        let (read, ()) = tokio::join!(timeout(wait, lent.read_u8()), async { drop(lease) });
        assert_eq!(read.unwrap().unwrap_err().kind(), io::ErrorKind::ConnectionAborted);
        assert_eq!(peer.read(&mut [0]).await.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
    }
}
