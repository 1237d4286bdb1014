//! Network namespaces that lead nowhere, made by `unshare` with or without root.

use std::process::{Command, Stdio};
use std::sync::LazyLock;

/// A network that ends before it begins.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Inside {
    /// Not even loopback is up.
    Nothing,
    /// Loopback.
    Loopback,
    /// Loopback, which owns a prefix of Zoom's: whatever is asked there is closed.
    Zoom,
    /// An address, a gateway and a default route on a cable whose other end nobody holds.
    DeadEnd,
}

/// How `unshare` is to be called: as root, or with a user namespace.
static UNSHARE: LazyLock<Option<&str>> =
    LazyLock::new(|| ["-n", "-rn"].into_iter().find(|flag| works(&inside(flag, Inside::Loopback))));

/// Why no namespace can be had, if none can.
pub(crate) fn lacking() -> Option<String> {
    UNSHARE.is_none().then(|| "neither unshare -n nor unshare -rn gives a network namespace with ip".to_owned())
}

/// Why a namespace can't have a cable, if it can't.
pub(crate) fn lacking_veth() -> Option<String> {
    let flag = (*UNSHARE)?;
    (!works(&inside(flag, Inside::DeadEnd))).then(|| "this kernel gives no veth pair".to_owned())
}

/// The words that run a program, which follows them, in such a network.
pub(crate) fn words(network: Inside) -> Vec<&'static str> {
    inside(UNSHARE.expect("tests that need a namespace are not run without"), network)
}

fn inside(flag: &'static str, network: Inside) -> Vec<&'static str> {
    let script = match network {
        Inside::Nothing => r#"exec "$@""#,
        Inside::Loopback => r#"ip link set lo up && exec "$@""#,
        Inside::Zoom => r#"ip link set lo up && ip route add local 170.114.0.0/16 dev lo && exec "$@""#,
        Inside::DeadEnd => {
            r#"ip link set lo up && ip link add near type veth peer name far && ip link set far up &&
            ip addr add 192.0.2.2/24 dev near && ip link set near up && ip route add default via 192.0.2.1 && exec "$@""#
        }
    };
    vec!["unshare", flag, "sh", "-c", script, "inside"]
}

fn works(words: &[&str]) -> bool {
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).arg("true").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
