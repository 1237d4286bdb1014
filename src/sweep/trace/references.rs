//! Asks the reference targets whose prefix is swept and in which nobody answered.
//!
//! Packets that end on the way test the way out alone; an answer of a reference target tests the way back as well.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use ipnet::IpNet;
use why5003_probes::model::{Family, HopAnswer, Transport};

use super::super::Port;
use super::knowledge::{Knowledge, Turn};
use super::pacing::{BESIDE, TRIES};
use super::probe::{Depth, Request};
use super::result::TraceEvent;

/// The reference targets, asked a few times each.
pub(super) struct AskReferences {
    asked: BTreeSet<SocketAddr>,
    silent: BTreeSet<SocketAddr>,
    tries: u8,
    begun: bool,
}

impl AskReferences {
    pub(super) fn new(known: &Knowledge<'_>) -> Self {
        let port = Port { transport: Transport::Tcp, number: HTTPS };
        let pairs = known.space.pairs().iter().enumerate();
        let silent: Vec<IpNet> = pairs
            .filter(|(at, pair)| pair.port == port && known.results.tally(known.space.numbers(*at)).open == 0)
            .map(|(_, pair)| pair.prefix)
            .collect();
        let of_family = known.hosts.reference.iter().filter(|ip| Family::of(**ip) == known.of.family);
        let asked = of_family.filter(|ip| silent.iter().any(|prefix| prefix.contains(*ip)));
        let asked: BTreeSet<SocketAddr> = asked.map(|ip| SocketAddr::new(*ip, HTTPS)).collect();
        Self { silent: asked.clone(), asked, tries: 0, begun: false }
    }

    pub(super) fn is_unbegun(&self) -> bool {
        !self.begun
    }

    pub(super) fn advance(&mut self, known: &mut Knowledge<'_>) -> Turn<()> {
        self.begun = true;
        while self.tries < TRIES {
            let request = |to: &SocketAddr| Request { to: *to, transport: Transport::Tcp, depth: Depth::Whole };
            let came = known.send(|known| (self.silent.iter().map(request).collect(), known.at_least(BESIDE, 3)))?;
            self.tries += 1;
            let answered = came.iter().map(|heard| heard.reply().came == HopAnswer::Answered);
            self.silent = self.silent.iter().zip(answered).filter(|(_, is)| !is).map(|(to, _)| *to).collect();
        }
        known.of.references = self.asked.difference(&self.silent).copied().collect();
        let silent: Vec<SocketAddr> = self.silent.iter().copied().collect();
        let of_family = |host: &SocketAddr| Family::of(host.ip()) == known.of.family;
        let before: Vec<SocketAddr> = known.result.unheard.iter().copied().filter(of_family).collect();
        if before != silent {
            let family = known.of.family;
            known.result.of_known_hosts(family, &silent);
            known.events.push_back(TraceEvent::Unheard { family, hosts: silent });
        }
        Turn::Continue(())
    }
}

/// A client's own port.
const HTTPS: u16 = 443;
