//! UDP sockets with one peer, so that "refused" and the ICMP errors behind it reach them.
//!
//! An unconnected socket never hears of a refusal; that is why there is no such thing here.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::Interest;
use tokio::net::UdpSocket;
use tokio::time::{Instant, timeout_at};

use super::errno::{bind_failed, io_error, ours, read, read_at_once};
use super::options::set_ttl;
use super::{Datagram, DatagramOptions, Heard, dont_fragment, error_queue};
use crate::model::{CannotProbe, How, IcmpError, Pending};

/// Opens a socket to one peer; sends nothing.
///
/// # Errors
/// [`CannotProbe`] when no socket could be made for a reason that says nothing of the network.
pub(super) fn open(to: SocketAddr, options: &DatagramOptions) -> Result<Box<dyn Datagram>, CannotProbe> {
    let socket = match Socket::new(Domain::for_address(to), Type::DGRAM, Some(Protocol::UDP)) {
        Ok(socket) => socket,
        Err(source) => return ours("open a UDP socket", source).map(|(how, _)| boxed(Unsendable { how, to })),
    };
    prepare(&socket, to, options).map_err(io_error("set a UDP socket's options"))?;
    if let Some(source) = options.source
        && let Err(source) = socket.bind(&SocketAddr::new(source, 0).into())
    {
        return bind_failed(source).map(|(how, _)| boxed(Unsendable { how, to }));
    }
    if let Err(source) = socket.connect(&to.into()) {
        return match read_at_once(&source) {
            Some((how, _)) => Ok(boxed(Unsendable { how, to })),
            None => Err(CannotProbe::Io { operation: "connect a UDP socket", source }),
        };
    }
    let socket = UdpSocket::from_std(socket.into()).map_err(io_error("watch a UDP socket"))?;
    let local = socket.local_addr().map_err(io_error("read a UDP socket's address"))?;
    Ok(boxed(Connected { socket, local, icmp: VecDeque::new(), ttl: None }))
}

fn boxed(datagram: impl Datagram + 'static) -> Box<dyn Datagram> {
    Box::new(datagram)
}

fn prepare(socket: &Socket, to: SocketAddr, options: &DatagramOptions) -> io::Result<()> {
    socket.set_nonblocking(true)?;
    error_queue::enable(socket, to.ip())?;
    error_queue::enable_ttl(socket, to.ip())?;
    if let Some(ttl) = options.ttl {
        set_ttl(socket, to.ip(), ttl)?;
    }
    if options.dont_fragment {
        dont_fragment::enable(socket, to.ip())?;
    }
    Ok(())
}

/// A socket with its peer.
struct Connected {
    socket: UdpSocket,
    local: SocketAddr,
    /// Errors that came while something was sent, oldest first.
    icmp: VecDeque<IcmpError>,
    /// The TTL of the datagram heard last.
    ttl: Option<u8>,
}

impl Datagram for Connected {
    fn send<'a>(&'a mut self, bytes: &'a [u8]) -> Pending<'a, Result<(), How>> {
        Box::pin(async move {
            // An error of an earlier datagram is reported by the next send, which then sends nothing: such an error
            // is in the queue, so take it from there and send.
            self.icmp.extend(error_queue::drain(&self.socket));
            let Err(error) = self.socket.send(bytes).await else { return Ok(()) };
            let before = self.icmp.len();
            self.icmp.extend(error_queue::drain(&self.socket));
            let error = if self.icmp.len() > before { self.socket.send(bytes).await.err() } else { Some(error) };
            match error {
                None => Ok(()),
                Some(error) => Err(read_at_once(&error).map_or(How::NotPermitted, |(how, _)| how)),
            }
        })
    }

    fn hear(&mut self, wait: Duration) -> Pending<'_, Heard> {
        let deadline = Instant::now() + wait;
        Box::pin(async move {
            let mut bytes = vec![0; LONGEST];
            loop {
                if let Some(error) = self.icmp.pop_front() {
                    return Heard::Icmp(error);
                }
                match timeout_at(deadline, self.socket.ready(Interest::READABLE | Interest::ERROR)).await {
                    Err(_) => return Heard::Nothing,
                    Ok(Err(error)) => return failed(&error),
                    Ok(Ok(_)) => {}
                }
                // `try_io` knows one readiness at a time, and forgets it where nothing was there; what comes meanwhile
                // is not forgotten with it.
                let (socket, icmp) = (&self.socket, &mut self.icmp);
                let queued = socket.try_io(Interest::ERROR, || {
                    icmp.extend(error_queue::drain(socket));
                    if icmp.is_empty() { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(()) }
                });
                if queued.is_ok() {
                    continue;
                }
                match socket.try_io(Interest::READABLE, || error_queue::receive(socket, &mut bytes)) {
                    Ok((length, ttl)) => {
                        bytes.truncate(length);
                        self.ttl = ttl;
                        return Heard::Bytes(bytes);
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Err(error) => {
                        self.icmp.extend(error_queue::drain(&self.socket));
                        if self.icmp.is_empty() {
                            return failed(&error);
                        }
                    }
                }
            }
        })
    }

