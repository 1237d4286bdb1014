//! A stream that gives back first what was read too far ahead of it.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::model::IcmpError;
use crate::net::Stream;

/// The stream, with these bytes before whatever it still has to say.
pub(super) fn put_back(ahead: Bytes, stream: Box<dyn Stream>) -> Box<dyn Stream> {
    if ahead.is_empty() { stream } else { Box::new(Leftover { ahead, stream }) }
}

struct Leftover {
    ahead: Bytes,
    stream: Box<dyn Stream>,
}

impl AsyncRead for Leftover {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.ahead.is_empty() {
            return Pin::new(&mut self.stream).poll_read(cx, into);
        }
        let fits = self.ahead.len().min(into.remaining());
        into.put_slice(self.ahead.get(..fits).unwrap_or_default());
        self.ahead.advance(fits);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Leftover {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl Stream for Leftover {
    fn local(&self) -> SocketAddr {
        self.stream.local()
    }

    fn icmp(&mut self) -> Vec<IcmpError> {
        self.stream.icmp()
    }

    fn set_ttl(&mut self, ttl: u8) -> bool {
        self.stream.set_ttl(ttl)
    }
}
