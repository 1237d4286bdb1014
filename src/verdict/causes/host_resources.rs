//! This computer ran out of something of its own.

use why5003_probes::model::{How, Layer};

use super::prelude::*;

pub(super) const CAUSE: Cause = Cause {
    id: "host.resources",
    title: "This computer ran out of sockets, ports or memory for them",
    layer: Layer::Host,
    owner: Owner::User,
    // Not filters: what they are judged by is silence or refusal, never a socket that could not be had.
    masks: &["dns.*", "zoom.outage"],
    effects: &[],
    meaning: "Opening a socket failed for a limit of this computer or of this process: EMFILE, EADDRNOTAVAIL, ENOBUFS or ENOMEM. What was \
              seen beside it says nothing of the network.",
    proof: "ulimit -n; ss -s; cat /proc/sys/net/ipv4/ip_local_port_range",
    remedies: &[
        Mend {
            os: "linux",
            who: Owner::User,
            text: "See which program holds so many sockets, and end it or raise the limit.",
            command: "ss -tanp | awk '{print $6}' | sort | uniq -c | sort -rn | head",
        },
        Mend {
            os: "windows",
            who: Owner::User,
            text: "See which program holds so many sockets.",
            command: "netstat -ano | find /c \"TCP\"",
        },
        Mend {
            os: "any",
            who: Owner::User,
            text: "Run the diagnosis again when the load is gone.",
            command: "why5003",
        },
    ],
    sources: &[
        "https://man7.org/linux/man-pages/man2/socket.2.html",
        "https://man7.org/linux/man-pages/man2/connect.2.html (EADDRNOTAVAIL)",
    ],
    rule,
};

fn rule(evidence: &Evidence) -> Ruling {
    let short: Vec<_> = evidence
        .observations()
        .iter()
        .filter(|o| o.failure.as_ref().is_some_and(|f| f.how == How::Exhausted))
        .collect();
    let Some(first) = short.first() else {
        return Ruling::silent();
    };
    let word = first.failure.as_ref().and_then(|f| f.detail.clone()).unwrap_or_default();
    let ids = short.iter().map(|o| o.id).collect();
    Ruling::claim(Claim {
        location: Some(here()),
        details: [("errno".to_owned(), word)].into(),
        ..Claim::of(Confidence::Probable, ids)
    })
}
