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
