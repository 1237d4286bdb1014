//! Whether the sign-in path works from here: the question that the status answers.

use std::net::IpAddr;

use why5003_probes::model::How;

use super::{Attempt, Evidence, Flow, Named, Source};

/// How the way to sign-in stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignIn {
    /// Every decisive host works, by these observations.
    Works(Vec<u32>),
    /// A decisive host does not work, by these observations.
    Fails(Vec<u32>),
    /// It was not seen to the end.
    Untold,
}

impl Evidence {
    /// How the way to sign-in stands, as a client on this computer would go it.
    pub fn sign_in(&self) -> SignIn {
        let ways: Vec<SignIn> = self.background.decisive_hosts().map(|host| self.sign_in_at(host)).collect();
        let mut works = Vec::new();
        for way in &ways {
            match way {
                SignIn::Fails(ids) => return SignIn::Fails(ids.clone()),
                SignIn::Works(ids) => works.extend(ids),
                SignIn::Untold => {}
            }
        }
        if ways.is_empty() || ways.contains(&SignIn::Untold) { SignIn::Untold } else { SignIn::Works(works) }
    }

    /// How one host stands, by the proxy where the computer is set to one, else directly at the addresses the system gives.
    pub fn sign_in_at(&self, host: &str) -> SignIn {
        if self.host().has_link() == Some(false) {
            return SignIn::Fails(self.host().ids());
        }
        if self.uses_proxy_for(host) {
            let addresses = self.system_addresses(host);
            let sent = |a: &Attempt<'_>| a.baseline() && a.proxied() && self.is_sent(*a);
            let mut tried: Vec<_> = self.attempts_at(host).filter(sent).collect();
            if !tried.is_empty() {
                if self.falls_back_to_direct(host) {
                    tried.extend(self.client_attempts(host, &addresses));
                }
                return standing(&tried);
            }
        }
        let Some(lookup) = self.by_system(host) else {
            return self.resolvers_are_silent(host);
        };
        match lookup.named() {
            Named::Addresses(addresses) => {
                let tried: Vec<_> = self.client_attempts(host, &addresses).collect();
                match standing(&tried) {
                    _ if tried.is_empty() => SignIn::Untold,
                    SignIn::Fails(ids) => self.got_through(host, &tried).map_or(SignIn::Fails(ids), SignIn::Works),
                    stands => stands,
                }
            }
            Named::NoData | Named::NoName | Named::Rcode(_) | Named::Failed(_) => SignIn::Fails(vec![lookup.id()]),
        }
    }

    /// Where every try fell silent, and one more connection was made to count what a flow loses: did that one finish its handshake
    /// and get answers? A client tries again as well.
    fn got_through(&self, host: &str, tried: &[Attempt<'_>]) -> Option<Vec<u32>> {
        let silent = |a: &Attempt<'_>| a.failure().is_some_and(|failure| failure.how == How::Silent);
        let mut flows = self.at(host).filter_map(Flow::of).filter(|flow| flow.made > flow.waited);
        let flow = flows.find(|flow| tried.iter().any(|a| a.to() == flow.to))?;
        tried.iter().all(silent).then(|| vec![flow.id])
    }

    /// Whether sign-in works, and by a proxy: then what becomes of direct connections is nothing to a client.
    pub fn signs_in_by_proxy(&self) -> bool {
        let SignIn::Works(ids) = self.sign_in() else { return false };
        self.attempts().filter(|a| ids.contains(&a.id())).all(Attempt::proxied)
    }

    /// Where the system's library has not come back yet: what it asks told us nothing either.
    fn resolvers_are_silent(&self, host: &str) -> SignIn {
        let asked: Vec<_> = self.lookups_of(host).filter(|l| matches!(l.source(), Source::Configured(_))).collect();
        let silent = asked.iter().all(|l| matches!(l.named(), Named::Failed(_)));
        if silent && !asked.is_empty() { SignIn::Fails(asked.iter().map(|l| l.id()).collect()) } else { SignIn::Untold }
    }

    /// Tries that a client on this computer would make for this host: direct, unvaried, at the addresses the system gives.
    pub fn client_attempts<'a>(&'a self, host: &'a str, addresses: &'a [IpAddr]) -> impl Iterator<Item = Attempt<'a>> {
        self.attempts_at(host)
            .filter(|a| !a.proxied() && a.baseline() && a.is_tls())
            .filter(move |a| addresses.contains(&a.to().ip()))
    }

    /// The addresses that the system gives for a name.
    pub fn system_addresses(&self, host: &str) -> Vec<IpAddr> {
        self.by_system(host).map(super::Lookup::addresses).unwrap_or_default()
    }

    /// What the system says of a name: of several lookups the first that gave addresses, since a client asks again too; and
    /// where it was not waited for to its end, what it will be told.
    fn by_system<'a>(&'a self, host: &str) -> Option<super::Lookup<'a>> {
        let mut asked = self.lookups_of(host).filter(|l| l.source() == Source::System);
        let first = asked.next();
        let gives = |l: &super::Lookup<'_>| matches!(l.named(), Named::Addresses(_));
        if let Some(told) = first.filter(gives).or_else(|| asked.find(gives)) {
            return Some(told);
        }
        match first {
            Some(first) if first.named() != Named::Failed(How::Silent) => Some(first),
            _ => self.told_in_the_end(host).or(first),
        }
    }
}

fn standing(tried: &[Attempt<'_>]) -> SignIn {
    let working: Vec<u32> = tried.iter().filter(|a| a.works()).map(|a| a.id()).collect();
    if working.is_empty() { SignIn::Fails(tried.iter().map(|a| a.id()).collect()) } else { SignIn::Works(working) }
}
