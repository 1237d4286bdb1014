//! A packet that lacks only its target: built once, then copied and filled in, so that a packet costs a few additions.

use std::net::{IpAddr, SocketAddr};

use pnet::packet::ethernet::{EtherTypes, MutableEthernetPacket};
use pnet::packet::ip::IpNextHeaderProtocols;
use pnet::packet::ipv4::{Ipv4Flags, MutableIpv4Packet};
use pnet::packet::ipv6::MutableIpv6Packet;
use pnet::packet::tcp::{MutableTcpPacket, TcpFlags, TcpOption};
use pnet::util::MacAddr;

/// Both ends of a link; a packet that the kernel routes has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Link {
    /// This computer's interface.
    pub(super) from: MacAddr,
    /// The next hop.
    pub(super) to: MacAddr,
}

/// What a packet is sent for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Segment {
    /// Asks.
    Syn,
    /// Ends what a SYN-ACK opened, at the far end and in every table on the route.
    Reset,
}

/// A packet ready to go.
#[derive(Clone, Copy)]
pub(super) struct Packet {
    bytes: [u8; LONGEST],
    length: usize,
}

impl Packet {
    /// Room for one.
    pub(super) const EMPTY: Self = Self { bytes: [0; LONGEST], length: 0 };

    /// What goes on the wire.
    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

/// A packet without its target.
pub(super) struct Template {
    packet: Packet,
    /// Where the IP header begins.
    ip: usize,
    /// Where the TCP header begins.
    tcp: usize,
    /// The sums (RFC 1071) of what does not change: of the IPv4 header, and of the segment with its pseudo-header.
    ip_sum: u32,
    tcp_sum: u32,
}

impl Template {
    /// From this source, behind this link header.
    pub(super) fn new(segment: Segment, source: IpAddr, link: Option<Link>) -> Self {
        let mut packet = Packet::EMPTY;
        let ip = if link.is_some() { MutableEthernetPacket::minimum_packet_size() } else { 0 };
        let tcp = ip + if source.is_ipv4() { IPV4 } else { IPV6 };
        let tcp_length = if segment == Segment::Syn { TCP + OPTIONS } else { TCP };
        packet.length = tcp + tcp_length;
        let length = u16::try_from(tcp_length).unwrap_or(u16::MAX);
        let mut bytes = packet.bytes;
        if let (Some(link), Some(mut ethernet)) = (link, MutableEthernetPacket::new(&mut bytes)) {
            ethernet.set_source(link.from);
            ethernet.set_destination(link.to);
            ethernet.set_ethertype(if source.is_ipv4() { EtherTypes::Ipv4 } else { EtherTypes::Ipv6 });
        }
        build_ip(bytes.get_mut(ip..).unwrap_or_default(), source, length);
        build_tcp(bytes.get_mut(tcp..packet.length).unwrap_or_default(), segment, source);
        packet.bytes = bytes;
        let part = |from: usize, to: usize| sum(bytes.get(from..to).unwrap_or_default());
        let ip_sum = if source.is_ipv4() { part(ip, tcp) } else { 0 };
        // The target's address is still zero.
        let addresses = if source.is_ipv4() { part(ip + 12, tcp) } else { part(ip + 8, tcp) };
        let tcp_sum =
            part(tcp, packet.length) + addresses + u32::from(length) + u32::from(IpNextHeaderProtocols::Tcp.0);
        Self { packet, ip, tcp, ip_sum, tcp_sum }
    }

    /// Sets the timestamp of a SYN, which a SYN-ACK echoes (RFC 7323, 3.2); for all packets from now on.
    pub(super) fn stamp(&mut self, stamp: u32) {
        let at = self.tcp + STAMP;
        let stamp = stamp.to_be_bytes();
        let before: Option<[u8; 4]> = self.packet.bytes.get(at..).and_then(|rest| rest.first_chunk().copied());
        self.tcp_sum = self.tcp_sum + sum(&stamp) - before.map_or(0, |before| sum(&before));
        put(&mut self.packet, at, stamp);
    }

