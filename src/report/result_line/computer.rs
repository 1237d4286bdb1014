//! Facts about this computer and its settings, each in a few words.

use std::net::IpAddr;

use why5003_probes::model::{
    Client, Fact, HostsLine, Interface, Limit, ProxySays, ProxySetting, ResolverSetting, Route,
};

use super::{MAX_ITEMS, MAX_TEXT_CHARS};
use crate::report::plain::cut;
use crate::report::words::list;

pub(super) fn hosts_line(line: &HostsLine) -> String {
    let HostsLine { file, line, address, names } = line;
    format!("{file} line {line} pins {} to {address}", list(names, MAX_ITEMS))
}

pub(super) fn resolver(setting: &ResolverSetting) -> String {
    let ResolverSetting { server, source, stub, timeout_s } = setting;
    let waited = timeout_s.map(|seconds| format!(", waited for {seconds} s")).unwrap_or_default();
    format!("resolver {server}{}{waited} ({source})", if *stub { ", a stub on this computer" } else { "" })
}

pub(super) fn limit(limit: &Limit) -> String {
    let Limit { of, limit, used } = limit;
    match used {
        Some(used) => format!("{used} of {limit} {of} in use"),
        None => format!("{limit} {of} at most"),
    }
}

pub(super) fn proxy_setting(setting: &ProxySetting) -> String {
    let ProxySetting { source, says, exempt } = setting;
    let says = match says {
        ProxySays::Use(proxy) => format!("proxy {}", cut(proxy, MAX_TEXT_CHARS)),
        ProxySays::ForHttp(proxy) => format!("proxy {} for plain HTTP alone", cut(proxy, MAX_TEXT_CHARS)),
        ProxySays::Script(url) => format!("proxy script {}", cut(url, MAX_TEXT_CHARS)),
        ProxySays::Discover => "proxy discovery (WPAD)".to_owned(),
        ProxySays::Unreadable(text) => format!("unreadable proxy setting \"{}\"", cut(text, MAX_TEXT_CHARS)),
    };
    let exempt = match exempt.as_slice() {
        [] => String::new(),
        exempt => format!(", not for {}", list(exempt, MAX_ITEMS)),
    };
    format!("{says} from {source}{exempt}")
}

pub(super) fn interface(interface: &Interface) -> String {
    let Interface { name, up, kind: _, addresses, mtu_bytes } = interface;
    let up = if *up { "up" } else { "down" };
    let addresses = match addresses.as_slice() {
        [] => "no address".to_owned(),
        addresses => list(addresses, MAX_ITEMS),
    };
    let mtu = mtu_bytes.map(|mtu| format!(", MTU {mtu}")).unwrap_or_default();
    format!("{name} {up} with {addresses}{mtu}")
}

/// All routes, those that go the same way together: which addresses go another way is what a reader looks for.
pub(super) fn routes(facts: &[Fact]) -> Vec<String> {
    let mut ways: Vec<((&str, String), Vec<IpAddr>)> = Vec::new();
    for fact in facts {
        let Fact::Route(route) = fact else { continue };
        let way = way(route);
        match ways.iter_mut().find(|(known, _)| *known == way) {
            Some((_, to)) => to.push(route.to),
            None => ways.push((way, vec![route.to])),
        }
    }
    ways.iter().map(|((before, after), to)| format!("{before} {}{after}", list(to, MAX_ITEMS))).collect()
}

/// What stands before and after the addresses that a route leads to.
fn way(route: &Route) -> (&'static str, String) {
    let Route { to: _, interface, gateway, source, refuses } = route;
    if let Some(refuses) = refuses {
        return ("route to", format!(" is of kind {refuses}"));
    }
    let Some(interface) = interface else { return ("no route to", String::new()) };
    let gateway = gateway.map(|gateway| format!(" via {gateway}")).unwrap_or_default();
    let source = source.map(|source| format!(" from {source}")).unwrap_or_default();
    ("route to", format!(" by {interface}{gateway}{source}"))
}

pub(super) fn client(client: &Client) -> String {
    let Client { found_at, version, packaging, web_host, processes, data_writable } = client;
    let version = version.as_deref().unwrap_or("of unknown version");
    let running = match processes.len() {
        0 => "not running".to_owned(),
        1 => "1 process".to_owned(),
        count => format!("{count} processes"),
    };
    let host = web_host.as_ref().map(|host| format!(", set to {}", cut(host, MAX_TEXT_CHARS))).unwrap_or_default();
    let data = if *data_writable == Some(false) { ", its data folder cannot be written" } else { "" };
    format!("Zoom {version} ({packaging}) at {found_at}, {running}{host}{data}")
}
