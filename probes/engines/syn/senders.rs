//! All senders that packets leave by: one for frames, and one for each source of packets that the kernel routes.

use std::net::{IpAddr, SocketAddr};

use nix::sys::socket::{LinkAddr, SockaddrStorage};

use super::route::{Route, SendAs};
use super::sender::{SendOutcome, Sender};
use super::template::Packet;
use crate::model::CannotProbe;

/// All that are open.
pub(super) struct Senders {
    frames: Sender<LinkAddr>,
    /// Few: an own address each.
    packets: Vec<(IpAddr, Sender<SockaddrStorage>)>,
}

/// Which of them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum SenderKind {
    Frames,
    /// From this source.
    Packets(IpAddr),
}

impl Route {
    /// The sender that its packets leave by.
    pub(super) fn kind(&self) -> SenderKind {
        match self.send_as {
            SendAs::Frames(_) => SenderKind::Frames,
            SendAs::Packets => SenderKind::Packets(self.source),
        }
    }
}

impl Senders {
    /// The sender for frames, which needs the most rights.
    ///
    /// # Errors
    /// [`CannotProbe::Unprivileged`] without raw sockets.
    pub(super) fn open() -> Result<Self, CannotProbe> {
        Ok(Self { frames: Sender::frames()?, packets: Vec::new() })
    }

    /// Opens the one of that kind, if it is not open.
    ///
    /// # Errors
    /// As above.
    pub(super) fn need(&mut self, kind: SenderKind) -> Result<(), CannotProbe> {
        if let SenderKind::Packets(source) = kind
            && self.from(source).is_none()
        {
            self.packets.push((source, Sender::packets(source)?));
        }
        Ok(())
    }

    fn from(&mut self, source: IpAddr) -> Option<&mut Sender<SockaddrStorage>> {
        self.packets.iter_mut().find(|(from, _)| *from == source).map(|(_, sender)| sender)
    }

    /// Room for the next packet that leaves by this route; `None` when the row is full.
    pub(super) fn next(&mut self, route: &Route, mut to: SocketAddr) -> Option<&mut Packet> {
        match route.send_as {
            SendAs::Frames(link) => self.frames.next(link),
            SendAs::Packets => {
                // A raw socket takes no port (raw(7)).
                to.set_port(0);
                self.from(route.source)?.next(to.into())
            }
        }
    }

    /// Sends what waits at one of them.
    ///
    /// # Errors
    /// [`CannotProbe`] when nothing can leave by it.
    pub(super) fn send(&mut self, kind: SenderKind) -> Result<SendOutcome, CannotProbe> {
        match kind {
            SenderKind::Frames => self.frames.send(),
            SenderKind::Packets(source) => self.from(source).map_or(Ok(SendOutcome::Sent(0)), Sender::send),
        }
    }

    /// Sends what waits at any of them; what is refused or finds no room is let go.
    ///
    /// # Errors
    /// As above.
    pub(super) fn send_all(&mut self) -> Result<(), CannotProbe> {
        self.frames.send()?;
        self.packets.iter_mut().try_for_each(|(_, sender)| sender.send().map(|_| ()))
    }
}
