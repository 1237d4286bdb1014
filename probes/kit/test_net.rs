//! A network of plain sockets and a system that knows one thing, for tests on loopback.
//!
//! It reads no error queue: a refused datagram counts as ICMP port unreachable from the peer.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::{Instant, timeout};

use super::{
    CannotLook, Client, Datagram, DatagramOptions, Dial, Dialled, Heard, HostsLine, How, IcmpError, IcmpMeaning,
    Interface, Limit, Neighbour, Network, Outcome, Pending, ProxySetting, ResolverSetting, Route, SegmentTtl, Stream,
    System, SystemLookup,
};

/// Plain sockets of tokio.
pub(crate) struct PlainSockets;

impl Network for PlainSockets {
    fn dial(&self, dial: Dial) -> Pending<'_, Result<Dialled, CannotLook>> {
        Box::pin(async move {
            let began = Instant::now();
            let outcome = match timeout(dial.wait, TcpStream::connect(dial.to)).await {
                Ok(Ok(stream)) => Outcome::Connected(Box::new(PlainStream(stream))),
                Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
                    Outcome::Failed(How::Refused, Some("ECONNREFUSED"))
                }
                Ok(Err(_)) => Outcome::Failed(How::Unreachable, None),
                Err(_) => Outcome::Failed(How::Silent, None),
            };
            Ok(Dialled { outcome, took: began.elapsed(), icmp: vec![] })
        })
    }

    fn datagram(&self, to: SocketAddr, _: DatagramOptions) -> Pending<'_, Result<Box<dyn Datagram>, CannotLook>> {
        Box::pin(async move {
            let open = async {
                let socket = UdpSocket::bind("127.0.0.1:0").await?;
                socket.connect(to).await?;
                Ok(socket)
            };
            match open.await {
                Ok(socket) => Ok(Box::new(PlainDatagram { socket, to }) as Box<dyn Datagram>),
                Err(source) => Err(CannotLook::Io { operation: "open a UDP socket", source }),
            }
        })
    }

    fn segment_ttls(&self, _: Dial) -> Pending<'_, Result<Vec<SegmentTtl>, CannotLook>> {
        Box::pin(async { Err(unsupported()) })
    }
}

fn unsupported() -> CannotLook {
    CannotLook::Unsupported { what: "this", why: "a test has no use for it" }
}

struct PlainStream(TcpStream);

impl Stream for PlainStream {
    fn local(&self) -> SocketAddr {
        self.0.local_addr().unwrap()
    }

    fn icmp(&mut self) -> Vec<IcmpError> {
        vec![]
    }

    fn set_ttl(&mut self, ttl: u8) -> bool {
        self.0.set_ttl(ttl.into()).is_ok()
    }
}

impl AsyncRead for PlainStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for PlainStream {
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

struct PlainDatagram {
    socket: UdpSocket,
    to: SocketAddr,
}

impl Datagram for PlainDatagram {
    fn send<'a>(&'a mut self, bytes: &'a [u8]) -> Pending<'a, Result<(), How>> {
        Box::pin(async { self.socket.send(bytes).await.map(|_| ()).map_err(|_| How::Refused) })
    }

    fn hear(&mut self, wait: Duration) -> Pending<'_, Heard> {
        Box::pin(async move {
            let mut buffer = vec![0; 65_535];
            match timeout(wait, self.socket.recv(&mut buffer)).await {
                Ok(Ok(length)) => {
                    buffer.truncate(length);
                    Heard::Bytes(buffer)
                }
                Ok(Err(_)) => Heard::Icmp(port_unreachable(self.to.ip())),
                Err(_) => Heard::Nothing,
            }
        })
    }

    fn local(&self) -> SocketAddr {
        self.socket.local_addr().unwrap()
    }
}

/// What a host without a listener says.
pub(crate) fn port_unreachable(from: IpAddr) -> IcmpError {
    IcmpError { from: Some(from), meaning: IcmpMeaning::PortUnreachable, kind: 3, code: 3, own: true, mtu: None }
}

/// A system that gives this for every name, and knows nothing else.
pub(crate) struct OneLookup(pub(crate) SystemLookup);

impl System for OneLookup {
    fn name(&self) -> &'static str {
        "test"
    }

    fn privileged(&self) -> bool {
        false
    }

    fn interfaces(&self) -> Result<Vec<Interface>, CannotLook> {
        Err(unsupported())
    }

    fn route(&self, _: IpAddr) -> Result<Route, CannotLook> {
        Err(unsupported())
    }

    fn neighbour(&self, _: IpAddr) -> Result<Option<Neighbour>, CannotLook> {
        Err(unsupported())
    }

    fn hosts_lines(&self, _: &[String]) -> Result<Vec<HostsLine>, CannotLook> {
        Err(unsupported())
    }

    fn resolvers(&self) -> Result<Vec<ResolverSetting>, CannotLook> {
        Err(unsupported())
    }

    fn proxies(&self) -> Result<Vec<ProxySetting>, CannotLook> {
        Err(unsupported())
    }

    fn limits(&self) -> Result<Vec<Limit>, CannotLook> {
        Err(unsupported())
    }

    fn clients(&self) -> Result<Vec<Client>, CannotLook> {
        Err(unsupported())
    }

    fn lookup<'a>(&'a self, _: &'a str, _: Duration) -> Pending<'a, Result<SystemLookup, CannotLook>> {
        Box::pin(async { Ok(self.0.clone()) })
    }
}
