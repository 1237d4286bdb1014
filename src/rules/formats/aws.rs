//! Amazon EC2 security groups: the JSON that `aws ec2 authorize-security-group-egress` takes as `--ip-permissions`.
//!
//! A rule is a prefix at a range of ports. A group takes 60 of each family by default. The number of rules times the
//! number of groups on an interface is at most 1 000 ("Amazon VPC quotas", docs.aws.amazon.com, read 2026-11-24). The same rule
//! twice is an error, so what an earlier service lets out already is not written again. A description has at most 255
//! characters of `a-zA-Z0-9 ._-:/()#,@[]+=&;{}!$*` (`IpRange`, EC2 API reference).

use ipnet::IpNet;
use serde::Serialize;

use super::Format;
use crate::rules::ruleset::Ruleset;

pub(super) const FORMAT: Format = Format {
    name: "aws",
    ending: "json",
    title: "Amazon EC2 security group: JSON for authorize-security-group-egress --ip-permissions",
    write,
    notes,
};

fn write(rules: &Ruleset) -> String {
    let text = serde_json::to_string_pretty(&permissions(rules));
    text.expect("texts and numbers can be written as JSON") + "\n"
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Permission {
    ip_protocol: String,
    from_port: u16,
    to_port: u16,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ip_ranges: Vec<IpRange>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ipv6_ranges: Vec<Ipv6Range>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct IpRange {
    cidr_ip: String,
    description: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Ipv6Range {
    cidr_ipv6: String,
    description: String,
}

fn permissions(rules: &Ruleset) -> Vec<Permission> {
    let mut permissions = Vec::new();
    for (nth, group) in rules.groups().iter().enumerate() {
        for range in &group.ports {
            let earlier = || rules.groups().iter().take(nth);
            let is_new = |prefix: &IpNet| !earlier().any(|earlier| earlier.lets_out(*prefix, *range));
            let mut permission = Permission {
                ip_protocol: range.transport.to_string(),
                from_port: range.first,
                to_port: range.last,
                ip_ranges: Vec::new(),
                ipv6_ranges: Vec::new(),
            };
            for prefix in group.prefixes().filter(is_new) {
                let (cidr, description) = (prefix.to_string(), format!("Zoom: {}", group.title));
                match prefix {
                    IpNet::V4(_) => permission.ip_ranges.push(IpRange { cidr_ip: cidr, description }),
                    IpNet::V6(_) => permission.ipv6_ranges.push(Ipv6Range { cidr_ipv6: cidr, description }),
                }
            }
            if !(permission.ip_ranges.is_empty() && permission.ipv6_ranges.is_empty()) {
                permissions.push(permission);
            }
        }
    }
    permissions
}

fn notes(rules: &Ruleset) -> Vec<String> {
    let permissions = permissions(rules);
    let v4: usize = permissions.iter().map(|permission| permission.ip_ranges.len()).sum();
    let v6: usize = permissions.iter().map(|permission| permission.ipv6_ranges.len()).sum();
    let mut notes = rules.header().to_vec();
    notes.push(
        "use it with: aws ec2 authorize-security-group-egress --group-id GROUP --ip-permissions file://FILE; a new group lets \
         everything out by a rule of its own, which you may want to revoke"
            .to_owned(),
    );
    let mut count = format!("these are {v4} rules for IPv4 and {v6} for IPv6");
    if v4.max(v6) > QUOTA {
        count += ", and a security group takes 60 of each by default: ask AWS for a higher quota (rules times groups on an \
                  interface: at most 1000), or share them out among several groups";
    }
    notes.push(count);
    notes
}

const QUOTA: usize = 60;
