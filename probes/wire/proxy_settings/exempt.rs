//! Which hosts a proxy setting exempts: the `no_proxy` list and its relatives.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::model::ProxySetting;
use crate::wire::text::shown;

/// Whether the setting exempts this host (a name, or an address with or without brackets), so that it is reached directly.
///
/// An entry names itself and what is below it, with or without a leading dot or `*.`. `*` is everything, `<local>`
/// every name without a dot. An address or a prefix is compared with addresses only, and a port is ignored (curl,
/// "no_proxy").
pub fn exempts(setting: &ProxySetting, host: &str) -> bool {
    let host = normal(host);
    let address = host.parse::<IpAddr>().ok();
    setting.exempt.iter().any(|entry| {
        let entry = normal(entry);
        match (entry.as_str(), address) {
            ("", _) => false,
            ("*", _) => true,
            ("<local>", None) => !host.contains('.'),
            (_, Some(address)) => covers(&entry, address),
            (_, None) => is_below(&host, &entry),
        }
    })
}

/// The entries of a list, which commas, semicolons, bars or spaces part; 100 at most are kept.
pub(super) fn list(text: &str) -> Vec<String> {
    text.split([',', ';', '|', ' ', '\t'])
        .filter(|entry| !entry.is_empty())
        .take(100)
        .map(|entry| shown(entry, 260))
        .collect()
}

/// Lower case, without brackets, a port, or the final dot.
fn normal(text: &str) -> String {
    let text = text.trim();
    let without_port = match text.rsplit_once(':') {
        Some((host, port))
            if !port.is_empty()
                && port.bytes().all(|b| b.is_ascii_digit())
                && (host.ends_with(']') || !host.contains(':')) =>
        {
            host
        }
        _ => text,
    };
    let bare = without_port.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(without_port);
    bare.trim_end_matches('.').to_ascii_lowercase()
}

fn covers(entry: &str, address: IpAddr) -> bool {
    entry.parse::<IpAddr>().is_ok_and(|exempt| exempt == address)
        || entry.replace(['[', ']'], "").parse::<IpNet>().is_ok_and(|exempt| exempt.contains(&address))
}

fn is_below(host: &str, entry: &str) -> bool {
    let name = entry.strip_prefix("*.").or_else(|| entry.strip_prefix('.')).unwrap_or(entry);
    !name.is_empty() && host.strip_suffix(name).is_some_and(|above| above.is_empty() || above.ends_with('.'))
}
