//! A loopback network and a system without names for the tests of proxies (until `kit::sockets` is merged).

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use rustls::RootCertStore;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

use super::*;

/// Plain tokio sockets, to loopback only.
pub(crate) struct Loopback;

struct Socket(TcpStream);

impl AsyncRead for Socket {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, into)
    }
}

impl AsyncWrite for Socket {
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

impl Stream for Socket {
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

impl Network for Loopback {
    fn dial(&self, dial: Dial) -> Pending<'_, Result<Dialled, CannotLook>> {
        assert!(dial.to.ip().is_loopback(), "tests stay on loopback");
        Box::pin(async move {
            let began = Instant::now();
            let outcome = match tokio::time::timeout(dial.wait, TcpStream::connect(dial.to)).await {
                Ok(Ok(stream)) => Outcome::Connected(Box::new(Socket(stream))),
                Ok(Err(_)) => Outcome::Failed(How::Refused, Some("ECONNREFUSED")),
                Err(_) => Outcome::Failed(How::Silent, None),
            };
            Ok(Dialled { outcome, took: began.elapsed(), icmp: Vec::new() })
        })
    }

    fn datagram(&self, _: SocketAddr, _: DatagramOptions) -> Pending<'_, Result<Box<dyn Datagram>, CannotLook>> {
        Box::pin(async { Err(unsupported()) })
    }

    fn segment_ttls(&self, _: Dial) -> Pending<'_, Result<Vec<SegmentTtl>, CannotLook>> {
        Box::pin(async { Err(unsupported()) })
    }
}

fn unsupported() -> CannotLook {
    CannotLook::Unsupported { what: "this", why: "a test has no need of it" }
}

/// Knows `proxy.test` as loopback, and no other name.
pub(crate) struct Names;

impl System for Names {
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
    fn lookup<'a>(&'a self, name: &'a str, _: Duration) -> Pending<'a, Result<SystemLookup, CannotLook>> {
        Box::pin(async move {
            Ok(match name {
                // Nothing listens at ::1, so the second address is needed.
                "proxy.test" => SystemLookup::Found(vec![
                    Ipv6Addr::LOCALHOST.into(),
                    Ipv6Addr::LOCALHOST.into(),
                    Ipv4Addr::LOCALHOST.into(),
                ]),
                "silent.test" => SystemLookup::Silent,
                _ => SystemLookup::NotFound("Name or service not known".to_owned()),
            })
        })
    }
}

/// Hands these means to a test.
pub(crate) async fn with_means<T>(test: impl AsyncFnOnce(&Means<'_>) -> T) -> T {
    with_trust(Trust::new(RootCertStore::empty(), None), test).await
}

/// As [`with_means`], with these roots.
pub(crate) async fn with_trust<T>(trust: Trust, test: impl AsyncFnOnce(&Means<'_>) -> T) -> T {
    let clock = SystemClock::start();
    test(&Means { network: &Loopback, clock: &clock, system: &Names, trust: &trust }).await
}

/// A peer for one connection.
pub(crate) struct Peer {
    listener: TcpListener,
}

impl Peer {
    pub(crate) async fn listen() -> Self {
        Self { listener: TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap() }
    }

    pub(crate) fn port(&self) -> u16 {
        self.listener.local_addr().unwrap().port()
    }

    pub(crate) async fn accept(&self) -> TcpStream {
        self.listener.accept().await.unwrap().0
    }
}

/// Reads up to and with an empty line.
pub(crate) async fn head(stream: &mut (impl AsyncRead + Unpin)) -> String {
    use tokio::io::AsyncReadExt;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

/// Writes, and does not mind if nobody reads any more.
pub(crate) async fn say(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) {
    let _ = stream.write_all(bytes).await;
}
