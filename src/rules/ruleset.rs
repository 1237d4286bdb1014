//! What is to be let out, made canonical once for every format: in order, in the fewest prefixes and ranges, with names and
//! texts that are safe to write.

use std::collections::BTreeSet;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use sha2::{Digest, Sha256};
use why5003_probes::model::Transport;

use super::ports::joined;
use super::scrub::scrubbed;
use crate::catalogue::PortRange;

/// Something to let out: from the inside, to these prefixes at these ports, and its replies back in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allow {
    /// A short word for the names of rules, such as a service's id.
    pub id: String,
    /// What it is, for comments.
    pub title: String,
    /// Where to, both families.
    pub prefixes: Vec<IpNet>,
    /// Which ports there, of each prefix.
    pub ports: Vec<PortRange>,
}

/// Rules to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruleset {
    header: Vec<String>,
    groups: Vec<Group>,
    /// The number of the gap that it closes; `None` where it is all that is needed.
    gap: Option<u32>,
}

/// An [`Allow`] that is ready to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Group {
    /// Lower-case letters, digits and single `-` between them, at most [`NAME_CHARS`]; no other group's.
    pub(super) name: String,
    /// Scrubbed, at most [`TITLE_CHARS`].
    pub(super) title: String,
    /// Aggregated, in order.
    pub(super) v4: Vec<Ipv4Net>,
    /// Aggregated, in order.
    pub(super) v6: Vec<Ipv6Net>,
    /// Joined, in order.
    pub(super) ports: Vec<PortRange>,
}

impl Ruleset {
    /// The rules for these, under a header of these lines.
    ///
    /// Prefixes and ports are put together only where exactly the same is allowed; what has none of one or the other is
    /// left out.
    pub fn new(header: &[String], allows: &[Allow]) -> Self {
        let mut names = BTreeSet::new();
        let filled = allows.iter().filter(|allow| !allow.prefixes.is_empty() && !allow.ports.is_empty());
        Self {
            header: header.iter().map(|line| scrubbed(line, HEADER_CHARS)).collect(),
            groups: filled.map(|allow| Group::new(allow, &mut names)).collect(),
            gap: None,
        }
    }

    /// The rules for what was found missing.
    ///
    /// Their names are made of what they let out. So they replace no other rules, and the same gap has the same names.
    pub fn gap(header: &[String], allows: &[Allow]) -> Self {
        let mut rules = Self::new(header, allows);
        let gap = fingerprint(&rules.groups);
        for (nth, group) in (1_usize..).zip(&mut rules.groups) {
            group.name = format!("{}-{nth}", gap_name(gap));
        }
        Self { gap: Some(gap), ..rules }
    }

    /// A word for the names of what is not a group's own: `gap-1a2b3c4d`; `None` where it is all that is needed.
    pub(super) fn gap_name(&self) -> Option<String> {
        self.gap.map(gap_name)
    }

    /// What a gap may choose a place by that others hardly have; `None` where it is all that is needed.
    pub(super) fn gap_number(&self) -> Option<u32> {
        self.gap
    }

    /// Whether nothing is allowed.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// What the rules are and where they come from, scrubbed, line by line.
    pub(super) fn header(&self) -> &[String] {
        &self.header
    }

    pub(super) fn groups(&self) -> &[Group] {
        &self.groups
    }
}

impl Group {
    fn new(allow: &Allow, names: &mut BTreeSet<String>) -> Self {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for prefix in IpNet::aggregate(&allow.prefixes) {
            match prefix {
                IpNet::V4(prefix) => v4.push(prefix),
                IpNet::V6(prefix) => v6.push(prefix),
            }
        }
        let name = unused(&name(&allow.id), names);
        let title = match scrubbed(&allow.title, TITLE_CHARS) {
            empty if empty.is_empty() => name.clone(),
            title => title,
        };
        Self { name, title, v4, v6, ports: joined(&allow.ports) }
    }

    /// Its prefixes, IPv4 first.
    pub(super) fn prefixes(&self) -> impl Iterator<Item = IpNet> {
        self.v4.iter().copied().map(IpNet::V4).chain(self.v6.iter().copied().map(IpNet::V6))
    }

    /// Whether all of the prefix is let out at all of these ports.
    pub(super) fn lets_out(&self, prefix: IpNet, ports: PortRange) -> bool {
        self.ports.iter().any(|own| own.holds(ports)) && self.prefixes().any(|own| own.contains(&prefix))
    }

    /// Its ports of one transport.
    pub(super) fn ports_of(&self, transport: Transport) -> Vec<PortRange> {
        self.ports.iter().copied().filter(|range| range.transport == transport).collect()
    }
}

fn gap_name(gap: u32) -> String {
    format!("gap-{gap:08x}")
}

/// A number that other rules have only by a chance of one in four thousand million: the first bytes of the SHA-256 of what
/// is let out.
fn fingerprint(groups: &[Group]) -> u32 {
    let mut hash = Sha256::new();
    for group in groups {
        for prefix in group.prefixes() {
            hash.update(format!("{prefix}\n"));
        }
        for range in &group.ports {
            hash.update(format!("{range}\n"));
        }
    }
    let [a, b, c, d, ..] = <[u8; 32]>::from(hash.finalize());
    u32::from_be_bytes([a, b, c, d])
}

