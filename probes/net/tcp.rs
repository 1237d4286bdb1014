//! TCP connections of this computer's kernel: a handshake under way, and a connection that stands.
//!
//! It opens one connection, once, and tells how that ended.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use socket2::{Domain, Protocol, SockRef, Socket, Type};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::errno::{bind_failed, io_error, is_under_way, ours, read, read_at_once};
use super::options::set_ttl;
use super::{Dial, Dialled, Outcome, Stream, error_queue};
use crate::model::{CannotProbe, How, IcmpError, IcmpMeaning};

/// A TCP handshake under way.
pub(super) struct Attempt {
    stream: TcpStream,
    to: SocketAddr,
    began: Instant,
}

impl Attempt {
    /// Sends the first SYN; `Ok(Err(…))` is an end that came at once.
    pub(super) fn start(dial: &Dial) -> Result<Result<Self, Dialled>, CannotProbe> {
        let at_once =
            |(how, name)| Dialled { outcome: Outcome::Failed(how, Some(name)), took: Duration::ZERO, icmp: Vec::new() };
        let socket = match Socket::new(Domain::for_address(dial.to), Type::STREAM, Some(Protocol::TCP)) {
            Ok(socket) => socket,
            Err(source) => return ours("open a TCP socket", source).map(at_once).map(Err),
        };
        prepare(&socket, dial).map_err(io_error("set a TCP socket's options"))?;
        if let Some(source) = dial.source
            && let Err(source) = socket.bind(&SocketAddr::new(source, 0).into())
        {
            return bind_failed(source).map(at_once).map(Err);
        }
        let began = Instant::now();
        match socket.connect(&dial.to.into()) {
            Ok(()) => {}
            Err(error) if is_under_way(&error) => {}
            Err(source) => {
                let known = read_at_once(&source);
                return known
                    .map(at_once)
                    .map(Err)
                    .ok_or(CannotProbe::Io { operation: "begin a TCP connection", source });
            }
        }
        let stream = TcpStream::from_std(socket.into()).map_err(io_error("watch a TCP socket"))?;
        Ok(Ok(Self { stream, to: dial.to, began }))
    }

    /// This end's address, which the kernel chose with the first SYN.
    pub(super) fn local(&self) -> Option<SocketAddr> {
        self.stream.local_addr().ok()
    }

    /// Waits for the end of the handshake.
    pub(super) async fn finish(self, wait: Duration) -> Result<Dialled, CannotProbe> {
        let Self { stream, to, began } = self;
        let woken = timeout(wait, stream.writable()).await;
        let took = began.elapsed();
        let icmp = error_queue::drain(&stream);
        let failed = |how, name| Outcome::Failed(by_icmp(how, &icmp), name);
        let outcome = match (woken, stream.take_error()) {
            (Err(_), _) => failed(How::Silent, None),
            (Ok(_), Ok(Some(source))) => match read(&source) {
                Some((how, name)) => failed(how, Some(name)),
                None if icmp.is_empty() => {
                    return Err(CannotProbe::Io { operation: "finish a TCP connection", source });
                }
                None => failed(How::Unreachable, None),
            },
            (Ok(_), Ok(None)) => match (stream.local_addr(), stream.peer_addr()) {
                (Ok(local), Ok(_)) => Outcome::Connected(Box::new(Established { stream, local, to })),
                // An ICMP error that met the SYN inside connect(2), as this host's own firewall sends it, is queued
                // without becoming the socket's error.
                _ => failed(How::Silent, None),
            },
            (Ok(_), Err(source)) => return Err(CannotProbe::Io { operation: "read a TCP socket's error", source }),
        };
        Ok(Dialled { outcome, took, icmp })
    }
}

/// The outcome in the light of the ICMP errors that came.
///
/// "Prohibited" wins over all: other errors are also sent by routers that only guess. Otherwise the last one explains
/// a code that may stand for several (EHOSTUNREACH is also an expired TTL, EACCES also an ICMPv6 "prohibited").
fn by_icmp(how: How, icmp: &[IcmpError]) -> How {
    if icmp.iter().any(|error| error.meaning == IcmpMeaning::Prohibited) {
        return How::Prohibited;
    }
    match (how, icmp.last()) {
        (How::Silent | How::NoRoute | How::Unreachable | How::NotPermitted, Some(last)) => How::by_icmp(last.meaning),
        (how, _) => how,
    }
}

