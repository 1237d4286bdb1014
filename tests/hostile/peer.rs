//! Servers on loopback that speak without end.

use std::cell::Cell;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio_rustls::TlsAcceptor;
use why5003_probes::os::Trust;

use crate::certificates::Server;

/// What a peer says, once it was spoken to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Says {
    /// At first.
    pub(crate) first: Vec<u8>,
    /// Then, again and again; nothing more where it is empty.
    pub(crate) then: Vec<u8>,
    /// How long it pauses before each of those.
    pub(crate) pause: Option<Duration>,
}

impl Says {
    /// This, and then silence.
    pub(crate) fn once(first: impl Into<Vec<u8>>) -> Self {
        Self { first: first.into(), ..Self::default() }
    }

    /// The same, and then this without end.
    pub(crate) fn then(self, then: impl Into<Vec<u8>>) -> Self {
        Self { then: then.into(), ..self }
    }

    /// This without end.
    pub(crate) fn always(then: impl Into<Vec<u8>>) -> Self {
        Self::default().then(then)
    }

    /// The same, a drop at a time: each comes in time, the whole never does.
    pub(crate) fn slowly(self) -> Self {
        Self { pause: Some(Duration::from_millis(20)), ..self }
    }
}

/// A server with an address, which speaks when it is waited for.
pub(crate) struct Peer {
    socket: Socket,
    says: Says,
    sent: Cell<usize>,
    trusted: RootCertStore,
}

enum Socket {
    Tcp(TcpListener),
    Tls(TcpListener, Arc<ServerConfig>),
    Udp(UdpSocket),
}

impl Peer {
    /// Over TCP.
    pub(crate) async fn tcp(says: Says) -> Self {
        Self::new(Socket::Tcp(TcpListener::bind(LOOPBACK).await.unwrap()), says)
    }

    /// Over TLS, once the handshake is done; nobody vouches for it.
    pub(crate) async fn tls(server: Server, says: Says) -> Self {
        Self::new(Socket::Tls(TcpListener::bind(LOOPBACK).await.unwrap(), server.config), says)
    }

    /// Over TLS, once the handshake is done; a public root vouches for it.
    pub(crate) async fn trusted(server: Server, says: Says) -> Self {
        let mut trusted = RootCertStore::empty();
        trusted.add(server.root.clone()).unwrap();
        Self { trusted, ..Self::tls(server, says).await }
    }

    /// Over UDP: each of what it says is one datagram, and begins as the request did where it begins with two zeros.
    pub(crate) async fn udp(says: Says) -> Self {
        Self::new(Socket::Udp(UdpSocket::bind(LOOPBACK).await.unwrap()), says)
    }

    fn new(socket: Socket, says: Says) -> Self {
        Self { socket, says, sent: Cell::new(0), trusted: RootCertStore::empty() }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        match &self.socket {
            Socket::Tcp(listener) | Socket::Tls(listener, _) => listener.local_addr().unwrap(),
            Socket::Udp(socket) => socket.local_addr().unwrap(),
        }
    }

    /// The public roots, and no store of this computer's.
    pub(crate) fn trust(&self) -> Trust {
        Trust::new(self.trusted.clone(), None)
    }

    /// How many bytes it could send.
    pub(crate) fn sent(&self) -> usize {
        self.sent.get()
    }

    /// Speaks to whoever comes, one after the other; never ends.
    pub(crate) async fn speaks(&self) {
        match &self.socket {
            Socket::Tcp(listener) => loop {
                let (stream, _) = listener.accept().await.unwrap();
                self.speak(stream).await;
            },
            Socket::Tls(listener, config) => loop {
                let (stream, _) = listener.accept().await.unwrap();
                self.speak_secretly(stream, config).await;
            },
            Socket::Udp(socket) => self.shoot(socket).await,
        }
    }

    async fn speak_secretly(&self, stream: TcpStream, config: &Arc<ServerConfig>) {
        if let Ok(stream) = TlsAcceptor::from(Arc::clone(config)).accept(stream).await {
            self.speak(stream).await;
        }
    }

    /// Until the other end has gone.
    async fn speak(&self, mut stream: impl AsyncRead + AsyncWrite + Unpin) {
        let mut heard = [0; 4096];
        if !matches!(stream.read(&mut heard).await, Ok(1..)) {
            return;
        }
        let mut piece = &self.says.first;
        while stream.write_all(piece).await.is_ok() && stream.flush().await.is_ok() {
            self.sent.set(self.sent.get() + piece.len());
            piece = &self.says.then;
            if piece.is_empty() {
                // The other end goes in its own time.
                let _gone = stream.read(&mut heard).await;
                return;
            }
            self.pauses().await;
        }
    }

    async fn shoot(&self, socket: &UdpSocket) {
        let mut heard = [0; 4096];
        let (length, from) = socket.recv_from(&mut heard).await.unwrap();
        let mut piece = &self.says.first;
        loop {
            if !piece.is_empty() {
                let mut datagram = piece.clone();
                if datagram.starts_with(&[0, 0]) && length >= 2 {
                    datagram[..2].copy_from_slice(&heard[..2]);
                }
                // A full queue or a socket that has gone is no matter.
                let _sent = socket.send_to(&datagram, from).await;
                self.sent.set(self.sent.get() + datagram.len());
            }
            piece = &self.says.then;
            if piece.is_empty() {
                std::future::pending::<()>().await;
            }
            self.pauses().await;
        }
    }

    async fn pauses(&self) {
        match self.says.pause {
            Some(pause) => tokio::time::sleep(pause).await,
            None => tokio::task::yield_now().await,
        }
    }
}

const LOOPBACK: &str = "127.0.0.1:0";
