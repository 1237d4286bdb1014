//! What is begun before silence is proven: a walk along Zoom's flow while its first tries still wait for an answer.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use why5003_probes::kit::{Fact, Look, Observation, Role, Transport, Via};

use super::looks;

/// What connections came to so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Silence {
    /// Neutral connections that stand, by their observation's number.
    passing: BTreeSet<(u32, SocketAddr)>,
    /// A connection to Zoom came back, with whatever result: its own words tell what to ask next.
    broken: bool,
    /// Connections to Zoom that are overdue; those of sign-in first.
    silent: BTreeSet<(bool, SocketAddr)>,
    /// The walks were given.
    walked: bool,
}

impl Silence {
    /// Takes note of what a connection came to.
    pub(super) fn heard(&mut self, seen: &Observation) {
        if !connects(&seen.look) {
            return;
        }
        match seen.look.role {
            Role::SignIn | Role::Side => self.broken = true,
            Role::Control if seen.facts.iter().any(|fact| matches!(fact, Fact::Connected(_))) => {
                self.passing.extend(seen.look.target.socket().map(|to| (seen.id, to)));
            }
            _ => {}
        }
    }

    /// Takes note of looks that nothing has answered for as long as a lost SYN takes to be sent again, and returns the walks
    /// they lead to, once: along the first of Zoom's flows, and a neutral one to hold it against. None while anything of
    /// Zoom's came back, or nothing neutral passes: then silence is not all there is to explain.
    pub(super) fn walks(&mut self, overdue: &[Look]) -> Vec<Look> {
        for look in overdue.iter().filter(|look| connects(look)) {
            if let (Role::SignIn | Role::Side, Some(to)) = (look.role, look.target.socket()) {
                self.silent.insert((look.role != Role::SignIn, to));
            }
        }
        let passing = |to: &SocketAddr| {
            self.passing.iter().map(|(_, passing)| *passing).find(|passing| passing.is_ipv4() == to.is_ipv4())
        };
        let pair = self.silent.iter().find_map(|(_, to)| Some((*to, passing(to)?)));
        match pair {
            Some((to, passing)) if !self.broken && !self.walked && self.silent.len() >= FLOOR => {
                self.walked = true;
                vec![
                    looks::ladder(Role::Range, to, Transport::Tcp),
                    looks::ladder(Role::Control, passing, Transport::Tcp),
                ]
            }
            _ => Vec::new(),
        }
    }
}

/// A client's own connection: direct, by TLS.
fn connects(look: &Look) -> bool {
    look.probe == "tls" && look.via == Via::Direct
}

/// One address that is silent may be one that is dead.
const FLOOR: usize = 2;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use why5003_probes::kit::Connected;

    use super::*;

    fn seen(id: u32, look: Look, facts: Vec<Fact>) -> Observation {
        Observation { id, look, started: Duration::ZERO, took: Duration::ZERO, facts, failure: None }
    }

    fn sign_in() -> Look {
        looks::web("zoom.us", Role::SignIn, "170.114.52.2:443".parse().unwrap())
    }

    fn side() -> Look {
        looks::handshake("log.zoom.us", Role::Side, "170.114.52.20:443".parse().unwrap())
    }

    fn neutral(id: u32) -> Observation {
        let look = looks::handshake("one.one.one.one", Role::Control, "1.1.1.1:443".parse().unwrap());
        let (local, peer) = ("10.0.1.2:40000".parse().unwrap(), "1.1.1.1:443".parse().unwrap());
        seen(id, look, vec![Fact::Connected(Connected { rtt_us: 5_000, local, peer })])
    }

    fn targets(walks: &[Look]) -> Vec<String> {
        walks.iter().map(|look| look.target.to_string()).collect()
    }

    #[test]
    fn the_sign_in_that_waits_beside_others_is_walked_once_and_a_neutral_flow_with_it() {
        let mut silence = Silence::default();
        silence.heard(&neutral(1));
        assert_eq!(silence.walks(&[side()]), []);
        assert_eq!(targets(&silence.walks(&[sign_in()])), ["170.114.52.2:443/tcp", "1.1.1.1:443/tcp"]);
        let other = looks::handshake("das.zoom.us", Role::Side, "170.114.52.22:443".parse().unwrap());
        assert_eq!(silence.walks(&[other]), []);
    }

    #[test]
    fn nothing_is_walked_before_a_neutral_connection_stands() {
        assert_eq!(Silence::default().walks(&[sign_in(), side()]), []);
    }

    #[test]
    fn nothing_is_walked_where_anything_of_zoom_s_came_back() {
        let mut silence = Silence::default();
        silence.heard(&neutral(1));
        silence.heard(&seen(2, side(), Vec::new()));
        let other = looks::handshake("das.zoom.us", Role::Side, "170.114.52.22:443".parse().unwrap());
        assert_eq!(silence.walks(&[sign_in(), other]), []);
    }
}
