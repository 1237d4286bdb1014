//! Sends many packets by one system call: as frames on an interface, or as packets that the kernel routes.

use std::io::{self, IoSlice};
use std::net::{IpAddr, SocketAddr};
use std::os::fd::AsRawFd;

use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, MultiHeaders, SockaddrLike, sendmmsg, setsockopt, sockopt};
use socket2::{Domain, Protocol, Socket, Type};

use super::template::Packet;
use crate::model::CannotProbe;
use crate::net::errno::io_error;

/// A raw socket with the packets that are to leave by it next.
pub(super) struct Sender<To> {
    socket: Socket,
    packets: Vec<Packet>,
    to: Vec<Option<To>>,
    /// How many wait.
    waiting: usize,
}

/// What became of the packets that waited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SendOutcome {
    /// So many of them left, in turn; fewer than waited: there is no room for more now.
    Sent(usize),
    /// This computer refused to send the first one: its own firewall, or a route that prohibits.
    Refused,
    /// The first one has no route: no route, or the interface is down or gone.
    Unroutable,
}

impl<To: SockaddrLike + Copy> Sender<To> {
    /// Frames with their link header, on the interface that each names: a packet socket that hears nothing (packet(7), protocol 0).
    pub(super) fn frames() -> Result<Self, CannotProbe> {
        Self::open(Domain::PACKET, None)
    }

    /// Packets from the IP header on (raw(7), `IPPROTO_RAW`), which the kernel routes by their destination, and by that source.
    pub(super) fn packets(source: IpAddr) -> Result<Self, CannotProbe> {
        let from = SocketAddr::new(source, 0);
        let sender = Self::open(Domain::for_address(from), Some(Protocol::from(IPPROTO_RAW)))?;
        sender.socket.bind(&from.into()).map_err(io_error("bind a raw socket"))?;
        Ok(sender)
    }

    fn open(domain: Domain, protocol: Option<Protocol>) -> Result<Self, CannotProbe> {
        let socket = Socket::new(domain, Type::RAW.nonblocking(), protocol).map_err(may_not)?;
        // Where more than usual is not allowed, less must do.
        if setsockopt(&socket, sockopt::SndBufForce, &BUFFER).is_err() {
            socket.set_send_buffer_size(BUFFER).map_err(io_error("set a raw socket's options"))?;
        }
        Ok(Self { socket, packets: vec![Packet::EMPTY; BATCH], to: vec![None; BATCH], waiting: 0 })
    }

    /// Room for the next packet, to be filled in; `None` when as many wait as go at once.
    pub(super) fn next(&mut self, to: To) -> Option<&mut Packet> {
        let (packet, place) = (self.packets.get_mut(self.waiting)?, self.to.get_mut(self.waiting)?);
        *place = Some(to);
        self.waiting += 1;
        Some(packet)
    }

    /// Sends those that wait; what could not leave is forgotten.
    ///
    /// # Errors
    /// [`CannotProbe`] when nothing can leave for another reason than a lack of room or a refusal.
    pub(super) fn send(&mut self) -> Result<SendOutcome, CannotProbe> {
        let waiting = std::mem::take(&mut self.waiting);
        if waiting == 0 {
            return Ok(SendOutcome::Sent(0));
        }
        let parts: Vec<[IoSlice<'_>; 1]> =
            self.packets.iter().take(waiting).map(|packet| [IoSlice::new(packet.bytes())]).collect();
        let fd = self.socket.as_raw_fd();
        // Kept no longer than for this call: it may not pass between threads.
        let mut headers = MultiHeaders::preallocate(waiting, None);
        let sent = loop {
            match sendmmsg(fd, &mut headers, &parts, &self.to, [], MsgFlags::MSG_DONTWAIT) {
                Err(Errno::EINTR) => {}
                sent => break sent.map(Iterator::count),
            }
        };
        match sent {
            Ok(sent) => Ok(SendOutcome::Sent(sent)),
            Err(Errno::EAGAIN | Errno::ENOBUFS | Errno::ENOMEM) => Ok(SendOutcome::Sent(0)),
            Err(Errno::EPERM | Errno::EACCES) => Ok(SendOutcome::Refused),
            Err(
                Errno::ENETUNREACH
                | Errno::EHOSTUNREACH
                | Errno::EINVAL
                | Errno::ENETDOWN
                | Errno::ENXIO
                | Errno::ENODEV,
            ) => Ok(SendOutcome::Unroutable),
            Err(errno) => Err(CannotProbe::Io { operation: "send raw packets", source: errno.into() }),
        }
    }
}

/// AnswerKind what is lacking where raw sockets are not allowed.
pub(super) fn may_not(source: io::Error) -> CannotProbe {
    if source.kind() == io::ErrorKind::PermissionDenied {
        return CannotProbe::Unprivileged {
            what: "the answers to SYNs of its own making",
            needs: "raw sockets: root or CAP_NET_RAW",
        };
    }
    CannotProbe::Io { operation: "open a raw socket", source }
}

/// `linux/in.h`.
const IPPROTO_RAW: i32 = 255;
/// Packets by one call: more of them gain nothing.
pub(super) const BATCH: usize = 256;
/// Bytes that may wait for the interface.
const BUFFER: usize = 4 << 20;
