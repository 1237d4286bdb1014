//! A network of plain loopback sockets and a computer that tells nothing, for the tests of `tls` and `http`.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

use super::{
    CannotLook, Client, Clock, Datagram, DatagramOptions, Dial, Dialled, HostsLine, How, IcmpError, Interface, Limit,
    Look, Means, Neighbour, Network, Outcome, Pending, ProxySetting, ResolverSetting, Route, Seen, SegmentTtl, Stream,
    System, SystemLookup, Target, Trust,
};

/// Prepares a look of this kind at a listener on loopback and takes it, while `peer` has the accepted connection.
pub(crate) async fn look_at<P>(kind: &super::Kind, trust: &Trust, fill: impl FnOnce(Target) -> Look, peer: P) -> Seen
where
    P: AsyncFnOnce(TcpStream),
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let look = fill(Target::tcp(listener.local_addr().unwrap()));
    let probe = (kind.prepare)(&look).unwrap();
    let means = Means { network: &Loopback, clock: &Stopped, system: &Nothing, trust };
    let serve = async {
        peer(listener.accept().await.unwrap().0).await;
        std::future::pending::<()>().await;
    };
    tokio::select! {
        seen = probe.look(&means) => seen.unwrap(),
        () = serve => unreachable!("a peer never ends a look"),
    }
}

/// A clock that stands at 2026-07-01 00:00:00 UTC.
pub(crate) struct Stopped;

impl Clock for Stopped {
    fn wall(&self) -> Duration {
        Duration::from_secs(1_782_864_000)
    }

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }
}

struct Loopback;

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

struct Nothing;

impl System for Nothing {
    fn name(&self) -> &'static str {
        "nothing"
    }
    fn privileged(&self) -> bool {
        false
    }
    fn interfaces(&self) -> Result<Vec<Interface>, CannotLook> {
        unimplemented!()
    }
    fn route(&self, _: IpAddr) -> Result<Route, CannotLook> {
        unimplemented!()
    }
    fn neighbour(&self, _: IpAddr) -> Result<Option<Neighbour>, CannotLook> {
        unimplemented!()
    }
    fn hosts_lines(&self, _: &[String]) -> Result<Vec<HostsLine>, CannotLook> {
        unimplemented!()
    }
    fn resolvers(&self) -> Result<Vec<ResolverSetting>, CannotLook> {
        unimplemented!()
    }
    fn proxies(&self) -> Result<Vec<ProxySetting>, CannotLook> {
        unimplemented!()
    }
    fn limits(&self) -> Result<Vec<Limit>, CannotLook> {
        unimplemented!()
    }
    fn clients(&self) -> Result<Vec<Client>, CannotLook> {
        unimplemented!()
    }
    fn lookup<'a>(&'a self, _: &'a str, _: Duration) -> Pending<'a, Result<SystemLookup, CannotLook>> {
        unimplemented!()
    }
}
