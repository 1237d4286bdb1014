//! The proxy settings of the GNOME and KDE desktops, from the texts that hold them.

use std::collections::BTreeMap;

use super::exempt::list;
use super::spelled::{script, unreadable, usable};
use crate::model::{ProxySays, ProxySetting};
use crate::wire::text::shown;

/// What `gsettings list-recursively org.gnome.system.proxy` prints: lines of schema, key and value.
///
/// For HTTPS, GLib takes the `https` proxy, or else `socks`, or else, where `use-same-proxy` is on, that of `http`
/// (glib-networking, `gproxyresolvergnome.c`). Mode `auto` without an address is WPAD.
pub fn from_gnome(text: &str) -> Vec<ProxySetting> {
    let lines: BTreeMap<(&str, &str), &str> = text.lines().filter_map(gnome_line).collect();
    let value = |schema: &str, key: &str| lines.get(&(schema, key)).copied().unwrap_or_default();
    let exempt = || strings(value("", "ignore-hosts"));
    let setting = |says, exempt| vec![ProxySetting { source: "gnome".to_owned(), says, exempt }];
    match string(value("", "mode")).as_deref() {
        Some("auto") => match string(value("", "autoconfig-url")).filter(|address| !address.trim().is_empty()) {
            Some(address) => setting(script(&address), Vec::new()),
            None => setting(ProxySays::Discover, Vec::new()),
        },
        Some("manual") => {
            let server = |schema: &str, scheme: &str| {
                let host = string(value(schema, "host")).filter(|host| !host.trim().is_empty())?;
                Some(served(scheme, &host, value(schema, "port")))
            };
            let same = value("", "use-same-proxy") != "false";
            let says = server("https", "http")
                .or_else(|| server("socks", "socks5"))
                .or_else(|| server("http", "http").filter(|_| same));
            says.map(|says| setting(says, exempt())).unwrap_or_default()
        }
        Some("none") | None => Vec::new(),
        Some(mode) => setting(unreadable(&format!("mode {mode}")), Vec::new()),
    }
}

/// Schema below `org.gnome.system.proxy` (empty for itself), key, value.
fn gnome_line(line: &str) -> Option<((&str, &str), &str)> {
    let mut words = line.trim().splitn(3, ' ');
    let (schema, key, value) = (words.next()?, words.next()?, words.next()?);
    let below = schema.strip_prefix("org.gnome.system.proxy")?;
    Some(((below.strip_prefix('.').unwrap_or(below), key), value.trim()))
}

/// A server under the host that a setting gives; some people write a scheme there.
fn served(scheme: &str, host: &str, port: &str) -> ProxySays {
    let host = host.trim().trim_end_matches('/');
    let port = port.trim_start_matches("uint32 ").trim();
    let host = if host.contains("://") { host.to_owned() } else { format!("{scheme}://{}", bracketed(host)) };
    match port {
        "" | "0" => usable(&host),
        port => usable(&format!("{host}:{port}")),
    }
}

fn bracketed(host: &str) -> String {
    if host.parse::<std::net::Ipv6Addr>().is_ok() { format!("[{host}]") } else { host.to_owned() }
}

/// A string of GVariant's text format: quotes of either kind, backslash escapes.
fn string(value: &str) -> Option<String> {
    quoted(value).map(|(text, _)| text)
}

/// An array of such strings; a type may stand before it (`@as []`).
fn strings(value: &str) -> Vec<String> {
    let mut rest = value;
    let mut texts = Vec::new();
    while let Some(at) = rest.find(['\'', '"']) {
        let Some((text, after)) = quoted(rest.get(at..).unwrap_or_default()) else { break };
        texts.extend(list(&text));
        rest = after;
    }
    texts.truncate(100);
    texts
}

/// The string at the beginning, and what follows it.
fn quoted(value: &str) -> Option<(String, &str)> {
    let mut chars = value.chars();
    let quote = chars.next().filter(|c| matches!(c, '\'' | '"'))?;
    let mut text = String::new();
    while let Some(c) = chars.next() {
        match c {
            '\\' => text.extend(chars.next()),
            c if c == quote => return Some((text, chars.as_str())),
            c => text.push(c),
        }
    }
    None
}

/// KDE's `kioslaverc`, group `Proxy Settings`: `ProxyType` 0 none, 1 manual, 2 script, 3 WPAD, 4 environment (`kprotocolmanager.h`).
///
/// Type 4 names variables, whose values stand in the environment's own settings, so nothing is given for it. Values may part
/// host and port by a space (`http://proxy.example 3128`).
pub fn from_kde(text: &str) -> Vec<ProxySetting> {
    let keys = kde_group(text);
    let value = |key: &str| keys.get(key).copied().filter(|value| !value.is_empty());
    let exempt = value("NoProxyFor").map(list).unwrap_or_default();
    let setting = |says, exempt| vec![ProxySetting { source: "kde".to_owned(), says, exempt }];
    match value("ProxyType") {
        None | Some("0" | "4") => Vec::new(),
        Some("1") => match value("httpsProxy").or_else(|| value("socksProxy")) {
            None => Vec::new(),
            Some(place) => match (spaced(place), value("ReversedException")) {
                // The list then holds the only hosts that go through the proxy, which a setting can't say.
                (ProxySays::Use(proxy), Some("true")) => {
                    let only = exempt.join(", ");
                    setting(ProxySays::Unreadable(shown(&format!("{proxy} only for {only}"), 200)), Vec::new())
                }
                (says, _) => setting(says, exempt),
            },
        },
        Some("2") => value("Proxy Config Script").map(|address| setting(script(address), exempt)).unwrap_or_default(),
        Some("3") => setting(ProxySays::Discover, exempt),
        Some(unknown) => setting(unreadable(&format!("ProxyType {unknown}")), Vec::new()),
    }
}

/// The keys of the group; marks such as `[$i]` (immutable) and `[$e]` are no part of a name.
fn kde_group(text: &str) -> BTreeMap<&str, &str> {
    let unmarked = |name: &'_ str| name.find("[$").and_then(|at| name.get(..at)).map_or(name.len(), str::len);
    let mut inside = false;
    let mut keys = BTreeMap::new();
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            inside = line.starts_with("[Proxy Settings]");
        } else if let (true, Some((key, value))) = (inside, line.split_once('=')) {
            let key = key.trim();
            keys.insert(key.get(..unmarked(key)).unwrap_or(key), value.trim());
        }
    }
    keys
}

/// A proxy with its port after a space, or as usual.
fn spaced(place: &str) -> ProxySays {
    let place = place.replacen("socks://", "socks5://", 1);
    match place.rsplit_once([' ', '\t']) {
        Some((host, port)) => usable(&format!("{}:{}", host.trim().trim_end_matches('/'), port.trim())),
        None => usable(&place),
    }
}
