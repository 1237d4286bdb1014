//! Takes out of a text what should not leave the house with a ticket: who sits at this computer and where it is reached.
//!
//! Addresses are typed in a report and can hold no placeholder, so rendered text is redacted, not the report. Private
//! addresses stay: whoever mends the network needs them.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use why5003_probes::model::{AddressScope, Fact, Interface};

use super::model::Report;

/// What is redacted in the texts of one report; by default of one that shows no address of this computer.
#[derive(Default)]
pub struct Redaction {
    own: Vec<IpAddr>,
}

impl Redaction {
    /// Collects the public addresses of this computer: its interfaces', those it sent from, those that STUN replies show.
    pub fn of(report: &Report) -> Self {
        let mut own = Vec::new();
        own.extend(report.vantage.interfaces.iter().flat_map(addresses));
        for observation in &report.observations {
            own.extend(observation.probe.settings.source);
            own.extend(observation.facts.iter().flat_map(own_addresses));
        }
        let mut seen = BTreeSet::new();
        own.retain(|address| AddressScope::of(*address).tells_where() && seen.insert(*address));
        Self { own }
    }

    /// The text with own public addresses as `[own-address-1]` (the same number for the same address), user names in
    /// paths as `[user]`, and e-mail addresses as `[e-mail]`. Credentials and query strings of URLs are taken out.
    pub fn text(&self, text: &str) -> String {
        emails(&queries(&credentials(&self.command(text))))
    }

    /// A command to copy: as [`Redaction::text`], but what looks like a URL's query or an e-mail address belongs to it.
    pub fn command(&self, text: &str) -> String {
        users(&self.addresses(text))
    }

    fn addresses(&self, text: &str) -> String {
        if self.own.is_empty() {
            return text.to_owned();
        }
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while !rest.is_empty() {
            let run = rest.find(|c: char| !is_address_char(c)).unwrap_or(rest.len());
            let (token, after) = rest.split_at(run);
            out.push_str(&self.token(token));
            let other = after.find(is_address_char).unwrap_or(after.len());
            let (between, next) = after.split_at(other);
            out.push_str(between);
            rest = next;
        }
        out
    }

    /// A run of characters that addresses are made of, which may end in punctuation or in a port.
    fn token(&self, token: &str) -> String {
        let bare = token.trim_end_matches(['.', ':']);
        let tail = token.get(bare.len()..).unwrap_or_default();
        if let Ok(address) = bare.parse::<IpAddr>() {
            return match self.placeholder(address) {
                Some(placeholder) => format!("{placeholder}{tail}"),
                None => token.to_owned(),
            };
        }
        match bare.parse::<SocketAddr>().ok().and_then(|s| Some((self.placeholder(s.ip())?, s.port()))) {
            Some((placeholder, port)) => format!("{placeholder}:{port}{tail}"),
            None => token.to_owned(),
        }
    }

    fn placeholder(&self, address: IpAddr) -> Option<String> {
        let number = self.own.iter().position(|own| *own == address.to_canonical())? + 1;
        Some(format!("[own-address-{number}]"))
    }
}

fn addresses(interface: &Interface) -> impl Iterator<Item = IpAddr> + '_ {
    interface.addresses.iter().map(ipnet::IpNet::addr)
}

/// The addresses of this computer that a fact shows.
fn own_addresses(fact: &Fact) -> Vec<IpAddr> {
    match fact {
        Fact::Connected(connected) => vec![connected.local.ip()],
        Fact::Reply(reply) => reply.mapped.iter().map(SocketAddr::ip).collect(),
        Fact::Icmp(icmp) if icmp.own => icmp.from.into_iter().collect(),
        Fact::Route(route) => route.source.into_iter().collect(),
        Fact::Interface(interface) => addresses(interface).collect(),
        _ => Vec::new(),
    }
}

fn is_address_char(c: char) -> bool {
    c.is_ascii_hexdigit() || c == '.' || c == ':'
}

/// `/home/ann/x` becomes `/home/[user]/x`.
fn users(text: &str) -> String {
    let mut out = text.to_owned();
    for folder in HOMES {
        out = after_each(&out, folder, |rest| {
            let end = rest.find(['/', '\\', ' ', '"', '\'', ':', ',', ')']).unwrap_or(rest.len());
            (end > 0).then_some((end, "[user]"))
        });
    }
    out
}

