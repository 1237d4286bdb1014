//! The least network that a world can be looked at through: tokio's own sockets, without ICMP and TTL.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpSocket, TcpStream, UdpSocket};
use tokio::time::timeout;
use why5003_probes::kit::{
    CannotLook, Datagram, DatagramOptions, Dial, Dialled, Heard, How, IcmpError, Network, Outcome, Pending, SegmentTtl,
    Stream,
};

/// Tokio's sockets.
pub(crate) struct Plain;

impl Network for Plain {
    fn dial(&self, dial: Dial) -> Pending<'_, Result<Dialled, CannotLook>> {
        Box::pin(async move {
            assert!(dial.to.ip().is_loopback(), "a world never leaves loopback");
            let socket = TcpSocket::new_v4().unwrap();
            if let Some(mss) = dial.mss {
                SockRef::from(&socket).set_tcp_mss(mss.into()).unwrap();
            }
            if let Some(source) = dial.source {
                socket.bind(SocketAddr::new(source, 0)).unwrap();
            }
            let began = Instant::now();
            let outcome = match timeout(dial.wait, socket.connect(dial.to)).await {
                Ok(Ok(stream)) => Outcome::Connected(Box::new(Connection(stream)) as Box<dyn Stream>),
                Ok(Err(error)) => Outcome::Failed(how(&error), None),
                Err(_) => Outcome::Failed(How::Silent, None),
            };
            Ok(Dialled { outcome, took: began.elapsed(), icmp: Vec::new() })
        })
    }

    fn datagram(&self, to: SocketAddr, options: DatagramOptions) -> Pending<'_, Result<Box<dyn Datagram>, CannotLook>> {
        Box::pin(async move {
            assert!(to.ip().is_loopback(), "a world never leaves loopback");
            let source = options.source.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
            let socket = UdpSocket::bind(SocketAddr::new(source, 0)).await.unwrap();
            socket.connect(to).await.unwrap();
            Ok(Box::new(Datagrams(socket)) as Box<dyn Datagram>)
        })
    }

    fn segment_ttls(&self, _dial: Dial) -> Pending<'_, Result<Vec<SegmentTtl>, CannotLook>> {
        Box::pin(async { Err(CannotLook::Unprivileged { what: "segments", needs: "raw sockets" }) })
    }
}

struct Datagrams(UdpSocket);

impl Datagram for Datagrams {
    fn send<'a>(&'a mut self, bytes: &'a [u8]) -> Pending<'a, Result<(), How>> {
        Box::pin(async { self.0.send(bytes).await.map(drop).map_err(|error| how(&error)) })
    }

    fn hear(&mut self, wait: Duration) -> Pending<'_, Heard> {
        Box::pin(async move {
            let mut bytes = vec![0; 2048];
            match timeout(wait, self.0.recv(&mut bytes)).await {
                Ok(Ok(length)) => Heard::Bytes(bytes[..length].to_vec()),
                Ok(Err(error)) => Heard::Failed(how(&error)),
                Err(_) => Heard::Nothing,
            }
        })
    }

    fn local(&self) -> SocketAddr {
        self.0.local_addr().unwrap()
    }
}

fn how(error: &std::io::Error) -> How {
    match error.kind() {
        std::io::ErrorKind::ConnectionRefused => How::Refused,
        std::io::ErrorKind::ConnectionReset => How::Reset,
        kind => panic!("{kind}: {error}"),
    }
}

struct Connection(TcpStream);

impl Stream for Connection {
    fn local(&self) -> SocketAddr {
        self.0.local_addr().unwrap()
    }

    fn icmp(&mut self) -> Vec<IcmpError> {
        Vec::new()
    }

    fn set_ttl(&mut self, _ttl: u8) -> bool {
        false
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
