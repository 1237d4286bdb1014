//! Begins flows, knows their answers, and ends those that opened.

use std::hash::RandomState;
use std::net::SocketAddr;

use super::answer::{self, Says};
use super::cookie::Cookies;
use super::door::may_not;
use super::doors::{Doors, Kind};
use super::ear::Ear;
use super::filter::{answers_v4, answers_v6};
use super::lately::Lately;
use super::ports::Ports;
use super::template::Packet;
use super::ways::Ways;
use crate::engines::response::Response;
use crate::kit::{CannotLook, Family};

/// What is known of all flows, and how to send.
pub(super) struct Flows {
    pub(super) ways: Ways,
    pub(super) doors: Doors,
    cookies: Cookies,
    ports_v4: Option<Ports>,
    ports_v6: Option<Ports>,
    reset: Lately,
}

impl Flows {
    /// None yet.
    pub(super) fn new(ways: Ways, doors: Doors, key: RandomState) -> Self {
        Self { ways, doors, cookies: Cookies(key), ports_v4: None, ports_v6: None, reset: Lately::new() }
    }

    /// Takes what the ways need that is not there: doors, and ports for each family, with an ear for what comes to them.
    ///
    /// # Errors
    /// [`CannotLook`] where this computer does not give them.
    pub(super) fn equip(&mut self, ears: &mut Vec<Ear>) -> Result<(), CannotLook> {
        let Self { ways, doors, ports_v4, ports_v6, .. } = self;
        for way in ways.iter() {
            doors.need(way.kind())?;
            let family = Family::of(way.source);
            let ports = match family {
                Family::V4 => &mut *ports_v4,
                Family::V6 => &mut *ports_v6,
            };
            if ports.is_none() {
                let taken = Ports::take(family).map_err(may_not)?;
                let filter = match family {
                    Family::V4 => answers_v4(taken.numbers()),
                    Family::V6 => answers_v6(taken.numbers()),
                };
                ears.push(Ear::open(family, &filter)?);
                *ports = Some(taken);
            }
        }
        Ok(())
    }

    /// Puts a SYN in the row of its door; `false` where the target leaves by another one, or the row is full.
    pub(super) fn queue_syn(&mut self, to: SocketAddr, kind: Kind) -> bool {
        let Some(way) = self.ways.to(to.ip()).ok().filter(|way| way.kind() == kind) else { return false };
        let ports = if to.is_ipv4() { &mut self.ports_v4 } else { &mut self.ports_v6 };
        let Some(ports) = ports else { return false };
        let Some(packet) = self.doors.next(way, to) else { return false };
        let port = ports.next();
        let cookie = self.cookies.of(SocketAddr::new(way.source, port), to);
        way.syn.fill(packet, port, to, cookie);
        self.reset.forget(cookie);
        true
    }

    /// What a packet says of a target, if it answers a SYN of ours, with the timestamp that it echoes; queues the RST that a
    /// SYN-ACK draws.
    pub(super) fn came(&mut self, bytes: &[u8]) -> Option<(SocketAddr, Response, Option<u32>)> {
        let answer = answer::read(bytes)?;
        if self.cookies.of(answer.from, answer.to) != answer.sequence {
            return None;
        }
        let (response, echo) = match answer.says {
            Says::Open(echo) => {
                self.queue_reset(answer.from, answer.to, answer.sequence);
                (Response::Open, echo)
            }
            Says::Reset(hops) => (Response::Closed { ttl: Some(hops) }, None),
            // This computer's own kernel: it found no neighbour, or its firewall refuses.
            Says::Icmp(_, by) if by == answer.from.ip() && by != answer.to.ip() => {
                (Response::Unreachable { by: None }, None)
            }
            Says::Icmp(meaning, by) => (Response::of_icmp(meaning, Some(by), answer.to.ip()), None),
        };
        Some((answer.to, response, echo))
    }

    /// A row that is full goes at once. From an address that is no longer ours a RST would not leave, or come from another.
    fn queue_reset(&mut self, from: SocketAddr, to: SocketAddr, cookie: u32) {
        let Some(way) = self.ways.to(to.ip()).ok().filter(|way| way.source == from.ip()) else { return };
        if !self.reset.note(cookie) {
            return;
        }
        let mut reset = Packet::EMPTY;
        way.reset.fill(&mut reset, from.port(), to, cookie.wrapping_add(1));
        if self.doors.next(way, to).map(|place| *place = reset).is_none() {
            // What finds no room is not sent: the far end gives the flow up by itself.
            drop(self.doors.send(way.kind()));
            if let Some(place) = self.doors.next(way, to) {
                *place = reset;
            }
        }
    }
}
