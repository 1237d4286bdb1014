//! The IP TTL of the segments that answer a SYN, read beside the kernel's own connection by a raw socket.
//!
//! It only listens: the SYN is the kernel's, and nothing is forged. It needs CAP_NET_RAW (`capabilities(7)`).

use std::io::{self, IoSliceMut};
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::pin::pin;
use std::time::Duration;

use nix::cmsg_space;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg, setsockopt, sockopt};
use pnet::packet::ipv4::Ipv4Packet;
use pnet::packet::tcp::{TcpFlags, TcpPacket};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::Interest;
use tokio::net::UdpSocket;
use tokio::time::{Instant, timeout_at};

use crate::model::CannotProbe;
use crate::net::errno::io_error;
use crate::net::tcp::Attempt;
use crate::net::{Dial, SegmentTtl};

/// Dials, and returns the TTL of each SYN-ACK and RST that came for that flow, until shortly after the dial's end.
///
/// # Errors
/// [`CannotProbe::Unprivileged`] without raw sockets; otherwise as for a dial.
pub(crate) async fn segment_ttls(dial: Dial) -> Result<Vec<SegmentTtl>, CannotProbe> {
    let ear = Ear::open(dial.to)?;
    let mut heard = Vec::new();
    let began = Instant::now();
    let Ok(attempt) = Attempt::start(&dial)? else { return Ok(heard) };
    let Some(local) = attempt.local() else { return Ok(heard) };
    let mut finish = pin!(attempt.finish(dial.wait));
    let mut note = |(reset, ttl)| {
        if heard.len() < MOST {
            heard.push(SegmentTtl { reset, ttl, after: began.elapsed() });
        }
    };
    // What stands is held until the end: closing it would draw an answer of its own.
    let _dialled = loop {
        tokio::select! {
            biased;
            segment = ear.hear(local) => note(segment.map_err(io_error("listen to a raw socket"))?),
            dialled = &mut finish => break dialled?,
        }
    };
    let end = Instant::now() + AFTER;
    while let Ok(segment) = timeout_at(end, ear.hear(local)).await {
        note(segment.map_err(io_error("listen to a raw socket"))?);
    }
    Ok(heard)
}

/// A raw socket that hears what one peer's TCP sends to this computer.
struct Ear {
    /// Only a descriptor that can be waited on: what is read are whole TCP segments.
    socket: UdpSocket,
    peer: SocketAddr,
}

