//! Cisco IOS and IOS XE: plain extended access lists, since object groups for IPv6 are newer than many routers.
//!
//! Masks are wildcard masks for IPv4 and prefix lengths for IPv6. A remark has at most 100 characters ("Commented IP Access
//! List Entries", IOS XE 16 security configuration guide).

use std::fmt::Write as _;

use super::heading::heading;
use super::{Format, no_notes};
use crate::rules::ruleset::{Group, Ruleset};

pub(super) const FORMAT: Format = Format {
    name: "cisco-ios",
    ending: "txt",
    title: "Cisco IOS and IOS XE: extended access lists with wildcard masks",
    write,
    notes: no_notes,
};

const HOW: &[&str] = &[
    "Put these entries into the access lists that your inside interface has inbound, before their denies: \
     a list of these alone denies everything else.",
    "An access list keeps no state: replies need zone-based inspection (class-map match access-group), \
     ip inspect, or entries of their own on the way back.",
];

fn write(rules: &Ruleset) -> String {
    let mut text = heading("!", rules, HOW);
    let name = rules.gap_name().map_or("ZOOM-OUT".to_owned(), |gap| format!("ZOOM-{}", gap.to_ascii_uppercase()));
    list(&mut text, &format!("ip access-list extended {name}"), rules, |group| {
        let destination = |prefix: &ipnet::Ipv4Net| match prefix.prefix_len() {
            32 => format!("host {}", prefix.addr()),
            _ => format!("{} {}", prefix.addr(), prefix.hostmask()),
        };
        group.v4.iter().map(destination).collect()
    });
    list(&mut text, &format!("ipv6 access-list {name}-V6"), rules, |group| {
        let destination = |prefix: &ipnet::Ipv6Net| match prefix.prefix_len() {
            128 => format!("host {}", prefix.addr()),
            _ => prefix.to_string(),
        };
        group.v6.iter().map(destination).collect()
    });
    text
}

/// One access list, unless no group has a destination of its family.
fn list(text: &mut String, opening: &str, rules: &Ruleset, destinations: fn(&Group) -> Vec<String>) {
    let groups: Vec<(&Group, Vec<String>)> = rules.groups().iter().map(|group| (group, destinations(group))).collect();
    if groups.iter().all(|(_, destinations)| destinations.is_empty()) {
        return;
    }
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{opening}");
    for (group, destinations) in groups.iter().filter(|(_, destinations)| !destinations.is_empty()) {
        let _ = writeln!(text, " remark Zoom: {}", group.title);
        for range in &group.ports {
            for destination in destinations {
                let _ = if range.first == range.last {
                    writeln!(text, " permit {} any {destination} eq {}", range.transport, range.first)
                } else {
                    writeln!(text, " permit {} any {destination} range {} {}", range.transport, range.first, range.last)
                };
            }
        }
    }
    text.push_str("exit\n");
}
