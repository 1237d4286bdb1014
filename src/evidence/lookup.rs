//! One question for a name, and what came of it: the view that rules take of DNS probes.

use std::net::{IpAddr, SocketAddr};

use why5003_probes::model::{Answer, DnsTransport, Fact, How, Observation, RecordType, Role, Via};

/// One question for a name.
#[derive(Clone, Copy, Debug)]
pub struct Lookup<'a> {
    seen: &'a Observation,
    source: Source,
}

/// Who was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// The system's own library.
    System,
    /// A resolver this computer is configured to use.
    Configured(SocketAddr),
    /// Another resolver, run by somebody else.
    Independent(SocketAddr),
    /// An address where no resolver can be.
    Nobody(SocketAddr),
}

/// What came of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// Addresses.
    Addresses(Vec<IpAddr>),
    /// The name is there, but has no address of the family asked for.
    NoData,
    /// The name does not exist (NXDOMAIN), or as much as the system's library tells.
    NoName,
    /// Another rcode than these, by its name (`SERVFAIL`, `REFUSED`, …).
    Rcode(String),
    /// Nothing usable came back.
    Failed(How),
}

impl<'a> Lookup<'a> {
    pub(super) fn of(seen: &'a Observation, source: Source) -> Self {
        Self { seen, source }
    }

    /// The observation's number.
    pub fn id(self) -> u32 {
        self.seen.id
    }

    /// The name asked for.
    pub fn name(self) -> &'a str {
        self.seen.probe.target.host.as_deref().unwrap_or_default()
    }

    /// What the name is to Zoom.
    pub fn role(self) -> Role {
        self.seen.probe.role
    }

    /// Who was asked.
    pub fn source(self) -> Source {
        self.source
    }

    /// Whether it came over a transport that a box on the way cannot forge: DoT or DoH.
    pub fn encrypted(self) -> bool {
        matches!(self.seen.probe.via, Via::Dns { transport: DnsTransport::Dot | DnsTransport::Doh, .. })
    }

    /// Which record was asked for; the system is asked for both at once.
    pub fn record(self) -> RecordType {
        self.seen.probe.settings.record.unwrap_or(RecordType::A)
    }

    /// Whether DNSSEC checking was switched off.
    pub fn unchecked(self) -> bool {
        self.seen.probe.settings.checking_disabled == Some(true)
    }

    /// How long it took, in milliseconds.
    pub fn took_ms(self) -> u128 {
        self.seen.took.as_millis()
    }

    /// The answers, in the order they came.
    pub fn answers(self) -> impl Iterator<Item = &'a Answer> {
        self.seen.facts.iter().filter_map(|f| if let Fact::Answer(answer) = f { Some(answer) } else { None })
    }

    /// The answer was truncated, and asking again over TCP got nothing.
    pub fn lost_after_truncation(self) -> bool {
        self.answers().any(|a| a.truncated) && self.seen.failure.is_some() && self.answers().count() == 1
    }

    /// More than one answer came to the one query, and they share no address: at least one of them is forged.
    pub fn contradicts_itself(self) -> bool {
        let mut complete = self.answers().filter(|a| !a.truncated);
        let Some(first) = complete.next() else { return false };
        complete.filter(|later| later.nth > first.nth).any(|later| {
            let nothing_either = first.addresses.is_empty() && later.addresses.is_empty() && first.rcode == later.rcode;
            !nothing_either
                && (later.rcode != first.rcode || !later.addresses.iter().any(|a| first.addresses.contains(a)))
        })
    }

    /// What came of it, in the first complete answer.
    pub fn named(self) -> Named {
        if let Some(answer) = self.answers().find(|a| !a.truncated) {
            return match answer.rcode.as_str() {
                "NOERROR" if answer.addresses.is_empty() => Named::NoData,
                "NOERROR" => Named::Addresses(answer.addresses.clone()),
                "NXDOMAIN" => Named::NoName,
                rcode => Named::Rcode(rcode.to_owned()),
            };
        }
        match &self.seen.failure {
            Some(failure) if failure.how == How::NotFound => Named::NoName,
            Some(failure) => Named::Failed(failure.how),
            None => Named::NoData,
        }
    }

    /// The addresses it gave; empty where none.
    pub fn addresses(self) -> Vec<IpAddr> {
        match self.named() {
            Named::Addresses(addresses) => addresses,
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use why5003_probes::model::{Fact, Probe, ProbeName, Target};

    use super::*;

    fn asked(answers: Vec<(&str, &[&str], bool)>) -> Observation {
        let facts = (1..).zip(answers).map(|(nth, (rcode, addresses, truncated))| {
            Fact::Answer(Answer {
                rcode: rcode.to_owned(),
                addresses: addresses.iter().map(|a| a.parse().unwrap()).collect(),
                aliases: Vec::new(),
                ttl_s: None,
                truncated,
                authentic: false,
                nth,
                rtt_us: 0,
            })
        });
        Observation {
            id: 0,
            probe: Probe::new(ProbeName::Dns, Role::SignIn, Target::name("zoom.us")),
            started: Duration::ZERO,
            took: Duration::ZERO,
            facts: facts.collect(),
            failure: None,
        }
    }

    #[track_caller]
    fn contradicts(answers: Vec<(&str, &[&str], bool)>, expected: bool) {
        let seen = asked(answers);
        assert_eq!(Lookup::of(&seen, Source::System).contradicts_itself(), expected);
    }

    #[test]
    fn answers_that_share_no_address_contradict_each_other() {
        contradicts(vec![("NOERROR", &["192.0.2.1"], false), ("NOERROR", &["192.0.2.2"], false)], true);
        contradicts(vec![("NXDOMAIN", &[], false), ("NOERROR", &["192.0.2.2"], false)], true);
    }

    #[test]
    fn a_doubled_answer_and_one_fetched_after_truncation_do_not() {
        contradicts(vec![("NOERROR", &["192.0.2.1", "192.0.2.2"], false), ("NOERROR", &["192.0.2.2"], false)], false);
        contradicts(vec![("NXDOMAIN", &[], false), ("NXDOMAIN", &[], false)], false);
        contradicts(vec![("NOERROR", &[], true), ("NOERROR", &["192.0.2.2"], false)], false);
    }

    #[test]
    fn a_truncated_answer_names_nothing() {
        let seen = asked(vec![("NOERROR", &["192.0.2.1"], true), ("NOERROR", &["192.0.2.2"], false)]);
        let lookup = Lookup::of(&seen, Source::System);
        assert_eq!(lookup.named(), Named::Addresses(vec!["192.0.2.2".parse().unwrap()]));
    }
}