fn prepare(socket: &Socket, dial: &Dial) -> io::Result<()> {
    socket.set_nonblocking(true)?;
    // A RST on close leaves no port in TIME_WAIT, neither here nor in a NAT on the way.
    socket.set_linger(Some(Duration::ZERO))?;
    // What a probe writes is a whole message; holding its tail back for an ACK would only add a round trip.
    socket.set_tcp_nodelay(true)?;
    error_queue::enable(socket, dial.to.ip())?;
    if let Some(ttl) = dial.ttl {
        set_ttl(&SockRef::from(socket), dial.to.ip(), ttl)?;
    }
    if let Some(mss) = dial.mss {
        socket.set_tcp_mss(mss.into())?;
    }
    Ok(())
}

/// A connection that stands; dropping it sends a RST.
struct Established {
    stream: TcpStream,
    local: SocketAddr,
    to: SocketAddr,
}

impl Stream for Established {
    fn local(&self) -> SocketAddr {
        self.local
    }

    fn icmp(&mut self) -> Vec<IcmpError> {
        error_queue::drain(&self.stream)
    }

    fn set_ttl(&mut self, ttl: u8) -> bool {
        set_ttl(&SockRef::from(&self.stream), self.to.ip(), ttl).is_ok()
    }

    fn soft_error(&mut self) -> Option<io::Error> {
        self.stream.take_error().ok().flatten()
    }

    fn segment_bytes(&self) -> Option<usize> {
        SockRef::from(&self.stream).tcp_mss().ok().and_then(|bytes| usize::try_from(bytes).ok())
    }
}

impl AsyncRead for Established {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Established {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::io::Read;

    use super::super::{Network, Sockets};
    use super::*;
    use crate::testing::{ClosedTcp, SilentTcp};

    const WAIT: Duration = Duration::from_secs(5);

    async fn failure(dial: Dial) -> (How, Option<&'static str>) {
        match Sockets::new().dial(dial).await.unwrap().outcome {
            Outcome::Connected(_) => panic!("connected"),
            Outcome::Failed(how, name) => (how, name),
        }
    }

    #[tokio::test]
    async fn dropping_a_connection_resets_it() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let dialled = Sockets::new().dial(Dial::new(listener.local_addr().unwrap(), WAIT)).await.unwrap();
        let Outcome::Connected(stream) = dialled.outcome else { panic!("not connected") };
        let (mut accepted, from) = listener.accept().unwrap();
        assert_eq!((stream.local(), dialled.icmp), (from, Vec::new()));
        drop(stream);
        assert_eq!(accepted.read(&mut [0]).unwrap_err().kind(), io::ErrorKind::ConnectionReset);
    }

    #[tokio::test]
    async fn a_refused_port_is_not_a_silent_one() {
        let closed = ClosedTcp::new();
        assert_eq!(failure(Dial::new(closed.address(), WAIT)).await, (How::Refused, Some("ECONNREFUSED")));
        let silent = SilentTcp::new();
        assert_eq!(failure(Dial::new(silent.address(), Duration::from_millis(50))).await, (How::Silent, None));
    }

    #[tokio::test]
    async fn ttl_mss_and_source_are_taken() {
        let listener = std::net::TcpListener::bind("[::1]:0").unwrap();
        let dial = Dial {
            ttl: Some(1),
            mss: Some(1220),
            source: Some("::1".parse().unwrap()),
            ..Dial::new(listener.local_addr().unwrap(), WAIT)
        };
        let Outcome::Connected(mut stream) = Sockets::new().dial(dial).await.unwrap().outcome else {
            panic!("not connected")
        };
        let (accepted, _) = listener.accept().unwrap();
        // The smaller of both ends' offers; the kernel takes 12 bytes off for timestamps (RFC 7323, 3.2).
        assert_eq!(SockRef::from(&accepted).tcp_mss().unwrap(), 1208);
        assert!(stream.set_ttl(64));
    }

    #[tokio::test]
    async fn a_source_address_of_somebody_else_is_no_lack_of_ports() {
        let dial =
            Dial { source: Some("192.0.2.1".parse().unwrap()), ..Dial::new("127.0.0.1:9".parse().unwrap(), WAIT) };
        let Err(CannotProbe::Io { operation, .. }) = Sockets::new().dial(dial).await else { panic!("looked") };
        assert_eq!(operation, "bind a socket to the source address");
    }

    #[test]
    fn prohibited_by_icmp_is_said_whatever_the_errno() {
        let error = |meaning| IcmpError { from: None, meaning, kind: 3, code: 13, own: false, mtu: None };
        let seen = [error(IcmpMeaning::Prohibited), error(IcmpMeaning::TimeExceeded)];
        assert_eq!(by_icmp(How::Silent, &seen), How::Prohibited);
        assert_eq!(by_icmp(How::Unreachable, &[error(IcmpMeaning::TimeExceeded)]), How::Expired);
        assert_eq!(by_icmp(How::Refused, &[error(IcmpMeaning::TimeExceeded)]), How::Refused);
    }
}
