//! The socket option that forbids fragments and ignores what the kernel knows of the path MTU.
//!
//! Linux only (`ip(7)`, `IP_MTU_DISCOVER`): neither socket2 nor nix has the option.

use std::io;
use std::net::IpAddr;
use std::os::fd::AsFd;

use nix::libc;
use nix::setsockopt_impl;
use nix::sys::socket::setsockopt;
use nix::sys::socket::sockopt::SetStruct;

/// Sets "don't fragment" on all that this socket sends from now on.
///
/// # Errors
/// The system's, when it refuses.
pub(crate) fn enable(socket: &impl AsFd, to: IpAddr) -> io::Result<()> {
    match to {
        IpAddr::V4(_) => setsockopt(socket, DiscoverV4, &libc::IP_PMTUDISC_PROBE),
        IpAddr::V6(_) => setsockopt(socket, DiscoverV6, &libc::IPV6_PMTUDISC_PROBE),
    }
    .map_err(Into::into)
}

#[derive(Clone, Copy)]
struct DiscoverV4;
#[derive(Clone, Copy)]
struct DiscoverV6;

setsockopt_impl!(DiscoverV4, libc::IPPROTO_IP, libc::IP_MTU_DISCOVER, libc::c_int, SetStruct<'_, libc::c_int>);
setsockopt_impl!(DiscoverV6, libc::IPPROTO_IPV6, libc::IPV6_MTU_DISCOVER, libc::c_int, SetStruct<'_, libc::c_int>);
