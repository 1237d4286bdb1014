//! Reads the packets that answer a SYN: SYN-ACKs, RSTs, and ICMP errors that quote it.
//!
//! Whatever the bytes are, it reads inside them or says that they are no answer; that an answer is one to us is told by its number.

use std::net::{IpAddr, SocketAddr};

use pnet::packet::ip::{IpNextHeaderProtocol, IpNextHeaderProtocols};
use pnet::packet::ipv4::Ipv4Packet;
use pnet::packet::ipv6::Ipv6Packet;
use pnet::packet::tcp::{TcpFlags, TcpPacket};

use crate::model::IcmpMeaning;
use crate::wire::icmp::{meaning_v4, meaning_v6};

/// A packet that claims to answer a SYN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    /// This end of the flow.
    pub(super) from: SocketAddr,
    /// The far end: what was asked.
    pub(super) to: SocketAddr,
    /// The sequence number of the SYN that is answered.
    pub(super) sequence: u32,
    /// What it says.
    pub(super) kind: AnswerKind,
}

/// What answers a SYN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AnswerKind {
    /// SYN-ACK, with the timestamp that it echoes.
    Open(Option<u32>),
    /// RST, with its TTL or hop limit.
    Reset(u8),
    /// An ICMP error, and who sent it.
    Icmp(IcmpMeaning, IpAddr),
}

/// Reads an IP packet from its header on; `None` where it answers no SYN.
pub(super) fn read(bytes: &[u8]) -> Option<Answer> {
    let ip = Ip::read(bytes)?;
    match (ip.protocol, ip.source) {
        (IpNextHeaderProtocols::Tcp, _) => segment(&ip),
        (IpNextHeaderProtocols::Icmp, IpAddr::V4(_)) => error(&ip, |kind, code| match kind {
            UNREACHABLE_V4 | TIME_EXCEEDED_V4 => Some(meaning_v4(kind, code)),
            _ => None,
        }),
        (IpNextHeaderProtocols::Icmpv6, IpAddr::V6(_)) => error(&ip, |kind, code| match kind {
            UNREACHABLE_V6 | TIME_EXCEEDED_V6 => Some(meaning_v6(kind, code)),
            _ => None,
        }),
        _ => None,
    }
}

/// An IP header, and what follows it.
struct Ip<'a> {
    source: IpAddr,
    destination: IpAddr,
    hops: u8,
    protocol: IpNextHeaderProtocol,
    payload: &'a [u8],
}

impl<'a> Ip<'a> {
    /// A first fragment is read as a whole packet; IPv6 extension headers are not stepped over, since no answer has any.
    fn read(bytes: &'a [u8]) -> Option<Self> {
        match bytes.first()? >> 4 {
            4 => {
                let header = Ipv4Packet::new(bytes)?;
                let length = usize::from(header.get_header_length()) * 4;
                if length < Ipv4Packet::minimum_packet_size() || header.get_fragment_offset() != 0 {
                    return None;
                }
                Some(Self {
                    source: header.get_source().into(),
                    destination: header.get_destination().into(),
                    hops: header.get_ttl(),
                    protocol: header.get_next_level_protocol(),
                    payload: bytes.get(length..)?,
                })
            }
            6 => {
                let header = Ipv6Packet::new(bytes)?;
                Some(Self {
                    source: header.get_source().into(),
                    destination: header.get_destination().into(),
                    hops: header.get_hop_limit(),
                    protocol: header.get_next_header(),
                    payload: bytes.get(Ipv6Packet::minimum_packet_size()..)?,
                })
            }
            _ => None,
        }
    }
}