    /// Makes it a packet to that target, of the source's family.
    pub(super) fn fill(&self, into: &mut Packet, from_port: u16, to: SocketAddr, sequence: u32) {
        *into = self.packet;
        let [high, low] = [sequence >> 16, sequence & 0xffff];
        let mut tcp_sum = self.tcp_sum + u32::from(from_port) + u32::from(to.port()) + high + low;
        match to.ip() {
            IpAddr::V4(to) => {
                let octets = to.octets();
                let added = sum(&octets);
                tcp_sum += added;
                put(into, self.ip + 10, fold(self.ip_sum + added).to_be_bytes());
                put(into, self.ip + 16, octets);
            }
            IpAddr::V6(to) => {
                let octets = to.octets();
                tcp_sum += sum(&octets);
                put(into, self.ip + 24, octets);
            }
        }
        put(into, self.tcp, from_port.to_be_bytes());
        put(into, self.tcp + 2, to.port().to_be_bytes());
        put(into, self.tcp + 4, sequence.to_be_bytes());
        put(into, self.tcp + 16, fold(tcp_sum).to_be_bytes());
    }
}

fn build_ip(bytes: &mut [u8], source: IpAddr, payload: u16) {
    match source {
        IpAddr::V4(source) => {
            let Some(mut header) = MutableIpv4Packet::new(bytes) else { return };
            header.set_version(4);
            header.set_header_length(5);
            header.set_total_length(payload + u16::try_from(IPV4).unwrap_or_default());
            // What is never fragmented needs no identification (RFC 6864, 4.1).
            header.set_flags(Ipv4Flags::DontFragment);
            header.set_ttl(HOPS);
            header.set_next_level_protocol(IpNextHeaderProtocols::Tcp);
            header.set_source(source);
        }
        IpAddr::V6(source) => {
            let Some(mut header) = MutableIpv6Packet::new(bytes) else { return };
            header.set_version(6);
            header.set_payload_length(payload);
            header.set_next_header(IpNextHeaderProtocols::Tcp);
            header.set_hop_limit(HOPS);
            header.set_source(source);
        }
    }
}

fn build_tcp(bytes: &mut [u8], segment: Segment, source: IpAddr) {
    let words = bytes.len() / 4;
    let Some(mut header) = MutableTcpPacket::new(bytes) else { return };
    header.set_data_offset(u8::try_from(words).unwrap_or(u8::MAX));
    match segment {
        Segment::Syn => {
            header.set_flags(TcpFlags::SYN);
            header.set_window(WINDOW);
            // What fits an Ethernet frame (RFC 9293, 3.7.1); a SYN without the option meets filters that drop it.
            let mss = TcpOption::mss(if source.is_ipv4() { 1_460 } else { 1_440 });
            header.set_options(&[mss, TcpOption::nop(), TcpOption::nop(), TcpOption::timestamp(0, 0)]);
        }
        // No ACK: the sequence number alone makes it acceptable (RFC 9293, 3.10.7.4).
        Segment::Reset => header.set_flags(TcpFlags::RST),
    }
}

/// Writes inside a packet; every place lies there, since the template was built that long.
fn put<const N: usize>(into: &mut Packet, at: usize, bytes: [u8; N]) {
    if let Some(place) = into.bytes.get_mut(at..at + N) {
        place.copy_from_slice(&bytes);
    }
}

/// The sum of 16-bit words, unfolded; of less than 64 KiB it does not overflow.
fn sum(bytes: &[u8]) -> u32 {
    let (words, _) = bytes.as_chunks::<2>();
    words.iter().map(|word| u32::from(u16::from_be_bytes(*word))).sum()
}

/// The checksum that a sum stands for (RFC 1071).
fn fold(sum: u32) -> u16 {
    let once = (sum & 0xffff) + (sum >> 16);
    let twice = (once & 0xffff) + (once >> 16);
    !u16::try_from(twice).unwrap_or(u16::MAX)
}

const IPV4: usize = 20;
const IPV6: usize = 40;
const TCP: usize = 20;
/// MSS (RFC 9293, 3.1), two of filling, and a timestamp (RFC 7323, 3.2).
const OPTIONS: usize = 4 + 2 + 10;
/// Where the timestamp stands in the segment.
const STAMP: usize = TCP + 8;
const LONGEST: usize = 14 + IPV6 + TCP + OPTIONS;
/// What Linux sends (`ip_default_ttl`).
const HOPS: u8 = 64;
/// The largest without scaling (RFC 9293, 3.1).
const WINDOW: u16 = 65_535;

#[cfg(test)]
mod tests {
    use pnet::packet::Packet as _;
    use pnet::packet::ethernet::EthernetPacket;
    use pnet::packet::ipv4::{self, Ipv4Packet};
    use pnet::packet::ipv6::Ipv6Packet;
    use pnet::packet::tcp::{self, TcpPacket};
    use proptest::prelude::*;

