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

    /// The walks that looks lead to which nothing has answered for as long as a lost SYN takes to be sent again: along the
    /// first of Zoom's flows, and a neutral one to hold it against. None while anything of Zoom's came back, or nothing neutral
    /// passes: then silence is not all there is to explain.
    pub(super) fn walks(&self, overdue: &[Look]) -> Vec<Look> {
        let zoom = |look: &&Look| connects(look) && matches!(look.role, Role::SignIn | Role::Side);
        let silent: Vec<SocketAddr> = {
            let mut silent: Vec<&Look> = overdue.iter().filter(zoom).collect();
            silent.sort_by_key(|look| look.role != Role::SignIn);
            silent.iter().filter_map(|look| look.target.socket()).collect()
        };
        let addresses: BTreeSet<_> = silent.iter().collect();
        if self.broken || addresses.len() < FLOOR {
            return Vec::new();
        }
        let pair = silent.iter().find_map(|to| {
            let of_its_kind = |(_, passing): &&(u32, SocketAddr)| passing.is_ipv4() == to.is_ipv4();
            Some((*to, self.passing.iter().find(of_its_kind)?.1))
        });
        let Some((to, passing)) = pair else { return Vec::new() };
        vec![looks::ladder(Role::Range, to, Transport::Tcp), looks::ladder(Role::Control, passing, Transport::Tcp)]
    }
}

/// A client's own connection: direct, by TLS.
fn connects(look: &Look) -> bool {
    look.probe == "tls" && look.via == Via::Direct
}

/// One address that is silent may be one that is dead.
const FLOOR: usize = 2;
