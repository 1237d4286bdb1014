//! The way to Zoom's media ports, which answer nobody: single packets that die at the last router before Zoom, and what they
//! can tell.
//!
//! They cost four packets, and no time where routers answer. What they mean is the rules' business.

use std::net::SocketAddr;

use why5003_probes::model::{Fact, How, Observation, Probe, Role, Transport};

use crate::experiment::probes;

/// What is known of the way to media.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Way {
    /// Packets were sent along it.
    asked: bool,
    /// The last router answered one of them.
    router_answers: bool,
}

impl Way {
    /// The probes that a media server's reply leads to: the last router's distance is one less than the server's.
    pub(super) fn heard(&mut self, seen: &Observation) -> Vec<Probe> {
        if seen.probe.role != Role::Media || seen.probe.settings.traceroute.is_some() {
            return Vec::new();
        }
        if seen.probe.settings.ttl.is_some() {
            self.router_answers |= seen.failure.as_ref().is_some_and(|failure| failure.how == How::Expired);
            return Vec::new();
        }
        let ttl = seen.facts.iter().find_map(|f| if let Fact::Reply(reply) = f { reply.ttl } else { None });
        let (Some(last), Some(to), false) = (ttl.and_then(last_router), seen.probe.target.socket(), self.asked) else {
            return Vec::new();
        };
        self.asked = true;
        let at = |port, transport| probes::up_to(Role::Media, SocketAddr::new(to.ip(), port), transport, last);
        // The server's own port first: what passes there is the baseline.
        let mut asked = vec![at(to.port(), Transport::Udp)];
        asked.extend(UDP.iter().map(|port| at(*port, Transport::Udp)));
        asked.extend(TCP.iter().map(|port| at(*port, Transport::Tcp)));
        asked
    }

    /// Whether silence of this probe would say nothing, since the last router answers nobody so far.
    pub(super) fn can_say_nothing(self, probe: &Probe) -> bool {
        probe.role == Role::Media && probe.settings.ttl.is_some() && !self.router_answers
    }

    /// Whether the way was seen to its last router.
    pub(super) fn is_seen(self) -> bool {
        self.router_answers
    }
}

/// How far the last router before a server is, by the TTL of the server's reply.
///
/// Systems begin with 64, 128 or 255, and the way back is taken to be as long as the way there. `None` where no router is
/// between, or the number makes no sense.
fn last_router(ttl: u8) -> Option<u8> {
    let began = [64, 128, 255].into_iter().find(|began| *began >= ttl)?;
    let routers = began - ttl;
    (1..=LONGEST).contains(&routers).then_some(routers)
}

/// As many as a traceroute would ask: what seems longer began with another TTL.
const LONGEST: u8 = 24;

/// KB0060548 lists 8801 to 8810: one stands for all.
const UDP: [u16; 1] = [8801];

/// KB0060548 lists 443, 8801 and 8802.
const TCP: [u16; 2] = [443, 8801];

#[cfg(test)]
mod tests {
    use super::last_router;

    #[test]
    fn the_distance_is_what_is_missing_of_the_next_beginning() {
        assert_eq!([60, 64, 116, 250, 30, 200].map(last_router), [Some(4), None, Some(12), Some(5), None, None]);
    }
}
