//! Reads proxy settings out of the texts in which this computer keeps them.
//!
//! Text in, settings out: nothing is opened or asked here, only a proxy script is run, by `pac`; and user names and passwords never get into a setting.
//! Each reader gives the settings that its place would apply to HTTPS, the one in force first; none where it says "direct".

mod desktop;
mod exempt;
mod script;
mod spelled;

use crate::model::{ProxySays, ProxySetting};

pub use desktop::{from_gnome, from_kde};
pub use exempt::exempts;
pub use script::Script;

use exempt::list;
use spelled::{script as script_at, usable};

/// How a script's choice of no proxy is spelled among those of proxies.
pub const DIRECT: &str = "direct";

/// Environment variables, by curl's rules: lower case before upper, `https_proxy` before `all_proxy`, empty is unset.
///
/// Where only `http_proxy` is set, HTTPS goes direct (curl(1), "environment"; Python, Go and wget alike): it then stands as the
/// one setting, for plain HTTP. The variable's name follows `source` in brackets.
pub fn from_environment(vars: impl Iterator<Item = (String, String)>, source: &str) -> Vec<ProxySetting> {
    let vars: Vec<(String, String)> = vars.filter(|(_, value)| !value.trim().is_empty()).collect();
    let first = |names: &[&'static str]| {
        names.iter().find_map(|&name| {
            // The last assignment counts, as in a shell.
            vars.iter().rev().find(|(set, _)| set == name).map(|(_, value)| (name, value.as_str()))
        })
    };
    let for_https = first(&["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]);
    let (name, says) = match (for_https, first(&["http_proxy", "HTTP_PROXY"])) {
        (Some((name, value)), _) => (name, usable(value)),
        (None, Some((name, value))) => match usable(value) {
            ProxySays::Use(proxy) => (name, ProxySays::ForHttp(proxy)),
            says => (name, says),
        },
        (None, None) => return Vec::new(),
    };
    let source = format!("{source} ({name})");
    let exempt = first(&["no_proxy", "NO_PROXY"]).map(|(_, hosts)| list(hosts)).unwrap_or_default();
    vec![ProxySetting { source, says, exempt }]
}

/// The lines of `/etc/environment` (pam_env(8)): `KEY=value`, with or without `export` and quotes; `#` begins a comment line.
pub fn from_environment_file(text: &str) -> Vec<ProxySetting> {
    let vars = text.lines().filter_map(|line| {
        let line = line.trim();
        if line.starts_with('#') {
            return None;
        }
        let line = line.strip_prefix("export ").unwrap_or(line);
        let (key, value) = line.split_once('=')?;
        Some((key.trim().to_owned(), unquoted(value.trim()).to_owned()))
    });
    from_environment(vars, "/etc/environment")
}

fn unquoted(value: &str) -> &str {
    let pair = |quote| value.strip_prefix(quote).and_then(|value: &str| value.strip_suffix(quote));
    pair('"').or_else(|| pair('\'')).unwrap_or(value)
}

/// The environment of a running process as `/proc/PID/environ` gives it: `KEY=value`, each ended by a NUL byte (proc(5)).
pub fn from_process_environment(bytes: &[u8], source: &str) -> Vec<ProxySetting> {
    let vars = bytes.split(|&byte| byte == 0).filter_map(|entry| {
        let entry = String::from_utf8_lossy(entry);
        let (key, value) = entry.split_once('=')?;
        Some((key.to_owned(), value.to_owned()))
    });
    from_environment(vars, source)
}

/// Zoom's own keys (`ProxyServer`, `ProxyPAC`, `ProxyBypass`) in the lines `Key=value` of one of its files or policies.
///
/// Zoom's table of mass-deployment keys writes a proxy as `server: port`. Where both are set, both are given, the script first.
pub fn from_zoom(text: &str, source: &str) -> Vec<ProxySetting> {
    let lines = || text.lines().filter_map(|line| line.trim().split_once('='));
    let value = |key: &str| {
        let (_, value) = lines().find(|(set, _)| set.trim().eq_ignore_ascii_case(key))?;
        Some(unquoted(value.trim()).trim()).filter(|value| !value.is_empty())
    };
    let exempt = value("ProxyBypass").map(list).unwrap_or_default();
    let setting =
        |key: &str, says: ProxySays| ProxySetting { source: format!("{source} ({key})"), says, exempt: exempt.clone() };
    let pac = value("ProxyPAC").map(|address| setting("ProxyPAC", script_at(address)));
    let server = value("ProxyServer").map(|place| setting("ProxyServer", usable(&place.replace(": ", ":"))));
    pac.into_iter().chain(server).collect()
}

#[cfg(test)]
mod tests;
