//! CSV (RFC 4180): a line for each prefix and range of ports, for whatever reads tables.
//!
//! It has no comments, so each line carries the service that it is for. Only the title may hold a comma; what else would need
//! quotes is scrubbed away before.

use std::fmt::Write as _;

use super::Format;
use crate::rules::ruleset::Ruleset;

pub(super) const FORMAT: Format =
    Format { name: "csv", ending: "csv", title: "CSV: a line for each prefix and range of ports", write, notes };

fn write(rules: &Ruleset) -> String {
    // RFC 4180, 2.1: lines end with CR LF.
    let mut text = String::from("service,title,direction,prefix,transport,first_port,last_port\r\n");
    for group in rules.groups() {
        for prefix in group.prefixes() {
            for range in &group.ports {
                // Writing to a String cannot fail.
                let _ = write!(
                    text,
                    "{},\"{}\",out,{prefix},{},{},{}\r\n",
                    group.name, group.title, range.transport, range.first, range.last
                );
            }
        }
    }
    text
}

/// A table has no room for where it comes from.
fn notes(rules: &Ruleset) -> Vec<String> {
    rules.header().to_vec()
}
