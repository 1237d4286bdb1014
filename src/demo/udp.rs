//! What is answered over UDP: Zoom's dialect on 3478 and 3479, and STUN.
//!
//! A request that is not well formed gets no answer, as from the real servers.

use std::net::{IpAddr, SocketAddr};

use super::layout::Datagrams;
use super::servers::Reply;

/// Answers Zoom's clients as its servers were seen to in 2019 (ntop/nDPI zoom.pcap).
#[derive(Clone, Copy, Debug)]
pub(super) struct ZoomDialect(pub(super) Datagrams);

impl Reply for ZoomDialect {
    fn reply(&self, datagram: &[u8], from: SocketAddr) -> Option<Vec<u8>> {
        match self.0 {
            Datagrams::Answered => zoom_reply(datagram, from),
            Datagrams::Silent => None,
        }
    }
}

/// Answers STUN Binding requests (RFC 8489).
#[derive(Clone, Copy, Debug)]
pub(super) struct Stun(pub(super) Datagrams);

impl Reply for Stun {
    fn reply(&self, datagram: &[u8], from: SocketAddr) -> Option<Vec<u8>> {
        match self.0 {
            Datagrams::Answered => stun_reply(datagram, from),
            Datagrams::Silent => None,
        }
    }
}

/// Receives and never answers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mute;

impl Reply for Mute {
    fn reply(&self, _datagram: &[u8], _from: SocketAddr) -> Option<Vec<u8>> {
        None
    }
}

/// 44 bytes in: `0001 0018`, 16 bytes of id, `0101 0014`, 20 bytes; 32 out: `0002 000c`, the id, `0103 0008`, family, port and address.
fn zoom_reply(datagram: &[u8], from: SocketAddr) -> Option<Vec<u8>> {
    let (head, rest) = datagram.split_first_chunk::<4>()?;
    let (id, rest) = rest.split_first_chunk::<16>()?;
    if head != &[0, 1, 0, 0x18] || rest.len() != 24 || !rest.starts_with(&[1, 1, 0, 0x14]) {
        return None;
    }
    let IpAddr::V4(address) = from.ip() else { return None };
    let port = from.port().to_be_bytes();
    Some([&[0, 2, 0, 0x0c], &id[..], &[1, 3, 0, 8, 0, 1], &port, &address.octets()].concat())
}

fn stun_reply(datagram: &[u8], from: SocketAddr) -> Option<Vec<u8>> {
    let (head, rest) = datagram.split_first_chunk::<2>()?;
    let (_length, rest) = rest.split_first_chunk::<2>()?;
    let (cookie, rest) = rest.split_first_chunk::<4>()?;
    let (id, _attributes) = rest.split_first_chunk::<12>()?;
    if head != &BINDING_REQUEST || cookie != &MAGIC_COOKIE {
        return None;
    }
    let IpAddr::V4(address) = from.ip() else { return None };
    let port = from.port() ^ COOKIE_UPPER_HALF;
    let address = address.to_bits() ^ u32::from_be_bytes(MAGIC_COOKIE);
    let mapped = [&XOR_MAPPED_ADDRESS[..], &[0, 8, 0, 1], &port.to_be_bytes(), &address.to_be_bytes()].concat();
    let length = u16::try_from(mapped.len()).ok()?.to_be_bytes();
    Some([&BINDING_SUCCESS[..], &length, &MAGIC_COOKIE, id, &mapped].concat())
}

/// RFC 8489, 5 and 18.1.
const BINDING_REQUEST: [u8; 2] = [0x00, 0x01];
const BINDING_SUCCESS: [u8; 2] = [0x01, 0x01];
/// RFC 8489, 5.
const MAGIC_COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
/// What a port is XORed with (RFC 8489, 14.2).
const COOKIE_UPPER_HALF: u16 = 0x2112;
/// RFC 8489, 14.2.
const XOR_MAPPED_ADDRESS: [u8; 2] = [0x00, 0x20];

#[cfg(test)]
mod tests {
    use super::*;

    const FROM: SocketAddr = SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::new(80, 180, 220, 239)), 65_397);

    #[test]
    fn the_dialect_is_answered_as_in_the_capture() {
        let id = [0xc1; 16];
        let request = [&[0, 1, 0, 0x18], &id[..], &[1, 1, 0, 0x14], b"1234567890123456789\0"].concat();
        let reply = [&[0, 2, 0, 0x0c], &id[..], &[1, 3, 0, 8, 0, 1, 0xff, 0x75, 0x50, 0xb4, 0xdc, 0xef]].concat();
        assert_eq!(zoom_reply(&request, FROM), Some(reply));
        assert_eq!(zoom_reply(&request[..43], FROM), None);
    }

    #[test]
    fn stun_tells_the_address_of_the_asker_xored_with_the_cookie() {
        let request = [&BINDING_REQUEST[..], &[0, 0], &MAGIC_COOKIE, &[7; 12]].concat();
        let reply = stun_reply(&request, FROM).unwrap();
        assert_eq!(reply.len(), 32);
        assert_eq!(reply[26..28], (0xff75_u16 ^ 0x2112).to_be_bytes());
        assert_eq!(stun_reply(&request[..19], FROM), None);
    }
}
