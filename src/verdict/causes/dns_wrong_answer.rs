//! The resolver gives an address that is not Zoom's.

use why5003_probes::model::{AddressScope, Layer, Transport};

use super::prelude::*;

pub(super) const CAUSE: Cause = Cause {
    id: "dns.wrong-answer",
    title: "The resolver gives a false address for Zoom's names",
    layer: Layer::Dns,
    owner: Owner::Network,
    masks: &["tls.untrusted", "tls.inspection", "filter.block-page"],
    effects: &[],
    meaning: "The address that this computer's resolver gives does not show Zoom's certificate: it is a sinkhole, a private address, a block \
              page, or dead. Independent resolvers give other addresses. An unlisted address that does show Zoom's certificate would be right \
              (CDN, geography), so the certificate and not the number was judged.",
    proof: "dig +short zoom.us; dig +short zoom.us @9.9.9.9\nopenssl s_client -connect {address}:443 -servername zoom.us </dev/null",
    remedies: &[
        Mend {
            os: "any",
            who: Owner::Network,
            text: "Take zoom.us, *.zoom.us, zoom.com and *.zoom.com off the block list of the resolver {address}.",
            command: "",
        },
        Mend {
            os: "linux",
            who: Owner::User,
            text: "After the filter is mended, flush this computer's cache.",
            command: "resolvectl flush-caches",
        },
        Mend {
            os: "windows",
            who: Owner::User,
            text: "After the filter is mended, flush this computer's cache.",
            command: "ipconfig /flushdns",
        },
        Mend {
            os: "macos",
            who: Owner::User,
            text: "After the filter is mended, flush this computer's cache.",
            command: "sudo dscacheutil -flushcache; sudo killall -HUP mDNSResponder",
        },
    ],
    sources: &["Zoom KB0060548 (*.zoom.us, *.zoom.com)", "RFC 6890 (special-purpose addresses)"],
    rule,
};

fn rule(evidence: &Evidence) -> Ruling {
    let mut ruling = Ruling::silent();
    for name in zoom_names(evidence) {
        // A hosts line is its own cause, and answers before any resolver.
        if evidence.host().hosts_lines(name).next().is_none()
            && let Some(given) = Given::of(evidence, name)
        {
            given.judge(evidence, &mut ruling);
        }
    }
    merged(ruling)
}

/// What this computer's resolvers give for a name, and what was seen of it.
struct Given<'a> {
    name: &'a str,
    /// The lookups by this computer's own means that gave addresses.
    own: Vec<Lookup<'a>>,
    addresses: Vec<IpAddr>,
    first: IpAddr,
    /// Tries at these addresses.
    tried: Vec<Attempt<'a>>,
    /// What independent resolvers give.
    truth: Vec<Lookup<'a>>,
    /// Tries at any address that proved to be the host.
    genuine: Vec<u32>,
}

impl<'a> Given<'a> {
    fn of(evidence: &'a Evidence, name: &'a str) -> Option<Self> {
        let own: Vec<_> = own_lookups(evidence, name).into_iter().filter(|l| !l.addresses().is_empty()).collect();
        let addresses: Vec<IpAddr> = own.iter().flat_map(|l| l.addresses()).collect();
        let at_them = |a: &Attempt<'_>| a.baseline() && !a.proxied() && addresses.contains(&a.to().ip());
        Some(Self {
            name,
            first: *addresses.first()?,
            tried: evidence.attempts_at(name).filter(at_them).collect(),
            truth: independent(evidence, name),
            genuine: evidence.attempts_at(name).filter(|a| a.genuine() && a.baseline()).map(Attempt::id).collect(),
            own,
            addresses,
        })
    }

    fn judge(&self, evidence: &Evidence, ruling: &mut Ruling) {
        let right = self.tried.iter().filter(|a| a.genuine() || a.genuine_but_for_the_date());
        let right: Vec<u32> = right.map(|a| a.id()).collect();
        if !right.is_empty() {
            ruling.excluded_by.extend(right);
        } else if self.truth.iter().flat_map(|l| l.addresses()).any(|a| self.addresses.contains(&a)) {
            ruling.excluded_by.extend(self.truth.iter().map(|l| l.id()));
        } else if self.truth.is_empty() && self.genuine.is_empty() {
            if self.fails_in_its_own_way(evidence) {
                self.ask_others(ruling);
            }
        } else if self.tried.is_empty() || (self.genuine.is_empty() && !self.is_nobodys(evidence)) {
            // Addresses that merely differ and are dead, while the others are dead too, prove nothing.
        } else if !self.is_nobodys(evidence) && self.may_be_right(evidence) {
            self.ask_whether_it_is_still_zooms(evidence, ruling);
        } else {
            ruling.claims.push(self.claim(evidence));
        }
    }

