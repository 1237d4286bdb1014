//! Peers on loopback: one that is told what to do, and some that behave badly in one way each.
//!
//! They answer nobody but this computer.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};

#[cfg(target_os = "linux")]
use socket2::SockFilter;
use socket2::{Domain, Socket, Type};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A peer that takes connections, one after the other.
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
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

/// Writes, and does not mind if nobody reads any more.
pub(crate) async fn say(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) {
    let _unread = stream.write_all(bytes).await;
}

fn bound() -> Socket {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&"127.0.0.1:0".parse::<SocketAddr>().unwrap().into()).unwrap();
    socket
}

fn address(socket: &Socket) -> SocketAddr {
    socket.local_addr().unwrap().as_socket().unwrap()
}

/// A TCP port that is held but not listened on: it refuses, and nobody else can take it meanwhile.
pub(crate) struct ClosedTcp(Socket);

impl ClosedTcp {
    pub(crate) fn new() -> Self {
        Self(bound())
    }

    pub(crate) fn address(&self) -> SocketAddr {
        address(&self.0)
    }
}

/// A TCP port whose packets a socket filter drops: it is silent.
#[cfg(target_os = "linux")]
pub(crate) struct SilentTcp(Socket);

#[cfg(target_os = "linux")]
impl SilentTcp {
    pub(crate) fn new() -> Self {
        let socket = bound();
        // BPF "return 0": keep no byte of any packet.
        socket.attach_filter(&[SockFilter::new(0x06, 0, 0, 0)]).unwrap();
        socket.listen(1).unwrap();
        Self(socket)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        address(&self.0)
    }
}

/// A UDP port that is held by a socket with another peer: it refuses, and nobody else can take it meanwhile.
pub(crate) struct ClosedUdp(UdpSocket);

impl ClosedUdp {
    pub(crate) fn new() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.connect("127.0.0.1:9").unwrap();
        Self(socket)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.0.local_addr().unwrap()
    }

    /// Lets one peer in.
    pub(crate) fn open_to(self, peer: SocketAddr) -> UdpSocket {
        self.0.connect(peer).unwrap();
        self.0
    }
}