fn segment(ip: &Ip<'_>) -> Option<Answer> {
    let tcp = TcpPacket::new(ip.payload)?;
    let flags = tcp.get_flags();
    // A RST that answers a SYN acknowledges it (RFC 9293, 3.5.2), as a SYN-ACK does.
    let says = match flags & (TcpFlags::SYN | TcpFlags::ACK | TcpFlags::RST) {
        SYN_ACK => AnswerKind::Open(echo(ip.payload, tcp.get_data_offset())),
        RST_ACK => AnswerKind::Reset(ip.hops),
        _ => return None,
    };
    Some(Answer {
        from: SocketAddr::new(ip.destination, tcp.get_destination()),
        to: SocketAddr::new(ip.source, tcp.get_source()),
        sequence: tcp.get_acknowledgement().wrapping_sub(1),
        kind: says,
    })
}

/// The timestamp that a segment echoes (RFC 7323, 3.2), by its options (RFC 9293, 3.1).
fn echo(segment: &[u8], header_words: u8) -> Option<u32> {
    let mut options = segment.get(TcpPacket::minimum_packet_size()..usize::from(header_words) * 4)?;
    loop {
        match options {
            [] | [END_OF_OPTIONS, ..] => return None,
            [NO_OPTION, rest @ ..] => options = rest,
            [TIMESTAMP, 10, rest @ ..] => return Some(u32::from_be_bytes(*rest.get(4..)?.first_chunk()?)),
            [_, length, ..] => options = options.get(usize::from(*length).max(2)..)?,
            [_] => return None,
        }
    }
}

/// An error quotes the packet's header and eight bytes more at least (RFC 792): ports and sequence number.
fn error(ip: &Ip<'_>, meaning: impl Fn(u8, u8) -> Option<IcmpMeaning>) -> Option<Answer> {
    let ([kind, code, ..], quoted) = ip.payload.split_first_chunk::<8>()?;
    let meaning = meaning(*kind, *code)?;
    let quoted = Ip::read(quoted)?;
    if quoted.protocol != IpNextHeaderProtocols::Tcp || quoted.source.is_ipv4() != ip.source.is_ipv4() {
        return None;
    }
    let ([a, b, c, d], rest) = quoted.payload.split_first_chunk::<4>()?;
    Some(Answer {
        from: SocketAddr::new(quoted.source, u16::from_be_bytes([*a, *b])),
        to: SocketAddr::new(quoted.destination, u16::from_be_bytes([*c, *d])),
        sequence: u32::from_be_bytes(*rest.first_chunk::<4>()?),
        kind: AnswerKind::Icmp(meaning, ip.source),
    })
}

