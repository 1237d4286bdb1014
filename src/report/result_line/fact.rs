//! One fact in a few words, or none where another fact of the same probe says it better.

use std::fmt::Write as _;
use std::net::IpAddr;

use why5003_probes::model::{
    Answer, Exchange, Fact, Failure, IcmpError, IcmpMeaning, MtuMethod, PacChoice, PacScript, PathMtu, Reply, Response,
    Segment, Stage, StatusPage, Tunnel, Volley,
};

use super::{MAX_ITEMS, MAX_TEXT_CHARS, computer};
use crate::report::plain::cut;
use crate::report::words::{list, micros, span};

/// The fact in a few words; the failure of the probe decides whether what was merely sent is worth a word.
pub(super) fn words(fact: &Fact, failure: Option<&Failure>) -> Option<String> {
    Some(match fact {
        Fact::Answer(answer) => answer_words(answer),
        Fact::Connected(connected) => format!("connected {}", micros(connected.rtt_us)),
        Fact::Icmp(icmp) => icmp_words(icmp),
        Fact::SegmentTtl { segment, ttl, after_us } => {
            let segment = match segment {
                Segment::SynAck => "SYN-ACK",
                Segment::Rst => "RST",
            };
            format!("{segment} with TTL {ttl} after {}", micros(*after_us))
        }
        Fact::RoundTrips { least_us, median_us, most_us } => {
            format!("answers after {} to {}, half within {}", micros(*least_us), micros(*most_us), micros(*median_us))
        }
        Fact::Transfer { bytes, took_us } => format!("{bytes} bytes in {}", micros(*took_us)),
        Fact::HelloSent { bytes, .. } => {
            failure.filter(|failure| matches!(failure.stage, Stage::Hello | Stage::Handshake))?;
            format!("hello of {bytes} bytes")
        }
        Fact::Handshake(handshake) => format!("TLS {}", handshake.version),
        Fact::Alert { name } => format!("TLS alert {name}"),
        Fact::Garbage { text } => format!("not the protocol: \"{}\"", cut(text, MAX_TEXT_CHARS)),
        Fact::Response(response) => response_words(response),
        Fact::StatusPage(page) => status_page_words(page),
        Fact::Reply(reply) => reply_words(reply),
        Fact::Exchange(exchange) => exchange_words(exchange),
        Fact::Volley(volley) => volley_words(volley),
        Fact::ProxySetting(setting) => computer::proxy_setting(setting),
        Fact::Tunnel(tunnel) => tunnel_words(tunnel),
        Fact::Unacknowledged { bytes } => format!("{bytes} bytes of what was sent were never acknowledged"),
        Fact::PacScript(script) => pac_words(script),
        Fact::PacChoice(choice) => choice_words(choice),
        Fact::PathMtu(mtu) => mtu_words(mtu),
        Fact::Interface(interface) => computer::interface(interface),
        Fact::Neighbour(entry) => format!("neighbour {} on {} is {}", entry.address, entry.interface, entry.state),
        Fact::HostsLine(line) => computer::hosts_line(line),
        Fact::Resolver(setting) => computer::resolver(setting),
        Fact::Limit(limit) => computer::limit(limit),
        Fact::Client(client) => computer::client(client),
        Fact::Counted { begun, left, withheld } => {
            format!("{begun} SYNs: {left} packets left, {withheld} arrived and were withheld")
        }
        Fact::NotProbed { what, why } => format!("not probed: {what} ({why})"),
        // Told together, by the neighbours of this file.
        Fact::Route(_)
        | Fact::Hop(_)
        | Fact::SizeTried { .. }
        | Fact::Tries { .. }
        | Fact::Chain { .. }
        | Fact::Verified { .. } => {
            return None;
        }
    })
}

fn answer_words(answer: &Answer) -> String {
    let Answer { rcode, addresses, aliases, ttl_s, truncated, authentic, nth, rtt_us: _ } = answer;
    let mut out = String::new();
    if *nth > 1 {
        out.push_str("another answer: ");
    }
    if addresses.is_empty() {
        out.push_str(if rcode == "NOERROR" { "no address (NOERROR)" } else { rcode });
    } else {
        if rcode != "NOERROR" {
            out.push_str(rcode);
            out.push(' ');
        }
        out.push_str(&spaced(addresses));
    }
    let mut notes = Vec::new();
    notes.extend(aliases.last().map(|alias| format!("alias {}", cut(alias, MAX_TEXT_CHARS))));
    notes.extend(ttl_s.filter(|_| !addresses.is_empty()).map(|ttl| format!("ttl {ttl}")));
    notes.extend(truncated.then(|| "truncated".to_owned()));
    notes.extend(authentic.then(|| "DNSSEC proved".to_owned()));
    if !notes.is_empty() {
        let _ = write!(out, " ({})", notes.join(", "));
    }
    out
}

fn spaced(addresses: &[IpAddr]) -> String {
    let shown: Vec<String> = addresses.iter().take(MAX_ITEMS).map(ToString::to_string).collect();
    match addresses.len().saturating_sub(MAX_ITEMS) {
        0 => shown.join(" "),
        more => format!("{} and {more} more", shown.join(" ")),
    }
}

