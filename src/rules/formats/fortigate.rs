//! Fortinet FortiGate, FortiOS 6.4 or later: addresses, address groups, services, and policies of both families.
//!
//! Names have at most 79 characters for addresses, groups and services, 35 for policies. A comment has 255 ("config firewall
//! address", "config firewall service group", "config firewall policy64", FortiOS CLI reference). `edit 0` takes the next free number.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use ipnet::IpNet;
use why5003_probes::model::Transport;

use super::heading::heading;
use super::object_name::object_name;
use super::{Format, no_notes};
use crate::rules::ports::spelled;
use crate::rules::ruleset::{Group, Ruleset};

pub(super) const FORMAT: Format = Format {
    name: "fortigate",
    ending: "txt",
    title: "Fortinet FortiGate, FortiOS 6.4 or later: addresses, groups, services and policies",
    write,
    notes: no_notes,
};

const HOW: &[&str] = &[
    "Paste it into the CLI.",
    "The policies go from any interface to any: set srcintf and dstintf to yours, and nat to enable where \
     this FortiGate translates addresses. They come last: move them before the policy that denies.",
    "Replies pass, since FortiOS keeps state.",
    "When it is pasted again, leave the policies out: their names are taken.",
];

fn write(rules: &Ruleset) -> String {
    let mut text = heading("#", rules, HOW);
    let groups = rules.groups();
    section(
        &mut text,
        "address",
        addresses(groups, v4, |prefix| format!("subnet {} {}", prefix.addr(), prefix.netmask())),
    );
    section(&mut text, "address6", addresses(groups, v6, |prefix| format!("ip6 {prefix}")));
    section(&mut text, "addrgrp", members(groups, v4, "v4"));
    section(&mut text, "addrgrp6", members(groups, v6, "v6"));
    section(&mut text, "service custom", groups.iter().map(service).collect());
    section(&mut text, "policy", groups.iter().map(policy).collect());
    text
}

/// A table of the configuration, and what each of its entries is set to; nothing where it has none.
fn section(text: &mut String, table: &str, entries: Vec<Entry>) {
    if entries.is_empty() {
        return;
    }
    // Writing to a String cannot fail.
    let _ = writeln!(text, "config firewall {table}");
    for Entry { edit, set } in entries {
        let _ = writeln!(text, "    edit {edit}");
        for line in set {
            let _ = writeln!(text, "        set {line}");
        }
        text.push_str("    next\n");
    }
    text.push_str("end\n");
}

struct Entry {
    edit: String,
    set: Vec<String>,
}

fn v4(group: &Group) -> Vec<IpNet> {
    group.v4.iter().copied().map(IpNet::V4).collect()
}

fn v6(group: &Group) -> Vec<IpNet> {
    group.v6.iter().copied().map(IpNet::V6).collect()
}

fn addresses(groups: &[Group], family: fn(&Group) -> Vec<IpNet>, set: fn(&IpNet) -> String) -> Vec<Entry> {
    let prefixes: BTreeSet<IpNet> = groups.iter().flat_map(family).collect();
    let entry = |prefix: IpNet| Entry { edit: quoted(&object_name(prefix)), set: vec![set(&prefix)] };
    prefixes.into_iter().map(entry).collect()
}

fn members(groups: &[Group], family: fn(&Group) -> Vec<IpNet>, end: &str) -> Vec<Entry> {
    let filled = groups.iter().map(|group| (group, family(group))).filter(|(_, prefixes)| !prefixes.is_empty());
    let entry = |(group, prefixes): (&Group, Vec<IpNet>)| {
        let names: Vec<String> = prefixes.into_iter().map(|prefix| quoted(&object_name(prefix))).collect();
        let set = vec![format!("member {}", names.join(" ")), format!("comment \"Zoom: {}\"", group.title)];
        Entry { edit: quoted(&format!("zoom-{}-{end}", group.name)), set }
    };
    filled.map(entry).collect()
}

fn service(group: &Group) -> Entry {
    let mut set = Vec::new();
    for (key, transport) in [("tcp-portrange", Transport::Tcp), ("udp-portrange", Transport::Udp)] {
        let ranges: Vec<String> = group.ports_of(transport).into_iter().map(|range| spelled(range, "-")).collect();
        if !ranges.is_empty() {
            set.push(format!("{key} {}", ranges.join(" ")));
        }
    }
    set.push(format!("comment \"Zoom: {}\"", group.title));
    Entry { edit: quoted(&format!("zoom-{}", group.name)), set }
}

fn policy(group: &Group) -> Entry {
    let name = &group.name;
    let mut set = vec![format!("name \"zoom-{name}\""), "srcintf \"any\"".to_owned(), "dstintf \"any\"".to_owned()];
    if !group.v4.is_empty() {
        set.extend(["srcaddr \"all\"".to_owned(), format!("dstaddr \"zoom-{name}-v4\"")]);
    }
    if !group.v6.is_empty() {
        set.extend(["srcaddr6 \"all\"".to_owned(), format!("dstaddr6 \"zoom-{name}-v6\"")]);
    }
    set.extend(["action accept", "schedule \"always\""].map(str::to_owned));
    set.extend([format!("service \"zoom-{name}\""), format!("comments \"Zoom: {}\"", group.title)]);
    Entry { edit: "0".to_owned(), set }
}

fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}
