//! One field of the file at a time: from text to a value that cannot be wrong, or to a message that says how to write
//! it. It never looks from one entry to another.
//!
//! Text is read inside serde's visitor, because only then does toml know the place of an array's element.

use std::collections::BTreeSet;
use std::fmt;
use std::marker::PhantomData;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use jiff::civil::Date;
use serde::de::{DeserializeSeed, Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serializer};
use why5003_probes::model::{Target, Transport};
use why5003_probes::wire::text::shown;

use super::model::{NamePattern, PortRange, Version};

/// Reads a list of prefixes, none twice.
pub(super) fn prefixes<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<IpNet>, D::Error> {
    let mut seen = BTreeSet::new();
    from.deserialize_seq(each(move |text| {
        let prefix = prefix(text)?;
        if seen.insert(prefix) { Ok(prefix) } else { Err(format!("prefix {prefix} stands twice; keep one")) }
    }))
}

/// Reads a list of addresses.
pub(super) fn addresses<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<IpAddr>, D::Error> {
    from.deserialize_seq(each(address))
}

/// Reads a list of documentation addresses.
pub(super) fn canaries<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<IpAddr>, D::Error> {
    from.deserialize_seq(each(canary))
}

/// Reads a list of addresses with ports.
pub(super) fn sockets<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<SocketAddr>, D::Error> {
    from.deserialize_seq(each(socket))
}

/// Reads a list of words of at least three characters.
pub(super) fn words<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    from.deserialize_seq(each(word))
}

/// Reads a host name.
pub(super) fn host_name<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    from.deserialize_str(one(name))
}

/// Reads the path of a request.
pub(super) fn path<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    from.deserialize_str(one(request_path))
}

/// Reads a date.
pub(super) fn date<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    from.deserialize_str(one(calendar_date))
}

/// Reads a name or address with its TCP port.
pub(super) fn tcp_target<'de, D: Deserializer<'de>>(from: D) -> Result<Target, D::Error> {
    from.deserialize_str(one(|text| port_of_host(text, 80, Transport::Tcp)))
}

/// Reads a name or address with its UDP port.
pub(super) fn udp_target<'de, D: Deserializer<'de>>(from: D) -> Result<Target, D::Error> {
    from.deserialize_str(one(|text| port_of_host(text, 3478, Transport::Udp)))
}

/// Reads a port number.
pub(super) fn port<'de, D: Deserializer<'de>>(from: D) -> Result<u16, D::Error> {
    from.deserialize_i64(Port)
}

/// Writes a value as its own spelling.
pub(super) fn as_text<T: fmt::Display, S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(value)
}

impl<'de> Deserialize<'de> for PortRange {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_str(one(port_range))
    }
}

impl<'de> Deserialize<'de> for NamePattern {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_str(one(name_pattern))
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_str(one(version))
    }
}

/// A prefix as its owner would announce it: with its length, without host bits, not so wide that a sweep of it were an
/// attack.
pub(super) fn prefix(text: &str) -> Result<IpNet, String> {
    let Ok(net) = text.parse::<IpNet>() else {
        return Err(match text.parse::<IpAddr>() {
            Ok(address) => format!("prefix {text} has no length; write {}", IpNet::from(address)),
            Err(_) => format!("prefix {} is malformed; write 170.114.0.0/16 or 2407:30c0::/32", quoted(text)),
        });
    };
    if net != net.trunc() {
        return Err(format!("prefix {text} has host bits set; write {}", net.trunc()));
    }
    let shortest = if net.addr().is_ipv4() { SHORTEST_V4 } else { SHORTEST_V6 };
    if net.prefix_len() < shortest {
        return Err(format!("prefix {net} is too wide; write prefixes of /{shortest} or longer"));
    }
    Ok(net)
}

/// Text of the file, quoted and safe to print.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", shown(text, 60))
}

/// Checks a day of the calendar in the form `2026-10-08`, from the year 2000 on.
pub(super) fn calendar_date(text: &str) -> Result<String, String> {
    // jiff reads other spellings too, such as 20261008; one spelling makes dates of two files comparable as texts.
    let day = text.parse::<Date>().ok().filter(|day| day.to_string() == text && YEARS.contains(&day.year()));
    day.map(|day| day.to_string()).ok_or_else(|| format!("date {} is malformed; write 2026-10-08", quoted(text)))
}

