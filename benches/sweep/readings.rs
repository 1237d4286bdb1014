//! How what each contestant tells is read.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use super::world::Part;

/// What is told of addresses. What isn't there is silent.
pub(crate) type Told = BTreeMap<Ipv4Addr, Part>;

/// Reads the whole of a contestant's output.
pub(crate) type Read = fn(&str) -> Told;

/// Lines of address and word, as our own engines' are written here.
pub(crate) fn read_plain(text: &str) -> Told {
    by_line(text, |line| {
        let (address, word) = line.split_once(' ')?;
        Some((address.parse().ok()?, by_word(word)?))
    })
}

/// CSV of address and classification. This version knows no ICMP errors.
pub(crate) fn read_zmap(text: &str) -> Told {
    by_line(text, |line| {
        let (address, word) = line.split_once(',')?;
        Some((address.parse().ok()?, by_word(word)?))
    })
}

/// `-oL`: state, protocol, port, address and time.
pub(crate) fn read_masscan(text: &str) -> Told {
    by_line(text, |line| {
        let mut words = line.split(' ');
        let word = words.next()?;
        Some((words.nth(2)?.parse().ok()?, by_word(word)?))
    })
}

/// Lines of address and open ports.
pub(crate) fn read_rustscan(text: &str) -> Told {
    by_line(text, |line| {
        let (address, ports) = line.split_once(" -> ")?;
        (ports == "[443]").then_some((address.parse().ok()?, Part::Open))
    })
}

/// `-oX`: only there it says why a port is filtered. An address has a line of its own, before that of its port.
pub(crate) fn read_nmap(text: &str) -> Told {
    let after = |line: &str, words: &str| Some(line.split_once(words)?.1.split_once('"')?.0.to_owned());
    let mut address = None;
    by_line(text, |line| {
        if let Some(of) = after(line, "<address addr=\"") {
            address = of.parse().ok();
        }
        let state = after(line, "<state state=\"")?;
        let word = if state == "filtered" { after(line, " reason=\"")? } else { state };
        Some((address?, by_word(&word)?))
    })
}

fn by_line(text: &str, read: impl FnMut(&str) -> Option<(Ipv4Addr, Part)>) -> Told {
    text.lines().filter_map(read).collect()
}

fn by_word(word: &str) -> Option<Part> {
    match word {
        "open" | "synack" => Some(Part::Open),
        "closed" | "rst" => Some(Part::Closed),
        "prohibited" | "admin-prohibited" => Some(Part::Prohibited),
        _ => None,
    }
}