const SYN_ACK: u8 = TcpFlags::SYN | TcpFlags::ACK;
const RST_ACK: u8 = TcpFlags::RST | TcpFlags::ACK;
/// RFC 9293, 3.1.
const END_OF_OPTIONS: u8 = 0;
const NO_OPTION: u8 = 1;
/// RFC 7323, 3.2.
const TIMESTAMP: u8 = 8;
/// RFC 792.
const UNREACHABLE_V4: u8 = 3;
const TIME_EXCEEDED_V4: u8 = 11;
/// RFC 4443, section 3.
const UNREACHABLE_V6: u8 = 1;
const TIME_EXCEEDED_V6: u8 = 3;

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::super::template::{Packet, Segment, Template};
    use super::*;

    const SEQUENCE: u32 = 0xffff_ffff;

    fn ends(v6: bool) -> (SocketAddr, SocketAddr) {
        let (from, to) =
            if v6 { ("[2001:db8::1]:40000", "[2407:30c0::9]:443") } else { ("192.0.2.1:40000", "170.114.0.9:443") };
        (from.parse().unwrap(), to.parse().unwrap())
    }

    pub(in super::super) fn syn(v6: bool) -> Vec<u8> {
        let (from, to) = ends(v6);
        let mut packet = Packet::EMPTY;
        Template::new(Segment::Syn, from.ip(), None).fill(&mut packet, from.port(), to, SEQUENCE);
        packet.bytes().to_vec()
    }

    /// What the far end sends back, with these flags.
    pub(in super::super) fn segment_back(v6: bool, flags: u8) -> Vec<u8> {
        let (from, to) = ends(v6);
        let mut packet = Packet::EMPTY;
        Template::new(Segment::Reset, to.ip(), None).fill(&mut packet, to.port(), from, 99);
        let mut bytes = packet.bytes().to_vec();
        let tcp = bytes.len() - 20;
        bytes[tcp + 8..tcp + 12].copy_from_slice(&SEQUENCE.wrapping_add(1).to_be_bytes());
        bytes[tcp + 13] = flags;
        bytes
    }

    /// An ICMP error of a router that quotes as much of the SYN.
    pub(in super::super) fn error_back(v6: bool, kind: u8, code: u8, quoted: usize) -> Vec<u8> {
        let head = [&[kind, code][..], &[0; 6], &syn(v6)[..quoted]].concat();
        let mut bytes = segment_back(v6, 0);
        if v6 {
            bytes.truncate(40);
            bytes[6] = 58;
        } else {
            bytes.truncate(20);
            bytes[9] = 1;
        }
        [bytes, head].concat()
    }

    fn says(bytes: &[u8], v6: bool) -> Option<AnswerKind> {
        let (from, to) = ends(v6);
        read(bytes).map(|answer| {
            assert_eq!((answer.from, answer.to, answer.sequence), (from, to, SEQUENCE));
            answer.kind
        })
    }

    #[test]
    fn what_answers_a_syn_is_read_in_both_families() {
        for v6 in [false, true] {
            let (_, to) = ends(v6);
            assert_eq!(says(&segment_back(v6, SYN_ACK), v6), Some(AnswerKind::Open(None)));
            assert_eq!(says(&segment_back(v6, RST_ACK), v6), Some(AnswerKind::Reset(64)));
            let (kind, code) = if v6 { (1, 1) } else { (3, 13) };
            let header = if v6 { 40 } else { 20 };
            let wanted = Some(AnswerKind::Icmp(IcmpMeaning::Prohibited, to.ip()));
            assert_eq!(says(&error_back(v6, kind, code, header + 8), v6), wanted);
            assert_eq!(says(&error_back(v6, kind, code, header + 7), v6), None);
        }
    }

    #[test]
    fn the_timestamp_that_comes_back_is_found_among_other_options() {
        let with = |options: &[u8]| {
            let mut bytes = [&segment_back(false, SYN_ACK), options].concat();
            bytes[32] = u8::try_from(5 + options.len() / 4).unwrap() << 4;
            says(&bytes, false)
        };
        let linux = [2, 4, 5, 180, 4, 2, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8, 1, 3, 3, 7];
        assert_eq!(with(&linux), Some(AnswerKind::Open(Some(0x0506_0708))));
        assert_eq!(with(&[1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8]), Some(AnswerKind::Open(Some(0x0506_0708))));
        for none in [&[2, 4, 5, 180][..], &[0, 8, 10, 0], &[8, 10, 1, 2], &[7, 0, 8, 1], &[1, 1, 1, 8]] {
            assert_eq!(with(none), Some(AnswerKind::Open(None)), "{none:?}");
        }
    }

    #[test]
    fn what_answers_no_syn_is_left() {
        for v6 in [false, true] {
            for flags in [0x02, 0x04, 0x10, 0x18, 0x00] {
                assert_eq!(read(&segment_back(v6, flags)), None);
            }
            assert_eq!(read(&syn(v6)), None);
        }
        // An echo reply, and a redirect.
        assert_eq!(read(&error_back(false, 0, 0, 28)), None);
        assert_eq!(read(&error_back(false, 5, 0, 28)), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            read(&bytes);
        }

        #[test]
        fn no_cut_or_changed_packet_makes_it_panic(v6: bool, which in 0..3, at: usize, to: u8, cut: usize) {
            let mut bytes = match which {
                0 => segment_back(v6, SYN_ACK),
                1 => error_back(v6, 3, 13, 28),
                _ => error_back(v6, 1, 1, 44),
            };
            let length = bytes.len();
            bytes[at % length] = to;
            bytes.truncate(cut % (length + 1));
            read(&bytes);
        }
    }
}
