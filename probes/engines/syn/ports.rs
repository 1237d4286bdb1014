//! The source ports of an engine: held, so that no program gets them, and deaf, so that the kernel resets nothing.
//!
//! To the kernel an answer to a SYN that it did not send is a mistake, which it corrects by a RST, unless somebody listens there.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::{io, iter};

use socket2::{Domain, Protocol, Socket, Type};

use super::filter;
use crate::model::Family;

/// Ports of one address family.
pub(super) struct Ports {
    numbers: Vec<u16>,
    next: usize,
    #[expect(dead_code, reason = "listening, for as long as this lives")]
    held: Vec<Socket>,
}

impl Ports {
    /// Takes a few ports that are free on every address.
    ///
    /// # Errors
    /// The system's, when it gives none.
    pub(super) fn take(family: Family) -> io::Result<Self> {
        let held: Vec<(Socket, u16)> = iter::repeat_with(|| hold(family)).take(MANY).collect::<io::Result<_>>()?;
        let (held, numbers) = held.into_iter().unzip();
        Ok(Self { numbers, next: 0, held })
    }

    /// All of them.
    pub(super) fn numbers(&self) -> &[u16] {
        &self.numbers
    }

    /// Each in turn: whoever is asked again is asked from another port, and so perhaps by another of several equal routes.
    pub(super) fn next(&mut self) -> u16 {
        self.next = (self.next + 1) % MANY;
        self.numbers.get(self.next).copied().unwrap_or_default()
    }
}

fn hold(family: Family) -> io::Result<(Socket, u16)> {
    let (domain, any) = match family {
        Family::V4 => (Domain::IPV4, SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0))),
        Family::V6 => (Domain::IPV6, SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0))),
    };
    let socket = Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
    if family == Family::V6 {
        socket.set_only_v6(true)?;
    }
    socket.bind(&any.into())?;
    // Before it listens: nothing may come through.
    socket.attach_filter(&filter::NOTHING)?;
    socket.listen(1)?;
    let port = socket.local_addr()?.as_socket().map_or(0, |address| address.port());
    Ok((socket, port))
}

/// More than one, so that flows spread; few, since the filter goes through them for each packet.
const MANY: usize = 4;

#[cfg(test)]
mod tests {
    use std::net::TcpStream;
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_held_port_neither_answers_nor_resets() {
        for (family, here) in [(Family::V4, "127.0.0.1"), (Family::V6, "::1")] {
            let mut ports = Ports::take(family).unwrap();
            let to = SocketAddr::new(here.parse().unwrap(), ports.next());
            let error = TcpStream::connect_timeout(&to, Duration::from_millis(30)).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        }
    }

    #[test]
    fn ports_come_in_turn() {
        let mut ports = Ports::take(Family::V4).unwrap();
        let mut seen: Vec<u16> = iter::repeat_with(|| ports.next()).take(MANY).collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), MANY);
        assert!(seen.iter().all(|port| ports.numbers().contains(port)));
    }
}
