//! A line of the hosts file pins a Zoom name to an address that is not Zoom's.

use why5003_probes::model::Layer;

use super::prelude::*;
use crate::verdict::measure::sign_in::system_addresses;

pub(super) const CAUSE: Cause = Cause {
    id: "host.hosts-file",
    title: "The hosts file pins a Zoom name to a wrong address",
    layer: Layer::Host,
    owner: Owner::User,
    masks: &["dns.wrong-answer", "dns.name-blocked"],
    effects: &[],
    meaning: "A line of this computer's hosts file names a Zoom host, so every program here uses that address and never asks DNS. The address \
              does not show Zoom's certificate. Other computers on this network are not affected.",
    proof: "grep -n zoom /etc/hosts\ngetent ahosts zoom.us\ndig +short zoom.us @1.1.1.1",
    remedies: &[
        Mend {
            os: "linux",
            who: Owner::User,
            text: "Comment line {line} of {file} out, and any other that names {host}; a copy is kept beside the file.",
            command: "sudo sed -i.bak '{line}s/^/#/' {file}\ngrep -n {host} {file}",
        },
        Mend {
            os: "macos",
            who: Owner::User,
            text: "Comment line {line} of {file} out, and any other that names {host}, then flush the cache.",
            command: "sudo sed -i.bak '{line}s/^/#/' {file} && sudo dscacheutil -flushcache\ngrep -n {host} {file}",
        },
        Mend {
            os: "windows",
            who: Owner::User,
            text: "Open the file as administrator, put # before the lines that name {host}, save, then flush the cache.",
            command: "notepad %SystemRoot%\\System32\\drivers\\etc\\hosts & ipconfig /flushdns",
        },
    ],
    sources: &["https://man7.org/linux/man-pages/man5/hosts.5.html"],
    rule,
};

fn rule(evidence: &Evidence) -> Ruling {
    let mut ruling = Ruling::silent();
    for name in zoom_names(evidence) {
        let lines: Vec<_> = evidence.host().hosts_lines(name).collect();
        let Some((_, first)) = lines.first() else { continue };
        let pinned: Vec<_> = lines.iter().map(|(_, line)| line.address).collect();
        let system = system_addresses(evidence, name);
        if !system.is_empty() && !system.iter().all(|address| pinned.contains(address)) {
            // The system does not follow the line (nsswitch.conf without "files"), so it harms nobody.
            continue;
        }
        let tried: Vec<_> =
            evidence.attempts_at(name).filter(|a| pinned.contains(&a.to().ip()) && a.baseline()).collect();
        if tried.iter().any(|a| a.genuine() || a.genuine_but_for_the_date()) {
            ruling.excluded_by.extend(tried.iter().map(|a| a.id()));
            continue;
        }
        let truth = independent(evidence, name);
        let genuine_elsewhere: Vec<u32> =
            evidence.attempts_at(name).filter(|a| a.genuine() && a.baseline()).map(Attempt::id).collect();
        let others_disagree =
            !truth.is_empty() && truth.iter().all(|l| l.addresses().iter().all(|a| !pinned.contains(a)));
        // An address that was not tried, or that an inspecting gateway answers for, may well be right.
        let failed = |a: &Attempt<'_>| a.chain().is_empty() || shows_a_stranger(*a);
        let proven_wrong = !tried.is_empty() && tried.iter().all(failed);
        // One of Zoom's own prefixes, dead while Zoom's other addresses are too: the line is not what breaks it.
        let plausible = tried.iter().all(|a| a.settings().prefix.is_some());
        if !proven_wrong || genuine_elsewhere.is_empty() && (!others_disagree || plausible) {
            ruling.open = Some(Doubt {
                next_test: format!(
                    "ask an independent resolver for {name}, and compare with the address that {} pins",
                    first.file
                ),
                questions: vec![INDEPENDENTLY.of(name.to_owned())],
            });
            continue;
        }
        let because =
            lines.iter().map(|(id, _)| *id).chain(tried.iter().map(|a| a.id())).chain(truth.iter().map(|l| l.id()));
        let because = because.chain(genuine_elsewhere.iter().copied()).collect();
        let confidence = if genuine_elsewhere.is_empty() { Confidence::Likely } else { Confidence::Proven };
        let details = [
            ("file".to_owned(), first.file.clone()),
            ("line".to_owned(), first.line.to_string()),
            ("address".to_owned(), first.address.to_string()),
        ];
        ruling.claims.push(Claim {
            location: Some(here()),
            scope: scope_of_names([name]),
            details: details.into(),
            blocks: decisive(evidence, name),
            ..Claim::of(confidence, because)
        });
    }
    ruling
}
