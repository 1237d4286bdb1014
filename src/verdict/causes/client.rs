//! The installed client itself, on a network that is clean.

use why5003_probes::model::Layer;

use super::prelude::*;
use crate::verdict::measure::sign_in::{SignIn, sign_in};

pub(super) const OUTDATED: Cause = Cause {
    id: "client.outdated",
    title: "The installed Zoom client is older than Zoom lets in",
    layer: Layer::Client,
    owner: Owner::User,
    masks: &[],
    effects: &[],
    meaning: "The network is clean, but the installed client's version is below the minimum that Zoom enforces, so Zoom refuses it at sign-in. The \
              web client works meanwhile.",
    proof: "cat /opt/zoom/version.txt",
    remedies: &[
        Mend {
            os: "linux",
            who: Owner::User,
            text: "Update the client from https://zoom.us/download; on Debian and Ubuntu:",
            command: "curl -LO https://zoom.us/client/latest/zoom_amd64.deb && sudo apt-get install ./zoom_amd64.deb",
        },
        Mend { os: "windows", who: Owner::User, text: "Update the client.", command: "winget upgrade Zoom.Zoom" },
        Mend {
            os: "macos",
            who: Owner::User,
            text: "Update the client from zoom.us > Check for Updates.",
            command: "",
        },
        Mend {
            os: "any",
            who: Owner::User,
            text: "Join by the web client meanwhile: https://app.zoom.us/wc",
            command: "",
        },
    ],
    sources: &["Zoom KB0061900 and KB0061134 (minimum version)"],
    rule: outdated,
};

pub(super) const LOCAL: Cause = Cause {
    id: "client.local",
    title: "The installed Zoom client cannot work as it is",
    layer: Layer::Client,
    owner: Owner::User,
    masks: &[],
    effects: &[Effect::CannotBeExcluded],
    meaning: "The network is clean, and something of the installed client is visibly wrong: its data folder cannot be written. A program-specific \
              firewall rule, a sandbox or damaged data look the same from outside, and this program is not Zoom's client: those remain to be tried.",
    proof: "ls -ld ~/.zoom ~/.zoom/data; ps -eo pid,etime,args | grep -i [z]oom",
    remedies: &[
        Mend {
            os: "linux",
            who: Owner::User,
            text: "End all Zoom processes, give the data folder back to its user, and start Zoom again.",
            command: "pkill -x zoom; sudo chown -R \"$USER\" ~/.zoom",
        },
        Mend {
            os: "windows",
            who: Owner::User,
            text: "End all Zoom processes, then put the data folder aside (this signs you out).",
            command: "taskkill /F /IM Zoom.exe & ren \"%APPDATA%\\Zoom\\data\" data.bak",
        },
        Mend {
            os: "macos",
            who: Owner::User,
            text: "End all Zoom processes, then put the data folder aside (this signs you out).",
            command: "pkill -x zoom.us; mv ~/Library/Application\\ Support/zoom.us/data ~/Library/Application\\ Support/zoom.us/data.bak",
        },
        Mend {
            os: "any",
            who: Owner::User,
            text: "Allow Zoom in per-program firewalls and security suites, update it, reinstall it; try the web client (https://app.zoom.us/wc); then ask Zoom's support.",
            command: "",
        },
    ],
    sources: &["Zoom KB0070357 (local data)", "https://github.com/netblue30/firejail/issues/3428 (sandbox)"],
    rule: local,
};

fn outdated(evidence: &Evidence) -> Ruling {
    let (Some(minimum), SignIn::Works(clean)) = (evidence.background().minimum_client(), sign_in(evidence)) else {
        return Ruling::silent();
    };
    let mut current = Vec::new();
    for (id, client) in evidence.host().clients() {
        let Some(version) = client.version.as_deref() else { continue };
        if older(version, &minimum) {
            let details = [
                ("version".to_owned(), version.to_owned()),
                ("minimum".to_owned(), minimum.clone()),
                ("found_at".to_owned(), client.found_at.clone()),
            ];
            let because = clean.into_iter().take(2).chain([id]).collect();
            return Ruling::claim(Claim {
                location: Some(here()),
                details: details.into(),
                ..Claim::of(Confidence::Probable, because)
            });
        }
        current.push(id);
    }
    Ruling::excluded(distinct(current))
}

fn local(evidence: &Evidence) -> Ruling {
    let SignIn::Works(clean) = sign_in(evidence) else {
        return Ruling::silent();
    };
    for (id, client) in evidence.host().clients() {
        if client.data_writable == Some(false) {
            let details = [
                ("found_at".to_owned(), client.found_at.clone()),
                ("data_folder".to_owned(), "cannot be written".to_owned()),
            ];
            let because = clean.into_iter().take(2).chain([id]).collect();
            return Ruling::claim(Claim {
                location: Some(here()),
                details: details.into(),
                ..Claim::of(Confidence::Ambiguous, because)
            });
        }
    }
    Ruling::silent()
}

/// Whether a version, as its numbers count, is below another; a text without numbers is not.
///
/// By hand: the semver crate refuses the four numbers of a client, such as `6.10.1.100`.
fn older(version: &str, minimum: &str) -> bool {
    let numbers = |text: &str| -> Vec<u32> {
        text.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).take(3).collect()
    };
    let (have, need) = (numbers(version), numbers(minimum));
    !have.is_empty() && have < need
}
