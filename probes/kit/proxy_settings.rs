//! Stand-in until the proxy settings' own readers are merged: reads nothing.

use super::ProxySetting;

/// Those of environment variables.
pub fn from_environment(_vars: impl Iterator<Item = (String, String)>, _source: &str) -> Vec<ProxySetting> {
    Vec::new()
}

/// Those of `/etc/environment`.
pub fn from_environment_file(_text: &str) -> Vec<ProxySetting> {
    Vec::new()
}

/// Those of `/proc/PID/environ`.
pub fn from_process_environment(_bytes: &[u8], _source: &str) -> Vec<ProxySetting> {
    Vec::new()
}

/// Those that `gsettings` prints.
pub fn from_gnome(_text: &str) -> Vec<ProxySetting> {
    Vec::new()
}

/// Those of `kioslaverc`.
pub fn from_kde(_text: &str) -> Vec<ProxySetting> {
    Vec::new()
}

/// Those of `zoomus.conf`.
pub fn from_zoom(_text: &str, _source: &str) -> Vec<ProxySetting> {
    Vec::new()
}
