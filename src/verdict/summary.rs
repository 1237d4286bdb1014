//! The verdict in a sentence or two, and what is left to try where nothing is to blame.

use std::fmt::Write as _;

use super::cause::Effect;
use super::causes::CAUSES;
use super::measure::sign_in::{SignIn, sign_in};
use super::model::{Finding, FindingRole, Open, Owner, Status};
use crate::evidence::Evidence;

/// The verdict in one sentence, and one more for each further root.
pub(super) fn sentence(status: Status, causes: &[Finding], evidence: &Evidence) -> String {
    match (status, causes.split_first()) {
        (_, Some((root, others))) => blame(root) + &also(others),
        (Status::Healthy | Status::Degraded, None) => {
            "The network, as this program sees it, is not the cause: sign-in works from here. This program is not Zoom's client, so what is set for that program alone remains to be tried.".to_owned()
        }
        (Status::Blocked, None) => {
            "The sign-in path does not work from here, but the evidence does not yet say which one thing is to blame.".to_owned()
        }
        (Status::Unknown, None) => match sign_in(evidence) {
            SignIn::Fails(_) => "The sign-in path failed once, which is too little to blame anything.".to_owned(),
            _ => "The sign-in path was not seen to its end, so nothing can be said of it.".to_owned(),
        },
    }
}

fn blame(root: &Finding) -> String {
    let mut text = root.title.clone();
    let scope = &root.scope;
    let what: Vec<&str> = scope.hosts.iter().take(3).map(String::as_str).collect();
    if !what.is_empty() {
        let more = scope.hosts.len().saturating_sub(what.len());
        text.push_str(", seen at ");
        text.push_str(&what.join(", "));
        if more > 0 {
            let _ = write!(text, " and {more} more");
        }
        if let Some(port) = scope.ports.first() {
            let _ = write!(text, " ({port})");
        }
    }
    if let Some(location) = &root.location {
        let hop = location.hop.filter(|hop| *hop > 0).map(|hop| format!("hop {hop}"));
        let address = location.address.map(|address| address.to_string());
        let next = location.next.map(|next| format!("or just before {next}"));
        let place: Vec<String> = [hop, address, next].into_iter().flatten().collect();
        if !place.is_empty() {
            text.push_str(", at ");
            text.push_str(&place.join(" "));
        }
    }
    text.push_str(match root.owner {
        Owner::User => ". The user of this computer can mend it.",
        Owner::Network => ". Whoever runs this network must change it.",
        Owner::Isp => ". The internet provider must change it.",
        Owner::Zoom => ". Only Zoom can mend it.",
    });
    text
}

/// The other roots: who mends the first one alone still sees the error.
fn also(others: &[Finding]) -> String {
    let roots = others.iter().filter(|finding| finding.role == FindingRole::Root);
    roots.fold(String::new(), |text, root| text + " Also to mend: " + &root.title + ".")
}

/// What remains to be tried where nothing was found.
pub(super) fn what_remains(evidence: &Evidence, status: Status) -> Open {
    let next_test = match status {
        Status::Healthy | Status::Degraded => {
            "on the client: restart Zoom, update it, clear its data, allow it in per-program firewalls and security suites, reinstall it; try the web client (https://app.zoom.us/wc); then ask Zoom's support"
        }
        Status::Blocked => {
            "run why5003 again with --deadline 60, then from another network (a phone's hotspot), and compare the two reports"
        }
        Status::Unknown if matches!(sign_in(evidence), SignIn::Fails(_)) => "run why5003 again",
        Status::Unknown => "let the run come to its end, with a longer --deadline if need be",
    };
    let could_be = match status {
        Status::Healthy | Status::Degraded => {
            CAUSES.iter().filter(|cause| cause.has(Effect::CannotBeExcluded)).map(|cause| cause.id.to_owned()).collect()
        }
        Status::Blocked | Status::Unknown => Vec::new(),
    };
    let mut next_test = next_test.to_owned();
    if !could_be.is_empty() {
        next_test.push_str(&seen_of_the_client(evidence));
    }
    Open { could_be, next_test }
}

/// What was seen of the installed client, as a half-sentence.
fn seen_of_the_client(evidence: &Evidence) -> String {
    let clients: Vec<String> = evidence
        .host()
        .clients()
        .map(|(_, client)| {
            let version = client.version.as_deref().unwrap_or("of unknown version");
            let mut text = format!("{version} ({}) at {}", client.packaging, client.found_at);
            if let Some(oldest) = client.processes.iter().map(|process| process.age_s).max() {
                let _ = write!(text, ", {} processes, the oldest {} h old", client.processes.len(), oldest / 3600);
            }
            text
        })
        .collect();
    if clients.is_empty() {
        return ". No installed Zoom client was seen on this computer".to_owned();
    }
    format!(". Seen of the client: {}", clients.join("; "))
}
