//! Azure network security groups: a template that adds the rules to a group that is there.
//!
//! A rule takes many prefixes of one family and many ranges of ports. A group has at most 1 000 rules and 4 000 prefixes
//! ("Networking limits", MicrosoftDocs/azure-docs includes/azure-virtual-network-limits.md, 2022-12-05). A name has at most 80
//! characters and a priority is from 100 to 4096 ("Network security groups", learn.microsoft.com). A description has at most
//! 140 characters (`SecurityRulePropertiesFormat`, Azure SDK). A text in `[]` is an expression; scrubbed ones never begin so.

use ipnet::IpNet;
use serde::Serialize;
use serde_json::{Value, json};
use why5003_probes::model::Transport;

use super::Format;
use crate::rules::ports::{TRANSPORTS, spelled};
use crate::rules::ruleset::{Group, Ruleset};

pub(super) const FORMAT: Format = Format {
    name: "azure",
    ending: "json",
    title: "Azure network security group: a template for az deployment group create",
    write,
    notes,
};

fn write(rules: &Ruleset) -> String {
    let mut resources: Vec<Resource> = Vec::new();
    for (nth, rule) in rules.groups().iter().flat_map(of_group).enumerate() {
        // One after the other: a group takes one change at a time.
        let after = resources.last().map(|resource| resource.own_id.clone());
        resources.push(rule.resource(nth, after));
    }
    let template = Template {
        schema: "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        content_version: "1.0.0.0",
        metadata: Metadata { comments: rules.header() },
        parameters: json!({
            "networkSecurityGroup": { "type": "string" },
            "firstPriority": { "type": "int", "minValue": 100, "maxValue": 4000, "defaultValue": first_priority(rules) },
        }),
        resources,
    };
    let text = serde_json::to_string_pretty(&template);
    text.expect("texts and numbers can be written as JSON") + "\n"
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Template<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    content_version: &'static str,
    metadata: Metadata<'a>,
    parameters: Value,
    resources: Vec<Resource>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    comments: &'a [String],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Resource {
    #[serde(rename = "type")]
    kind: &'static str,
    api_version: &'static str,
    name: String,
    depends_on: Vec<String>,
    properties: Properties,
    /// How a later resource names it.
    #[serde(skip)]
    own_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Properties {
    description: String,
    priority: String,
    direction: &'static str,
    access: &'static str,
    protocol: &'static str,
    source_address_prefix: &'static str,
    source_port_range: &'static str,
    destination_address_prefixes: Vec<String>,
    destination_port_ranges: Vec<String>,
}

/// One rule: a service, a family, a transport.
struct Rule {
    name: String,
    title: String,
    transport: Transport,
    prefixes: Vec<String>,
    ports: Vec<String>,
}

fn of_group(group: &Group) -> Vec<Rule> {
    let (v4, v6): (Vec<IpNet>, Vec<IpNet>) = group.prefixes().partition(|prefix| matches!(prefix, IpNet::V4(_)));
    let mut rules = Vec::new();
    // One rule takes prefixes of one family.
    for (family, prefixes) in [("v4", v4), ("v6", v6)] {
        for transport in TRANSPORTS {
            let ports = group.ports_of(transport);
            if !prefixes.is_empty() && !ports.is_empty() {
                rules.push(Rule {
                    name: format!("zoom-{}-{transport}-{family}", group.name),
                    title: group.title.clone(),
                    transport,
                    prefixes: prefixes.iter().map(ToString::to_string).collect(),
                    ports: ports.into_iter().map(|range| spelled(range, "-")).collect(),
                });
            }
        }
    }
    rules
}

impl Rule {
    fn resource(self, nth: usize, after: Option<String>) -> Resource {
        let protocol = match self.transport {
            Transport::Tcp => "Tcp",
            Transport::Udp => "Udp",
        };
        Resource {
            kind: KIND,
            api_version: "2023-11-01",
            name: format!("[concat(parameters('networkSecurityGroup'), '/{}')]", self.name),
            depends_on: after.into_iter().collect(),
            own_id: format!("[resourceId('{KIND}', parameters('networkSecurityGroup'), '{}')]", self.name),
            properties: Properties {
                description: format!("Zoom: {}", self.title),
                priority: format!("[add(parameters('firstPriority'), {nth})]"),
                direction: "Outbound",
                access: "Allow",
                protocol,
                source_address_prefix: "*",
                source_port_range: "*",
                destination_address_prefixes: self.prefixes,
                destination_port_ranges: self.ports,
            },
        }
    }
}

/// Priorities stand once in a group: those of a gap are before those of all that is needed, and hardly another gap's.
fn first_priority(rules: &Ruleset) -> u32 {
    match rules.gap_number() {
        Some(gap) => 100 + gap % (FIRST_PRIORITY - 100) / GAP_PRIORITIES * GAP_PRIORITIES,
        None => FIRST_PRIORITY,
    }
}

fn notes(rules: &Ruleset) -> Vec<String> {
    let first = first_priority(rules);
    let rules: Vec<Rule> = rules.groups().iter().flat_map(of_group).collect();
    let prefixes: usize = rules.iter().map(|rule| rule.prefixes.len()).sum();
    vec![
        format!(
            "use it with: az deployment group create --resource-group GROUP --template-file FILE --parameters \
             networkSecurityGroup=NAME firstPriority={first}; the priorities must be free, and lower numbers than those of your \
             rules that deny, without which everything may go out"
        ),
        format!(
            "these are {} rules with {prefixes} prefixes; a network security group takes 1000 rules and 4000 prefixes",
            rules.len()
        ),
    ]
}

const KIND: &str = "Microsoft.Network/networkSecurityGroups/securityRules";
/// In the middle of what users take: there is room before and behind.
const FIRST_PRIORITY: u32 = 1000;
/// More rules than most gaps have.
const GAP_PRIORITIES: u32 = 20;