    /// Not as sign-in fails at addresses that are right: that needs no false answer to explain it.
    fn fails_in_its_own_way(&self, evidence: &Evidence) -> bool {
        let common: Vec<_> = aimed(evidence)
            .into_iter()
            .filter(|a| a.host().is_some_and(|h| decisive(evidence, h)))
            .filter_map(|a| a.failure().map(|f| (f.stage, f.how)))
            .collect();
        let alike = |a: &Attempt<'_>| match a.failure() {
            Some(failure) => common.contains(&(failure.stage, failure.how)),
            // A certificate that somebody made for this very name is a matter of TLS.
            None => a.handshake().is_some() && !shows_a_stranger(*a),
        };
        !self.tried.is_empty() && !self.tried.iter().all(alike)
    }

    fn ask_others(&self, ruling: &mut Ruling) {
        let next_test = "ask independent resolvers for the same names, and try what they give".to_owned();
        let doubt = ruling.open.get_or_insert_with(|| Doubt { next_test, questions: Vec::new() });
        doubt.questions.push(INDEPENDENTLY.of(self.name.to_owned()));
        doubt.questions.push(KNOWN_ADDRESSES.of(self.name.to_owned()));
    }

    /// The address shows another host's certificate, or can be no public service's, or is known for its block page.
    fn is_nobodys(&self, evidence: &Evidence) -> bool {
        self.tried.iter().any(|a| shows_a_stranger(*a))
            || self.addresses.iter().all(|a| !AddressScope::of(*a).is_public())
            || evidence.background().block_page(self.first).is_some()
    }

    /// An address in Zoom's own networks that is merely dead from here may be right, and shut on the way.
    fn may_be_right(&self, evidence: &Evidence) -> bool {
        let old = !self.genuine.is_empty() && self.tried.iter().any(|a| way_is_open(evidence, *a));
        self.is_in_zooms_networks() && !old
    }

    fn is_in_zooms_networks(&self) -> bool {
        self.tried.iter().all(|a| a.settings().prefix.is_some())
    }

    fn ask_whether_it_is_still_zooms(&self, evidence: &Evidence, ruling: &mut Ruling) {
        let next_test = format!("ask Zoom whether {} is still {}'s; walk the TTL there", self.first, self.name);
        let doubt = ruling.open.get_or_insert_with(|| Doubt { next_test, questions: Vec::new() });
        for to in self.tried.iter().map(|a| a.to()) {
            // Other names that were tried there in vain are as good as a second try.
            if decisive(evidence, self.name) || evidence.attempts().filter(|a| a.to() == to).count() < 2 {
                doubt.questions.push(AGAIN.of(HostAt::new(self.name, to)));
            }
            let passing = a_passing_control(evidence, to);
            doubt.questions.extend(passing.map(|passing| WHERE.of(Where::tcp(to, passing))));
        }
    }

    fn claim(&self, evidence: &Evidence) -> Claim {
        let mut details = BTreeMap::from([("answer".to_owned(), self.first.to_string())]);
        if let Some(whose) = evidence.background().block_page(self.first) {
            details.insert("block_page".to_owned(), whose.to_owned());
        }
        if let Some(subject) = self.tried.iter().find_map(|a| a.chain().first()).map(|c| c.subject.clone()) {
            details.insert("certificate".to_owned(), subject);
        }
        let configured = |l: &Lookup<'_>| if let Source::Configured(server) = l.source() { Some(server) } else { None };
        let server = self.own.iter().find_map(configured);
        let lookups = self.own.iter().chain(&self.truth).map(|l| l.id());
        let because = lookups.chain(self.tried.iter().map(|a| a.id())).chain(self.genuine.iter().copied()).collect();
        Claim {
            location: server.map(|s| Location { address: Some(s.ip()), ..Location::default() }),
            scope: scope_of_names([self.name]),
            details,
            blocks: decisive(evidence, self.name) && sign_in_fails(evidence),
            ..Claim::of(how_sure(!self.genuine.is_empty(), self.is_in_zooms_networks()), because)
        }
    }
}

/// A name that proves itself elsewhere settles most; an address in Zoom's own networks might yet come alive.
fn how_sure(proves_itself_elsewhere: bool, of_zoom: bool) -> Confidence {
    match (proves_itself_elsewhere, of_zoom) {
        (false, _) => Confidence::Probable,
        (true, true) => Confidence::Indicated,
        (true, false) => Confidence::Proven,
    }
}

/// The way to where nothing answered is open to its last router: then the address is dead, and not shut on the way.
fn way_is_open(evidence: &Evidence, attempt: Attempt<'_>) -> bool {
    locate_flow(evidence, attempt.to(), Transport::Tcp).is_some_and(|place| place.open_to_the_last_router())
}
