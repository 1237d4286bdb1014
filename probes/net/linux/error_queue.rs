//! The socket error queue of Linux (`ip(7)`, `IP_RECVERR`): the ICMP errors that came for a flow, and who sent them.
//!
//! It needs no rights, reads only what the kernel matched to the socket, and never waits.

use std::io::IoSliceMut;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::{AsFd, AsRawFd};

use nix::cmsg_space;
use nix::libc::{SO_EE_ORIGIN_ICMP, SO_EE_ORIGIN_ICMP6, sock_extended_err, sockaddr_in, sockaddr_in6};
use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg, setsockopt, sockopt};

use crate::model::{CannotProbe, IcmpError, IcmpMeaning};
use crate::wire::icmp::{meaning_v4, meaning_v6};

/// Whether ICMP errors can be seen: they can.
///
/// # Errors
/// None.
#[expect(clippy::unnecessary_wraps, reason = "the signature is that of every system")]
pub(crate) fn visible() -> Result<(), CannotProbe> {
    Ok(())
}

/// Asks the kernel to queue ICMP errors for this socket; to be called before it connects.
///
/// # Errors
/// The system's, when it refuses.
pub(crate) fn enable(socket: &impl AsFd, to: IpAddr) -> std::io::Result<()> {
    match to {
        IpAddr::V4(_) => setsockopt(socket, sockopt::Ipv4RecvErr, &true),
        IpAddr::V6(_) => setsockopt(socket, sockopt::Ipv6RecvErr, &true),
    }
    .map_err(Into::into)
}

/// Asks the kernel to tell the TTL of what comes, IPv4 only.
///
/// # Errors
/// The system's, when it refuses.
pub(crate) fn enable_ttl(socket: &impl AsFd, to: IpAddr) -> std::io::Result<()> {
    match to {
        IpAddr::V4(_) => setsockopt(socket, sockopt::Ipv4RecvTtl, &true).map_err(Into::into),
        IpAddr::V6(_) => Ok(()),
    }
}

/// Takes one datagram without waiting: its length, and its TTL where [`enable_ttl`] asked for that.
///
/// # Errors
/// The socket's, which may be that nothing is there.
pub(crate) fn receive(socket: &impl AsFd, bytes: &mut [u8]) -> std::io::Result<(usize, Option<u8>)> {
    let mut control = cmsg_space!(i32);
    let mut parts = [IoSliceMut::new(bytes)];
    let fd = socket.as_fd().as_raw_fd();
    let message = recvmsg::<()>(fd, &mut parts, Some(&mut control), MsgFlags::MSG_DONTWAIT)?;
    let ttl = message.cmsgs().ok().and_then(|mut messages| {
        messages.find_map(|message| match message {
            ControlMessageOwned::Ipv4Ttl(ttl) => u8::try_from(ttl).ok(),
            _ => None,
        })
    });
    Ok((message.bytes, ttl))
}

/// Takes what is queued, oldest first; errors of local origin have no sender and are left to the socket's own error.
pub(crate) fn drain(socket: &impl AsFd) -> Vec<IcmpError> {
    let mut found = Vec::new();
    take(socket, |error, meaning, from| {
        found.push(IcmpError {
            from,
            meaning,
            kind: error.ee_type,
            code: error.ee_code,
            own: from.is_some_and(is_own),
            mtu: (meaning == IcmpMeaning::PacketTooBig && error.ee_info > 0).then_some(error.ee_info),
        });
    });
    found
}

/// Takes what [`drain`] would, and returns only the newest error's meaning and sender. Whether the sender is this
/// computer takes a dump of all interfaces, which a sweep can't afford for each target.
pub(crate) fn newest(socket: &impl AsFd) -> Option<(IcmpMeaning, Option<IpAddr>)> {
    let mut newest = None;
    take(socket, |_, meaning, from| newest = Some((meaning, from)));
    newest
}

fn take(socket: &impl AsFd, mut each: impl FnMut(&sock_extended_err, IcmpMeaning, Option<IpAddr>)) {
    let fd = socket.as_fd().as_raw_fd();
    // Each message holds the packet that met the error, of which nothing is needed.
    let mut packet = [0; 64];
    // A socket that tells TTLs tells them here too, and what finds no room cuts off the error.
    let mut control = cmsg_space!(sock_extended_err, sockaddr_in6, i32);
    for _ in 0..MOST {
        let mut parts = [IoSliceMut::new(&mut packet)];
        let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
        let Ok(message) = recvmsg::<()>(fd, &mut parts, Some(&mut control), flags) else { break };
        let Ok(messages) = message.cmsgs() else { continue };
        for message in messages {
            let (error, from) = match message {
                ControlMessageOwned::Ipv4RecvErr(error, from) => (error, from.and_then(address_v4)),
                ControlMessageOwned::Ipv6RecvErr(error, from) => (error, from.and_then(address_v6)),
                _ => continue,
            };
            if let Some(meaning) = meaning(&error) {
                each(&error, meaning, from);
            }
        }
    }
}

fn meaning(error: &sock_extended_err) -> Option<IcmpMeaning> {
    match error.ee_origin {
        SO_EE_ORIGIN_ICMP => Some(meaning_v4(error.ee_type, error.ee_code)),
        SO_EE_ORIGIN_ICMP6 => Some(meaning_v6(error.ee_type, error.ee_code)),
        _ => None,
    }
}

/// Whether an address is one of this computer's; asked only when an ICMP error came, so nothing is kept that could age.
fn is_own(address: IpAddr) -> bool {
    address.is_loopback()
        || pnet::datalink::interfaces().iter().any(|interface| interface.ips.iter().any(|net| net.ip() == address))
}

// An unset family means that the kernel knew no sender.
fn address_v4(from: sockaddr_in) -> Option<IpAddr> {
    (from.sin_family != 0).then(|| Ipv4Addr::from(u32::from_be(from.sin_addr.s_addr)).into())
}

fn address_v6(from: sockaddr_in6) -> Option<IpAddr> {
    (from.sin6_family != 0).then(|| Ipv6Addr::from(from.sin6_addr.s6_addr).into())
}

/// More errors than a probe can cause; a bound, so that a flood of them cannot hold a probe.
const MOST: usize = 64;
