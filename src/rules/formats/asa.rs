//! Cisco ASA, 9.0 or later: object groups of prefixes and of ports, and entries of an access list.
//!
//! Names have at most 64 characters ("Guidelines for Objects", ASA 9.22 Firewall CLI configuration guide). Object
//! groups could mix both families and do not, so that `any4` and `any6` stand beside their own kind. A remark has at
//! most 100 characters ("Adding Remarks to ACLs", ASA series CLI configuration guide). Masks are subnet masks, unlike
//! IOS.

use std::fmt::Write as _;

use super::heading::heading;
use super::{Format, no_notes};
use crate::catalogue::PortRange;
use crate::rules::ruleset::{Group, Ruleset};

pub(super) const FORMAT: Format = Format {
    name: "cisco-asa",
    ending: "txt",
    title: "Cisco ASA 9.0 or later: object groups and access-list entries",
    write,
    notes: no_notes,
};

const HOW: &[&str] = &[
    "Paste it in configuration mode, and write the name of the access list on your inside interface \
     (show run access-group) for inside_access_in. Its entries go to the top, before any deny.",
    "Replies pass, since an ASA keeps state.",
    "Object groups only grow when it is pasted again: remove by hand what Zoom has withdrawn.",
];

fn write(rules: &Ruleset) -> String {
    let mut text = heading("!", rules, HOW);
    for group in rules.groups() {
        text.push_str(&objects(group));
    }
    let mut line = 0;
    let mut entry = |entry: String| {
        line += 1;
        // Writing to a String cannot fail.
        let _ = writeln!(text, "access-list inside_access_in line {line} {entry}");
    };
    for group in rules.groups() {
        let Group { name, title, v4, v6, .. } = group;
        entry(format!("remark Zoom: {title}"));
        for (empty, family, any) in [(v4.is_empty(), "v4", "any4"), (v6.is_empty(), "v6", "any6")] {
            if !empty {
                entry(format!(
                    "extended permit object-group zoom-{name}-ports {any} object-group zoom-{name}-{family}"
                ));
            }
        }
    }
    text
}

fn objects(group: &Group) -> String {
    let mut text = String::new();
    let name = &group.name;
    if !group.v4.is_empty() {
        let _ = writeln!(text, "object-group network zoom-{name}-v4");
        for prefix in &group.v4 {
            let _ = match prefix.prefix_len() {
                32 => writeln!(text, " network-object host {}", prefix.addr()),
                _ => writeln!(text, " network-object {} {}", prefix.addr(), prefix.netmask()),
            };
        }
    }
    if !group.v6.is_empty() {
        let _ = writeln!(text, "object-group network zoom-{name}-v6");
        for prefix in &group.v6 {
            let _ = match prefix.prefix_len() {
                128 => writeln!(text, " network-object host {}", prefix.addr()),
                _ => writeln!(text, " network-object {prefix}"),
            };
        }
    }
    let _ = writeln!(text, "object-group service zoom-{name}-ports");
    for PortRange { transport, first, last } in &group.ports {
        let _ = if first == last {
            writeln!(text, " service-object {transport} destination eq {first}")
        } else {
            writeln!(text, " service-object {transport} destination range {first} {last}")
        };
    }
    text
}
