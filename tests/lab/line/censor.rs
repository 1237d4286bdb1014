//! A censor beside the line: it stops nothing, and forges what the client hears first. IPv4 alone.

use std::net::{Ipv4Addr, SocketAddrV4};

use libtest_mimic::Trial;
use pnet::packet::Packet;
use pnet::packet::ip::{IpNextHeaderProtocol, IpNextHeaderProtocols};
use pnet::packet::ipv4::{self, Ipv4Packet, MutableIpv4Packet};
use pnet::packet::tcp::{self, MutableTcpPacket, TcpFlags, TcpPacket};
use pnet::packet::udp::{self, MutableUdpPacket, UdpPacket};
use serde::Deserialize;

/// The TTL of what it sends: not that of the servers, which begin at 64.
const TTL: u8 = 128;

/// Lengths of headers without options, in bytes (RFC 791, 9293, 768, 1035).
const IP: usize = 20;
const TCP: usize = 20;
const UDP: usize = 8;
const DNS: usize = 12;

/// A RST to both ends where a segment to port 443 carries the name; the segment passes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InjectReset {
    sni: String,
}

/// A forged answer to a question over UDP for the IPv4 addresses of the name or of one below it; the question passes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InjectDns {
    name: String,
    address: Ipv4Addr,
}

/// What it forges, and for whom.
pub(super) struct Censor {
    reset: Option<InjectReset>,
    dns: Option<InjectDns>,
}

/// Forged packets, besides the true one.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Forged {
    /// Towards the client.
    pub(super) back: Option<Vec<u8>>,
    /// Towards the world, after the true one.
    pub(super) onward: Option<Vec<u8>>,
}

impl Censor {
    pub(super) fn new(reset: Option<InjectReset>, dns: Option<InjectDns>) -> Self {
        Self { reset, dns }
    }

    /// What is to be sent besides a packet on its way to the world.
    pub(super) fn forge(&self, packet: &[u8]) -> Forged {
        self.forged(packet).unwrap_or_default()
    }

    fn forged(&self, packet: &[u8]) -> Option<Forged> {
        let ip = Ipv4Packet::new(packet).filter(|ip| ip.get_version() == 4)?;
        match ip.get_next_level_protocol() {
            IpNextHeaderProtocols::Tcp => resets(self.reset.as_ref()?, &ip),
            IpNextHeaderProtocols::Udp => lie(self.dns.as_ref()?, &ip),
            _ => None,
        }
    }
}

fn resets(rule: &InjectReset, ip: &Ipv4Packet<'_>) -> Option<Forged> {
    let segment = TcpPacket::new(ip.payload()).filter(|segment| segment.get_destination() == 443)?;
    let hello = segment.payload();
    if !names(hello, rule.sni.as_bytes()) {
        return None;
    }
    let client = SocketAddrV4::new(ip.get_source(), segment.get_source());
    let server = SocketAddrV4::new(ip.get_destination(), segment.get_destination());
    let next = segment.get_sequence().wrapping_add(u32::try_from(hello.len()).ok()?);
    Some(Forged {
        back: Some(reset(server, client, segment.get_acknowledgement(), next)),
        onward: Some(reset(client, server, next, segment.get_acknowledgement())),
    })
}

/// Whether a segment holds the name, or so much of it at an end that the next or the last segment has the rest: a real censor
/// puts the stream together first.
fn names(segment: &[u8], name: &[u8]) -> bool {
    let whole = segment.windows(name.len()).any(|window| window.eq_ignore_ascii_case(name));
    let half = name.len().div_ceil(2);
    let ends = (half..name.len()).any(|at| segment.ends_with(&name[..at]));
    let begins = (1..half).any(|at| segment.starts_with(&name[at..]));
    whole || ends || begins
}

fn reset(from: SocketAddrV4, to: SocketAddrV4, sequence: u32, acknowledgement: u32) -> Vec<u8> {
    let mut bytes = vec![0; TCP];
    let mut segment = MutableTcpPacket::new(&mut bytes).unwrap();
    segment.set_source(from.port());
    segment.set_destination(to.port());
    segment.set_sequence(sequence);
    segment.set_acknowledgement(acknowledgement);
    segment.set_data_offset(5);
    segment.set_flags(TcpFlags::RST | TcpFlags::ACK);
    let checksum = tcp::ipv4_checksum(&segment.to_immutable(), from.ip(), to.ip());
    segment.set_checksum(checksum);
    packet(from, to, IpNextHeaderProtocols::Tcp, &bytes)
}

fn lie(rule: &InjectDns, ip: &Ipv4Packet<'_>) -> Option<Forged> {
    let datagram = UdpPacket::new(ip.payload()).filter(|datagram| datagram.get_destination() == 53)?;
    let answer = answer(rule, datagram.payload())?;
    let client = SocketAddrV4::new(ip.get_source(), datagram.get_source());
    let resolver = SocketAddrV4::new(ip.get_destination(), datagram.get_destination());
    let length = UDP + answer.len();
    let mut bytes = vec![0; length];
    let mut forged = MutableUdpPacket::new(&mut bytes)?;
    forged.set_source(resolver.port());
    forged.set_destination(client.port());
    forged.set_length(u16::try_from(length).ok()?);
    forged.set_payload(&answer);
    let checksum = udp::ipv4_checksum(&forged.to_immutable(), resolver.ip(), client.ip());
    forged.set_checksum(checksum);
    Some(Forged { back: Some(packet(resolver, client, IpNextHeaderProtocols::Udp, &bytes)), onward: None })
}

