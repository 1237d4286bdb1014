//! The least that a probe can cost: loops of system calls that keep, judge and order nothing.

use std::collections::VecDeque;
use std::io::{IoSlice, IoSliceMut};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use ipnet::Ipv4Net;
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use nix::ifaddrs::getifaddrs;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::socket::{LinkAddr, MsgFlags, MultiHeaders, recvmmsg, sendmmsg};
use pnet::packet::ethernet::{EtherTypes, MutableEthernetPacket};
use pnet::packet::ip::IpNextHeaderProtocols;
use pnet::packet::ipv4::{self, MutableIpv4Packet};
use pnet::packet::tcp::{self, MutableTcpPacket, TcpFlags};
use socket2::{Domain, Protocol, SockFilter, Socket, Type};

use super::world::{GATEWAY_MAC, INTERFACE, OWN, OWN_MAC, PREFIXES};

/// Socket, connect, epoll, close, for each address.
pub(crate) fn connect() {
    let rate = rate();
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).unwrap();
    let most = usize::try_from(hard).unwrap() - 64;
    let mut poll = Poll::new().unwrap();
    let mut events = Events::with_capacity(1_024);
    let mut sockets: Vec<Option<(Instant, Socket)>> = (0..most).map(|_| None).collect();
    let mut free: Vec<usize> = (0..most).collect();
    let mut ends = VecDeque::<(Instant, usize)>::new();
    let mut targets = targets();
    let (began, mut asked, mut more) = (Instant::now(), 0_u64, true);
    while more || !ends.is_empty() {
        let now = Instant::now();
        while let Some(&(began, at)) = ends.front()
            && began + WAIT <= now
        {
            ends.pop_front();
            // The place may have been given to another meanwhile.
            if sockets[at].take_if(|(other, _): &mut (Instant, Socket)| *other == began).is_some() {
                free.push(at);
            }
        }
        let due = due(rate, began);
        while more && asked < due && !free.is_empty() {
            let Some(target) = targets.next() else {
                more = false;
                break;
            };
            let at = free.pop().unwrap();
            let socket = Socket::new(Domain::IPV4, Type::STREAM.nonblocking(), Some(Protocol::TCP)).unwrap();
            drop(socket.connect(&SocketAddr::from((target, 443)).into()));
            poll.registry().register(&mut SourceFd(&socket.as_raw_fd()), Token(at), Interest::WRITABLE).unwrap();
            let began = Instant::now();
            sockets[at] = Some((began, socket));
            ends.push_back((began, at));
            asked += 1;
        }
        poll.poll(&mut events, Some(Duration::from_millis(1))).unwrap();
        for event in &events {
            let at = event.token().0;
            let Some((_, socket)) = sockets[at].take() else { continue };
            if socket.take_error().unwrap().is_none() {
                socket.set_linger(Some(Duration::ZERO)).unwrap();
            }
            free.push(at);
        }
    }
}

