//! No interface with an address.

use why5003_probes::model::Layer;

use super::prelude::*;

pub(super) const CAUSE: Cause = Cause {
    id: "host.no-link",
    title: "This computer is not connected to any network",
    layer: Layer::Host,
    owner: Owner::User,
    masks: &["*"],
    effects: &[],
    meaning: "No interface besides loopback is up and has an address that is good beyond its own link, so nothing can leave \
              this computer. Cable, Wi-Fi, aeroplane mode or DHCP is the matter, not Zoom and not a firewall.",
    proof: "ip -brief address\nip route",
    remedies: &[
        Mend {
            os: "any",
            who: Owner::User,
            text: "Connect the cable or join the Wi-Fi; switch off aeroplane mode.",
            command: "",
        },
        Mend {
            os: "linux",
            who: Owner::User,
            text: "Bring the connection up and ask for an address again.",
            command: "nmcli networking on && nmcli device status",
        },
        Mend {
            os: "macos",
            who: Owner::User,
            text: "Ask for an address again.",
            command: "sudo ipconfig set en0 DHCP",
        },
        Mend {
            os: "windows",
            who: Owner::User,
            text: "Ask for an address again.",
            command: "ipconfig /release & ipconfig /renew",
        },
    ],
    sources: &[
        "https://man7.org/linux/man-pages/man7/netdevice.7.html",
        "RFC 3927, section 1.2 (169.254/16 is good on its own link only)",
    ],
    rule,
};

fn rule(evidence: &Evidence) -> Ruling {
    match evidence.host().has_link() {
        Some(false) => Ruling::claim(Claim {
            location: Some(here()),
            blocks: true,
            ..Claim::of(Confidence::Certain, evidence.host().ids())
        }),
        Some(true) => Ruling::excluded(evidence.host().ids()),
        None => Ruling::silent(),
    }
}
