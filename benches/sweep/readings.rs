//! How what each contestant tells is read.

use std::net::Ipv4Addr;

use super::world::Part;

/// How a contestant's output is read: the state that a line tells of an address.
pub(crate) type Read = fn(&str) -> Option<(Ipv4Addr, Part)>;

pub(crate) fn read_plain(line: &str) -> Option<(Ipv4Addr, Part)> {
    let (address, word) = line.split_once(' ')?;
    Some((address.parse().ok()?, by_word(word)?))
}

pub(crate) fn read_zmap(line: &str) -> Option<(Ipv4Addr, Part)> {
    let (address, word) = line.split_once(',')?;
    Some((address.parse().ok()?, by_word(word)?))
}

pub(crate) fn read_masscan(line: &str) -> Option<(Ipv4Addr, Part)> {
    let mut words = line.split(' ');
    let word = words.next()?;
    Some((words.nth(2)?.parse().ok()?, by_word(word)?))
}

pub(crate) fn read_nmap(line: &str) -> Option<(Ipv4Addr, Part)> {
    let (host, ports) = line.strip_prefix("Host: ")?.split_once("Ports: 443/")?;
    Some((host.split(' ').next()?.parse().ok()?, by_word(ports.split('/').next()?)?))
}

pub(crate) fn read_rustscan(line: &str) -> Option<(Ipv4Addr, Part)> {
    let (address, ports) = line.split_once(" -> ")?;
    (ports == "[443]").then_some((address.parse().ok()?, Part::Open))
}

fn by_word(word: &str) -> Option<Part> {
    match word {
        "open" | "synack" => Some(Part::Open),
        "closed" | "rst" => Some(Part::Closed),
        "prohibited" => Some(Part::Prohibited),
        _ => None,
    }
}
