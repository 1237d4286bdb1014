//! A network of plain loopback sockets, until the real one can serve the tests.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::{
    CannotLook, Datagram, DatagramOptions, Dial, Dialled, How, IcmpError, Network, Outcome, Pending, SegmentTtl, Stream,
};

/// Dials loopback and nothing else.
pub(crate) struct Loopback;

impl Network for Loopback {
    fn dial(&self, dial: Dial) -> Pending<'_, Result<Dialled, CannotLook>> {
        Box::pin(async move {
            assert!(dial.to.ip().is_loopback());
            let began = Instant::now();
            let outcome = match TcpStream::connect(dial.to).await {
                Ok(stream) => Outcome::Connected(Box::new(Plain(stream))),
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                    Outcome::Failed(How::Refused, Some("ECONNREFUSED"))
                }
                Err(error) => panic!("{error}"),
            };
            Ok(Dialled { outcome, took: began.elapsed(), icmp: Vec::new() })
        })
    }

    fn datagram(&self, _: SocketAddr, _: DatagramOptions) -> Pending<'_, Result<Box<dyn Datagram>, CannotLook>> {
        unimplemented!()
    }

    fn segment_ttls(&self, _: Dial) -> Pending<'_, Result<Vec<SegmentTtl>, CannotLook>> {
        unimplemented!()
    }
}

struct Plain(TcpStream);

impl Stream for Plain {
    fn local(&self) -> SocketAddr {
        self.0.local_addr().unwrap()
    }

    fn icmp(&mut self) -> Vec<IcmpError> {
        Vec::new()
    }

    fn set_ttl(&mut self, ttl: u8) -> bool {
        self.0.set_ttl(ttl.into()).is_ok()
    }
}

impl AsyncRead for Plain {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Plain {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
