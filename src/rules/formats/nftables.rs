//! nftables: a set of prefixes for each service and family, and one rule for each of them and each transport.
//!
//! Syntax: nft(8) of nftables 1.0.6. A comment has at most 128 characters (`NFTNL_UDATA_COMMENT_MAXLEN`,
//! libnftnl/udata.h), a name 255 (`NFT_NAME_MAXLEN`, linux/netfilter/nf_tables.h).

use std::fmt::{Display, Write as _};

use super::heading::heading;
use super::{Format, no_notes};
use crate::rules::ports::{TRANSPORTS, spelled};
use crate::rules::ruleset::{Group, Ruleset};

pub(super) const FORMAT: Format = Format {
    name: "nftables",
    ending: "nft",
    title: "Linux nftables: a file for nft -f, with a set for each service",
    write,
    notes: no_notes,
};

fn how(chain: &str) -> [String; 3] {
    [
        "Load it with `nft -f FILE`. Loading it again puts the new rules in the old ones' place.".to_owned(),
        format!(
            "Then say `jump {chain}` in the chain of table inet filter that sees what goes out, before it drops; replies pass by \
             your rule for ct state established."
        ),
        "Where your table is named otherwise, write its name for `inet filter` throughout.".to_owned(),
    ]
}

fn write(rules: &Ruleset) -> String {
    let chain = match rules.gap_name() {
        Some(gap) => format!("zoom_{}_out", gap.replace('-', "_")),
        None => "zoom_out".to_owned(),
    };
    let mut text = heading("#", rules, &how(&chain));
    let sets: Vec<Set> = rules.groups().iter().flat_map(Set::of).collect();
    // Writing to a String cannot fail.
    let _ = writeln!(text, "add table inet filter\nadd chain inet filter {chain}\nflush chain inet filter {chain}");
    for Set { name, of, .. } in &sets {
        let _ = writeln!(text, "add set inet filter {name} {{ type {of}; flags interval; }}");
        let _ = writeln!(text, "flush set inet filter {name}");
    }
    text.push_str("\ntable inet filter {\n");
    for set in &sets {
        let elements = set.prefixes.join(",\n            ");
        let _ = writeln!(text, "    set {} {{\n        type {}\n        flags interval", set.name, set.of);
        let _ = writeln!(text, "        elements = {{\n            {elements}\n        }}\n    }}");
    }
    let _ = writeln!(text, "    chain {chain} {{");
    for set in &sets {
        for transport in TRANSPORTS {
            let ports = set.group.ports_of(transport);
            if ports.is_empty() {
                continue;
            }
            let ports: Vec<String> = ports.into_iter().map(|range| spelled(range, "-")).collect();
            let (family, name, ports) = (set.family, &set.name, ports.join(", "));
            let title = &set.group.title;
            let _ = writeln!(
                text,
                "        {family} daddr @{name} {transport} dport {{ {ports} }} accept comment \"Zoom: {title}\""
            );
        }
    }
    text.push_str("    }\n}\n");
    text
}

/// The prefixes of one service and family.
struct Set<'a> {
    group: &'a Group,
    name: String,
    /// The type of its elements.
    of: &'static str,
    /// What an address of it is matched with.
    family: &'static str,
    prefixes: Vec<String>,
}

impl<'a> Set<'a> {
    /// Those of a group that are not empty.
    fn of(group: &'a Group) -> impl Iterator<Item = Self> {
        let name = |family: &str| format!("zoom_{}_{family}", group.name.replace('-', "_"));
        let v4 = Set {
            group,
            name: name("v4"),
            of: "ipv4_addr",
            family: "ip",
            prefixes: group.v4.iter().map(text).collect(),
        };
        let v6 = Set {
            group,
            name: name("v6"),
            of: "ipv6_addr",
            family: "ip6",
            prefixes: group.v6.iter().map(text).collect(),
        };
        [v4, v6].into_iter().filter(|set| !set.prefixes.is_empty())
    }
}

fn text(prefix: &impl Display) -> String {
    prefix.to_string()
}
