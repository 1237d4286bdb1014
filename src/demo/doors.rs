//! Opens the sockets of a world, and makes those that shall be silent so.
//!
//! Silence is the kernel's: no answer goes back, not even a RST. Nothing here needs rights.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::{Domain, Protocol, SockRef, Socket, Type};
use tokio::net::{TcpListener, TcpStream, UdpSocket};

/// A TCP socket that listens.
///
/// # Errors
/// Those of socket, bind and listen.
pub(super) fn listen(at: SocketAddr) -> io::Result<TcpListener> {
    let socket = bound(at)?;
    socket.set_nonblocking(true)?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// A TCP port that answers no SYN, for as long as this is kept.
#[derive(Debug)]
pub(super) struct Silence {
    _listener: Socket,
    _waiting: [Socket; 2],
}

/// Makes a TCP port silent: it listens, its queue is full, and nobody will ever take a connection from it. Linux then drops
/// every further SYN (`tcp_conn_request`, while `net.ipv4.tcp_abort_on_overflow` does not concern SYNs).
///
/// A socket filter that drops would be plainer. But since some kernel (seen on 6.18) TCP sockets take one from root alone.
///
/// # Errors
/// Those of socket, bind and listen, and of the two connections that fill the queue.
pub(super) fn silent(at: SocketAddr) -> io::Result<Silence> {
    let listener = bound(at)?;
    // A backlog of 1 holds two connections. With 0 the kernel would take the first for a SYN flood and log it.
    listener.listen(1)?;
    Ok(Silence { _listener: listener, _waiting: [waiting(at)?, waiting(at)?] })
}

/// A UDP socket. It does not share its address: two worlds on one port would steal each other's datagrams.
///
/// # Errors
/// Those of socket and bind.
pub(super) fn receive(at: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    socket.bind(&at.into())?;
    UdpSocket::from_std(socket.into())
}

/// Ends a connection by a RST when the stream is dropped (`SO_LINGER` of zero, RFC 9293, 3.10.5).
pub(super) fn reset_at_end(stream: &TcpStream) {
    let _kept = SockRef::from(stream).set_linger(Some(Duration::ZERO));
}

/// The largest segment the peer and this end agreed on, in bytes.
///
/// # Errors
/// Those of `TCP_MAXSEG`.
pub(super) fn segment_bytes(stream: &TcpStream) -> io::Result<u32> {
    SockRef::from(stream).tcp_mss()
}

fn bound(at: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
    // The port may still be in TIME_WAIT from a world of another process.
    socket.set_reuse_address(true)?;
    socket.bind(&at.into())?;
    Ok(socket)
}

fn waiting(at: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
    socket.connect_timeout(&at.into(), HANDSHAKE)?;
    Ok(socket)
}

const BACKLOG: i32 = 64;
/// On loopback the kernel finishes a handshake before it returns.
const HANDSHAKE: Duration = Duration::from_secs(1);