/// The answer to a query, if the rule has one (RFC 1035, section 4).
fn answer(rule: &InjectDns, query: &[u8]) -> Option<Vec<u8>> {
    let mut name = String::new();
    let mut at = DNS;
    loop {
        let length = usize::from(*query.get(at)?);
        at += 1;
        if length == 0 {
            break;
        }
        name.push('.');
        name.push_str(&String::from_utf8_lossy(query.get(at..at + length)?).to_ascii_lowercase());
        at += length;
    }
    // Type A, class IN.
    if query.get(at..at + 4)? != [0, 1, 0, 1] || !name.ends_with(&format!(".{}", rule.name)) {
        return None;
    }
    let mut answer = query.get(..2)?.to_vec();
    // A recursive resolver's answer without error; a question and an answer.
    answer.extend([0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
    answer.extend(query.get(DNS..at + 4)?);
    // The question's name, A, IN, a minute, four bytes.
    answer.extend([0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
    answer.extend(rule.address.octets());
    Some(answer)
}

fn packet(from: SocketAddrV4, to: SocketAddrV4, protocol: IpNextHeaderProtocol, payload: &[u8]) -> Vec<u8> {
    let length = IP + payload.len();
    let mut bytes = vec![0; length];
    let mut ip = MutableIpv4Packet::new(&mut bytes).unwrap();
    ip.set_version(4);
    ip.set_header_length(5);
    ip.set_total_length(u16::try_from(length).unwrap());
    ip.set_ttl(TTL);
    ip.set_next_level_protocol(protocol);
    ip.set_source(*from.ip());
    ip.set_destination(*to.ip());
    ip.set_payload(payload);
    let checksum = ipv4::checksum(&ip.to_immutable());
    ip.set_checksum(checksum);
    bytes
}

pub(super) fn tests() -> Vec<Trial> {
    vec![
        Trial::test("line: a hello with the name brings a RST to either end that fits its sequence", || {
            let forged = censor().forge(&hello("..ZOOM.us..!"));
            let (back, onward) = (forged.back.unwrap(), forged.onward.unwrap());
            assert_eq!(numbers(&back), (443, 50_000, 900, 112, TcpFlags::RST | TcpFlags::ACK));
            assert_eq!(numbers(&onward), (50_000, 443, 112, 900, TcpFlags::RST | TcpFlags::ACK));
            assert_eq!(Ipv4Packet::new(&back).unwrap().get_ttl(), TTL);
            Ok(())
        }),
        Trial::test("line: another hello passes alone", || {
            assert_eq!(censor().forge(&hello("example.com")), Forged::default());
            assert_eq!(censor().forge(&[0x60; 60]), Forged::default());
            assert_eq!(censor().forge(&[]), Forged::default());
            Ok(())
        }),
        Trial::test("line: a query for the name or one below it is answered, another isn't", || {
            let rule = InjectDns { name: "zoom.us".to_owned(), address: Ipv4Addr::new(198, 51, 100, 7) };
            let asked = answer(&rule, &query(b"\x02us\x04Zoom\x02us\0", 1)).unwrap();
            assert_eq!(asked[..2], [7, 9]);
            assert_eq!(asked[asked.len() - 4..], [198, 51, 100, 7]);
            assert!(answer(&rule, &query(b"\x04zoom\x02us\0", 1)).is_some());
            assert_eq!(answer(&rule, &query(b"\x05azoom\x02us\0", 1)), None);
            assert_eq!(answer(&rule, &query(b"\x04zoom\x02us\0", 28)), None);
            assert_eq!(answer(&rule, &[7, 9, 1]), None);
            Ok(())
        }),
    ]
}

fn censor() -> Censor {
    Censor::new(Some(InjectReset { sni: "zoom.us".to_owned() }), None)
}

/// A segment of sequence number 100 that acknowledges 900.
fn hello(text: &str) -> Vec<u8> {
    let mut bytes = vec![0; TCP + text.len()];
    let mut segment = MutableTcpPacket::new(&mut bytes).unwrap();
    segment.set_source(50_000);
    segment.set_destination(443);
    segment.set_sequence(100);
    segment.set_acknowledgement(900);
    segment.set_data_offset(5);
    segment.set_payload(text.as_bytes());
    let address = |last, port| SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, last), port);
    packet(address(1, 50_000), address(2, 443), IpNextHeaderProtocols::Tcp, &bytes)
}

fn numbers(packet: &[u8]) -> (u16, u16, u32, u32, u8) {
    let ip = Ipv4Packet::new(packet).unwrap();
    let segment = TcpPacket::new(ip.payload()).unwrap();
    (
        segment.get_source(),
        segment.get_destination(),
        segment.get_sequence(),
        segment.get_acknowledgement(),
        segment.get_flags(),
    )
}

fn query(name: &[u8], kind: u8) -> Vec<u8> {
    let mut query = vec![7, 9, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    query.extend(name);
    query.extend([0, kind, 0, 1]);
    query
}
