//! What came for each number, and how often it was asked, in a byte each; who prohibited is kept apart, since that is rare and few.

use std::collections::BTreeMap;
use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use why5003_probes::engines::Response;

/// Two bytes for each number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Results {
    states: Vec<u8>,
    /// How often each was asked.
    tries: Vec<u8>,
    /// Who sent the ICMP errors for a number.
    senders: BTreeMap<u64, IpAddr>,
}

/// Targets by what came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Counts {
    /// A SYN-ACK, or a datagram.
    pub open: u64,
    /// A RST, or a port unreachable of the target's own.
    pub closed: u64,
    /// ICMP "administratively prohibited".
    pub prohibited: u64,
    /// Another ICMP error.
    pub unreachable: u64,
    /// Nothing.
    pub silent: u64,
    /// Not asked, or not known yet.
    pub not_asked: u64,
}

impl Counts {
    /// All that were asked and are known.
    pub fn known(&self) -> u64 {
        self.open + self.closed + self.prohibited + self.unreachable + self.silent
    }
}

impl Results {
    /// Nothing known yet of so many numbers.
    pub fn new(count: u64) -> Self {
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        Self { states: vec![PENDING; count], tries: vec![0; count], senders: BTreeMap::new() }
    }

    /// Notes a response; `true` where it is news. What answered once is not silent for being asked again, and no error undoes
    /// an answer of the target's own.
    pub fn note(&mut self, number: u64, response: Response) -> bool {
        let Some(state) = usize::try_from(number).ok().and_then(|at| self.states.get_mut(at)) else { return false };
        let (new, sender) = match response {
            Response::Silent => (SILENT, None),
            Response::Unreachable { by } => (UNREACHABLE, by),
            Response::Prohibited { by } => (PROHIBITED, by),
            Response::Closed { ttl } => (CLOSED | ttl.unwrap_or(0).min(TTL_MOST), None),
            Response::Open => (OPEN, None),
        };
        if rank(new) <= rank(*state) {
            return false;
        }
        *state = new;
        match sender {
            Some(sender) => self.senders.insert(number, sender),
            None => self.senders.remove(&number),
        };
        true
    }

    /// What came for a number; `None` where nothing is known yet.
    pub fn response(&self, number: u64) -> Option<Response> {
        let state = *self.states.get(usize::try_from(number).ok()?)?;
        let by = || self.senders.get(&number).copied();
        match state {
            PENDING => None,
            SILENT => Some(Response::Silent),
            UNREACHABLE => Some(Response::Unreachable { by: by() }),
            PROHIBITED => Some(Response::Prohibited { by: by() }),
            OPEN => Some(Response::Open),
            closed => Some(Response::Closed { ttl: Some(closed & TTL_MOST).filter(|ttl| *ttl > 0) }),
        }
    }

    /// Notes that a number is asked now, once more: what was said of it before is forgotten.
    pub fn ask(&mut self, number: u64) {
        let Ok(at) = usize::try_from(number) else { return };
        if let (Some(state), Some(tries)) = (self.states.get_mut(at), self.tries.get_mut(at)) {
            *state = PENDING;
            *tries = tries.saturating_add(1);
            self.senders.remove(&number);
        }
    }

    /// How often a number was asked.
    pub fn tries(&self, number: u64) -> u8 {
        usize::try_from(number).ok().and_then(|at| self.tries.get(at)).copied().unwrap_or(0)
    }

    /// Takes over what an earlier run noted: the response to a number's n-th try. As when it was asked, a later try makes an earlier one
    /// forgotten.
    pub fn restore(&mut self, number: u64, tries: u8, response: Response) {
        let Ok(at) = usize::try_from(number) else { return };
        let (Some(state), Some(before)) = (self.states.get_mut(at), self.tries.get_mut(at)) else { return };
        if tries < *before {
            return;
        }
        if tries > *before {
            (*state, *before) = (PENDING, tries);
            self.senders.remove(&number);
        }
        self.note(number, response);
    }

