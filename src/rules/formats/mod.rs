//! The formats that rules are written in, one file each, and the one list of them.

mod asa;
mod aws;
mod azure;
mod csv;
mod fortigate;
mod heading;
mod ios;
mod iptables;
mod nftables;
mod object_name;
mod palo_alto;

use super::ruleset::Ruleset;

/// A syntax of firewall rules.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    /// What users call it.
    pub name: &'static str,
    /// How the name of its files ends, without a dot.
    pub ending: &'static str,
    /// Which firewall, and what is written for it, in a few words.
    pub title: &'static str,
    /// Writes the rules, whole lines.
    pub write: fn(&Ruleset) -> String,
    /// What must be known to use the rules and can't stand in the text: a sentence each.
    pub notes: fn(&Ruleset) -> Vec<String>,
}

/// Every format, in the order in which they are listed to users.
pub const FORMATS: &[Format] = &[
    nftables::FORMAT,
    iptables::FORMAT,
    asa::FORMAT,
    ios::FORMAT,
    palo_alto::FORMAT,
    fortigate::FORMAT,
    aws::FORMAT,
    azure::FORMAT,
    csv::FORMAT,
];

/// The format of that name.
pub fn format(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}

/// The text says all itself.
fn no_notes(_: &Ruleset) -> Vec<String> {
    Vec::new()
}

#[cfg(test)]
mod tests;