/// `http://ann:secret@host` becomes `http://[credentials]@host`.
fn credentials(text: &str) -> String {
    after_each(text, "://", |rest| {
        let authority = rest.find(['/', ' ', '"', '\'', '?', '#']).unwrap_or(rest.len());
        let at = rest.get(..authority)?.rfind('@')?;
        Some((at, "[credentials]"))
    })
}

/// `/path?a=b` becomes `/path?[query]`; a question mark that ends a sentence stays.
fn queries(text: &str) -> String {
    after_each(text, "?", |rest| {
        let end = rest.find(|c: char| c.is_whitespace() || "\"'<>)|".contains(c)).unwrap_or(rest.len());
        (end > 0).then_some((end, "[query]"))
    })
}

/// Replaces what follows each mark, as far as `what` says.
fn after_each(text: &str, mark: &str, what: impl Fn(&str) -> Option<(usize, &'static str)>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(mark) {
        out.push_str(before);
        out.push_str(mark);
        rest = match what(after) {
            Some((length, placeholder)) => {
                out.push_str(placeholder);
                after.get(length..).unwrap_or_default()
            }
            None => after,
        };
    }
    out.push_str(rest);
    out
}

/// `ann@example.org` becomes `[e-mail]`; `zoom.us@192.0.2.1` is a target and stays, as its domain is an address.
fn emails(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('@') {
        let local = before.trim_end_matches(|c: char| c.is_alphanumeric() || "._%+-".contains(c));
        let end = after.find(|c: char| !(c.is_alphanumeric() || c == '.' || c == '-')).unwrap_or(after.len());
        let domain = after.get(..end).unwrap_or_default().trim_end_matches(['.', '-']);
        let top = domain.rsplit_once('.').map_or("", |(_, top)| top);
        let is_email = local.len() < before.len() && top.len() >= 2 && top.chars().all(char::is_alphabetic);
        if is_email {
            out.push_str(local);
            out.push_str("[e-mail]");
            rest = after.get(domain.len()..).unwrap_or_default();
        } else {
            out.push_str(before);
            out.push('@');
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

const HOMES: [&str; 4] = ["/home/", "/Users/", "\\Users\\", "/var/home/"];

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn redacts(text: &str, expected: &str) {
        let own = vec!["203.0.113.9".parse().unwrap(), "2001:db8::9".parse().unwrap()];
        assert_eq!(Redaction { own }.text(text), expected);
    }

    #[test]
    fn own_addresses_are_replaced_in_every_spelling() {
        redacts("seen as 203.0.113.9.", "seen as [own-address-1].");
        redacts("203.0.113.9:443/tcp", "[own-address-1]:443/tcp");
        redacts("203.0.113.9/24", "[own-address-1]/24");
        redacts("[2001:DB8:0::9]:443", "[[own-address-2]]:443");
        redacts("::ffff:203.0.113.9", "[own-address-1]");
    }

    #[test]
    fn other_addresses_that_probe_alike_stay() {
        for text in ["203.0.113.90", "1203.0.113.9", "2001:db8::91", "10.0.0.2", "time 12:30:59"] {
            redacts(text, text);
        }
    }

    #[test]
    fn users_and_mail_addresses_and_queries_are_replaced() {
        redacts("/home/ann/.zoom/x and C:\\Users\\Bob\\AppData", "/home/[user]/.zoom/x and C:\\Users\\[user]\\AppData");
        redacts("ask ann.b+x@mail.example.org.", "ask [e-mail].");
        redacts("http://p.example/login?user=ann&x=1 blocked", "http://p.example/login?[query] blocked");
        redacts("http://ann:s3cret@p.example:3128/", "http://[credentials]@p.example:3128/");
    }

    #[test]
    fn a_target_is_no_mail_address_and_a_question_no_query() {
        redacts("zoom.us@170.114.52.2:443/tcp, really? yes", "zoom.us@170.114.52.2:443/tcp, really? yes");
    }
}