/// Frames out and answers in, each counted and left.
pub(crate) fn syn() {
    let rate = rate();
    let link = getifaddrs().unwrap().filter(|one| one.interface_name == INTERFACE);
    let link: LinkAddr = link.into_iter().find_map(|one| one.address?.as_link_addr().copied()).unwrap();
    let out = Socket::new(Domain::PACKET, Type::RAW.nonblocking(), None).unwrap();
    let ear = Socket::new(Domain::PACKET, Type::DGRAM.nonblocking(), Some(Protocol::from(0x0008))).unwrap();
    ear.attach_filter(&[SockFilter::new(0x06, 0, 0, 64)]).unwrap();
    nix::sys::socket::setsockopt(&ear, nix::sys::socket::sockopt::RcvBufForce, &(32 << 20)).unwrap();
    let mut frame = frame();
    let (mut frames, to) = (vec![[0; FRAME]; BATCH], vec![Some(link); BATCH]);
    let mut buffers = vec![[0_u8; 64]; BATCH];
    let mut targets = targets();
    let (began, mut asked, mut heard, mut more) = (Instant::now(), 0_u64, 0, true);
    let mut last = Instant::now();
    while more || last.elapsed() < WAIT * 2 {
        let due = due(rate, began);
        let mut count = 0;
        while more && asked < due && count < BATCH {
            let Some(target) = targets.next() else {
                more = false;
                break;
            };
            aim(&mut frame, target);
            frames[count] = frame;
            count += 1;
            asked += 1;
            last = Instant::now();
        }
        if count > 0 {
            let parts: Vec<_> = frames[..count].iter().map(|frame| [IoSlice::new(frame)]).collect();
            let mut headers = MultiHeaders::preallocate(count, None);
            sendmmsg(out.as_raw_fd(), &mut headers, &parts, &to, [], MsgFlags::MSG_DONTWAIT).unwrap();
        }
        let mut parts: Vec<_> = buffers.iter_mut().map(|buffer| [IoSliceMut::new(buffer)]).collect();
        let mut headers = MultiHeaders::<()>::preallocate(BATCH, None);
        match recvmmsg(ear.as_raw_fd(), &mut headers, parts.iter_mut(), MsgFlags::MSG_DONTWAIT, None) {
            Ok(packets) => heard += packets.count(),
            Err(_) => std::thread::sleep(Duration::from_micros(200)),
        }
    }
    eprintln!("{asked} sent, {heard} heard");
}

/// Probes a second; 0 is as fast as it goes.
fn rate() -> u64 {
    std::env::args().nth(1).unwrap().parse().unwrap()
}

/// How many may have gone by now.
fn due(rate: u64, began: Instant) -> u64 {
    if rate == 0 {
        return u64::MAX;
    }
    rate * u64::try_from(began.elapsed().as_micros()).unwrap() / 1_000_000
}

/// All addresses, each once, far from the one before.
fn targets() -> impl Iterator<Item = Ipv4Addr> {
    let prefixes: Vec<Ipv4Net> = PREFIXES.iter().map(|prefix| prefix.parse().unwrap()).collect();
    (0..131_072_u32).map(move |number| {
        let number = number.wrapping_mul(0x9e37_79b1) % 131_072;
        let prefix = prefixes[usize::from(number >= 65_536)];
        Ipv4Addr::from_bits(prefix.network().to_bits() + number % 65_536)
    })
}

fn frame() -> [u8; FRAME] {
    let mut frame = [0; FRAME];
    let mut ethernet = MutableEthernetPacket::new(&mut frame).unwrap();
    ethernet.set_source(OWN_MAC.into());
    ethernet.set_destination(GATEWAY_MAC.into());
    ethernet.set_ethertype(EtherTypes::Ipv4);
    let mut ip = MutableIpv4Packet::new(&mut frame[14..]).unwrap();
    ip.set_version(4);
    ip.set_header_length(5);
    ip.set_total_length(40);
    ip.set_ttl(64);
    ip.set_next_level_protocol(IpNextHeaderProtocols::Tcp);
    ip.set_source(OWN.parse().unwrap());
    let mut tcp = MutableTcpPacket::new(&mut frame[34..]).unwrap();
    tcp.set_source(40_000);
    tcp.set_destination(443);
    tcp.set_data_offset(5);
    tcp.set_flags(TcpFlags::SYN);
    frame
}

fn aim(frame: &mut [u8; FRAME], target: Ipv4Addr) {
    let mut tcp = MutableTcpPacket::new(&mut frame[34..]).unwrap();
    tcp.set_sequence(target.to_bits());
    let checksum = tcp::ipv4_checksum(&tcp.to_immutable(), &OWN.parse().unwrap(), &target);
    tcp.set_checksum(checksum);
    let mut ip = MutableIpv4Packet::new(&mut frame[14..]).unwrap();
    ip.set_destination(target);
    let checksum = ipv4::checksum(&ip.to_immutable());
    ip.set_checksum(checksum);
}

const FRAME: usize = 14 + 20 + 20;
const BATCH: usize = 256;
const WAIT: Duration = Duration::from_millis(480);
