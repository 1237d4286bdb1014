//! All doors that packets leave by: one for frames, and one for each source of packets that the kernel routes.

use std::net::{IpAddr, SocketAddr};

use nix::sys::socket::{LinkAddr, SockaddrStorage};

use super::door::{Door, Left};
use super::template::Packet;
use super::way::{Exit, Way};
use crate::kit::CannotLook;

/// All that are open.
pub(super) struct Doors {
    frames: Door<LinkAddr>,
    /// Few: an own address each.
    packets: Vec<(IpAddr, Door<SockaddrStorage>)>,
}

/// Which of them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Frames,
    /// From this source.
    Packets(IpAddr),
}

impl Way {
    /// The door that its packets leave by.
    pub(super) fn kind(&self) -> Kind {
        match self.exit {
            Exit::Frames(_) => Kind::Frames,
            Exit::Packets => Kind::Packets(self.source),
        }
    }
}

impl Doors {
    /// The door for frames, which needs the most rights.
    ///
    /// # Errors
    /// [`CannotLook::Unprivileged`] without raw sockets.
    pub(super) fn open() -> Result<Self, CannotLook> {
        Ok(Self { frames: Door::frames()?, packets: Vec::new() })
    }

    /// Opens the one of that kind, if it is not open.
    ///
    /// # Errors
    /// As above.
    pub(super) fn need(&mut self, kind: Kind) -> Result<(), CannotLook> {
        if let Kind::Packets(source) = kind
            && self.from(source).is_none()
        {
            self.packets.push((source, Door::packets(source)?));
        }
        Ok(())
    }

    fn from(&mut self, source: IpAddr) -> Option<&mut Door<SockaddrStorage>> {
        self.packets.iter_mut().find(|(from, _)| *from == source).map(|(_, door)| door)
    }

    /// Room for the next packet that leaves by this way; `None` when the row is full.
    pub(super) fn next(&mut self, way: &Way, mut to: SocketAddr) -> Option<&mut Packet> {
        match way.exit {
            Exit::Frames(link) => self.frames.next(link),
            Exit::Packets => {
                // A raw socket takes no port (raw(7)).
                to.set_port(0);
                self.from(way.source)?.next(to.into())
            }
        }
    }

    /// Sends what waits at one of them.
    ///
    /// # Errors
    /// [`CannotLook`] when nothing can leave by it.
    pub(super) fn send(&mut self, kind: Kind) -> Result<Left, CannotLook> {
        match kind {
            Kind::Frames => self.frames.send(),
            Kind::Packets(source) => self.from(source).map_or(Ok(Left::Sent(0)), Door::send),
        }
    }

    /// Sends what waits at any of them; what is refused or finds no room is let go.
    ///
    /// # Errors
    /// As above.
    pub(super) fn send_all(&mut self) -> Result<(), CannotLook> {
        self.frames.send()?;
        self.packets.iter_mut().try_for_each(|(_, door)| door.send().map(|_| ()))
    }
}
