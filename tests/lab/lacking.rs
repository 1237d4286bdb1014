//! Why the lab can't be had here, if it can't.

use std::path::Path;
use std::process::{Command, Stdio};

/// What the lab calls, and the Debian package that has it.
const TOOLS: &[(&str, &str)] = &[
    ("ip", "iproute2"),
    ("unshare", "util-linux"),
    ("setpriv", "util-linux"),
    ("ethtool", "ethtool"),
    ("nft", "nftables"),
    ("iptables", "iptables"),
    ("nginx", "nginx-light"),
    ("dnsmasq", "dnsmasq-base"),
    ("unbound", "unbound"),
    ("squid", "squid-openssl"),
    ("tayga", "tayga"),
    ("faketime", "faketime"),
    ("python3", "python3"),
];

/// What is missing.
pub(crate) fn lacking() -> Option<String> {
    if !nix::unistd::geteuid().is_root() {
        return Some("it makes network namespaces and firewalls, which takes root".to_owned());
    }
    let missing: Vec<String> = TOOLS
        .iter()
        .filter(|(tool, _)| !runs("sh", &["-c", &format!("command -v {tool}")]))
        .map(|(tool, package)| format!("{tool} (Debian's {package})"))
        .collect();
    if !missing.is_empty() {
        return Some(format!("missing: {}", missing.join(", ")));
    }
    if !Path::new("/dev/net/tun").exists() {
        return Some("there is no /dev/net/tun, which lines that delay and NAT64 take".to_owned());
    }
    let nest =
        ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "ip", "link", "add", "type", "veth"];
    (!runs("unshare", &nest)).then(|| "this kernel or container gives no namespaces with veth pairs".to_owned())
}

fn runs(program: &str, args: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
