//! Asks whether a neutral flow comes to the end of the common path, beside flows that stay silent.
//!
//! Some firewalls let the ICMP errors for one transport in, and those for the other not, so each transport is asked by itself.

use std::net::SocketAddr;
use std::time::Duration;

use why5003_probes::model::{HopAnswer, Transport};

use super::super::common_path::Reply;
use super::knowledge::{Knowledge, Turn};
use super::pacing::NEUTRAL_GAP;
use super::probe::{Depth, Request};

/// How often a neutral flow is asked beside those that stayed silent.
pub(super) const NEUTRAL_TRIES: usize = 4;
/// DNS, QUIC and STUN: what networks let out by UDP, if anything.
const NEUTRAL_UDP: [u16; 3] = [53, 443, 3_478];

/// How many of so many packets of a neutral flow come to the end of the common path.
pub(super) fn neutral_answers(known: &mut Knowledge<'_>, transport: Transport, tries: usize) -> Turn<usize> {
    let came = known.send(|known| (requests(known, transport, tries), NEUTRAL_GAP))?;
    let end = known.path().end();
    let goes_on = |reply: Reply| reply.came == HopAnswer::Expired && !known.path().is_astray(reply.from, end);
    Turn::Continue(came.iter().filter(|heard| goes_on(heard.reply())).count())
}

fn requests(known: &Knowledge<'_>, transport: Transport, tries: usize) -> Vec<Request> {
    let Some(neutral) = known.of.neutral else { return Vec::new() };
    let end = Depth::Hop(known.path().end());
    let request = |port| Request { to: SocketAddr::new(neutral.ip(), port), transport, depth: end };
    let requests = match transport {
        Transport::Tcp => vec![request(neutral.port())],
        Transport::Udp => NEUTRAL_UDP.map(request).to_vec(),
    };
    requests.iter().copied().cycle().take(requests.len().max(tries)).collect()
}

/// Whether a neutral flow still comes to the end of the common path, now.
pub(super) struct NeutralGoesOn {
    transport: Transport,
    left: usize,
}

impl NeutralGoesOn {
    pub(super) fn new(transport: Transport) -> Self {
        Self { transport, left: NEUTRAL_TRIES }
    }

    pub(super) fn advance(&mut self, known: &mut Knowledge<'_>) -> Turn<bool> {
        while self.left > 0 {
            let answers = neutral_answers(known, self.transport, 1)?;
            self.left -= 1;
            if answers > 0 {
                return Turn::Continue(true);
            }
        }
        Turn::Continue(false)
    }
}

/// So long it holds that the end of the common path can be heard.
pub(super) const FRESH: Duration = Duration::from_secs(10);