fn address(text: &str) -> Result<IpAddr, String> {
    text.parse().map_err(|_| format!("address {} is malformed; write 192.0.2.1 or 2001:db8::1", quoted(text)))
}

fn canary(text: &str) -> Result<IpAddr, String> {
    let address = address(text)?;
    let nobody = DOCUMENTATION_V4.map(IpNet::V4).into_iter().chain(DOCUMENTATION_V6.map(IpNet::V6));
    if nobody.into_iter().any(|prefix| prefix.contains(&address)) {
        Ok(address)
    } else {
        Err(format!(
            "canary {address} may have an owner; write a documentation address, such as 192.0.2.1 or 2001:db8::1"
        ))
    }
}

fn socket(text: &str) -> Result<SocketAddr, String> {
    let socket = text.parse::<SocketAddr>().ok().filter(|socket| socket.port() != 0);
    socket.ok_or_else(|| {
        format!("address {} is malformed; write 192.0.2.1:3478 or [2001:db8::1]:3478, port 1 to 65535", quoted(text))
    })
}

fn word(text: &str) -> Result<String, String> {
    let right = text.trim() == text && text.chars().count() >= 3;
    right.then(|| text.to_owned()).ok_or_else(|| {
        format!("word {} would match too much; write three characters or more, no blanks around them", quoted(text))
    })
}

fn name(text: &str) -> Result<String, String> {
    if is_name(text) {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "name {} is malformed; write a host name in lower case without a final dot, such as zoom.us",
            quoted(text)
        ))
    }
}

/// Lower-case names of kit's targets whose last label is no number (RFC 3696, section 2).
fn is_name(text: &str) -> bool {
    let numeric = |label: &str| label.bytes().all(|b| b.is_ascii_digit());
    !text.rsplit('.').next().is_none_or(numeric)
        && text.parse::<Target>().is_ok_and(|target| target == Target::name(text) && target.to_string() == text)
}

fn name_pattern(text: &str) -> Result<NamePattern, String> {
    let pattern = match text.strip_prefix("*.") {
        Some(parent) => is_name(parent).then(|| NamePattern::Below(parent.to_owned())),
        None => is_name(text).then(|| NamePattern::Name(text.to_owned())),
    };
    pattern.ok_or_else(|| format!("name {} is malformed; write zoom.us or *.zoom.us, in lower case", quoted(text)))
}

/// Visible ASCII after a slash: it goes into a request line as it stands (RFC 9112, section 3).
fn request_path(text: &str) -> Result<String, String> {
    if text.starts_with('/') && text.bytes().all(|b| b.is_ascii_graphic() && b != b'#') {
        Ok(text.to_owned())
    } else {
        Err(format!("path {} is malformed; begin with a slash and write visible ASCII", quoted(text)))
    }
}

/// A name or an address, one of them, at a port of that transport; `usual` is a port for the message.
fn port_of_host(text: &str, usual: u16, transport: Transport) -> Result<Target, String> {
    let right = |target: &Target| {
        let place = match (&target.host, target.address) {
            (Some(host), None) => is_name(host),
            (None, Some(_)) => true,
            (Some(_), Some(_)) | (None, None) => false,
        };
        place && target.port.is_some_and(|(_, of)| of == transport)
    };
    text.parse().ok().filter(right).ok_or_else(|| {
        let examples = format!("example.com:{usual}/{transport} or 192.0.2.1:{usual}/{transport}");
        format!("target {} is malformed; write {examples}", quoted(text))
    })
}

fn port_number(number: i64) -> Option<u16> {
    u16::try_from(number).ok().filter(|&port| port != 0)
}