impl Ear {
    fn open(peer: SocketAddr) -> Result<Self, CannotProbe> {
        let socket = match Socket::new(Domain::for_address(peer), Type::RAW, Some(Protocol::TCP)) {
            Ok(socket) => socket,
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                return Err(CannotProbe::Unprivileged {
                    what: "the IP TTL of the segments that answer",
                    needs: "raw sockets: root or CAP_NET_RAW",
                });
            }
            Err(source) => return Err(CannotProbe::Io { operation: "open a raw socket", source }),
        };
        prepare(&socket, peer).map_err(io_error("set a raw socket's options"))?;
        let socket = UdpSocket::from_std(socket.into()).map_err(io_error("watch a raw socket"))?;
        Ok(Self { socket, peer })
    }

    /// Waits for the next SYN-ACK or RST of the flow: whether it is a RST, and its TTL.
    async fn hear(&self, local: SocketAddr) -> io::Result<(bool, u8)> {
        loop {
            self.socket.readable().await?;
            match self.socket.try_io(Interest::READABLE, || self.read(local)) {
                Ok(Some(segment)) => return Ok(segment),
                Ok(None) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn read(&self, local: SocketAddr) -> io::Result<Option<(bool, u8)>> {
        let mut bytes = [0; HEADERS];
        let mut control = cmsg_space!(i32);
        let mut parts = [IoSliceMut::new(&mut bytes)];
        let message = recvmsg::<()>(self.socket.as_raw_fd(), &mut parts, Some(&mut control), MsgFlags::MSG_DONTWAIT)?;
        let hop_limit = message.cmsgs()?.find_map(|message| match message {
            ControlMessageOwned::Ipv6HopLimit(limit) => u8::try_from(limit).ok(),
            _ => None,
        });
        let length = message.bytes.min(HEADERS);
        let bytes = bytes.get(..length).unwrap_or_default();
        Ok(match self.peer {
            // Only IPv4 hands over the IP header (raw(7)).
            SocketAddr::V4(_) => {
                ttl_and_segment(bytes).and_then(|(ttl, tcp)| Some((answer(tcp, self.peer, local)?, ttl)))
            }
            SocketAddr::V6(_) => answer(bytes, self.peer, local).zip(hop_limit),
        })
    }
}

fn prepare(socket: &Socket, peer: SocketAddr) -> io::Result<()> {
    socket.set_nonblocking(true)?;
    if peer.is_ipv6() {
        setsockopt(socket, sockopt::Ipv6RecvHopLimit, &true)?;
    }
    // A raw socket has no port; connected, it hears one address alone.
    socket.connect(&SocketAddr::new(peer.ip(), 0).into())
}

fn ttl_and_segment(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let packet = Ipv4Packet::new(bytes)?;
    let header = usize::from(packet.get_header_length()) * 4;
    Some((packet.get_ttl(), bytes.get(header..)?))
}

/// Whether a segment of the flow answers a SYN, and if so, whether it is a RST.
fn answer(segment: &[u8], peer: SocketAddr, local: SocketAddr) -> Option<bool> {
    let tcp = TcpPacket::new(segment)?;
    if (tcp.get_source(), tcp.get_destination()) != (peer.port(), local.port()) {
        return None;
    }
    let flags = tcp.get_flags();
    if flags & TcpFlags::RST != 0 {
        return Some(true);
    }
    (flags & (TcpFlags::SYN | TcpFlags::ACK) == TcpFlags::SYN | TcpFlags::ACK).then_some(false)
}

/// The longest IPv4 header and the longest TCP header; the data is not probed.
const HEADERS: usize = 60 + 60;
/// A forged RST comes before or soon after the true answer; one that comes later is the far end's own.
const AFTER: Duration = Duration::from_millis(250);
/// More than a handshake and its retransmissions can bring; a bound against a flood.
const MOST: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    /// A segment's first 20 bytes (RFC 9293, 3.1) with these ports and flags.
    fn segment(source: u16, destination: u16, flags: u8) -> Vec<u8> {
        let ports = [source, destination].map(u16::to_be_bytes).concat();
        [&ports[..], &[0; 8], &[0x50, flags], &[0; 6]].concat()
    }

    fn answered(bytes: &[u8]) -> Option<bool> {
        answer(bytes, "192.0.2.1:443".parse().unwrap(), "198.51.100.1:40000".parse().unwrap())
    }

    #[test]
    fn only_answers_to_the_syn_of_this_flow_count() {
        assert_eq!(answered(&segment(443, 40_000, 0x12)), Some(false));
        assert_eq!(answered(&segment(443, 40_000, 0x14)), Some(true));
        assert_eq!(answered(&segment(443, 40_000, 0x10)), None);
        assert_eq!(answered(&segment(443, 40_001, 0x12)), None);
        assert_eq!(answered(&segment(443, 40_000, 0x12)[..19]), None);
    }

    #[test]
    fn a_header_with_options_is_stepped_over() {
        let packet = [&[0x46, 0, 0, 44, 0, 0, 0, 0, 57, 6][..], &[0; 14], &segment(443, 40_000, 0x12)].concat();
        let (ttl, tcp) = ttl_and_segment(&packet).unwrap();
        assert_eq!((ttl, answered(tcp)), (57, Some(false)));
        assert_eq!(ttl_and_segment(&[0x4f; 20]), None);
    }
}