/// The id in the letters of a name.
fn name(id: &str) -> String {
    let mut name = String::new();
    for c in id.to_ascii_lowercase().chars() {
        match c {
            'a'..='z' | '0'..='9' => name.push(c),
            _ if name.is_empty() || name.ends_with('-') => {}
            _ => name.push('-'),
        }
    }
    name.truncate(NAME_CHARS);
    match name.trim_end_matches('-') {
        "" => "rule".to_owned(),
        name => name.to_owned(),
    }
}

/// The name, with a number behind it where it is taken.
fn unused(name: &str, names: &mut BTreeSet<String>) -> String {
    let numbered = (2_usize..).map(|nth| {
        let end = format!("-{nth}");
        let stem: String = name.chars().take(NAME_CHARS.saturating_sub(end.len())).collect();
        format!("{}{end}", stem.trim_end_matches('-'))
    });
    let free = std::iter::once(name.to_owned()).chain(numbered).find(|name| !names.contains(name));
    let name = free.unwrap_or_else(|| name.to_owned());
    names.insert(name.clone());
    name
}

/// The shortest limit is that of a chain of iptables: 28 characters (`XT_EXTENSION_MAXNAMELEN`, linux/netfilter/x_tables.h)
/// with `zoom-` before it. FortiOS has 35 for a policy, PAN-OS 63, ASA 64, FortiOS 79 for addresses, Azure 80, nftables 255.
const NAME_CHARS: usize = 20;
/// The shortest limit is Cisco's for a remark: 100 characters, with `Zoom: ` before it. nftables has 128 for a comment, Azure
/// 140, AWS, FortiOS and iptables 255.
const TITLE_CHARS: usize = 80;
/// A header's lines are comments, which are bounded nowhere; a catalogue of the user's may hold anything.
const HEADER_CHARS: usize = 600;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wanted(id: &str, prefixes: &str, ports: &str) -> Allow {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        Allow {
            id: id.to_owned(),
            title: format!("Title of {id}"),
            prefixes: words(prefixes).iter().map(|prefix| prefix.parse().unwrap()).collect(),
            ports: words(ports).iter().map(|range| range.parse().unwrap()).collect(),
        }
    }

    fn names(ids: &[&str]) -> Vec<String> {
        let allows: Vec<Allow> = ids.iter().map(|id| wanted(id, "3.7.35.0/25", "tcp/443")).collect();
        Ruleset::new(&[], &allows).groups.into_iter().map(|group| group.name).collect()
    }

    #[test]
    fn prefixes_and_ports_are_canonical() {
        let scattered =
            wanted("x", "3.7.35.128/25 2407:30c0::/32 3.7.35.0/25 3.7.35.1/32", "udp/8802 tcp/443 udp/8801 tcp/443");
        let group = Ruleset::new(&[], &[scattered]).groups.remove(0);
        assert_eq!(
            (group.v4, group.v6, group.ports),
            (
                vec!["3.7.35.0/24".parse().unwrap()],
                vec!["2407:30c0::/32".parse().unwrap()],
                vec!["tcp/443".parse().unwrap(), "udp/8801-8802".parse().unwrap()]
            )
        );
    }

    #[test]
    fn what_allows_nothing_is_no_rule() {
        let nothing = [wanted("a", "", "tcp/443"), wanted("b", "3.7.35.0/25", "")];
        assert!(Ruleset::new(&[], &nothing).is_empty());
    }

    #[test]
    fn names_are_safe_and_stand_once() {
        assert_eq!(
            names(&[
                "meetings",
                "Meetings",
                "meet\"\nings",
                "",
                "--",
                "a-very-long-service-id",
                "a-very-long-service-if"
            ]),
            ["meetings", "meetings-2", "meet-ings", "rule", "rule-2", "a-very-long-service", "a-very-long-servic-2"]
        );
    }

    #[test]
    fn a_gap_has_names_of_its_own_and_the_same_gap_the_same_ones() {
        let names = |prefixes: &str| {
            let allows = [wanted("x", prefixes, "tcp/443"), wanted("x", "3.7.35.0/25", "udp/8801")];
            Ruleset::gap(&[], &allows).groups.into_iter().map(|group| group.name).collect::<Vec<_>>()
        };
        assert_eq!(names("170.114.0.0/17 170.114.128.0/17"), names("170.114.0.0/16"));
        assert_eq!(names("170.114.0.0/16"), ["gap-79039924-1", "gap-79039924-2"]);
        assert_ne!(names("170.114.0.0/16"), names("170.114.0.0/17"));
    }

    proptest! {
        #[test]
        fn no_id_makes_a_name_that_is_unsafe_or_twice(ids in prop::collection::vec(".{0,30}", 0..12)) {
            let names = names(&ids.iter().map(String::as_str).collect::<Vec<_>>());
            let once: BTreeSet<&String> = names.iter().collect();
            prop_assert_eq!(once.len(), names.len());
            for name in names {
                prop_assert!(!name.is_empty() && name.len() <= NAME_CHARS, "{}", name);
                prop_assert!(name.split('-').all(|part| !part.is_empty()), "{}", name);
                prop_assert!(name.chars().all(|c| matches!(c, 'a'..='z' | '0'..='9' | '-')), "{}", name);
            }
        }
    }
}
