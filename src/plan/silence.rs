//! What is begun before silence is proven: a walk along Zoom's flow while its first tries still wait for an answer.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use why5003_probes::model::{Fact, Family, Observation, Probe, ProbeName, Role, Transport, Via};

use crate::experiment::probes;

/// What connections came to so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Silence {
    /// Neutral connections that stood soon, by their observation's number.
    passing: BTreeSet<(u32, SocketAddr)>,
    /// A connection to Zoom came back, with whatever result: its own words tell what to ask next.
    broken: bool,
    /// Connections to Zoom in the order of the plan, and whether they are sign-in's.
    begun: Vec<(SocketAddr, bool)>,
    /// Those that are overdue.
    silent: BTreeSet<SocketAddr>,
    /// The walks were given.
    walked: bool,
}

impl Silence {
    /// Takes note of a connection that is about to be tried.
    pub(super) fn begins(&mut self, probe: &Probe) {
        if to_zoom(probe) {
            self.begun.extend(probe.target.socket().map(|to| (to, probe.role == Role::SignIn)));
        }
    }

    /// Takes note of what a connection came to.
    pub(super) fn heard(&mut self, seen: &Observation) {
        if !connects(&seen.probe) {
            return;
        }
        match seen.probe.role {
            Role::SignIn | Role::Side => self.broken = true,
            // On a way on which everything is slow, what is overdue is not silent.
            Role::Control if seen.took < PROMPT && seen.facts.iter().any(|fact| matches!(fact, Fact::Connected(_))) => {
                self.passing.extend(seen.probe.target.socket().map(|to| (seen.id, to)));
            }
            _ => {}
        }
    }

    /// Takes note of probes that nothing has answered for as long as a lost SYN takes to be sent again.
    ///
    /// They lead to two walks, once: along the first of Zoom's flows, and along a neutral one to hold it against. They lead to
    /// none while anything of Zoom's came back, or nothing neutral passes: then silence is not all there is to explain.
    pub(super) fn walks(&mut self, overdue: &[Probe]) -> Vec<Probe> {
        self.silent.extend(overdue.iter().filter(|probe| to_zoom(probe)).filter_map(|probe| probe.target.socket()));
        let passing = |to: &SocketAddr| {
            self.passing
                .iter()
                .map(|(_, passing)| *passing)
                .find(|passing| Family::of(passing.ip()) == Family::of(to.ip()))
        };
        // The rules look at sign-in first, though side hosts' connections may have begun an instant before.
        let mut begun: Vec<_> = self.begun.iter().collect();
        begun.sort_by_key(|(_, sign_in)| !sign_in);
        let pair = begun.iter().find_map(|(to, _)| Some((*to, passing(to)?)));
        match pair {
            Some((to, passing)) if !self.broken && !self.walked && self.silent.len() >= FLOOR => {
                self.walked = true;
                vec![
                    probes::traceroute(Role::Range, to, Transport::Tcp),
                    probes::traceroute(Role::Control, passing, Transport::Tcp),
                ]
            }
            _ => Vec::new(),
        }
    }
}

/// A client's own connection: direct, by TLS.
fn connects(probe: &Probe) -> bool {
    probe.kind == ProbeName::Tls && probe.via == Via::Direct
}

fn to_zoom(probe: &Probe) -> bool {
    connects(probe) && matches!(probe.role, Role::SignIn | Role::Side)
}

/// A third of what makes a connection overdue.
const PROMPT: Duration = Duration::from_millis(400);
/// One address that is silent may be one that is dead.
const FLOOR: usize = 2;

#[cfg(test)]
mod tests {
    use why5003_probes::model::Connected;

    use super::*;

    fn seen(id: u32, probe: Probe, facts: Vec<Fact>) -> Observation {
        Observation { id, probe, started: Duration::ZERO, took: Duration::ZERO, facts, failure: None }
    }

    fn sign_in() -> Probe {
        probes::web("zoom.us", Role::SignIn, "170.114.52.2:443".parse().unwrap())
    }

    fn side() -> Probe {
        probes::handshake("log.zoom.us", Role::Side, "170.114.52.20:443".parse().unwrap())
    }

    fn neutral(id: u32) -> Observation {
        let probe = probes::handshake("one.one.one.one", Role::Control, "1.1.1.1:443".parse().unwrap());
        let (local, peer) = ("10.0.1.2:40000".parse().unwrap(), "1.1.1.1:443".parse().unwrap());
        seen(id, probe, vec![Fact::Connected(Connected { rtt_us: 5_000, local, peer })])
    }

    fn targets(walks: &[Probe]) -> Vec<String> {
        walks.iter().map(|probe| probe.target.to_string()).collect()
    }

    fn another() -> Probe {
        probes::handshake("das.zoom.us", Role::Side, "170.114.52.22:443".parse().unwrap())
    }

    fn begun(probes: &[Probe; 3]) -> Silence {
        let mut silence = Silence::default();
        for probe in probes {
            silence.begins(probe);
        }
        silence
    }

    #[test]
    fn the_sign_in_that_waits_beside_others_is_walked_once_and_a_neutral_flow_with_it() {
        let mut silence = begun(&[side(), another(), sign_in()]);
        silence.heard(&neutral(1));
        assert_eq!(silence.walks(&[side()]), []);
        assert_eq!(targets(&silence.walks(&[another()])), ["170.114.52.2:443/tcp", "1.1.1.1:443/tcp"]);
        assert_eq!(silence.walks(&[sign_in()]), []);
    }

    #[test]
    fn nothing_is_walked_where_neutral_connections_are_slow_as_well() {
        let mut silence = begun(&[side(), another(), sign_in()]);
        silence.heard(&Observation { took: Duration::from_millis(560), ..neutral(1) });
        assert_eq!(silence.walks(&[side(), another()]), []);
    }

    #[test]
    fn nothing_is_walked_before_a_neutral_connection_stands() {
        assert_eq!(begun(&[side(), another(), sign_in()]).walks(&[sign_in(), side()]), []);
    }

    #[test]
    fn nothing_is_walked_where_anything_of_zoom_s_came_back() {
        let mut silence = begun(&[side(), another(), sign_in()]);
        silence.heard(&neutral(1));
        silence.heard(&seen(2, side(), Vec::new()));
        assert_eq!(silence.walks(&[sign_in(), another()]), []);
    }
}