fn icmp_words(icmp: &IcmpError) -> String {
    let IcmpError { from, meaning, kind, code, own, mtu } = icmp;
    let what = match meaning {
        IcmpMeaning::TimeExceeded => "TTL expired, said".to_owned(),
        IcmpMeaning::NetworkUnreachable => "network unreachable, said".to_owned(),
        IcmpMeaning::HostUnreachable => "host unreachable, said".to_owned(),
        IcmpMeaning::ProtocolUnreachable => "protocol unreachable, said".to_owned(),
        IcmpMeaning::PortUnreachable => "port unreachable, said".to_owned(),
        IcmpMeaning::PacketTooBig => match mtu {
            Some(mtu) => format!("packet too big for MTU {mtu}, said"),
            None => "packet too big, said".to_owned(),
        },
        IcmpMeaning::Prohibited => "prohibited".to_owned(),
        IcmpMeaning::Unlisted => format!("ICMP type {kind} code {code}, sent"),
    };
    match (from, own) {
        (Some(from), true) => format!("{what} by this computer ({from})"),
        (Some(from), false) => format!("{what} by {from}"),
        (None, true) => format!("{what} by this computer"),
        (None, false) => format!("{what} by an unknown sender"),
    }
}

fn response_words(response: &Response) -> String {
    let mut out = format!("HTTP {}", response.status);
    if let Some(location) = &response.location {
        let _ = write!(out, " to {}", cut(location, MAX_TEXT_CHARS));
    }
    if response.as_expected == Some(false) {
        out.push_str(", not as expected");
    }
    if response.as_expected == Some(false) || response.status >= 400 {
        if let Some(excerpt) = &response.excerpt {
            let _ = write!(out, ": \"{}\"", cut(excerpt, MAX_TEXT_CHARS));
        }
        if let Some(server) = response.server.as_ref().or(response.via.as_ref()) {
            let _ = write!(out, " (server {})", cut(server, MAX_TEXT_CHARS));
        }
    }
    match response.clock_ahead_s {
        Some(ahead) if ahead > CLOCK_TOLERANCE_S => {
            let _ = write!(out, ", this clock is {} ahead", span(ahead));
        }
        Some(ahead) if ahead < -CLOCK_TOLERANCE_S => {
            let _ = write!(out, ", this clock is {} behind", span(ahead.saturating_neg()));
        }
        Some(_) | None => {}
    }
    out
}

fn status_page_words(page: &StatusPage) -> String {
    let impaired = match page.impaired.as_slice() {
        [] => String::new(),
        impaired => format!("; impaired: {}", list(impaired, MAX_ITEMS)),
    };
    format!("status page says {}: {}{impaired}", page.indicator, cut(&page.description, MAX_TEXT_CHARS))
}

fn reply_words(reply: &Reply) -> String {
    let form = if reply.well_formed { "reply" } else { "malformed reply" };
    let mapped = reply.mapped.map(|mapped| format!(", seen there as {mapped}")).unwrap_or_default();
    format!("{form} of {} bytes in {}{mapped}", reply.bytes, micros(reply.rtt_us))
}

fn exchange_words(exchange: &Exchange) -> String {
    let Exchange { wanted, answered, last, sent_bytes, received_bytes, took_us: _ } = exchange;
    let end = if last < wanted { format!(", silent after {last}") } else { String::new() };
    format!("{answered} of {wanted} requests answered on one flow ({sent_bytes} bytes out, {received_bytes} in){end}")
}

fn volley_words(volley: &Volley) -> String {
    let Volley { gap_ms, made, passed, passed_first } = volley;
    let pace = if *gap_ms == 0 { "at once".to_owned() } else { format!("every {gap_ms} ms") };
    let first = if passed < made && passed_first == passed { ", the first ones" } else { "" };
    format!("{passed} of {made} connections opened {pace} stand{first}")
}

fn tunnel_words(tunnel: &Tunnel) -> String {
    let Tunnel { status, reason, schemes, error, server, took_us: _ } = tunnel;
    let mut out = format!("CONNECT {status}");
    if *status == 200 {
        return out;
    }
    if !schemes.is_empty() {
        let _ = write!(out, " ({})", list(schemes, MAX_ITEMS));
    } else if let Some(reason) = reason {
        let _ = write!(out, " {}", cut(reason, MAX_TEXT_CHARS));
    }
    if let Some(error) = error {
        let _ = write!(out, ", says {}", cut(error, MAX_TEXT_CHARS));
    }
    if let Some(server) = server {
        let _ = write!(out, " (server {})", cut(server, MAX_TEXT_CHARS));
    }
    out
}

fn choice_words(choice: &PacChoice) -> String {
    let PacChoice { host, ways, fault } = choice;
    match fault {
        Some(fault) => format!("the script fails for {host}: {fault}"),
        None => format!("the script sends {host} by {}", ways.join(", then ")),
    }
}

fn pac_words(script: &PacScript) -> String {
    let PacScript { status, bytes, is_script, names_proxies, names_direct } = script;
    if !is_script {
        return format!("HTTP {status} with {bytes} bytes that are no proxy script");
    }
    let mut names = names_proxies.clone();
    names.extend(names_direct.then(|| "DIRECT".to_owned()));
    let names = if names.is_empty() { "nothing".to_owned() } else { list(&names, MAX_ITEMS) };
    format!("proxy script of {bytes} bytes that names {names}")
}

fn mtu_words(mtu: &PathMtu) -> String {
    let by = match mtu.by {
        MtuMethod::Datagram => "datagrams",
        MtuMethod::Handshake => "TLS handshakes",
    };
    let announced = mtu.announced_by.map(|router| format!(", announced by {router}")).unwrap_or_default();
    format!("path MTU {} bytes by {by}{announced}", mtu.mtu_bytes)
}

/// A clock off by less says nothing: HTTP dates have whole seconds (RFC 9110, 5.6.7) and come late.
const CLOCK_TOLERANCE_S: i64 = 60;
