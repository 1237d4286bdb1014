//! Makes the kernel search for gateways, or look whether they are still there: an empty datagram to their discard port does.

use std::net::{IpAddr, SocketAddr, SocketAddrV6};

use nix::sys::socket::LinkAddr;
use socket2::{Domain, Protocol, Socket, Type};

/// Calls a gateway on the link of that interface. Whether it could be called shows when it answers.
pub(super) fn call(gateway: IpAddr, interface: &str, own: &LinkAddr) {
    let to = match gateway {
        IpAddr::V4(_) => SocketAddr::new(gateway, DISCARD),
        IpAddr::V6(gateway) => SocketAddrV6::new(gateway, DISCARD, 0, u32::try_from(own.ifindex()).unwrap_or(0)).into(),
    };
    let called =
        Socket::new(Domain::for_address(to), Type::DGRAM.nonblocking(), Some(Protocol::UDP)).and_then(|socket| {
            // Rules by source may lead elsewhere, for gateways too.
            socket.bind_device(Some(interface.as_bytes()))?;
            socket.connect(&to.into())?;
            socket.send(&[])
        });
    drop(called);
}

/// RFC 863: whoever has it open throws away what comes.
const DISCARD: u16 = 9;
