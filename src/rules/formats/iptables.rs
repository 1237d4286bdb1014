//! iptables and ip6tables: one file for both, a chain of prefixes for each service, and rules that lead to it by port.
//!
//! A rule marked `-4` or `-6` is read by the one tool and skipped by the other (iptables(8), 1.8.9). A match takes at most 15
//! ports, of which a range is two (`XT_MULTI_PORTS`, linux/netfilter/xt_multiport.h); a comment has at most 255 characters
//! (`XT_MAX_COMMENT_LEN` with its zero, linux/netfilter/xt_comment.h).

use std::fmt::Write as _;

use super::heading::heading;
use super::{Format, no_notes};
use crate::catalogue::PortRange;
use crate::rules::ports::{TRANSPORTS, spelled};
use crate::rules::ruleset::Ruleset;

pub(super) const FORMAT: Format = Format {
    name: "iptables",
    ending: "rules",
    title: "Linux iptables and ip6tables: one file for the restore tools of both",
    write,
    notes: no_notes,
};

fn how(chain: &str) -> [String; 2] {
    [
        "Load it with `iptables-restore --noflush FILE` and `ip6tables-restore --noflush FILE`. Loading it again puts the new rules \
         in the old ones' place; nothing else is touched."
            .to_owned(),
        format!(
            "Then lead what goes out through it, once, before it is dropped: `iptables -I FORWARD -j {chain}` and \
             `ip6tables -I FORWARD -j {chain}`; replies pass by your rule for ctstate ESTABLISHED."
        ),
    ]
}

fn write(rules: &Ruleset) -> String {
    let chain = rules.gap_name().map_or("zoom".to_owned(), |gap| format!("zoom-{gap}"));
    let mut text = heading("#", rules, &how(&chain));
    // Writing to a String cannot fail.
    let _ = writeln!(text, "*filter\n:{chain} - [0:0]");
    for group in rules.groups() {
        let _ = writeln!(text, ":zoom-{} - [0:0]", group.name);
    }
    for group in rules.groups() {
        for transport in TRANSPORTS {
            for ports in matches(&group.ports_of(transport)) {
                let (name, title) = (&group.name, &group.title);
                let _ = writeln!(
                    text,
                    "-A {chain} -p {transport} -m multiport --dports {ports} -m comment --comment \"Zoom: {title}\" -j zoom-{name}"
                );
            }
        }
        for prefix in &group.v4 {
            let _ = writeln!(text, "-4 -A zoom-{} -d {prefix} -j ACCEPT", group.name);
        }
        for prefix in &group.v6 {
            let _ = writeln!(text, "-6 -A zoom-{} -d {prefix} -j ACCEPT", group.name);
        }
    }
    text.push_str("COMMIT\n");
    text
}

/// The ports as lists that are short enough.
fn matches(ports: &[PortRange]) -> Vec<String> {
    let mut lists: Vec<(usize, Vec<String>)> = Vec::new();
    for range in ports {
        let places = if range.first == range.last { 1 } else { 2 };
        let spelled = spelled(*range, ":");
        match lists.last_mut() {
            Some((taken, list)) if *taken + places <= PORTS => {
                *taken += places;
                list.push(spelled);
            }
            Some(_) | None => lists.push((places, vec![spelled])),
        }
    }
    lists.into_iter().map(|(_, list)| list.join(",")).collect()
}

const PORTS: usize = 15;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_of_ports_is_several_rules() {
        let ranges: Vec<PortRange> = (0..9)
            .map(|nth| format!("tcp/{}-{}", nth * 10 + 1, nth * 10 + 2).parse().unwrap())
            .chain(["tcp/443".parse().unwrap()])
            .collect();
        assert_eq!(matches(&ranges), ["1:2,11:12,21:22,31:32,41:42,51:52,61:62", "71:72,81:82,443"]);
    }
}
