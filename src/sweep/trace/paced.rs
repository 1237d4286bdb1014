//! A list of packets or traceroutes, sent one after the other at a distance.

use std::collections::BTreeMap;
use std::time::Duration;

use super::ask::Due;
use super::probe::{Heard, Request};

/// A list under way.
#[derive(Debug)]
pub(super) struct Paced {
    requests: Vec<Request>,
    gap: Duration,
    /// How many were sent.
    sent: usize,
    /// When the next may be.
    at: Duration,
    heard: BTreeMap<usize, Heard>,
}

impl Paced {
    pub(super) fn new(requests: Vec<Request>, gap: Duration, now: Duration) -> Self {
        Self { requests, gap, sent: 0, at: now, heard: BTreeMap::new() }
    }

    /// What is to be done now.
    pub(super) fn next(&mut self, now: Duration) -> Due {
        if self.sent < self.requests.len() {
            if now < self.at {
                return Due::At(self.at);
            }
            self.at += self.gap;
            self.sent += 1;
            return Due::Send(self.sent as u64 - 1);
        }
        if self.heard.len() < self.sent { Due::Reply } else { Due::Nothing }
    }

    /// The request of a place in the list.
    pub(super) fn request(&self, place: u64) -> Option<Request> {
        usize::try_from(place).ok().and_then(|at| self.requests.get(at)).copied()
    }

    /// What one of them brought.
    pub(super) fn heard(&mut self, place: u64, heard: Heard) {
        if let Ok(at) = usize::try_from(place)
            && at < self.sent
        {
            self.heard.insert(at, heard);
        }
    }

    /// What came, in the order of the list.
    pub(super) fn into_heard(self) -> Vec<Heard> {
        self.heard.into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use why5003_probes::model::Transport;

    use super::super::super::common_path::Reply;
    use super::super::probe::Depth;
    use super::*;

    #[test]
    fn packets_leave_at_their_distance_and_what_came_is_in_the_order_of_the_list() {
        let to = SocketAddr::from(([192, 0, 2, 1], 443));
        let request = Request { to, transport: Transport::Tcp, depth: Depth::Whole };
        let (gap, at) = (Duration::from_secs(1), Duration::from_secs);
        let mut paced = Paced::new(vec![request; 2], gap, at(5));
        assert_eq!((paced.next(at(5)), paced.next(at(5))), (Due::Send(0), Due::At(at(6))));
        assert_eq!((paced.next(at(6)), paced.next(at(6))), (Due::Send(1), Due::Reply));
        paced.heard(1, Heard::Hops(Vec::new()));
        paced.heard(0, Heard::Reply(Reply::SILENCE));
        assert_eq!(paced.next(at(6)), Due::Nothing);
        assert_eq!(paced.into_heard(), [Heard::Reply(Reply::SILENCE), Heard::Hops(Vec::new())]);
    }
}
