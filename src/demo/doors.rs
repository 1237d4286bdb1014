//! Opens the sockets of a world, and makes those that shall be silent so.
//!
//! Silence is the kernel's: a socket filter throws away what arrives, so that not even a RST goes back.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use socket2::{Domain, Protocol, SockFilter, SockRef, Socket, Type};
use tokio::net::{TcpListener, TcpStream, UdpSocket};

/// What a socket lets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Door {
    /// Everything.
    Open,
    /// Only what comes from this address; all else is thrown away unanswered.
    OnlyFrom(Ipv4Addr),
    /// Nothing.
    Shut,
}

/// A TCP socket that listens.
///
/// # Errors
/// Those of socket, bind, listen and of attaching a filter.
pub(super) fn listen(at: SocketAddr, door: Door) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
    // The port may still be in TIME_WAIT from an earlier world of another process.
    socket.set_reuse_address(true)?;
    shut(&socket, door)?;
    socket.set_nonblocking(true)?;
    socket.bind(&at.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// A UDP socket. It does not share its address: two worlds on one port would steal each other's datagrams.
///
/// # Errors
/// Those of socket, bind and of attaching a filter.
pub(super) fn receive(at: SocketAddr, door: Door) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    shut(&socket, door)?;
    socket.set_nonblocking(true)?;
    socket.bind(&at.into())?;
    UdpSocket::from_std(socket.into())
}

/// Ends a connection by a RST (`SO_LINGER` of zero, RFC 9293 ABORT).
pub(super) fn reset(stream: TcpStream) {
    let _kept = SockRef::from(&stream).set_linger(Some(Duration::ZERO));
    drop(stream);
}

/// The largest segment the peer and this end agreed on, in bytes.
pub(super) fn segment_bytes(stream: &TcpStream) -> io::Result<u32> {
    SockRef::from(stream).tcp_mss()
}

fn shut(socket: &Socket, door: Door) -> io::Result<()> {
    match door {
        Door::Open => Ok(()),
        Door::OnlyFrom(source) => socket.attach_filter(&[
            SockFilter::new(LOAD_WORD, 0, 0, IPV4_SOURCE),
            SockFilter::new(JUMP_IF_EQUAL, 0, 1, source.to_bits()),
            SockFilter::new(RETURN, 0, 0, u32::MAX),
            SockFilter::new(RETURN, 0, 0, 0),
        ]),
        Door::Shut => socket.attach_filter(&[SockFilter::new(RETURN, 0, 0, 0)]),
    }
}

const BACKLOG: i32 = 64;

/// `BPF_LD | BPF_W | BPF_ABS`, linux/bpf_common.h.
const LOAD_WORD: u16 = 0x20;
/// `BPF_JMP | BPF_JEQ | BPF_K`.
const JUMP_IF_EQUAL: u16 = 0x15;
/// `BPF_RET | BPF_K`; returns how many bytes of the packet are kept.
const RETURN: u16 = 0x06;
/// `SKF_NET_OFF` (linux/filter.h), where the IP header begins, and RFC 791's offset of the source address in it.
const IPV4_SOURCE: u32 = 0xfff0_0000 + 12;
