//! Palo Alto Networks PAN-OS: set commands for address objects, address groups, service objects and security rules.
//!
//! Names have at most 63 characters of letters, digits, spaces, `-` and `_` ("Addresses Fields" and "Components of a Security
//! Policy Rule", docs.paloaltonetworks.com, read 2026-11-24). Groups are filled member by member, since the length of a line
//! that is pasted is limited.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::heading::heading;
use super::object_name::object_name;
use super::{Format, no_notes};
use crate::catalogue::PortRange;
use crate::rules::ports::spelled;
use crate::rules::ruleset::{Group, Ruleset};

pub(super) const FORMAT: Format = Format {
    name: "palo-alto",
    ending: "txt",
    title: "Palo Alto PAN-OS: set commands for objects, groups and security rules",
    write,
    notes: no_notes,
};

const HOW: &[&str] = &[
    "Paste it in configure mode without these first lines, then commit.",
    "The rules go from any zone to any: set yours with: set rulebase security rules NAME from ZONE to ZONE. \
     They match by address and port, whatever the application.",
    "Replies pass, since PAN-OS keeps state.",
    "Groups only grow when it is pasted again: remove by hand what Zoom has withdrawn.",
];

fn write(rules: &Ruleset) -> String {
    let mut text = heading("#", rules, HOW);
    let groups = rules.groups();
    for prefix in groups.iter().flat_map(Group::prefixes).collect::<BTreeSet<_>>() {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "set address {} ip-netmask {prefix}", object_name(prefix));
    }
    for range in groups.iter().flat_map(|group| &group.ports).collect::<BTreeSet<_>>() {
        let ports = spelled(*range, "-");
        let _ = writeln!(text, "set service {} protocol {} port {ports}", service_name(*range), range.transport);
    }
    for group in groups {
        let Group { name, title, ports, .. } = group;
        for prefix in group.prefixes() {
            let _ = writeln!(text, "set address-group zoom-{name} static {}", object_name(prefix));
        }
        let _ = writeln!(text, "set address-group zoom-{name} description \"Zoom: {title}\"");
        let services: Vec<String> = ports.iter().map(|range| service_name(*range)).collect();
        let _ = writeln!(
            text,
            "set rulebase security rules zoom-{name} from any to any source any destination zoom-{name} application any \
             service [ {} ] action allow description \"Zoom: {title}\"",
            services.join(" ")
        );
    }
    // The first of them ends on top.
    for Group { name, .. } in groups.iter().rev() {
        let _ = writeln!(text, "move rulebase security rules zoom-{name} top");
    }
    text
}

fn service_name(range: PortRange) -> String {
    format!("zoom-{}-{}", range.transport, spelled(range, "-"))
}
