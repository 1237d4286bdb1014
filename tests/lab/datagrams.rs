//! The world's UDP: STUN of neutral servers (RFC 8489) and Zoom's own dialect of it.

use std::fs::File;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::thread;

use nix::sched::{CloneFlags, setns};

/// Zoom's servers of the shipped catalogue.
const ZOOM: [(&str, u16); 4] =
    [("162.255.37.14", 3478), ("162.255.38.14", 3478), ("162.255.38.14", 3479), ("162.255.37.14", 3479)];

/// Neutral ones.
const NEUTRAL: [(&str, u16); 2] = [("74.125.1.127", 19302), ("162.159.207.0", 3478)];

/// RFC 8489, section 5.
const MAGIC: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];

/// Answers until the nest ends.
pub(crate) fn serve() {
    thread::spawn(|| {
        setns(File::open("/run/netns/world").unwrap(), CloneFlags::CLONE_NEWNET).unwrap();
        for (address, port) in ZOOM {
            answer(address, port, zoom);
        }
        for (address, port) in NEUTRAL {
            answer(address, port, neutral);
        }
    })
    .join()
    .unwrap();
}

/// A thread is born in the network namespace of the one that makes it.
fn answer(address: &str, port: u16, reply: fn(&[u8], SocketAddr) -> Option<Vec<u8>>) {
    let socket = UdpSocket::bind((address.parse::<IpAddr>().unwrap(), port)).unwrap();
    thread::spawn(move || {
        let mut buffer = [0; 2048];
        loop {
            let (length, from) = socket.recv_from(&mut buffer).unwrap();
            if let Some(reply) = reply(&buffer[..length], from) {
                drop(socket.send_to(&reply, from));
            }
        }
    });
}

/// Zoom's dialect: no magic cookie, a MAPPED-ADDRESS that is not masked.
fn zoom(asked: &[u8], from: SocketAddr) -> Option<Vec<u8>> {
    if asked.len() != 44 || asked[..2] != [0, 1] {
        return None;
    }
    let mut reply = vec![0, 2, 0, 12];
    reply.extend(&asked[4..20]);
    reply.extend([0, 1, 0, 8, 0, 1]);
    reply.extend(from.port().to_be_bytes());
    reply.extend(four(from)?.octets());
    Some(reply)
}

/// A binding response with XOR-MAPPED-ADDRESS.
fn neutral(asked: &[u8], from: SocketAddr) -> Option<Vec<u8>> {
    if asked.len() < 20 || asked[4..8] != MAGIC {
        return None;
    }
    let mut reply = vec![1, 1, 0, 12];
    reply.extend(&asked[4..20]);
    reply.extend([0, 0x20, 0, 8, 0, 1]);
    reply.extend((from.port() ^ 0x2112).to_be_bytes());
    reply.extend(four(from)?.octets().iter().zip(MAGIC).map(|(octet, mask)| octet ^ mask));
    Some(reply)
}

fn four(from: SocketAddr) -> Option<Ipv4Addr> {
    match from.ip() {
        IpAddr::V4(address) => Some(address),
        IpAddr::V6(_) => None,
    }
}
