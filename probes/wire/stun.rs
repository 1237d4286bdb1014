//! STUN Binding (RFC 8489) and the dialect of it that Zoom's clients speak on UDP 3478 and 3479: requests and replies.
//!
//! It sends nothing. What it reads may be hostile: every read is checked, and nothing is sized by the peer.

mod flow;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::{IpAddr, SocketAddr};

use crate::model::Dialect;

pub(crate) use flow::Flow;

/// The 16 bytes by which a reply is known: all of them in Zoom's dialect (RFC 3489, 11.1), the cookie and 12 more in
/// RFC 8489, section 5.
pub(crate) type Transaction = [u8; 16];

/// A transaction id from the time of day in nanoseconds and the peer: different for every probe, and not to be guessed
/// by who does not see the request.
pub(crate) fn transaction(dialect: Dialect, nanos: u128, to: SocketAddr) -> Transaction {
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        (salt, nanos, to).hash(&mut hasher);
        hasher.finish()
    };
    let id = (u128::from(half(0)) << 64) | u128::from(half(1));
    match dialect {
        Dialect::Zoom => id,
        Dialect::Stun => (u128::from(COOKIE) << 96) | (id >> 32),
    }
    .to_be_bytes()
}

/// A request, with a PADDING attribute that brings it to `bytes` where that is longer (RFC 5780, 7.6; a multiple of
/// four, at most 65 507).
pub(crate) fn request(dialect: Dialect, id: &Transaction, bytes: u16) -> Vec<u8> {
    let mut body = Vec::new();
    if dialect == Dialect::Zoom {
        // As seen from desktop clients in 2019 and 2022: attribute 0x0101, 20 bytes.
        body.extend(ZOOM_ATTRIBUTE);
    }
    let room = usize::from(bytes).saturating_sub(HEADER + body.len()) / 4 * 4;
    if let Some(padding) = room.checked_sub(4) {
        body.extend(PADDING.to_be_bytes());
        body.extend(u16::try_from(padding).unwrap_or(u16::MAX).to_be_bytes());
        body.resize(body.len() + padding, 0);
    }
    let mut message = Vec::with_capacity(HEADER + body.len());
    message.extend(BINDING_REQUEST.to_be_bytes());
    message.extend(u16::try_from(body.len()).unwrap_or(u16::MAX).to_be_bytes());
    message.extend(id);
    message.extend(body);
    message
}

/// What a well-formed reply says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// Our address and port as the peer saw them, where it says so.
    pub(crate) mapped: Option<SocketAddr>,
}

/// Reads a reply to the request with that id; `None` when it is none.
pub(crate) fn read(dialect: Dialect, id: &Transaction, datagram: &[u8]) -> Option<Answer> {
    let (kind, rest) = take_u16(datagram)?;
    let (length, rest) = take_u16(rest)?;
    let (seen, body) = rest.split_first_chunk::<16>()?;
    let known = match dialect {
        Dialect::Zoom => kind == ZOOM_REPLY,
        // An error (section 6.3.4) is an answer too: the request arrived and was understood.
        Dialect::Stun => kind == BINDING_SUCCESS || kind == BINDING_ERROR,
    };
    if !known || seen != id || usize::from(length) != body.len() {
        return None;
    }
    let mut answer = Answer { mapped: None };
    let mut rest = body;
    while !rest.is_empty() {
        let (kind, after) = take_u16(rest)?;
        let (length, after) = take_u16(after)?;
        let value = after.get(..usize::from(length))?;
        // The last attribute's filling may be left out.
        rest = after.get(usize::from(length).next_multiple_of(4)..).unwrap_or_default();
        let mapped = match (dialect, kind) {
            (Dialect::Zoom, ZOOM_MAPPED) | (Dialect::Stun, MAPPED) => address(value, &[0; 16]),
            (Dialect::Stun, XOR_MAPPED) => address(value, id),
            _ => continue,
        };
        answer.mapped = answer.mapped.or(mapped);
    }
    Some(answer)
}

/// An address attribute (RFC 8489, 14.1 and 14.2), unmasked with the cookie and id; a mask of zeros leaves it in clear.
fn address(value: &[u8], mask: &Transaction) -> Option<SocketAddr> {
    let (family, rest) = take_u16(value)?;
    let (port, rest) = take_u16(rest)?;
    let port_mask = u16::from_be_bytes(*mask.first_chunk()?);
    let ip = match family & 0xff {
        1 => IpAddr::from(unmask::<4>(rest, mask)?),
        2 => IpAddr::from(unmask::<16>(rest, mask)?),
        _ => return None,
    };
    Some(SocketAddr::new(ip, port ^ port_mask))
}

fn unmask<const N: usize>(bytes: &[u8], mask: &Transaction) -> Option<[u8; N]> {
    let mut plain: [u8; N] = bytes.try_into().ok()?;
    for (byte, mask) in plain.iter_mut().zip(mask) {
        *byte ^= mask;
    }
    Some(plain)
}

