//! Begins flows, knows their answers, and ends those that opened.

use std::hash::RandomState;
use std::net::SocketAddr;

use super::answer::{self, AnswerKind};
use super::cookie::Cookies;
use super::filter::{answers_v4, answers_v6};
use super::ports::Ports;
use super::receiver::Receiver;
use super::recent_resets::RecentResets;
use super::routes::Routes;
use super::sender::may_not;
use super::senders::{SenderKind, Senders};
use super::template::Packet;
use crate::engines::response::Response;
use crate::model::{CannotProbe, Family};

/// What is known of all flows, and how to send.
pub(super) struct Flows {
    pub(super) routes: Routes,
    pub(super) senders: Senders,
    cookies: Cookies,
    ports_v4: Option<Ports>,
    ports_v6: Option<Ports>,
    reset: RecentResets,
}

impl Flows {
    /// None yet.
    pub(super) fn new(routes: Routes, senders: Senders, key: RandomState) -> Self {
        Self { routes, senders, cookies: Cookies(key), ports_v4: None, ports_v6: None, reset: RecentResets::new() }
    }

    /// Takes what the routes need that is not there: senders, and ports for each family, with an receiver for what comes to them.
    ///
    /// # Errors
    /// [`CannotProbe`] where this computer does not give them.
    pub(super) fn equip(&mut self, receivers: &mut Vec<Receiver>) -> Result<(), CannotProbe> {
        let Self { routes, senders, ports_v4, ports_v6, .. } = self;
        for route in routes.iter() {
            senders.need(route.kind())?;
            let family = Family::of(route.source);
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
                receivers.push(Receiver::open(family, &filter)?);
                *ports = Some(taken);
            }
        }
        Ok(())
    }

    /// Puts a SYN in the row of its sender; `false` where the target leaves by another one, or the row is full.
    pub(super) fn queue_syn(&mut self, to: SocketAddr, kind: SenderKind) -> bool {
        let Some(route) = self.routes.to(to.ip()).ok().filter(|route| route.kind() == kind) else { return false };
        let ports = if to.is_ipv4() { &mut self.ports_v4 } else { &mut self.ports_v6 };
        let Some(ports) = ports else { return false };
        let Some(packet) = self.senders.next(route, to) else { return false };
        let port = ports.next();
        let cookie = self.cookies.of(SocketAddr::new(route.source, port), to);
        route.syn.fill(packet, port, to, cookie);
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
        let (response, echo) = match answer.kind {
            AnswerKind::Open(echo) => {
                self.queue_reset(answer.from, answer.to, answer.sequence);
                (Response::Open, echo)
            }
            AnswerKind::Reset(hops) => (Response::Closed { ttl: Some(hops) }, None),
            // This computer's own kernel: it found no neighbour, or its firewall refuses.
            AnswerKind::Icmp(_, by) if by == answer.from.ip() && by != answer.to.ip() => {
                (Response::Unreachable { by: None }, None)
            }
            AnswerKind::Icmp(meaning, by) => (Response::of_icmp(meaning, Some(by), answer.to.ip()), None),
        };
        Some((answer.to, response, echo))
    }

    /// A row that is full goes at once. From an address that is no longer ours a RST would not leave, or come from another.
    fn queue_reset(&mut self, from: SocketAddr, to: SocketAddr, cookie: u32) {
        let Some(route) = self.routes.to(to.ip()).ok().filter(|route| route.source == from.ip()) else { return };
        if !self.reset.note(cookie) {
            return;
        }
        let mut reset = Packet::EMPTY;
        route.reset.fill(&mut reset, from.port(), to, cookie.wrapping_add(1));
        if self.senders.next(route, to).map(|place| *place = reset).is_none() {
            // What finds no room is not sent: the far end gives the flow up by itself.
            drop(self.senders.send(route.kind()));
            if let Some(place) = self.senders.next(route, to) {
                *place = reset;
            }
        }
    }
}
