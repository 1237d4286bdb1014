//! Peers on loopback that behave badly in one way each, for tests.
//!
//! They answer nobody but this computer.

use std::net::{SocketAddr, UdpSocket};

use socket2::{Domain, SockFilter, Socket, Type};

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
pub(crate) struct SilentTcp(Socket);

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
