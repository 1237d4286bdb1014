//! A table of connections on the way is full.

use why5003_probes::kit::{How, Layer, Stage};

use super::prelude::*;
use crate::verdict::loss;

pub(super) const CAUSE: Cause = Cause {
    id: "path.nat-exhausted",
    title: "A NAT or firewall on the way has no room for more connections",
    layer: Layer::Path,
    owner: Owner::Network,
    masks: &["path.loss", "filter.rate-limit"],
    meaning: "Connections fail at random, to neutral hosts too: some were held open, no further one stood while they were, and one stood as soon as they \
              were closed. A table of translations or sessions is full, for this computer or for all. A limit of new connections a second would \
              have let later ones pass, and loss would not have waited for the closing.",
    proof: "sudo conntrack -C; sysctl net.netfilter.nf_conntrack_max   # on the router, if it is a Linux one\nwhy5003 probe hold 1.1.1.1:443",
    remedies: &[
        Mend {
            os: "any",
            who: Owner::Network,
            text: "On the router or firewall that translates addresses: raise the session limit of a client, enlarge the table, give the NAT more public \
                   addresses, and look for the computer that fills it.",
            command: "",
        },
        Mend {
            os: "any",
            who: Owner::User,
            text: "Until then close what holds many connections (file sharing, many browser tabs).",
            command: "ss -Htn state established | wc -l",
        },
        Mend {
            os: "any",
            who: Owner::Isp,
            text: "Where the provider shares one address among customers (CGNAT), ask for more ports or an address of your own.",
            command: "",
        },
    ],
    sources: &[
        "RFC 6888, section 2 (CGN: limits per subscriber)",
        "RFC 7857",
        "https://docs.kernel.org/networking/nf_conntrack-sysctl.html",
    ],
    rule,
};

fn rule(evidence: &Evidence) -> Ruling {
    if let Some(full) = evidence.held().find(|held| held.full) {
        let failed = evidence.attempts().filter(|a| a.ended(Stage::Connect, How::Silent));
        let because =
            [full.id].into_iter().chain(evidence.resent(|_| true).ids).chain(failed.map(Attempt::id)).collect();
        return Ruling::claim(Claim {
            details: [("connections".to_owned(), full.flows.to_string())].into(),
            blocks: sign_in_fails(evidence),
            ..claim(0.9, because)
        });
    }
    if let Some(room) = evidence.held().next() {
        return Ruling::excluded(vec![room.id]);
    }
    if !loss::suspected(evidence) {
        return Ruling::silent();
    }
    let only_connections = loss::measured(evidence).is_some_and(|loss| loss::only_connections(evidence, loss.lost()));
    let questions = if only_connections { loss::room(evidence) } else { loss::questions(evidence) };
    if !questions.iter().any(|question| matches!(question, Question::Hold { .. })) {
        return Ruling::silent();
    }
    Ruling::doubt("hold connections to a neutral host open, and see whether one more stands", questions)
}
