//! Hears what may answer SYNs: the packets of one family on all interfaces, as they come in and before any firewall here.

use std::io::{self, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, MultiHeaders, recvmmsg, setsockopt, sockopt};
use socket2::{Domain, Protocol, SockFilter, Socket, Type};
use tokio::io::unix::AsyncFd;

use super::filter::LONGEST;
use super::sender::may_not;
use crate::model::{CannotProbe, Family};
use crate::net::async_fd::watched;
use crate::net::errno::io_error;

/// A packet socket behind a filter.
pub(super) struct Receiver {
    watch: AsyncFd<OwnedFd>,
    buffers: Vec<[u8; LONGEST as usize]>,
    lengths: Vec<usize>,
}

impl Receiver {
    /// Hears IPv6 or IPv4 packets that pass the filter, from their IP header on.
    ///
    /// # Errors
    /// [`CannotProbe::Unprivileged`] without raw sockets; another where the system fails.
    pub(super) fn open(family: Family, filter: &[SockFilter]) -> Result<Self, CannotProbe> {
        // Of one protocol, so that what this computer sends does not pass here too.
        let protocol = match family {
            Family::V4 => ETH_P_IP,
            Family::V6 => ETH_P_IPV6,
        };
        let protocol = Protocol::from(i32::from(protocol.to_be()));
        let socket = Socket::new(Domain::PACKET, Type::DGRAM.nonblocking(), Some(protocol)).map_err(may_not)?;
        prepare(&socket, filter).map_err(io_error("set a packet socket's options"))?;
        let watch = watched(socket.into()).map_err(io_error("watch a packet socket"))?;
        Ok(Self { watch, buffers: vec![[0; LONGEST as usize]; BATCH], lengths: Vec::with_capacity(BATCH) })
    }

    /// Takes what is there, up to a bound; `true` where there may be more.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn hear(&mut self, mut each: impl FnMut(&[u8])) -> io::Result<bool> {
        let fd = self.watch.as_fd().as_raw_fd();
        // Kept no longer than for this call: they may not pass between threads.
        let mut headers = MultiHeaders::<()>::preallocate(BATCH, None);
        for _ in 0..ROUNDS {
            self.lengths.clear();
            let mut parts: Vec<[IoSliceMut<'_>; 1]> =
                self.buffers.iter_mut().map(|buffer| [IoSliceMut::new(buffer)]).collect();
            match recvmmsg(fd, &mut headers, parts.iter_mut(), MsgFlags::MSG_DONTWAIT, None) {
                Ok(packets) => self.lengths.extend(packets.map(|packet| packet.bytes)),
                // An interface that went down is said once; what comes by others still comes.
                Err(Errno::EINTR | Errno::ENETDOWN) => continue,
                Err(Errno::EAGAIN) => {}
                Err(errno) => return Err(errno.into()),
            }
            for (buffer, length) in self.buffers.iter().zip(&self.lengths) {
                each(buffer.get(..*length).unwrap_or_default());
            }
            if self.lengths.len() < BATCH {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Waits until there may be something. Safe to drop.
    ///
    /// # Errors
    /// The system's.
    pub(super) async fn ready(&self) -> io::Result<()> {
        self.watch.readable().await?.clear_ready();
        Ok(())
    }
}

fn prepare(socket: &Socket, filter: &[SockFilter]) -> io::Result<()> {
    // What came before it stood is read as any other bytes: most of it is no answer.
    socket.attach_filter(filter)?;
    if setsockopt(socket, sockopt::RcvBufForce, &BUFFER).is_err() {
        socket.set_recv_buffer_size(BUFFER)?;
    }
    Ok(())
}

/// `linux/if_ether.h`.
const ETH_P_IP: u16 = 0x0800;
const ETH_P_IPV6: u16 = 0x86dd;
/// Packets by one call.
const BATCH: usize = 64;
/// Calls before it goes back to sending.
const ROUNDS: usize = 32;
/// Bytes that may wait here, as the kernel counts them: about a thousand for a packet, so some tens of thousands of answers.
const BUFFER: usize = 32 << 20;
