//! How what each contestant tells is read.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use serde_json::Value;

use super::world::Part;

/// What is told of addresses: a part, or something that none of them is. What isn't there is silent.
pub(crate) type Told = BTreeMap<Ipv4Addr, Option<Part>>;

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

/// The file of a sweep: what came for each target, and then the final state on each run of addresses, which stands. An address of
/// which nobody can tell more is `unknown`.
pub(crate) fn read_log(text: &str) -> Told {
    let mut told = Told::new();
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let address = |key: &str| line[key].as_str()?.split(':').next()?.parse::<Ipv4Addr>().ok();
        let (run, word) =
            if let (Some(state), Some(from), Some(to)) = (line["state"].as_str(), address("from"), address("to")) {
                (from..=to, state)
            } else if let (Some(came), Some(target)) = (line["came"].as_str(), address("target")) {
                (target..=target, came)
            } else {
                // The first line, or one of another family.
                continue;
            };
        for bits in run.start().to_bits()..=run.end().to_bits() {
            match word {
                "silent" | "unknown" => told.remove(&Ipv4Addr::from_bits(bits)),
                word => told.insert(Ipv4Addr::from_bits(bits), by_word(word)),
            };
        }
    }
    told
}

fn by_line(text: &str, mut read: impl FnMut(&str) -> Option<(Ipv4Addr, Part)>) -> Told {
    text.lines().filter_map(|line| read(line).map(|(address, part)| (address, Some(part)))).collect()
}

fn by_word(word: &str) -> Option<Part> {
    match word {
        "open" | "synack" => Some(Part::Open),
        // With no router between, whose RST it was can't be told.
        "closed" | "rst" | "refused" => Some(Part::Closed),
        "prohibited" | "admin-prohibited" => Some(Part::Prohibited),
        _ => None,
    }
}
