//! All doors that packets leave by, one for each kind of packets.

use std::net::{IpAddr, SocketAddr};

use nix::sys::socket::{LinkAddr, SockaddrIn, SockaddrIn6};
use socket2::Domain;

use super::door::{Door, Left};
use super::template::Packet;
use super::way::{Exit, Way};
use crate::kit::CannotLook;

/// One for each kind of packets.
pub(super) struct Doors {
    frames: Door<LinkAddr>,
    packets_v4: Option<Door<SockaddrIn>>,
    packets_v6: Option<Door<SockaddrIn6>>,
}

/// Which of them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Frames,
    PacketsV4,
    PacketsV6,
}

impl Way {
    /// The door that its packets leave by.
    pub(super) fn kind(&self) -> Kind {
        match (self.exit, self.source) {
            (Exit::Frames(_), _) => Kind::Frames,
            (Exit::Packets, IpAddr::V4(_)) => Kind::PacketsV4,
            (Exit::Packets, IpAddr::V6(_)) => Kind::PacketsV6,
        }
    }
}

impl Doors {
    /// The door for frames, which needs the most rights.
    ///
    /// # Errors
    /// [`CannotLook::Unprivileged`] without raw sockets.
    pub(super) fn open() -> Result<Self, CannotLook> {
        Ok(Self { frames: Door::frames()?, packets_v4: None, packets_v6: None })
    }

    /// Opens the one for packets of that kind, if it is not open.
    ///
    /// # Errors
    /// As above.
    pub(super) fn need(&mut self, kind: Kind) -> Result<(), CannotLook> {
        match kind {
            Kind::PacketsV4 if self.packets_v4.is_none() => self.packets_v4 = Some(Door::packets(Domain::IPV4)?),
            Kind::PacketsV6 if self.packets_v6.is_none() => self.packets_v6 = Some(Door::packets(Domain::IPV6)?),
            Kind::Frames | Kind::PacketsV4 | Kind::PacketsV6 => {}
        }
        Ok(())
    }

    /// Room for the next packet that leaves by this way; `None` when the row is full.
    pub(super) fn next(&mut self, way: &Way, to: SocketAddr) -> Option<&mut Packet> {
        match (way.exit, to) {
            (Exit::Frames(link), _) => self.frames.next(link),
            (Exit::Packets, SocketAddr::V4(mut to)) => {
                to.set_port(0);
                self.packets_v4.as_mut()?.next(to.into())
            }
            (Exit::Packets, SocketAddr::V6(mut to)) => {
                // A raw socket takes no port (raw(7)).
                to.set_port(0);
                self.packets_v6.as_mut()?.next(to.into())
            }
        }
    }

    /// Sends what waits at one of them.
    ///
    /// # Errors
    /// [`CannotLook`] when nothing can leave by it.
    pub(super) fn send(&mut self, kind: Kind) -> Result<Left, CannotLook> {
        let sent = match kind {
            Kind::Frames => Some(self.frames.send()),
            Kind::PacketsV4 => self.packets_v4.as_mut().map(Door::send),
            Kind::PacketsV6 => self.packets_v6.as_mut().map(Door::send),
        };
        sent.unwrap_or(Ok(Left::Sent(0)))
    }

    /// Sends what waits at any of them; what is refused or finds no room is let go.
    ///
    /// # Errors
    /// As above.
    pub(super) fn send_all(&mut self) -> Result<(), CannotLook> {
        for kind in [Kind::Frames, Kind::PacketsV4, Kind::PacketsV6] {
            self.send(kind)?;
        }
        Ok(())
    }
}
