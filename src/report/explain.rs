//! A cause explained from its record: what it means, how to prove it, how to mend it; and the table of all causes.
//!
//! The same record makes `why5003 explain`, the man page and the README's table.

use comfy_table::{Table, presets};

use super::human::{Page, Style, Tone};
use super::words::{layer, owner};
use crate::verdict::Cause;

/// The whole record of one cause, for a person.
///
/// What stands in braces in a record is filled in by a finding; here it is spelled in capitals.
pub fn explain(cause: &Cause, style: Style) -> String {
    let mut page = Page::new(style);
    page.toned_line(Tone::Heading, cause.id, cause.title);
    let mut pairs = vec![
        ("layer".to_owned(), layer(cause.layer).to_owned()),
        ("who mends it".to_owned(), owner(cause.owner).to_owned()),
    ];
    if !cause.masks.is_empty() {
        pairs.push(("explains".to_owned(), cause.masks.join(", ")));
    }
    page.labels(&pairs);
    page.heading("WHAT IT MEANS");
    page.paragraph(2, cause.meaning);
    page.heading("HOW TO PROVE IT");
    commands(&mut page, cause.proof);
    page.heading("HOW TO MEND IT");
    for (number, mend) in cause.remedies.iter().enumerate() {
        let system = if mend.os == "any" { String::new() } else { format!(", on {}", mend.os) };
        page.item(
            2,
            &format!("{}. ", number + 1),
            &format!("{} ({}{system})", spelled_out(mend.text), owner(mend.who)),
        );
        commands(&mut page, mend.command);
    }
    page.heading("SOURCES");
    for source in cause.sources {
        page.item(2, "- ", source);
    }
    page.finish()
}

/// Commands, one a line, as they are.
fn commands(page: &mut Page, text: &str) {
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        page.command(7, spelled_out(line).trim_end());
    }
}

/// A text whose `{names}` are spelled `NAMES`. Braces that hold anything but lower-case letters belong to a command.
fn spelled_out(text: &str) -> String {
    let mut spelled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        spelled.push_str(before);
        match after.split_once('}') {
            Some((name, left)) if !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase()) => {
                spelled.push_str(&name.to_uppercase());
                rest = left;
            }
            _ => {
                spelled.push('{');
                rest = after;
            }
        }
    }
    spelled + rest
}

/// All causes, one a line: id, title, who mends it. In Markdown, or in columns for a screen.
pub fn causes_table(causes: &[Cause], markdown: bool) -> String {
    if markdown {
        let head = "| id | what it is | who mends it |\n|---|---|---|\n".to_owned();
        return causes.iter().fold(head, |table, cause| {
            let title = cause.title.replace('|', "\\|");
            table + &format!("| `{}` | {title} | {} |\n", cause.id, owner(cause.owner))
        });
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    for cause in causes {
        table.add_row([cause.id, cause.title, owner(cause.owner)]);
    }
    if let Some(first) = table.column_mut(0) {
        first.set_padding((0, 1));
    }
    table.trim_fmt() + "\n"
}

/// The ids of all causes, a row of Markdown for each layer: short enough for a README.
pub fn causes_by_layer(causes: &[Cause]) -> String {
    let mut rows: Vec<(&str, Vec<String>)> = Vec::new();
    for cause in causes {
        let name = layer(cause.layer);
        let id = format!("`{}`", cause.id);
        match rows.iter_mut().find(|(other, _)| *other == name) {
            Some((_, ids)) => ids.push(id),
            None => rows.push((name, vec![id])),
        }
    }
    let head = "| layer | causes |\n|---|---|\n".to_owned();
    rows.iter().fold(head, |table, (name, ids)| table + &format!("| {name} | {} |\n", ids.join(", ")))
}

#[cfg(test)]
mod tests {
    use why5003_probes::model::Layer;

    use super::*;
    use crate::verdict::{Mend, Owner, Ruling};

    const CAUSE: Cause = Cause {
        id: "filter.drop",
        title: "TCP 443 to Zoom is dropped | silently",
        layer: Layer::Filter,
        owner: Owner::Network,
        masks: &["filter.sni"],
        effects: &[],
        meaning: "Packets to Zoom vanish while others pass. It is no reset: nothing comes back.",
        proof: "curl -m 5 -sv https://{host}/ --resolve {host}:{port}:{address} -o /dev/null --verbose | awk '{print $1}'",
        remedies: &[Mend {
            os: "linux",
            who: Owner::Network,
            text: "Allow it.",
            command: "nft add rule inet filter forward ip daddr {prefix} tcp dport {port} accept",
        }],
        sources: &["RFC 9293"],
        rule: |_| Ruling::silent(),
    };

    #[test]
    fn a_cause_is_explained_with_its_commands_whole() {
        let text = explain(&CAUSE, Style { width: 50, ..Style::default() });
        assert_eq!(
            text,
            "\
filter.drop  TCP 443 to Zoom is dropped | silently
  layer         filter
  who mends it  whoever runs this network
  explains      filter.sni

WHAT IT MEANS
  Packets to Zoom vanish while others pass. It is
  no reset: nothing comes back.

HOW TO PROVE IT
       curl -m 5 -sv https://HOST/ --resolve HOST:PORT:ADDRESS -o /dev/null --verbose | awk '{print $1}'

HOW TO MEND IT
  1. Allow it. (whoever runs this network, on
     linux)
       nft add rule inet filter forward ip daddr PREFIX tcp dport PORT accept

SOURCES
  - RFC 9293
"
        );
    }

    #[test]
    fn the_ids_of_one_layer_stand_in_one_row() {
        let other = Cause { id: "filter.sni", ..CAUSE };
        let dns = Cause { id: "dns.slow", layer: Layer::Dns, ..CAUSE };
        assert_eq!(
            causes_by_layer(&[CAUSE, dns, other]),
            "| layer | causes |\n|---|---|\n| filter | `filter.drop`, `filter.sni` |\n| dns | `dns.slow` |\n"
        );
    }

    #[test]
    fn the_table_of_causes_escapes_what_divides_cells() {
        assert_eq!(
            causes_table(&[CAUSE], true),
            "| id | what it is | who mends it |\n|---|---|---|\n\
             | `filter.drop` | TCP 443 to Zoom is dropped \\| silently | whoever runs this network |\n"
        );
        assert_eq!(
            causes_table(&[CAUSE], false),
            "filter.drop  TCP 443 to Zoom is dropped | silently  whoever runs this network\n"
        );
    }
}