    /// Counts a range of numbers.
    pub fn tally(&self, numbers: std::ops::Range<u64>) -> Counts {
        let at = |number: u64| usize::try_from(number).unwrap_or(usize::MAX).min(self.states.len());
        let mut counts = Counts::default();
        for state in self.states.get(at(numbers.start)..at(numbers.end)).unwrap_or_default() {
            match *state {
                PENDING => counts.not_asked += 1,
                SILENT => counts.silent += 1,
                UNREACHABLE => counts.unreachable += 1,
                PROHIBITED => counts.prohibited += 1,
                OPEN => counts.open += 1,
                _ => counts.closed += 1,
            }
        }
        counts
    }
}

/// The more an answer tells of the target itself, the higher.
fn rank(state: u8) -> u8 {
    match state {
        PENDING => 0,
        SILENT => 1,
        UNREACHABLE => 2,
        PROHIBITED => 3,
        OPEN => 5,
        _ => 4,
    }
}

const PENDING: u8 = 0;
const SILENT: u8 = 1;
const UNREACHABLE: u8 = 2;
const PROHIBITED: u8 = 3;
const OPEN: u8 = 4;
/// The low seven bits are the RST's TTL, 0 where it is not known. A TTL above 127 is kept as 127: what matters is the distance
/// to another's, and systems that begin at 255 are told by others of theirs.
const CLOSED: u8 = 0x80;
const TTL_MOST: u8 = 0x7f;

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const GATEWAY: Option<IpAddr> = Some(IpAddr::V4(Ipv4Addr::new(10, 0, 1, 1)));

    #[test]
    fn what_is_noted_is_read_back() {
        let answers = [
            Response::Open,
            Response::Closed { ttl: Some(57) },
            Response::Closed { ttl: None },
            Response::Prohibited { by: GATEWAY },
            Response::Unreachable { by: None },
            Response::Silent,
        ];
        let mut results = Results::new(7);
        for (number, answer) in (0..).zip(answers) {
            assert!(results.note(number, answer));
        }
        let read: Vec<_> = (0..7).map(|number| results.response(number)).collect();
        assert_eq!(read, answers.into_iter().map(Some).chain([None]).collect::<Vec<_>>());
        let counts = Counts { open: 1, closed: 2, prohibited: 1, unreachable: 1, silent: 1, not_asked: 1 };
        assert_eq!((results.tally(0..7), counts.known()), (counts, 6));
    }

    #[test]
    fn a_later_silence_or_error_does_not_undo_an_answer() {
        let mut results = Results::new(1);
        assert!(results.note(0, Response::Silent) && results.note(0, Response::Closed { ttl: None }));
        assert!(!results.note(0, Response::Prohibited { by: None }) && !results.note(0, Response::Silent));
        assert!(results.note(0, Response::Open));
        assert_eq!(results.response(0), Some(Response::Open));
    }

    #[test]
    fn what_is_asked_again_is_unknown_until_it_comes_back() {
        let mut results = Results::new(1);
        results.ask(0);
        results.note(0, Response::Prohibited { by: GATEWAY });
        results.ask(0);
        assert_eq!((results.response(0), results.tries(0), results.senders.len()), (None, 2, 0));
    }

    #[test]
    fn an_earlier_run_is_taken_over_in_any_order_of_its_lines() {
        let mut results = Results::new(1);
        results.restore(0, 2, Response::Open);
        results.restore(0, 1, Response::Silent);
        assert_eq!((results.response(0), results.tries(0)), (Some(Response::Open), 2));
    }

    #[test]
    fn of_an_earlier_run_the_last_try_counts_as_it_did_when_it_was_made() {
        let mut results = Results::new(1);
        results.restore(0, 1, Response::Unreachable { by: GATEWAY });
        results.restore(0, 2, Response::Silent);
        assert_eq!(results.response(0), Some(Response::Silent));
    }

    #[test]
    fn a_number_outside_is_nobodys() {
        let mut results = Results::new(1);
        assert!(!results.note(1, Response::Open));
        assert_eq!((results.response(1), results.tally(0..9).not_asked), (None, 1));
    }
}
