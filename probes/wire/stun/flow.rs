//! Requests that follow each other on one UDP flow: which to send next, and how far they were answered.
//!
//! It decides alone, without I/O or clock.

use std::net::SocketAddr;
use std::time::Duration;

use super::{Transaction, read, request, transaction};
use crate::model::{Dialect, Exchange, micros};

/// Requests that follow each other on one UDP flow.
pub(crate) struct Flow {
    dialect: Dialect,
    /// One for each request, so that an answer tells which one it is of.
    ids: Vec<Transaction>,
    answered: Vec<bool>,
    /// The requests that were sent last: from this one, and how many.
    round: (usize, usize),
    /// Rounds of which nothing was heard, in a row.
    silent: u8,
    sent_bytes: u64,
    received_bytes: u64,
    first: Option<Duration>,
    last: Duration,
}

impl Flow {
    /// A flow of so many requests, of which none is sent yet.
    pub(crate) fn new(dialect: Dialect, nanos: u128, to: SocketAddr, wanted: u16) -> Self {
        let ids: Vec<_> = (0..wanted).map(|nth| transaction(dialect, nanos.wrapping_add(nth.into()), to)).collect();
        let answered = vec![false; ids.len()];
        Self {
            dialect,
            ids,
            answered,
            round: (0, 0),
            silent: 0,
            sent_bytes: 0,
            received_bytes: 0,
            first: None,
            last: Duration::ZERO,
        }
    }

    /// The requests to send now: the next few, or the same ones again where not one of them was answered; `None` where all
    /// were sent, or the flow fell silent.
    pub(crate) fn next(&mut self) -> Option<Vec<Vec<u8>>> {
        let (from, many) = self.round;
        let heard = self.answered.iter().skip(from).take(many).any(|answered| *answered);
        self.silent = if heard || many == 0 { 0 } else { self.silent + 1 };
        let from = match self.silent {
            0 => from + many,
            1 => from,
            _ => return None,
        };
        // The first alone: whoever refuses it needs to say so once.
        let at_once = if from == 0 { 1 } else { AT_ONCE };
        let ids: Vec<_> = self.ids.iter().skip(from).take(at_once).collect();
        self.round = (from, ids.len());
        let requests: Vec<_> = ids.iter().map(|id| request(self.dialect, id, 0)).collect();
        self.sent_bytes += requests.iter().map(|request| request.len() as u64).sum::<u64>();
        (!requests.is_empty()).then_some(requests)
    }

    /// Whether an answer to what was sent last is still to come.
    pub(crate) fn waits(&self) -> bool {
        let (from, many) = self.round;
        self.answered.iter().skip(from).take(many).any(|answered| !answered)
    }

    /// How long to wait for it: a few times as long as the first answer took, where one came.
    pub(crate) fn patience(&self, usual: Duration) -> Duration {
        self.first.map_or(usual, |first| (first * 4 + LEAST).min(usual))
    }

    /// Notes a datagram that came so long after the flow's beginning.
    pub(crate) fn heard(&mut self, bytes: &[u8], after: Duration) {
        let Some(nth) = self.ids.iter().position(|id| read(self.dialect, id, bytes).is_some()) else { return };
        if let Some(answered) = self.answered.get_mut(nth) {
            *answered = true;
        }
        self.received_bytes += bytes.len() as u64;
        self.first.get_or_insert(after);
        self.last = after;
    }

    /// How far it came.
    pub(crate) fn told(&self) -> Exchange {
        let count = |many: usize| u16::try_from(many).unwrap_or(u16::MAX);
        Exchange {
            wanted: count(self.ids.len()),
            answered: count(self.answered.iter().filter(|answered| **answered).count()),
            last: count(self.answered.iter().rposition(|answered| *answered).map_or(0, |nth| nth + 1)),
            sent_bytes: self.sent_bytes,
            received_bytes: self.received_bytes,
            took_us: micros(self.last),
        }
    }
}

/// Few enough to be no burst, and four of them lost together are an accident of one in six hundred at 20 % of loss.
const AT_ONCE: usize = 4;
/// What an answer may be later than the first of them, however near the server is.
const LEAST: Duration = Duration::from_millis(250);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::stun::tests::reply;

    /// A flow of ten requests, each of which is answered where `answers` says so.
    fn told(answers: impl Fn(usize) -> bool) -> Exchange {
        let to = "192.0.2.1:3478".parse().unwrap();
        let mut flow = Flow::new(Dialect::Zoom, 0, to, 10);
        let mut sent = 0;
        while let Some(requests) = flow.next() {
            for request in requests {
                sent += 1;
                if answers(sent) {
                    flow.heard(&reply(Dialect::Zoom, &request, to), Duration::from_millis(20));
                }
            }
        }
        flow.told()
    }

    #[test]
    fn a_flow_that_passes_is_answered_to_its_end() {
        let told = told(|_| true);
        assert_eq!((told.wanted, told.answered, told.last), (10, 10, 10));
    }

    #[test]
    fn a_flow_that_falls_silent_tells_after_how_many() {
        let told = told(|nth| nth <= 6);
        assert_eq!((told.answered, told.last), (6, 6));
    }

    #[test]
    fn one_lost_datagram_is_no_silence() {
        let told = told(|nth| nth != 3);
        assert_eq!((told.answered, told.last), (9, 10));
    }
}
