//! A stream that counts what passes and keeps the first bytes that came back.
//!
//! It changes nothing of what passes; it ends the stream only where more came than it was told to take.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

/// A stream with a count on both directions.
pub(crate) struct Tap<S> {
    inner: S,
    asked: u64,
    sent: u64,
    received: u64,
    limit: u64,
    first: Vec<u8>,
    last: Instant,
}

impl<S> Tap<S> {
    /// Taps a stream and takes at most `limit` bytes from it; what comes beyond is [`io::ErrorKind::FileTooLarge`].
    pub(crate) fn new(inner: S, limit: u64) -> Self {
        Self { inner, asked: 0, sent: 0, received: 0, limit, first: Vec::new(), last: Instant::now() }
    }

    /// Bytes sent before the first one came back.
    pub(crate) fn asked(&self) -> u64 {
        self.asked
    }

    /// Bytes sent.
    pub(crate) fn sent(&self) -> u64 {
        self.sent
    }

    /// Bytes received.
    pub(crate) fn received(&self) -> u64 {
        self.received
    }

    /// The first bytes received, 120 at most.
    pub(crate) fn first(&self) -> &[u8] {
        &self.first
    }

    /// When bytes last came; when it was tapped, where none did.
    pub(crate) fn last(&self) -> Instant {
        self.last
    }

    /// Takes any number of bytes from now on.
    pub(crate) fn lift_limit(&mut self) {
        self.limit = u64::MAX;
    }

    /// The stream itself.
    pub(crate) fn inner(&mut self) -> &mut S {
        &mut self.inner
    }

    fn note(&mut self, came: &[u8]) {
        let room = FIRST_BYTES.saturating_sub(self.first.len());
        self.first.extend(came.iter().take(room));
        self.received = self.received.saturating_add(came.len() as u64);
        self.last = Instant::now();
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Tap<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.received > self.limit {
            return Poll::Ready(Err(io::ErrorKind::FileTooLarge.into()));
        }
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.inner).poll_read(cx, buf);
        if let Some(came) = buf.filled().get(before..).filter(|came| !came.is_empty()) {
            self.note(came);
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Tap<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.inner).poll_write(cx, bytes);
        if let Poll::Ready(Ok(sent)) = &polled {
            self.sent = self.sent.saturating_add(*sent as u64);
            if self.received == 0 {
                self.asked = self.sent;
            }
        }
        polled
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

/// As many as [`crate::model::Fact::Garbage`] shows.
const FIRST_BYTES: usize = 120;