    use super::*;

    const LINK: Link = Link { from: MacAddr(2, 0, 0, 0, 0, 1), to: MacAddr(2, 0, 0, 0, 0, 2) };

    fn filled(
        segment: Segment,
        source: IpAddr,
        link: Option<Link>,
        port: u16,
        to: SocketAddr,
        sequence: u32,
    ) -> Packet {
        let mut packet = Packet::EMPTY;
        Template::new(segment, source, link).fill(&mut packet, port, to, sequence);
        packet
    }

    proptest! {
        #[test]
        fn checksums_are_those_that_a_whole_computation_gives(
            source: [u8; 4], to: [u8; 4], wide_source: [u8; 16], wide_to: [u8; 16],
            ports: (u16, u16), sequence: u32, stamps: Vec<u32>,
        ) {
            let segment = if stamps.is_empty() { Segment::Reset } else { Segment::Syn };
            let filled = |source: IpAddr, to| {
                let (mut packet, mut template) = (Packet::EMPTY, Template::new(segment, source, None));
                for stamp in &stamps {
                    template.stamp(*stamp);
                }
                template.fill(&mut packet, ports.0, to, sequence);
                packet
            };
            let packet = filled(source.into(), SocketAddr::new(to.into(), ports.1));
            let ip = Ipv4Packet::new(packet.bytes()).unwrap();
            prop_assert_eq!(ip.get_checksum(), ipv4::checksum(&ip));
            let segment_read = TcpPacket::new(ip.payload()).unwrap();
            let whole = tcp::ipv4_checksum(&segment_read, &source.into(), &to.into());
            prop_assert_eq!(segment_read.get_checksum(), whole);
            let to = SocketAddr::new(wide_to.into(), ports.1);
            let packet = filled(wide_source.into(), to);
            let ip = Ipv6Packet::new(packet.bytes()).unwrap();
            let segment_read = TcpPacket::new(ip.payload()).unwrap();
            let whole = tcp::ipv6_checksum(&segment_read, &wide_source.into(), &wide_to.into());
            prop_assert_eq!(segment_read.get_checksum(), whole);
        }
    }

    #[test]
    fn a_syn_goes_to_its_target_over_the_link() {
        let to = "170.114.3.4:443".parse().unwrap();
        let packet = filled(Segment::Syn, "192.0.2.1".parse().unwrap(), Some(LINK), 40_000, to, 0x0102_0304);
        let ethernet = EthernetPacket::new(packet.bytes()).unwrap();
        assert_eq!((ethernet.get_source(), ethernet.get_destination()), (LINK.from, LINK.to));
        assert_eq!(ethernet.get_ethertype(), EtherTypes::Ipv4);
        let ip = Ipv4Packet::new(ethernet.payload()).unwrap();
        assert_eq!((IpAddr::from(ip.get_destination()), usize::from(ip.get_total_length())), (to.ip(), 56));
        let segment = TcpPacket::new(ip.payload()).unwrap();
        assert_eq!(
            (segment.get_source(), segment.get_destination(), segment.get_sequence()),
            (40_000, 443, 0x0102_0304)
        );
        assert_eq!((segment.get_flags(), segment.get_data_offset()), (TcpFlags::SYN, 9));
        assert_eq!(segment.get_options_raw(), [2, 4, 5, 180, 1, 1, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn a_reset_carries_nothing_but_its_number() {
        let to = "[2407:30c0:180::1]:443".parse().unwrap();
        let packet = filled(Segment::Reset, "2001:db8::1".parse().unwrap(), None, 40_000, to, 7);
        let ip = Ipv6Packet::new(packet.bytes()).unwrap();
        assert_eq!((IpAddr::from(ip.get_destination()), ip.get_payload_length()), (to.ip(), 20));
        let segment = TcpPacket::new(ip.payload()).unwrap();
        assert_eq!((segment.get_flags(), segment.get_sequence(), segment.get_acknowledgement()), (TcpFlags::RST, 7, 0));
    }
}