fn take_u16(bytes: &[u8]) -> Option<(u16, &[u8])> {
    let (value, rest) = bytes.split_first_chunk::<2>()?;
    Some((u16::from_be_bytes(*value), rest))
}

const HEADER: usize = 20;
const COOKIE: u32 = 0x2112_A442;
const BINDING_REQUEST: u16 = 0x0001;
const BINDING_SUCCESS: u16 = 0x0101;
const BINDING_ERROR: u16 = 0x0111;
const MAPPED: u16 = 0x0001;
const XOR_MAPPED: u16 = 0x0020;
const PADDING: u16 = 0x0026;
/// Zoom's reply, its address attribute and its request's only attribute: read from captures of 2019 and 2022.
const ZOOM_REPLY: u16 = 0x0002;
const ZOOM_MAPPED: u16 = 0x0103;
const ZOOM_ATTRIBUTE: &[u8; 24] = b"\x01\x01\x00\x141234567890123456789\x00";

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A server's reply to a request, as captured (Zoom) or as RFC 8489 says.
    pub(crate) fn reply(dialect: Dialect, request: &[u8], mapped: SocketAddr) -> Vec<u8> {
        let id: Transaction = request[4..20].try_into().unwrap();
        let (kind, attribute, mask) = match dialect {
            Dialect::Zoom => (ZOOM_REPLY, ZOOM_MAPPED, [0; 16]),
            Dialect::Stun => (BINDING_SUCCESS, XOR_MAPPED, id),
        };
        let ip = match mapped.ip() {
            IpAddr::V4(v4) => v4.octets().to_vec(),
            IpAddr::V6(v6) => v6.octets().to_vec(),
        };
        let family = if mapped.is_ipv4() { 1_u16 } else { 2 };
        let length = u16::try_from(ip.len()).unwrap() + 4;
        let port = mapped.port() ^ u16::from_be_bytes([mask[0], mask[1]]);
        let head = [kind, length + 4].map(u16::to_be_bytes).concat();
        let attribute = [attribute, length, family, port].map(u16::to_be_bytes).concat();
        let masked: Vec<u8> = ip.iter().zip(mask).map(|(byte, mask)| byte ^ mask).collect();
        [&head[..], &id, &attribute, &masked].concat()
    }

    fn dialect() -> impl Strategy<Value = Dialect> {
        prop_oneof![Just(Dialect::Zoom), Just(Dialect::Stun)]
    }

    proptest! {
        #[test]
        fn hostile_bytes_never_panic(dialect in dialect(), id: [u8; 16], bytes: Vec<u8>) {
            read(dialect, &id, &bytes);
        }

        #[test]
        fn a_damaged_reply_never_panics(dialect in dialect(), mapped: SocketAddr, at in 0_usize..64, to: u8) {
            let id = transaction(dialect, 7, mapped);
            let mut bytes = reply(dialect, &request(dialect, &id, 0), mapped);
            if let Some(byte) = bytes.get_mut(at) {
                *byte = to;
            }
            read(dialect, &id, &bytes);
            bytes.truncate(at);
            read(dialect, &id, &bytes);
        }

        #[test]
        fn the_mapped_address_reads_back(dialect in dialect(), nanos: u128, ip: IpAddr, port: u16) {
            let mapped = SocketAddr::new(ip, port);
            let id = transaction(dialect, nanos, mapped);
            let bytes = reply(dialect, &request(dialect, &id, 0), mapped);
            prop_assert_eq!(read(dialect, &id, &bytes), Some(Answer { mapped: Some(mapped) }));
        }

        #[test]
        fn a_padded_request_has_the_size_asked_for(dialect in dialect(), fours in 12_u16..16_000) {
            let bytes = fours * 4;
            prop_assert_eq!(request(dialect, &[7; 16], bytes).len(), usize::from(bytes));
        }
    }

    #[test]
    fn zooms_request_is_the_captured_one() {
        let expected = [b"\x00\x01\x00\x18", &[7; 16][..], b"\x01\x01\x00\x141234567890123456789\x00"].concat();
        assert_eq!(request(Dialect::Zoom, &[7; 16], 0), expected);
        assert_eq!(expected.len(), 44);
    }

    #[test]
    fn zooms_captured_reply_is_read() {
        let id = [0xc1; 16];
        let bytes = [b"\x00\x02\x00\x0c", &id[..], b"\x01\x03\x00\x08\x00\x01\xff\x75\x50\xb4\xdc\xef"].concat();
        assert_eq!(read(Dialect::Zoom, &id, &bytes), Some(Answer { mapped: "80.180.220.239:65397".parse().ok() }));
    }

    #[test]
    fn a_reply_to_another_request_is_none_of_ours() {
        let mapped = "192.0.2.1:5".parse().unwrap();
        let bytes = reply(Dialect::Stun, &request(Dialect::Stun, &[7; 16], 0), mapped);
        assert_eq!(read(Dialect::Stun, &[8; 16], &bytes), None);
    }
}