    fn local(&self) -> SocketAddr {
        self.local
    }

    fn heard_ttl(&self) -> Option<u8> {
        self.ttl
    }
}

fn failed(error: &io::Error) -> Heard {
    Heard::Failed(read(error).map_or(How::Unreachable, |(how, _)| how))
}

/// A socket that the kernel would not give or connect; sending on it tells why.
struct Unsendable {
    how: How,
    to: SocketAddr,
}

impl Datagram for Unsendable {
    fn send<'a>(&'a mut self, _: &'a [u8]) -> Pending<'a, Result<(), How>> {
        Box::pin(async { Err(self.how) })
    }

    fn hear(&mut self, _: Duration) -> Pending<'_, Heard> {
        Box::pin(async { Heard::Failed(self.how) })
    }

    fn local(&self) -> SocketAddr {
        let any = match self.to {
            SocketAddr::V4(_) => std::net::Ipv4Addr::UNSPECIFIED.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::UNSPECIFIED.into(),
        };
        SocketAddr::new(any, 0)
    }
}

/// The longest datagram that UDP's length field can say (RFC 768).
const LONGEST: usize = 65_535;

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;
    use crate::model::IcmpMeaning;
    use crate::testing::ClosedUdp;

    const WAIT: Duration = Duration::from_secs(5);

    async fn say(to: SocketAddr) -> Box<dyn Datagram> {
        let mut datagram = open(to, &DatagramOptions::default()).unwrap();
        datagram.send(b"hello").await.unwrap();
        datagram
    }

    #[tokio::test]
    async fn a_closed_port_is_refused_and_says_who_refused() {
        let closed = ClosedUdp::new();
        let to = closed.address();
        let heard = say(to).await.hear(WAIT).await;
        assert_eq!(
            heard,
            Heard::Icmp(IcmpError {
                from: Some(to.ip()),
                meaning: IcmpMeaning::PortUnreachable,
                kind: 3,
                code: 3,
                own: true,
                mtu: None
            })
        );
    }

    #[tokio::test]
    async fn a_closed_port_of_ipv6_is_refused_too() {
        let to = "[::1]:9".parse().unwrap();
        let Heard::Icmp(error) = say(to).await.hear(WAIT).await else { panic!("no ICMP") };
        assert_eq!((error.from, error.meaning, error.own), (Some(to.ip()), IcmpMeaning::PortUnreachable, true));
    }

    #[tokio::test]
    async fn a_refusal_of_the_first_datagram_does_not_swallow_the_second() {
        let closed = ClosedUdp::new();
        let mut datagram = say(closed.address()).await;
        datagram.hear(WAIT).await;
        let peer = closed.open_to(datagram.local());
        datagram.send(b"again").await.unwrap();
        let mut bytes = [0; 16];
        assert_eq!(peer.recv(&mut bytes).unwrap(), 5);
    }

    #[tokio::test]
    async fn a_reply_is_heard_whole_and_silence_ends() {
        let peer = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let mut datagram = say(peer.local_addr().unwrap()).await;
        peer.send_to(b"reply", datagram.local()).unwrap();
        assert_eq!(datagram.hear(WAIT).await, Heard::Bytes(b"reply".to_vec()));
        assert_eq!(datagram.hear(Duration::from_millis(20)).await, Heard::Nothing);
    }

    #[tokio::test]
    async fn what_is_larger_than_the_interface_may_not_go_unfragmented() {
        let peer = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let options = DatagramOptions { dont_fragment: true, ..DatagramOptions::default() };
        let mut datagram = open(peer.local_addr().unwrap(), &options).unwrap();
        assert_eq!(datagram.send(&vec![0; 65_536]).await, Err(How::TooBig));
    }
}