fn port_range(text: &str) -> Result<PortRange, String> {
    let wrong = |what: &str, fix: &str| Err(format!("port range {} {what}; write {fix}", quoted(text)));
    let (transport, ports) = match text.split_once('/') {
        Some(("tcp", ports)) => (Transport::Tcp, ports),
        Some(("udp", ports)) => (Transport::Udp, ports),
        Some(_) | None => return wrong("names no transport", "tcp/443 or udp/8801-8810"),
    };
    let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(first) || !digits(last) {
        return wrong("is malformed", "tcp/443 or udp/8801-8810");
    }
    let number = |text: &str| text.parse().ok().and_then(port_number);
    match (number(first), number(last)) {
        (Some(first), Some(last)) if first <= last => Ok(PortRange { transport, first, last }),
        (Some(first), Some(last)) => wrong("runs backwards", &format!("{transport}/{last}-{first}")),
        (None, _) | (_, None) => wrong("holds a port out of range", "ports from 1 to 65535"),
    }
}

/// The text is no range of ports.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{wrong}")]
pub struct ParsePortRangeError {
    wrong: String,
}

impl FromStr for PortRange {
    type Err = ParsePortRangeError;

    /// Reads `tcp/443` or `udp/8801-8810`.
    ///
    /// # Errors
    /// [`ParsePortRangeError`], which says how to write it, when the text is anything else.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        port_range(text).map_err(|wrong| ParsePortRangeError { wrong })
    }
}

fn version(text: &str) -> Result<Version, String> {
    let parts: Vec<Option<u32>> = text.split('.').map(|part| part.parse().ok()).collect();
    match parts.as_slice() {
        &[Some(major), Some(minor), Some(patch)] if !text.contains('+') => Ok(Version(major, minor, patch)),
        _ => Err(format!("version {} is malformed; write 6.0.2", quoted(text))),
    }
}

/// Reads one text by a function.
struct One<F, T>(F, PhantomData<fn() -> T>);

fn one<T, F: FnOnce(&str) -> Result<T, String>>(read: F) -> One<F, T> {
    One(read, PhantomData)
}

impl<T, F: FnOnce(&str) -> Result<T, String>> Visitor<'_> for One<F, T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text in quotes")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        (self.0)(text).map_err(E::custom)
    }
}

impl<'de, T, F: FnOnce(&str) -> Result<T, String>> DeserializeSeed<'de> for One<F, T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<T, D::Error> {
        from.deserialize_str(self)
    }
}

/// Reads a port number.
struct Port;

impl Visitor<'_> for Port {
    type Value = u16;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a port number")
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<u16, E> {
        port_number(number).ok_or_else(|| E::custom(format!("port {number} is out of range; write 1 to 65535")))
    }
}

/// Reads an array of texts by a function.
struct Each<F, T>(F, PhantomData<fn() -> T>);

fn each<T, F: FnMut(&str) -> Result<T, String>>(read: F) -> Each<F, T> {
    Each(read, PhantomData)
}

impl<'de, T, F: FnMut(&str) -> Result<T, String>> Visitor<'de> for Each<F, T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of texts in quotes")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut array: A) -> Result<Vec<T>, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = array.next_element_seed(one(&mut self.0))? {
            values.push(value);
        }
        Ok(values)
    }
}

/// A sweep goes where the catalogue points. IANA's unit of allocation is the IPv4 /8; its IPv6 unit is the /12, and Zoom's
/// widest prefix a /32.
const SHORTEST_V4: u8 = 8;
const SHORTEST_V6: u8 = 16;

/// A year outside is a slip of the pen: Zoom was founded in 2011.
const YEARS: std::ops::RangeInclusive<i16> = 2000..=2999;

/// RFC 5737, section 3.
const DOCUMENTATION_V4: [Ipv4Net; 3] = [
    Ipv4Net::new_assert(Ipv4Addr::new(192, 0, 2, 0), 24),
    Ipv4Net::new_assert(Ipv4Addr::new(198, 51, 100, 0), 24),
    Ipv4Net::new_assert(Ipv4Addr::new(203, 0, 113, 0), 24),
];

/// RFC 3849, section 2, and RFC 9637.
const DOCUMENTATION_V6: [Ipv6Net; 2] = [
    Ipv6Net::new_assert(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    Ipv6Net::new_assert(Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];
